SELECT 1 /* inner */ + 2 -- the sum
-- and that was all
/* really */
