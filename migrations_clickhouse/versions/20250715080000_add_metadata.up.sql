ALTER TABLE traces ${on_cluster} ADD COLUMN metadata Nested(key String, value String) AFTER tags;
ALTER TABLE scores ${on_cluster} ADD COLUMN metadata Nested(key String, value String) AFTER comment;
