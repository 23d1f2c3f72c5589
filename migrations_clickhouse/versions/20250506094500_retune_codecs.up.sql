-- Long texts shrink by another third; old parts follow as they merge.
ALTER TABLE traces
    MODIFY COLUMN input String CODEC(ZSTD(6)),
    MODIFY COLUMN output String CODEC(ZSTD(6));

ALTER TABLE spans
    MODIFY COLUMN started_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    MODIFY COLUMN duration_us UInt64 CODEC(T64, ZSTD(1));
