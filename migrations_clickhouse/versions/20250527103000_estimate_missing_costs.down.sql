ALTER TABLE spans ${on_cluster} UPDATE cost_usd = toDecimal64(0, 8) WHERE cost_source = 'estimated';

-- migrate: allow CH019 because servers before 19 know no IF [NOT] EXISTS for columns
ALTER TABLE spans ${on_cluster} DROP COLUMN cost_source;
