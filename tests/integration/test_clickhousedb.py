"""The whole product over clickhouse-connect's URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path


def test_up_status_down_up(tmp_path: Path, clickhouse_url: str) -> None:
    url = f"clickhousedb://{clickhouse_url.partition('://')[2]}"
    project = Project(tmp_path / "project", None, url)
    project.add_pair("1", "t", "CREATE TABLE t (s String) ENGINE = Memory", "DROP TABLE t")
    project.add_pair("2", "row", "INSERT INTO t SELECT '100% {}'", "TRUNCATE TABLE t")
    assert project.run("up").code == 0
    status = project.run("status")
    assert (status.code, "UserWarning" in status.err) == (0, False)
    assert project.run("down", "--yes").code == 0
    again = project.run("up")
    assert again.code == 0, again.err
    assert project.run("up", "--dry-run").code == 0


def test_nobody_listens(tmp_path: Path) -> None:
    project = Project(tmp_path / "project", None, "clickhousedb://u:secretword@127.0.0.1:1/x")
    project.add_pair("1", "t", "SELECT 1", "SELECT 1")
    result = project.run("up")
    assert result.code == 5
    assert "refused" in result.err
    assert "Unexpected Http" not in result.err  # the client's own words
    assert "secretword" not in result.out + result.err
