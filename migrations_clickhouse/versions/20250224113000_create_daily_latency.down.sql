DROP TABLE IF EXISTS span_latency_daily_mv ${on_cluster};
DROP TABLE IF EXISTS span_latency_daily ${on_cluster};
