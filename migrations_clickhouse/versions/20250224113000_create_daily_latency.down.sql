DROP VIEW IF EXISTS span_latency_daily_mv;
DROP TABLE IF EXISTS span_latency_daily;
