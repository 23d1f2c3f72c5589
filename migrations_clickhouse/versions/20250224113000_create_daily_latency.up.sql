CREATE TABLE IF NOT EXISTS span_latency_daily ${on_cluster}
(
    project_id   UUID,
    day          Date,
    kind         String,
    name         String,
    spans        AggregateFunction(count),
    errors       AggregateFunction(countIf, UInt8),
    longest_us   AggregateFunction(max, UInt64),
    quantiles_us AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), UInt64)
)
ENGINE = ${replicated}AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (project_id, day, kind, name);

-- The spans of the time before the view; it counts those from that day on, so that none
-- is counted twice.
-- migrate: settings max_bytes_before_external_group_by=1000000000
-- migrate: timeout 30m
INSERT INTO span_latency_daily
SELECT
    project_id,
    toDate(started_at) AS day,
    toString(kind) AS kind,
    name,
    countState() AS spans,
    countIfState(status = 'error') AS errors,
    maxState(duration_us) AS longest_us,
    quantilesTDigestState(0.5, 0.95, 0.99)(duration_us) AS quantiles_us
FROM spans
WHERE started_at < toDateTime('2025-03-01 00:00:00', 'UTC')
GROUP BY project_id, day, kind, name;

CREATE MATERIALIZED VIEW IF NOT EXISTS span_latency_daily_mv ${on_cluster} TO ${database}.span_latency_daily AS
SELECT
    project_id,
    toDate(started_at) AS day,
    toString(kind) AS kind,
    name,
    countState() AS spans,
    countIfState(status = 'error') AS errors,
    maxState(duration_us) AS longest_us,
    quantilesTDigestState(0.5, 0.95, 0.99)(duration_us) AS quantiles_us
FROM ${database}.spans
WHERE started_at >= toDateTime('2025-03-01 00:00:00', 'UTC')
GROUP BY project_id, day, kind, name;
