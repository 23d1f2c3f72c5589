#!/usr/bin/env clickhouse-client --queries-file
CREATE TABLE a
(
    x UInt8, # it's a number; small
    # y comes later
    y UInt8
) ENGINE = Memory; # end;
SELECT 1 #! also a comment; yes
;
SELECT 2;
