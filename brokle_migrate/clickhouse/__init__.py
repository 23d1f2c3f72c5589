"""ClickHouse as Alembic's users know it: ``command``, ``config``, ``context`` for ``env.py``."""
