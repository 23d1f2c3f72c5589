DROP VIEW IF EXISTS cost_of_project;
DROP VIEW IF EXISTS failed_spans;
ALTER TABLE spans COMMENT COLUMN parent_span_id '';
ALTER TABLE spans COMMENT COLUMN duration_us '';
