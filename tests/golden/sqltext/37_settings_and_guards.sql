SELECT throwIf(count() > 0, 'rows remain; clean up first') FROM a;
ALTER TABLE a DELETE WHERE x = 1 SETTINGS mutations_sync = 2;
RENAME TABLE a TO a_old, a_new TO a; EXCHANGE TABLES a AND b;
DROP TABLE a_old SETTINGS max_table_size_to_drop = 0;
