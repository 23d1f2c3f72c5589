DROP VIEW IF EXISTS metrics_daily_mv;
DROP TABLE IF EXISTS metrics_daily;
