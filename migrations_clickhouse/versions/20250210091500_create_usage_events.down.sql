DROP TABLE IF EXISTS usage_events ${on_cluster};
