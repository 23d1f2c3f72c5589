CREATE TABLE spans
(
    id String COMMENT 'one; two; three',
    kind UInt8 COMMENT 'a ''quoted; one'' inside'
)
ENGINE = MergeTree
ORDER BY id
COMMENT 'kept for 30 days; see the runbook';

ALTER TABLE spans COMMENT COLUMN kind 'client; server';
