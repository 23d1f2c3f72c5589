"""What a user of ``users.xml`` may not do, on Debian's ClickHouse server, which knows no grants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import ClickHouseServer
    from tests.support.terminal import Result

SCHEMES = ("clickhouse+native", "clickhouse+http")


@pytest.fixture(params=SCHEMES)
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def project(
    clickhouse_server: ClickHouseServer, server_database: str, scheme: str, tmp_path: Path
) -> Project:
    project = Project(tmp_path / "project", None, clickhouse_server.url(scheme, server_database))
    table = "CREATE TABLE t (id UInt64) ENGINE = MergeTree ORDER BY id"
    project.add_pair(20250101000000, "first", table, "DROP TABLE t")
    return project


def run(server: ClickHouseServer, project: Project, user: str, *argv: str) -> Result:
    """The command as one of the users who may not do everything."""
    scheme, rest = (project.clickhouse_url or "").split("://")
    url = server.url(scheme, rest.rpartition("/")[2], user=user, password="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLICKHOUSE_URL", url)
        return project.invoke(*argv)


def test_who_only_looks_may_look(clickhouse_server: ClickHouseServer, project: Project) -> None:
    assert project.invoke("up").code == 0
    for argv in (["status", "--exit-code"], ["info"], ["lock"], ["dump", "--out", "-"]):
        result = run(clickhouse_server, project, "looks", *argv)
        assert result.code == 0, (argv, result)


@pytest.mark.parametrize("user", ["looks", "reads"])
def test_who_only_looks_can_not_migrate(
    clickhouse_server: ClickHouseServer, project: Project, user: str, server_database: str
) -> None:
    result = run(clickhouse_server, project, user, "up")
    assert result.code == 1, result
    assert "readonly" in result.out + result.err
    assert "ask its administrator for a profile without readonly" in result.out + result.err
    found = f"SELECT count() FROM system.tables WHERE database = '{server_database}'"
    assert clickhouse_server.query(found) == [(0,)]


def test_a_database_that_is_not_allowed(
    clickhouse_server: ClickHouseServer, project: Project, server_database: str, scheme: str
) -> None:
    result = run(clickhouse_server, project, "elsewhere", "status")
    assert result.code == 5, result
    wanted = f"<database>{server_database}</database> in the <allow_databases> of elsewhere"
    if scheme == "clickhouse+native":  # the server says nothing, and closes the connection
        wanted = "may the user use this database (<allow_databases>"
    assert wanted in result.out + result.err
