-- migrate: allow CH019 because servers before 19 know no IF [NOT] EXISTS for columns

ALTER TABLE scores ${on_cluster} DROP COLUMN metadata;
ALTER TABLE traces ${on_cluster} DROP COLUMN metadata;
