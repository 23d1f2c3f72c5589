DROP TABLE IF EXISTS cost_by_day ${on_cluster};
DROP TABLE IF EXISTS failed_spans ${on_cluster};
