-- Budgets are checked against this table: one row for each hour, key and model.
CREATE TABLE IF NOT EXISTS usage_hourly ${on_cluster}
(
    organization_id   UUID,
    project_id        UUID,
    api_key_id        UUID,
    model             String,
    hour              DateTime('UTC'),
    requests          UInt64,
    prompt_tokens     UInt64,
    completion_tokens UInt64,
    cost_usd          Decimal(18, 8)
)
ENGINE = ${replicated}SummingMergeTree((requests, prompt_tokens, completion_tokens, cost_usd))
PARTITION BY toYYYYMM(hour)
ORDER BY (organization_id, project_id, hour, api_key_id, model);

CREATE MATERIALIZED VIEW IF NOT EXISTS usage_hourly_mv ${on_cluster} TO ${database}.usage_hourly AS
SELECT
    organization_id,
    project_id,
    api_key_id,
    model,
    toStartOfHour(at) AS hour,
    count() AS requests,
    sum(prompt_tokens) AS prompt_tokens,
    sum(completion_tokens) AS completion_tokens,
    sum(cost_usd) AS cost_usd
FROM ${database}.usage_events
GROUP BY organization_id, project_id, api_key_id, model, hour;
