CREATE TABLE IF NOT EXISTS metrics
(
    project_id UUID,
    name       LowCardinality(String),
    kind       Enum8('gauge' = 1, 'counter' = 2, 'histogram' = 3),
    unit       LowCardinality(String),
    labels     Map(LowCardinality(String), String),
    at         DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    value      Float64 CODEC(Gorilla, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (project_id, name, at);
