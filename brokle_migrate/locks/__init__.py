"""The single-runner guard: one lock for both databases.

It is held in Postgres whenever Postgres is configured (:mod:`.advisory`), as a session lock, or as
a row that expires where a pooler stands in between (:mod:`.postgres_rows`); otherwise as rows that
expire in ClickHouse.  What expires is a lease (:mod:`.lease`).
"""

from __future__ import annotations

from .base import Holder, Lock, LockState, NoLock, Wait

__all__ = ["Holder", "Lock", "LockState", "NoLock", "Wait"]
