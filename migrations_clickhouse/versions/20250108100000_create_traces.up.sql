-- A trace is one request to an application, from the first span to the last.  Its row is
-- written again whenever more is known; the highest version counts.
CREATE TABLE IF NOT EXISTS traces
(
    project_id  UUID,
    trace_id    String,
    name        LowCardinality(String),
    environment LowCardinality(String) DEFAULT 'production',
    user_id     String,
    session_id  String,
    status      Enum8('unset' = 0, 'ok' = 1, 'error' = 2),
    started_at  DateTime64(6, 'UTC'),
    ended_at    Nullable(DateTime64(6, 'UTC')),
    input       String CODEC(ZSTD(1)),
    output      String CODEC(ZSTD(1)),
    tags        Array(LowCardinality(String)),
    version     UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(started_at)
ORDER BY (project_id, toDate(started_at), trace_id);
