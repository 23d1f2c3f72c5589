-- Copies the rows.
-- migrate: requires postgres@1a2b3c, postgres@4d5e6f
-- migrate: requires postgres@777
-- migrate: irreversible the old rows are gone; there's no copy
-- migrate: settings max_threads=1, max_memory_usage=10000000
-- migrate: timeout 5m

-- migrate: settings max_threads=2
-- migrate: wait none
INSERT INTO b SELECT * FROM a;

-- migrate: timeout 30s
OPTIMIZE TABLE b FINAL;
