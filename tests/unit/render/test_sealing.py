"""What became of the lock file, for people."""

from __future__ import annotations

from dataclasses import replace

from brokle_migrate.authoring import Created

from . import values
from .support import plain


def test_an_update() -> None:
    changed = (
        "migrations.lock:3: a conflict marker of git was left here\n"
        f"edited  clickhouse {values.CH[2]} (up)\n"
    )
    out, err = plain(lambda r: r.sealed(values.SEALED))
    assert out == f"{changed}migrations.lock is written: 12 entries\n"
    assert err == ""
    out, _ = plain(lambda r: r.sealed(replace(values.SEALED, written=False)))
    assert out == f"{changed}migrations.lock would be written: 12 entries\n"
    fits = replace(values.SEALED, differs=False, changes=(), repaired=(), entries=1)
    assert plain(lambda r: r.sealed(fits))[0] == "migrations.lock fits the files: 1 entry\n"


def told(**values_: object) -> str:
    """What ``create`` says of it."""
    sealed = replace(values.SEALED, **values_)
    _, err = plain(lambda r: r.created(Created("1", (), sealed=sealed)))
    return err.partition("\n")[2]


def test_create() -> None:
    assert told(repaired=()) == (
        "migrations.lock has it; once you have written the SQL: "
        "brokle-migrate check --update-lock\n"
    )
    assert told().startswith("migrations.lock was left alone, line 3: a conflict marker")
    assert told(repaired=(), changes=()).startswith("migrations.lock does not have it")
