"""Databases without a server: a Postgres that pip installs, and ClickHouse in this process."""
