"""What has to be imported before threads share the work."""

from __future__ import annotations


def import_shared() -> None:
    """Import SQLAlchemy and Alembic in this thread.

    Their modules import each other in circles: of two threads that import them at the same
    time, one may see a module that the other has not finished.
    """
    import sqlalchemy.dialects.postgresql
    import sqlalchemy.orm  # noqa: F401
