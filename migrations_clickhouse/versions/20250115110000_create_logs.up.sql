CREATE TABLE IF NOT EXISTS logs
(
    project_id UUID,
    at         DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    trace_id   String,
    span_id    String,
    severity   Enum8('trace' = 1, 'debug' = 5, 'info' = 9, 'warn' = 13, 'error' = 17, 'fatal' = 21),
    service    LowCardinality(String),
    body       String CODEC(ZSTD(1)),
    attributes Map(LowCardinality(String), String)
)
ENGINE = MergeTree
PARTITION BY toDate(at)
ORDER BY (project_id, service, at);
