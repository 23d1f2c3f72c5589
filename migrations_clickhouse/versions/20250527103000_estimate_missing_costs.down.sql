ALTER TABLE spans UPDATE cost_usd = 0 WHERE cost_source = 'estimated';

ALTER TABLE spans DROP COLUMN IF EXISTS cost_source;
