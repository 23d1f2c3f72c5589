"""golang-migrate's files as revisions: texts, and in which transactions they run."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from brokle_migrate.adoption.pairs import read_pairs
from brokle_migrate.adoption.revisions import (
    changes_search_path,
    clickhouse_halves,
    postgres_revisions,
)

if TYPE_CHECKING:
    from pathlib import Path


def module(directory: Path, up: str | None, down: str | None, stem: str = "000001_x") -> str:
    """The revision of the last pair."""
    for direction, text in (("up", up), ("down", down)):
        if text is not None:
            (directory / f"{stem}.{direction}.sql").write_text(text)
    *_, last = postgres_revisions(read_pairs(directory), directory / "versions")
    ast.parse(last.text)
    return last.text


def test_ids_are_numbers_in_a_chain(tmp_path: Path) -> None:
    for stem in ("000009_nine", "10_ten", "000002_two"):
        (tmp_path / f"{stem}.up.sql").write_text("SELECT 1;")
    found = list(postgres_revisions(read_pairs(tmp_path), tmp_path / "versions"))
    assert [file.path.name for file in found] == ["000002_two.py", "000009_nine.py", "10_ten.py"]
    for file, down in zip(found, ("None", '"2"', '"9"'), strict=True):
        assert f"down_revision = {down}\n" in file.text


@pytest.mark.parametrize("title", ['a"""b\\', "", "a.up.b", "ä ö", "%s {x}"])
def test_any_title_makes_a_module(tmp_path: Path, title: str) -> None:
    text = module(tmp_path, "SELECT 1", "SELECT 1", f"1_{title}")
    assert 'revision = "1"' in text


@pytest.mark.parametrize(
    ("sql", "alone"),
    [
        ("CREATE TABLE t (); CREATE INDEX i ON t (a);", False),
        ("CREATE INDEX CONCURRENTLY i ON t (a);", True),
        ("BEGIN; CREATE TABLE t (); COMMIT;", True),
        ("CALL p();", True),
        ("SELECT 1; CALL p();", False),  # golang-migrate had both in one transaction
        ("DO $$ BEGIN COMMIT; END $$", True),
        ("-- nothing", False),
    ],
)
def test_transactions_are_as_they_were(tmp_path: Path, sql: str, alone: bool) -> None:
    assert ("autocommit_block" in module(tmp_path, sql, "SELECT 1")) is alone


def test_no_down_file_is_no_way_back(tmp_path: Path) -> None:
    text = module(tmp_path, "SELECT 1", None)
    assert "raise NotImplementedError" in text
    assert "autocommit_block" not in text


def test_what_clickhouse_files_leave_open(tmp_path: Path) -> None:
    for name, text in (
        ("1_a.up.sql", "SELECT 1"),
        ("2_b.down.sql", "SELECT 1"),
        ("3_c.up.sql", "SELECT 1"),
        ("3_c.down.sql", " \n"),
        ("4_d.up.sql", "-- on purpose"),
        ("4_other.down.sql", "SELECT 1"),
    ):
        (tmp_path / name).write_text(text)
    found = {file.path.name: file for file in clickhouse_halves(read_pairs(tmp_path))}
    assert set(found) == {"1_a.down.sql", "2_b.up.sql", "3_c.down.sql"}
    assert "-- migrate: irreversible" in found["1_a.down.sql"].text
    assert found["3_c.down.sql"].replaces


@pytest.mark.parametrize(
    ("sql", "changes"),
    [
        ("SELECT pg_catalog.set_config('search_path', '', false);", True),
        ("SET search_path = app;", True),
        ("SET LOCAL search_path = app;", False),
        ("SELECT 1", False),
    ],
)
def test_search_path(tmp_path: Path, sql: str, changes: bool) -> None:
    module(tmp_path, sql, None)
    assert changes_search_path(read_pairs(tmp_path)) is changes
