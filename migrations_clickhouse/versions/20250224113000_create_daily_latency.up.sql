CREATE TABLE IF NOT EXISTS span_latency_daily
(
    project_id   UUID,
    day          Date,
    kind         LowCardinality(String),
    name         LowCardinality(String),
    spans        SimpleAggregateFunction(sum, UInt64),
    errors       SimpleAggregateFunction(sum, UInt64),
    longest_us   SimpleAggregateFunction(max, UInt64),
    quantiles_us AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (project_id, day, kind, name);

-- The spans of the time before the view; it counts those from that day on, so that none
-- is counted twice.  One insert may reach many months.
-- migrate: settings max_partitions_per_insert_block=0
-- migrate: timeout 30m
INSERT INTO span_latency_daily
SELECT
    project_id,
    toDate(started_at) AS day,
    toString(kind) AS kind,
    name,
    count() AS spans,
    countIf(status = 'error') AS errors,
    max(duration_us) AS longest_us,
    quantilesTDigestState(0.5, 0.95, 0.99)(duration_us) AS quantiles_us
FROM spans
WHERE started_at < toDateTime('2025-03-01 00:00:00', 'UTC')
GROUP BY project_id, day, kind, name;

CREATE MATERIALIZED VIEW IF NOT EXISTS span_latency_daily_mv TO span_latency_daily AS
SELECT
    project_id,
    toDate(started_at) AS day,
    toString(kind) AS kind,
    name,
    count() AS spans,
    countIf(status = 'error') AS errors,
    max(duration_us) AS longest_us,
    quantilesTDigestState(0.5, 0.95, 0.99)(duration_us) AS quantiles_us
FROM spans
WHERE started_at >= toDateTime('2025-03-01 00:00:00', 'UTC')
GROUP BY project_id, day, kind, name;
