"""Schema files: written as a whole, or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

from brokle_migrate.dumping import FileState, dump
from brokle_migrate.environments.base import Dump
from brokle_migrate.environments.libpq import arguments, parameters

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from sqlalchemy import Connection

    from brokle_migrate.environments import Environments


class Holding:
    """An environment with a schema."""

    def __init__(self, text: str) -> None:
        self._text = text

    def dump(self) -> Dump:
        return Dump(self._text)


def states(text: str, path: Path) -> list[FileState]:
    environments = cast("Environments", {"postgres": Holding(text)})
    return [each.state for each in dump(environments, {"postgres": path}).files]


def test_a_file_is_new_then_unchanged_then_changed(tmp_path: Path) -> None:
    path = tmp_path / "some" / "where" / "p.sql"
    assert states("a\r\n", path) == [FileState.NEW]
    assert path.read_bytes() == b"a\r\n"
    assert states("a\r\n", path) == [FileState.UNCHANGED]
    assert states("b\n", path) == [FileState.CHANGED]
    assert [each.name for each in path.parent.iterdir()] == ["p.sql"]


def test_a_link_stays_one_and_a_mode_too(tmp_path: Path) -> None:
    target, link = tmp_path / "target.sql", tmp_path / "link.sql"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    assert states("new", link) == [FileState.CHANGED]
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640


def test_what_can_not_be_written_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.sql"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    environments = cast("Environments", {"postgres": Holding("new")})
    (found,) = dump(environments, {"postgres": path}).files
    assert found.error is not None
    assert found.error.message == f"can't write {path}: No space left on device"
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["p.sql"]


def test_a_program_gets_the_connection_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGSERVICE", "PGHOST", "PGPASSWORD", "PGSSLCERT"):
        monkeypatch.setenv(name, "of somebody else")
    connection = {"host": "h", "password": "s3cret", "sslmode": "verify-full", "keepalives": "0"}
    environment, options = arguments(connection, 7.0)
    ours = {name: value for name, value in environment.items() if name.startswith("PG")}
    assert ours == {
        "PGAPPNAME": "brokle-migrate dump",
        "PGCONNECT_TIMEOUT": "7",
        "PGHOST": "h",
        "PGPASSWORD": "s3cret",
        "PGSSLMODE": "verify-full",
    }
    assert options == ["--dbname=keepalives=0"]
    assert environment["PATH"] == os.environ["PATH"]


def test_a_driver_that_does_not_tell_is_asked_through_its_url(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from sqlalchemy import make_url

    monkeypatch.setenv("PGSSLROOTCERT", "/ca.pem")
    monkeypatch.setenv("PGUSER", "other")

    class Engine:
        url = make_url("postgresql+asyncpg://u:p%40w@h:6543/d?ssl=require")

    class Fairy:
        driver_connection = object()

    class Found:
        engine = Engine
        connection = Fairy

    found: Any = Found
    assert parameters(cast("Connection", found)) == {
        "host": "h",
        "port": "6543",
        "user": "u",
        "dbname": "d",
        "password": "p@w",
        "sslmode": "require",
        "sslrootcert": "/ca.pem",
    }
