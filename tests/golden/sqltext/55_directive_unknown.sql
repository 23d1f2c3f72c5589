-- migrate: setting max_threads=1
SELECT 1;
