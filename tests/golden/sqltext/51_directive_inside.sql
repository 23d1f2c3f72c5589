SELECT 1
  -- migrate: timeout 5m
  + 1;
