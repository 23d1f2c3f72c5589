-- migrate: requires postgres@20250519134500
--
-- What the metric definitions are computed from.
CREATE TABLE IF NOT EXISTS metrics_daily ${on_cluster}
(
    project_id UUID,
    name       String,
    day        Date,
    points     AggregateFunction(count),
    total      AggregateFunction(sum, Float64),
    lowest     AggregateFunction(min, Float64),
    highest    AggregateFunction(max, Float64),
    last       AggregateFunction(argMax, Float64, DateTime('UTC'))
)
ENGINE = ${replicated}AggregatingMergeTree
PARTITION BY toYear(day)
ORDER BY (project_id, name, day);

CREATE MATERIALIZED VIEW IF NOT EXISTS metrics_daily_mv ${on_cluster} TO ${database}.metrics_daily AS
SELECT
    project_id,
    name,
    toDate(at) AS day,
    countState() AS points,
    sumState(value) AS total,
    minState(value) AS lowest,
    maxState(value) AS highest,
    argMaxState(value, at) AS last
FROM ${database}.metrics
GROUP BY project_id, name, day;
