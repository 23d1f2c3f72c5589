DROP TABLE IF EXISTS retention ${on_cluster};
