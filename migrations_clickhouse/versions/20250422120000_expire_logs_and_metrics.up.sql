-- Old rows go with the next merges; rewriting every part at once would be too much work.
-- migrate: settings materialize_ttl_after_modify=0
ALTER TABLE logs MODIFY TTL toDateTime(at) + INTERVAL 30 DAY;

-- migrate: settings materialize_ttl_after_modify=0
ALTER TABLE metrics MODIFY TTL toDateTime(at) + INTERVAL 180 DAY;
