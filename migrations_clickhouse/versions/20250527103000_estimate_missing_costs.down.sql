ALTER TABLE spans ${on_cluster} UPDATE cost_usd = toDecimal64(0, 8) WHERE cost_source = 'estimated';

ALTER TABLE spans ${on_cluster} DROP COLUMN cost_source;
