-- A wider Enum8 changes no data.
ALTER TABLE spans ${on_cluster}
    MODIFY COLUMN kind Enum8('span' = 1, 'llm' = 2, 'tool' = 3, 'retrieval' = 4, 'agent' = 5);
