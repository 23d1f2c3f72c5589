-- The cost page asks for models by day, for a whole project.
CREATE TABLE IF NOT EXISTS model_usage_daily ${on_cluster}
(
    project_id        UUID,
    day               Date,
    model             String,
    spans             UInt64,
    prompt_tokens     UInt64,
    completion_tokens UInt64,
    cost_usd          Decimal(18, 8)
)
ENGINE = ${replicated}SummingMergeTree((spans, prompt_tokens, completion_tokens, cost_usd))
PARTITION BY toYYYYMM(day)
ORDER BY (project_id, day, model);

CREATE MATERIALIZED VIEW IF NOT EXISTS model_usage_daily_mv ${on_cluster} TO ${database}.model_usage_daily AS
SELECT
    project_id,
    toDate(started_at) AS day,
    model,
    count() AS spans,
    sum(prompt_tokens) AS prompt_tokens,
    sum(completion_tokens) AS completion_tokens,
    sum(cost_usd) AS cost_usd
FROM ${database}.spans
GROUP BY project_id, day, model;
