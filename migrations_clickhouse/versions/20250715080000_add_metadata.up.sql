-- migrate: allow CH019 because servers before 19 know no IF [NOT] EXISTS for columns

ALTER TABLE traces ${on_cluster} ADD COLUMN metadata Nested(key String, value String) AFTER tags;
ALTER TABLE scores ${on_cluster} ADD COLUMN metadata Nested(key String, value String) AFTER comment;
