-- Where the spans of a trace are: the page of one trace would read a whole project without it.
CREATE TABLE IF NOT EXISTS spans_by_trace ${on_cluster}
(
    project_id UUID,
    trace_id   String,
    started_at DateTime('UTC'),
    span_id    String
)
ENGINE = ${replicated}MergeTree
ORDER BY (project_id, trace_id, started_at, span_id);

CREATE MATERIALIZED VIEW IF NOT EXISTS spans_by_trace_mv ${on_cluster} TO ${database}.spans_by_trace AS
SELECT project_id, trace_id, started_at, span_id
FROM ${database}.spans;
