ALTER TABLE spans ${on_cluster}
    MODIFY COLUMN prompt_tokens UInt32,
    MODIFY COLUMN completion_tokens UInt32;
