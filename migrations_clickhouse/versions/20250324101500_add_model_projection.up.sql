-- The cost page asks for models by day, for a whole project.
ALTER TABLE spans ADD PROJECTION IF NOT EXISTS pr_model_by_day
(
    SELECT
        project_id,
        toDate(started_at) AS day,
        model,
        count(),
        sum(prompt_tokens),
        sum(completion_tokens),
        sum(cost_usd)
    GROUP BY project_id, day, model
);

-- migrate: timeout 2h
ALTER TABLE spans MATERIALIZE PROJECTION pr_model_by_day;
