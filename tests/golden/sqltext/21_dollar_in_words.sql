SELECT a$b$;
SELECT c$b$, $b$d;e$b$;
SELECT 1$f$;g$f$;
SELECT 1a$f$;g$f$;
SELECT _1$f$;
