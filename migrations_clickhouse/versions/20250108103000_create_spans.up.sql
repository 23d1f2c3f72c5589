-- Spans are written once, when they end.
CREATE TABLE IF NOT EXISTS spans
(
    project_id        UUID,
    trace_id          String,
    span_id           String,
    parent_span_id    String,
    name              LowCardinality(String),
    kind              Enum8('span' = 1, 'llm' = 2, 'tool' = 3, 'retrieval' = 4) DEFAULT 'span',
    status            Enum8('unset' = 0, 'ok' = 1, 'error' = 2),
    status_message    String,
    model             LowCardinality(String),
    prompt_tokens     UInt32,
    completion_tokens UInt32,
    cost_usd          Decimal(18, 8),
    started_at        DateTime64(6, 'UTC'),
    duration_us       UInt64,
    attributes        Map(LowCardinality(String), String)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(started_at)
ORDER BY (project_id, started_at, span_id);
