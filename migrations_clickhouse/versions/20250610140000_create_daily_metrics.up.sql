-- migrate: requires postgres@20250519134500
--
-- What the metric definitions are computed from.
CREATE TABLE IF NOT EXISTS metrics_daily
(
    project_id UUID,
    name       LowCardinality(String),
    day        Date,
    points     SimpleAggregateFunction(sum, UInt64),
    total      SimpleAggregateFunction(sum, Float64),
    lowest     SimpleAggregateFunction(min, Float64),
    highest    SimpleAggregateFunction(max, Float64),
    last       AggregateFunction(argMax, Float64, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYear(day)
ORDER BY (project_id, name, day);

CREATE MATERIALIZED VIEW IF NOT EXISTS metrics_daily_mv TO metrics_daily AS
SELECT
    project_id,
    name,
    toDate(at) AS day,
    count() AS points,
    sum(value) AS total,
    min(value) AS lowest,
    max(value) AS highest,
    argMaxState(value, at) AS last
FROM metrics
GROUP BY project_id, name, day;
