"""``dump`` of a server that knows neither dictionaries in SQL nor ``[HIDDEN]``: ClickHouse 18."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from brokle_migrate.sqltext import split
from tests.support.project import Project
from tests.support.servers import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers import ClickHouseServer

FILE = "schema/clickhouse.sql"
# {0} is the name of the database.
UP = """
CREATE TABLE z_base (id UInt64, `{0}` String, `te.xt` String DEFAULT '{0}',
  `n.x` Array(UInt8), d Date) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY (id, d)
  SETTINGS index_granularity = 8192;
CREATE TABLE `x.y` (id UInt64) ENGINE = Log;
CREATE VIEW z_view AS SELECT id AS `{0}`, te FROM (SELECT id, `te.xt` AS te FROM z_base);
CREATE VIEW a_view AS SELECT te FROM {0}.z_view WHERE `{0}` IN (SELECT id FROM `x.y`)
  AND te != '{0}';
CREATE TABLE target (id UInt64, n UInt64) ENGINE = SummingMergeTree ORDER BY id;
CREATE MATERIALIZED VIEW a_mv TO target AS SELECT id, count() AS n FROM z_base GROUP BY id;
CREATE MATERIALIZED VIEW b_mv ENGINE = MergeTree ORDER BY id AS SELECT id FROM z_base;
CREATE TABLE a_buffer AS z_base ENGINE = Buffer({0}, z_base, 1, 1, 1, 1, 1, 1, 1);
CREATE TABLE a_merge AS z_base ENGINE = Merge({0}, '^z');
CREATE TABLE a_remote (id UInt64) ENGINE = MySQL('h:3306', 'db', 't', 'u', 's3cr3t!');
CREATE TABLE b_remote (id UInt64) ENGINE = URL('http://u:pw4url@h/x', 'CSV')
"""


@pytest.fixture
def other_database(clickhouse_server: ClickHouseServer) -> Iterator[str]:
    name = clickhouse_server.create_database()
    yield name
    clickhouse_server.drop_database(name)


def test_an_old_server_makes_a_round_trip(
    tmp_path: Path,
    clickhouse_server: ClickHouseServer,
    server_database: str,
    other_database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    native = clickhouse_server.url("clickhouse+native", server_database)
    project = Project(tmp_path / "project", None, native)
    project.add_pair("1", "all", UP.format(server_database), "SELECT 1")
    assert (done := project.invoke("up", "--dump")).code == 0, done.out + done.err
    text = (project.path / FILE).read_text()
    for secret in (PASSWORD, "s3cr3t!", "pw4url"):
        assert secret not in text
    assert "'u', '[HIDDEN]')" in text
    assert f"`te.xt` String DEFAULT '{server_database}',\n" in text
    assert "\nENGINE = MergeTree\nPARTITION BY toYYYYMM(d)\nORDER BY (id, d)\nSETTINGS" in text

    monkeypatch.setenv("CLICKHOUSE_URL", clickhouse_server.url("clickhouse+http", server_database))
    assert project.invoke("dump").out == f"clickhouse: {FILE} is unchanged\n"

    for statement in split(text, Path(FILE)):
        clickhouse_server.query(statement.text, other_database)
    monkeypatch.setenv("CLICKHOUSE_URL", clickhouse_server.url("clickhouse+native", other_database))
    assert (done := project.invoke("status", "--exit-code")).code == 0, done.out
    assert project.invoke("dump").out == f"clickhouse: {FILE} is unchanged\n"
