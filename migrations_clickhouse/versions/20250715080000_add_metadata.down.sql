ALTER TABLE scores ${on_cluster} DROP COLUMN metadata;
ALTER TABLE traces ${on_cluster} DROP COLUMN metadata;
