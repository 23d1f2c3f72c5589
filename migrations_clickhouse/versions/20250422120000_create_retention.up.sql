-- For how many days a project keeps what; the nightly job drops the partitions that are older.
CREATE TABLE IF NOT EXISTS retention ${on_cluster}
(
    project_id UUID,
    kind       Enum8('logs' = 1, 'metrics' = 2, 'traces' = 3),
    days       UInt16,
    changed_at DateTime('UTC')
)
ENGINE = ${replicated}ReplacingMergeTree(changed_at)
ORDER BY (project_id, kind);
