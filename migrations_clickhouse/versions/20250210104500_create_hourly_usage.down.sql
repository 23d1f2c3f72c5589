-- The view first: it would fail every insert into usage_events without its table.
DROP VIEW IF EXISTS usage_hourly_mv;
DROP TABLE IF EXISTS usage_hourly;
