CREATE TABLE edges (from UInt64, to UInt64, type String, format String, end UInt8)
ENGINE = MergeTree ORDER BY (from, to);
SELECT from, to, type FROM edges;
