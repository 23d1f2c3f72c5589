-- What a person, a rule or another model thought of a trace or of one of its spans.
CREATE TABLE IF NOT EXISTS scores ${on_cluster}
(
    project_id   UUID,
    trace_id     String,
    span_id      String,
    score_id     UUID,
    name         String,
    source       Enum8('person' = 1, 'rule' = 2, 'model' = 3),
    value        Nullable(Float64),
    string_value Nullable(String),
    comment      String,
    scored_at    DateTime('UTC'),
    is_deleted   UInt8
)
ENGINE = ${replicated}ReplacingMergeTree(scored_at)
ORDER BY (project_id, trace_id, name, score_id);
