DROP TABLE IF EXISTS metrics_daily_mv ${on_cluster};
DROP TABLE IF EXISTS metrics_daily ${on_cluster};
