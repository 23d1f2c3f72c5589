// the first; isn't it
SELECT 10 // 2; not a division
  / 5;
SELECT 'http://example.org/;a';
