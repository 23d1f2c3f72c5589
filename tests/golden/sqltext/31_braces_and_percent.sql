CREATE TABLE a ON CLUSTER '{cluster}' (x UInt8)
ENGINE = ReplicatedMergeTree('/t/{shard}/{uuid}', '{replica}') ORDER BY x;
CREATE VIEW v AS SELECT * FROM a WHERE x = {id:UInt8} AND name LIKE '%a;%' AND x % 2 = 1 ? 1 : 0;
