-- Adds the table; drops nothing.
CREATE TABLE a (x UInt8) ENGINE = Memory; -- first; done
/* The second one;
   it has a twin; both stay. */
CREATE TABLE b
(
    x UInt8, -- a number; small
    y UInt8  /* another; smaller */
) ENGINE = Memory;
