-- What has the value that goes away must have another one first.  Servers before 19 update
-- no Enum8, so it goes by way of a text.
ALTER TABLE spans ${on_cluster} MODIFY COLUMN kind String;

ALTER TABLE spans ${on_cluster} UPDATE kind = 'span' WHERE kind = 'agent';

ALTER TABLE spans ${on_cluster}
    MODIFY COLUMN kind Enum8('span' = 1, 'llm' = 2, 'tool' = 3, 'retrieval' = 4);
