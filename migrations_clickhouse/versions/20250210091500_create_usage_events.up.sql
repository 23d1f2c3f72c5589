-- migrate: requires postgres@20250120140500
--
-- Usage is counted for each API key, so the keys have to be there to be counted for.
CREATE TABLE IF NOT EXISTS usage_events ${on_cluster}
(
    organization_id   UUID,
    project_id        UUID,
    api_key_id        UUID,
    model             String,
    prompt_tokens     UInt64,
    completion_tokens UInt64,
    cost_usd          Decimal(18, 8),
    at                DateTime('UTC')
)
ENGINE = ${replicated}MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (organization_id, project_id, at);
