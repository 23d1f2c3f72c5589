ALTER TABLE traces ADD COLUMN IF NOT EXISTS metadata Map(LowCardinality(String), String) AFTER tags;
ALTER TABLE scores ADD COLUMN IF NOT EXISTS metadata Map(LowCardinality(String), String) AFTER comment;
ALTER TABLE traces ADD INDEX IF NOT EXISTS ix_metadata_keys mapKeys(metadata) TYPE bloom_filter(0.01) GRANULARITY 4;
