/*
 * Comments for the columns that people ask about; a reader's guide, so to say.
 * /* Comments nest; this one does not end the outer one. */
 */
ALTER TABLE spans COMMENT COLUMN duration_us 'Microseconds; the span ended at started_at + duration_us';
ALTER TABLE spans COMMENT COLUMN parent_span_id 'Empty for the root of a trace; it''s never NULL';

# Views for people; the product doesn't read them.
CREATE VIEW IF NOT EXISTS failed_spans AS
SELECT
    project_id,
    trace_id,
    span_id,
    name, -- as the client wrote it; not normalised
    multiIf(
        status_message ILIKE '%timeout%', 'timeout;',
        status_message ILIKE '%rate limit%', 'rate-limit; retry',
        '/* other */'
    ) AS reason,
    started_at
FROM spans
WHERE status = 'error';

CREATE VIEW IF NOT EXISTS cost_of_project AS
SELECT toDate(started_at) AS day, model, sum(cost_usd) AS cost_usd
FROM spans
WHERE project_id = {project:UUID}
GROUP BY day, model
ORDER BY day, model;

-- Ask for one project with: SELECT * FROM cost_of_project(project = '…');
