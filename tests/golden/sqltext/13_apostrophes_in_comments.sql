-- it's React's `tick` and "quote
/* don't; won't; can't `either` */
SELECT 1; # shouldn't
// couldn't "
SELECT 2;
