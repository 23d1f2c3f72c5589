/* outer /* inner; */ still outer; */
SELECT 1 /* a /* b */ c; */ + 2;
SELECT 3 /* /*/ odd */ but nested */ + 4;
/* a /* b */ c */ /* d /* e */ f */
SELECT 5 /* g /* h */ i */ /* j /* k */ l */;
