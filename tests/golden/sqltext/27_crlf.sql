-- one;
SELECT 1,
  'a
b;';

-- two
SELECT 2 -- tail;
;
