DROP TABLE IF EXISTS spans ${on_cluster};
