-- migrate: settings mutations_sync=2, log_comment='a, ''b'''
-- migrate: timeout 1h30m
-- Fills the new column.
ALTER TABLE a UPDATE x = 1 WHERE 1;

SELECT 1;

/* the last one */
-- migrate: wait none
-- migrate: allow drop-column because nobody reads it
ALTER TABLE a DROP COLUMN y;
