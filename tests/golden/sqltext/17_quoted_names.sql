CREATE TABLE `a.b`.`c$d;e` (`from` UInt8, "to;type" UInt8, `f/*g` UInt8) ENGINE = Memory;
ALTER TABLE "a.b"."c$d;e" DROP COLUMN "to;type";
