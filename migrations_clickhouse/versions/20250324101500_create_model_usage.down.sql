DROP TABLE IF EXISTS model_usage_daily_mv ${on_cluster};
DROP TABLE IF EXISTS model_usage_daily ${on_cluster};
