-- Some clients send tokens but no cost.  The estimate is in US dollars for a million tokens,
-- and cost_source says which costs are one.
-- migrate: allow CH019 because servers before 19 know no IF [NOT] EXISTS for columns
ALTER TABLE spans ${on_cluster} ADD COLUMN cost_source String DEFAULT 'reported';

-- migrate: timeout 2h
-- migrate: allow CH007 because only spans without a cost are rewritten, and it may take its time
ALTER TABLE spans ${on_cluster}
    UPDATE
        cost_usd = toDecimal64(
            (
                prompt_tokens * multiIf(model LIKE '%mini%', 0.2, model LIKE '%large%', 4.0, 1.0)
                + completion_tokens * multiIf(model LIKE '%mini%', 0.8, model LIKE '%large%', 16.0, 4.0)
            ) / 1000000,
            8
        ),
        cost_source = 'estimated'
    WHERE cost_usd = 0 AND model != '' AND prompt_tokens + completion_tokens > 0;
