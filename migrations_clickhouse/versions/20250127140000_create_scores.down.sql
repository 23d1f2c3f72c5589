DROP TABLE IF EXISTS scores ${on_cluster};
