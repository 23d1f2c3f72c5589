SELECT ‘a; it's’, “b; "c”, ‘d\’;
SELECT “e’;‘f”;
SELECT 'plain ‘;', 2;
