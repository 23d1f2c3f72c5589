"""ClickHouse as Alembic's users know it: ``context`` for ``env.py``."""
