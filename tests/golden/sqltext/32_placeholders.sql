CREATE TABLE ${database}.a ${on_cluster} (x UInt8) ENGINE = ${replicated:-MergeTree};
CREATE TABLE {{.NAME}}.b (x UInt8) ENGINE = ?ENGINE;
