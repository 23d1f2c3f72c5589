SELECT 'it\'s; fine', 'it''s; fine', '\\', 'a\\'';b';
SELECT "a\";b", "a"";b", `a\`;b`, `a``;b`;
SELECT '\\\'; -- inside', '\
';
