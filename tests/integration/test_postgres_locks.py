"""A revision that waits for a lock gives way, tries again, and says who was in its way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.postgres import libpq_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.project import Project

SOON = {"DB_LOCK_TIMEOUT": "200ms"}
ALTER = "ALTER TABLE busy ADD COLUMN note text"
PER_MIGRATION = (
    "connection=connection, target_metadata",
    "connection=connection, transaction_per_migration=True, target_metadata",
)


@pytest.fixture
def holder(project: Project) -> Iterator[psycopg.Connection]:
    """A session that has read ``busy`` in a transaction that it does not end."""
    url = libpq_url(project.postgres_url or "")
    with psycopg.connect(url, application_name="reporting") as connection:
        connection.execute("CREATE TABLE busy (id int)")
        connection.commit()
        connection.execute("LOCK TABLE busy IN ACCESS EXCLUSIVE MODE")
        yield connection


@pytest.fixture
def pending(project: Project) -> Project:
    """A step before the one that needs the lock, and one after it."""
    project.add_revision("20250101000000", "CREATE TABLE first (id int)", "DROP TABLE first")
    project.add_revision("20250102000000", ALTER, "ALTER TABLE busy DROP COLUMN note")
    project.add_revision("20250103000000", "CREATE TABLE last (id int)", "DROP TABLE last")
    return project


def per_migration(project: Project) -> None:
    path = project.path / "alembic" / "env.py"
    path.write_text(path.read_text().replace(*PER_MIGRATION))


def current(project: Project) -> list[str]:
    status = json.loads(project.run("status", "--db", "postgres", "--json").out)
    found: list[str] = status["data"]["databases"][0]["current"]
    return found


@pytest.mark.parametrize("mode", ["one transaction", "one each"])
def test_a_lock_that_is_let_go_is_waited_for(
    pending: Project, holder: psycopg.Connection, mode: str
) -> None:
    if mode == "one each":
        per_migration(pending)
    with pending.start("up", "--db", "postgres", env=SOON) as run:
        while b"trying again in 1 s (2 of 5)" not in run.said():
            assert run.running, run.wait()
        holder.commit()
        result = run.wait()
    assert result.code == 0, result
    assert "[2/3] could not get a lock within 200ms" in result.err
    assert "busy is locked by reporting" in result.err
    assert current(pending) == ["20250103000000"]
    assert result.err.count("[1/3] upgrade") == (1 if mode == "one each" else 2)


def test_a_lock_that_is_kept_is_a_failure_that_names_its_holder(
    pending: Project, holder: psycopg.Connection
) -> None:
    result = pending.run("up", "--db", "postgres", "--timeout", "3s", env=SOON)
    assert result.code == 1, result
    assert ALTER in result.out
    assert f"busy is locked by reporting, pid {holder.info.backend_pid}" in result.out
    assert "idle in transaction" in result.out
    assert "nothing was changed" in result.out
    assert "(2 of 5)" in result.err
    holder.rollback()
    assert current(pending) == []
    assert pending.run("up", "--db", "postgres").code == 0


def test_what_env_py_says_of_locks_wins(pending: Project, holder: psycopg.Connection) -> None:
    path = pending.path / "alembic" / "env.py"
    path.write_text(
        path.read_text().replace(
            "        with context.begin_transaction():",
            "        from sqlalchemy import text\n"
            "        connection.execute(text(\"SET lock_timeout = '100ms'\"))\n"
            "        connection.commit()\n"
            "        with context.begin_transaction():",
        )
    )
    with pending.start("up", "--db", "postgres", env={"DB_LOCK_TIMEOUT": "1h"}) as run:
        while b"could not get a lock within 100ms" not in run.said():
            assert run.running, run.wait()
        holder.commit()
        assert run.wait().code == 0


def test_after_an_autocommit_block_nothing_is_repeated(
    project: Project, holder: psycopg.Connection
) -> None:
    path = project.add_revision("20250101000000", ALTER, "")
    path.write_text(
        path.read_text().replace(
            "    op.execute('ALTER",
            "    with op.get_context().autocommit_block():\n"
            "        op.execute('CREATE TABLE kept (id int)')\n"
            "    op.execute('ALTER",
        )
    )
    result = project.run("up", "--db", "postgres", env=SOON)
    assert result.code == 6, result
    assert "trying again" not in result.err
    assert "20250101000000 has an autocommit block" in result.out
    holder.commit()
    result = project.run("up", "--db", "postgres")
    assert result.code == 6  # what stands before the block is committed by entering it
    assert "an earlier run of 20250101000000 may have been interrupted" in result.out
    assert "force --version 20250101000000" in result.out


@pytest.mark.parametrize("value", ["5", "soon"])
def test_a_wait_without_a_unit_is_refused(project: Project, value: str) -> None:
    result = project.run("status", env={"DB_LOCK_TIMEOUT": value})
    assert result.code == 2
    assert "DB_LOCK_TIMEOUT" in result.err
