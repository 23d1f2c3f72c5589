CREATE TABLE IF NOT EXISTS metrics ${on_cluster}
(
    project_id UUID,
    name       String,
    kind       Enum8('gauge' = 1, 'counter' = 2, 'histogram' = 3),
    unit       String,
    labels     Nested(key String, value String),
    at         DateTime('UTC'),
    value      Float64
)
ENGINE = ${replicated}MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (project_id, name, at);
