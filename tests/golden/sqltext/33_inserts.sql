INSERT INTO t (a, b) VALUES (3e-05, 'x;y'), (1.5e+3, '\';'), (-1, $$;$$);
INSERT INTO t FORMAT Values (1, ';');
INSERT INTO t SELECT * FROM u FORMAT Null;
INSERT INTO format SELECT format FROM format(CSV, $$1;2$$);
INSERT INTO values VALUES (1);
INSERT INTO t FROM INFILE 'a;b.csv' FORMAT CSV;
