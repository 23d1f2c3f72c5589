-- What has the value that goes away must have another one first.
ALTER TABLE spans UPDATE kind = 'span' WHERE kind = 'agent';

ALTER TABLE spans
    MODIFY COLUMN kind Enum8('span' = 1, 'llm' = 2, 'tool' = 3, 'retrieval' = 4) DEFAULT 'span';
