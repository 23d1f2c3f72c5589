"""Which refused ClickHouse statements can't have had an effect."""

from __future__ import annotations

import pytest

from brokle_migrate.environments.clickhouse_refusals import did_nothing
from brokle_migrate.environments.drivers import ServerError
from brokle_migrate.sqltext import has_one_effect

UNKNOWN_TABLE = ServerError("Code: 60. DB::Exception: Table d.t does not exist.")
MEMORY = ServerError("Code: 241. DB::Exception: Memory limit exceeded")
SYNTAX = ServerError("Code: 62. DB::Exception: Syntax error: failed at position 3 ('x'): x.")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (a Decimal(9, 2), b UInt8) ENGINE = Memory",
        "create or replace view v as select 1",
        "CREATE MATERIALIZED VIEW v TO t AS SELECT a, b FROM s",
        "ALTER TABLE t ADD COLUMN a Decimal(9, 2)",
        "ALTER TABLE d.t /* one */ DELETE WHERE a IN (1, 2)",
        "DROP TABLE IF EXISTS t SYNC",
        "RENAME TABLE a TO b",
    ],
)
def test_one_effect(sql: str) -> None:
    assert has_one_effect(sql)
    assert did_nothing(UNKNOWN_TABLE, sql)
    assert not did_nothing(MEMORY, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t ENGINE = Memory AS SELECT 1",
        "CREATE MATERIALIZED VIEW v ENGINE = Memory POPULATE AS SELECT 1",
        "CREATE TABLE t ON CLUSTER c (a UInt8) ENGINE = Memory",
        "ALTER TABLE t ADD COLUMN a UInt8, DROP COLUMN b",
        "DROP TABLE a, b",
        "RENAME TABLE a TO b, c TO d",
        "OPTIMIZE TABLE t",
    ],
)
def test_more_than_one_effect_or_not_known(sql: str) -> None:
    assert not has_one_effect(sql)
    assert not did_nothing(UNKNOWN_TABLE, sql)
    assert did_nothing(SYNTAX, sql)
