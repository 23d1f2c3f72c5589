/*
 * Views for people; the product doesn't read them; they follow spans by themselves.
 * /* Comments nest; this one does not end the outer one. */
 */
CREATE VIEW IF NOT EXISTS failed_spans ${on_cluster} AS
SELECT
    project_id,
    trace_id,
    span_id,
    name, -- as the client wrote it; not normalised
    multiIf(
        lower(status_message) LIKE '%timeout%', 'timeout; it''s too late',
        lower(status_message) LIKE '%rate limit%', 'rate-limit; retry',
        '/* other */'
    ) AS reason,
    started_at
FROM ${database}.spans
WHERE status = 'error';

# What the finance team asks for; its tool can't group by day.
CREATE VIEW IF NOT EXISTS cost_by_day ${on_cluster} AS
SELECT project_id, toDate(started_at) AS day, model, sum(cost_usd) AS cost_usd
FROM ${database}.spans
GROUP BY project_id, day, model;

-- Ask for one project with: SELECT * FROM cost_by_day WHERE project_id = '…';
