DROP TABLE IF EXISTS traces ${on_cluster};
