-- The view first: it would fail every insert into usage_events without its table.
DROP TABLE IF EXISTS usage_hourly_mv ${on_cluster};
DROP TABLE IF EXISTS usage_hourly ${on_cluster};
