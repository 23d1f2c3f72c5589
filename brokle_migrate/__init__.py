"""One schema history over Postgres and ClickHouse: one plan, one lock, honest reports."""

__version__ = "0.1.0"
