"""Histories as literals: what is on disk and what the database records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from brokle_migrate.history import History
from brokle_migrate.model import CLICKHOUSE, POSTGRES, Link, Revision, Snapshot

if TYPE_CHECKING:
    from brokle_migrate.interruption import Interruption


def clickhouse(
    files: str,
    applied: str = "",
    *,
    requires: dict[str, str] | None = None,
    dirty: tuple[Interruption, ...] = (),
) -> History:
    """A chain of versions, such as ``clickhouse("1 2 3", applied="1")``."""
    versions = files.split()
    parents = [(), *((version,) for version in versions)]
    links = requires or {}
    revisions = tuple(
        Revision(
            CLICKHOUSE,
            version,
            parents[i],
            f"change {version}",
            Path(f"{version}_change.up.sql"),
            requires=(Link(POSTGRES, links[version]),) if version in links else (),
        )
        for i, version in enumerate(versions)
    )
    recorded = tuple(applied.split())
    return History(
        Snapshot(CLICKHOUSE, "clickhouse://test", revisions, recorded, linear=True, dirty=dirty)
    )


def postgres(files: str, applied: str = "", *, requires: dict[str, str] | None = None) -> History:
    """Revisions as ``id`` or ``id<parent`` or ``id<parent,parent``; a plain list is a chain.

    :param applied: the tips that ``alembic_version`` holds.
    """
    revisions: list[Revision] = []
    links = requires or {}
    for word in files.split():
        name, given, parents = word.partition("<")
        down = tuple(p for p in parents.split(",") if p) if given else _previous(revisions)
        link = (Link(CLICKHOUSE, links[name]),) if name in links else ()
        revisions.append(
            Revision(POSTGRES, name, down, f"change {name}", Path(f"{name}.py"), requires=link)
        )
    recorded = tuple(applied.split())
    return History(Snapshot(POSTGRES, "postgres://test", tuple(revisions), recorded))


def _previous(revisions: list[Revision]) -> tuple[str, ...]:
    return (revisions[-1].id,) if revisions else ()
