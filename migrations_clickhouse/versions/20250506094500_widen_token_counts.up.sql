-- Prompts of agents have outgrown 32 bits when they are summed in one span.
ALTER TABLE spans ${on_cluster}
    MODIFY COLUMN prompt_tokens UInt64,
    MODIFY COLUMN completion_tokens UInt64;
