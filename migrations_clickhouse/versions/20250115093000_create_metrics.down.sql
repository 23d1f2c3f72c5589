DROP TABLE IF EXISTS metrics ${on_cluster};
