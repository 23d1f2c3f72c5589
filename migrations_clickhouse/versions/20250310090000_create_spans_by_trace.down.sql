DROP TABLE IF EXISTS spans_by_trace_mv ${on_cluster};
DROP TABLE IF EXISTS spans_by_trace ${on_cluster};
