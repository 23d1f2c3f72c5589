-- A trace is one request to an application, from the first span to the last.  Its row is
-- written again whenever more is known; the highest version counts.
--
-- This history keeps to what every server since 18.16 knows, and leaves to the placeholders
-- what one server and a cluster say differently.
CREATE TABLE IF NOT EXISTS traces ${on_cluster}
(
    project_id  UUID,
    trace_id    String,
    name        String,
    environment String DEFAULT 'production',
    user_id     String,
    session_id  String,
    status      Enum8('unset' = 0, 'ok' = 1, 'error' = 2),
    started_at  DateTime('UTC'),
    ended_at    Nullable(DateTime('UTC')),
    input       String,
    output      String,
    tags        Array(String),
    version     UInt64
)
ENGINE = ${replicated}ReplacingMergeTree(version)
PARTITION BY toYYYYMM(started_at)
ORDER BY (project_id, toDate(started_at), trace_id);
