-- ┌──────┐  spans → traces; “never” ‘closed
-- │ a; b │
/* ╚═ it’s one “word; */
SELECT '→; ✓', '𝟏'
-- 😀;
, 2;
SELECT 3;
