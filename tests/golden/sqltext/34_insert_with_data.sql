SELECT 1;
INSERT INTO t (a, b) SETTINGS x = 1 FORMAT JSONEachRow
{"a": "it's; here"}
;
