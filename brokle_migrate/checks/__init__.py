"""Rules over what was read: each finding has a stable id, a message and a hint.  Pure."""
