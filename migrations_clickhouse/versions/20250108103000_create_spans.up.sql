-- Spans are written once, when they end.
CREATE TABLE IF NOT EXISTS spans ${on_cluster}
(
    project_id        UUID,
    trace_id          String,
    span_id           String,
    parent_span_id    String,
    name              String,
    kind              Enum8('span' = 1, 'llm' = 2, 'tool' = 3, 'retrieval' = 4),
    status            Enum8('unset' = 0, 'ok' = 1, 'error' = 2),
    status_message    String,
    model             String,
    prompt_tokens     UInt32,
    completion_tokens UInt32,
    cost_usd          Decimal(18, 8),
    started_at        DateTime('UTC'),
    duration_us       UInt64,
    attributes        Nested(key String, value String)
)
ENGINE = ${replicated}MergeTree
PARTITION BY toYYYYMM(started_at)
ORDER BY (project_id, started_at, span_id);
