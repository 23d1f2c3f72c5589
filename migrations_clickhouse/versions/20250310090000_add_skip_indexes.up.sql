ALTER TABLE traces ADD INDEX IF NOT EXISTS ix_user_id user_id TYPE bloom_filter(0.01) GRANULARITY 4;
ALTER TABLE spans ADD INDEX IF NOT EXISTS ix_trace_id trace_id TYPE bloom_filter(0.001) GRANULARITY 1;
ALTER TABLE spans ADD INDEX IF NOT EXISTS ix_duration_us duration_us TYPE minmax GRANULARITY 1;
ALTER TABLE logs ADD INDEX IF NOT EXISTS ix_body_words body TYPE tokenbf_v1(16384, 3, 0) GRANULARITY 4;

-- Without this only new parts would have it; the others are small or soon gone.
ALTER TABLE spans MATERIALIZE INDEX ix_trace_id;
