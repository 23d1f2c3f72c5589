CREATE TABLE IF NOT EXISTS logs ${on_cluster}
(
    project_id UUID,
    at         DateTime('UTC'),
    trace_id   String,
    span_id    String,
    severity   Enum8('trace' = 1, 'debug' = 5, 'info' = 9, 'warn' = 13, 'error' = 17, 'fatal' = 21),
    service    String,
    body       String,
    attributes Nested(key String, value String)
)
ENGINE = ${replicated}MergeTree
PARTITION BY toDate(at)
ORDER BY (project_id, service, at);
