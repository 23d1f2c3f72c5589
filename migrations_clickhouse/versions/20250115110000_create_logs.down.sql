DROP TABLE IF EXISTS logs ${on_cluster};
