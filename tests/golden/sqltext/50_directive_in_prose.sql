-- To migrate: run it twice.
/* migrate: the plan of this file */
SELECT 'x' -- see migrate: nothing
, '-- migrate: timeout 5m';
