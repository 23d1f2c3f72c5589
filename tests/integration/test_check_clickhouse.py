"""``check`` on ClickHouse statements: each rule at its line, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from brokle_migrate.checks.catalogue import RULES
from brokle_migrate.checks.clickhouse.types import narrows
from brokle_migrate.environments import parsers
from brokle_migrate.sqltext.tokens import tokens
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path


MERGE_TREE = "ENGINE = MergeTree ORDER BY id"


@dataclass(frozen=True)
class Fault:
    """One statement that a rule finds.

    {t} is a name of its own; » stands before the place of the finding, and is removed.

    :ivar before: an older pair's up, without faults.
    """

    rule: str
    up: str
    down: str = "-- nothing to take back"
    before: str = f"CREATE TABLE IF NOT EXISTS {{t}} (id UInt64, n UInt32, s String) {MERGE_TREE}"


NEW = "CREATE TABLE IF NOT EXISTS {t}_new (id UInt64, n UInt32) ENGINE = MergeTree ORDER BY id"
DROP_NEW = "DROP TABLE IF EXISTS {t}_new"
VIEW = """CREATE TABLE IF NOT EXISTS {t} (id UInt64, n UInt32) ENGINE = MergeTree ORDER BY id;
CREATE TABLE IF NOT EXISTS {t}_sums (id UInt64, n UInt64) ENGINE = SummingMergeTree ORDER BY id;
CREATE MATERIALIZED VIEW IF NOT EXISTS {t}_mv TO {t}_sums AS SELECT id, n FROM {t}"""
BACK = "ALTER TABLE {t} MODIFY COLUMN n UInt32"

FAULTS = [
    Fault("CH001", "»CREATE TABEL {t}_x (id UInt64)"),
    Fault("CH001", "SELECT 1;\n»ALTER TABLE {t} DROP COLUMN IF NOT EXISTS s"),
    Fault("CH003", "SELECT 1;\n»DROP TABLE IF EXISTS {t}", "-- migrate: irreversible it is gone"),
    Fault("CH003", "»DROP TABLE IF EXISTS {t} SYNC", "-- migrate: irreversible x"),
    Fault(
        "CH003",
        "CREATE »OR REPLACE TABLE {t} (id UInt64) ENGINE = MergeTree ORDER BY id",
        "-- migrate: irreversible x",
    ),
    Fault(
        "CH004",
        "ALTER TABLE {t}\n    »DROP COLUMN IF EXISTS s",
        "ALTER TABLE {t} ADD COLUMN IF NOT EXISTS s String",
    ),
    Fault("CH004", "ALTER TABLE {t} »CLEAR COLUMN IF EXISTS s"),
    Fault("CH005", "ALTER TABLE {t} »DROP PARTITION tuple()"),
    Fault("CH005", "ALTER TABLE {t} »REPLACE PARTITION tuple() FROM {t}"),
    Fault("CH006", "»TRUNCATE TABLE IF EXISTS {t}"),
    Fault("CH007", "ALTER TABLE {t} »UPDATE n = 1 WHERE id = 2"),
    Fault("CH007", "ALTER TABLE {t} »DELETE WHERE id = 2"),
    Fault("CH007", "»DELETE FROM {t} WHERE id = 2"),
    Fault("CH007", "ALTER TABLE {t}\n  »MATERIALIZE COLUMN n"),
    Fault("CH008", "ALTER TABLE {t} »MODIFY COLUMN n UInt16", BACK),
    Fault("CH008", "ALTER TABLE {t} »MODIFY COLUMN n Int32", BACK),
    Fault(
        "CH009",
        "ALTER TABLE {t} »MODIFY COLUMN k Enum8('a' = 1)",
        "ALTER TABLE {t} MODIFY COLUMN k Enum8('a' = 1, 'b' = 2)",
        f"CREATE TABLE IF NOT EXISTS {{t}} (id UInt64, k Enum8('a' = 1, 'b' = 2)) {MERGE_TREE}",
    ),
    Fault(
        "CH010",
        "ALTER TABLE {t} ADD COLUMN IF NOT EXISTS m UInt8, »MODIFY ORDER BY (id, m)",
        "ALTER TABLE {t} MODIFY ORDER BY id, DROP COLUMN IF EXISTS m",
    ),
    Fault("CH010", "ALTER TABLE {t} »MODIFY SAMPLE BY id"),
    Fault(
        "CH011",
        "CREATE TABLE IF NOT EXISTS {t}_new (id Nullable(UInt64))\n"
        "ENGINE = MergeTree »ORDER BY id SETTINGS allow_nullable_key = 1",
        DROP_NEW,
    ),
    Fault(
        "CH012",
        "ALTER TABLE {t} »ADD COLUMN IF NOT EXISTS extra UInt8",
        "ALTER TABLE {t} DROP COLUMN IF EXISTS extra",
        VIEW.replace("SELECT id, n", "SELECT *"),
    ),
    Fault(
        "CH013",
        "»DROP TABLE IF EXISTS {t}_mv;\n"
        "CREATE MATERIALIZED VIEW IF NOT EXISTS {t}_mv TO {t}_sums AS SELECT id, 1 AS n FROM {t}",
        "-- migrate: irreversible x",
        VIEW,
    ),
    Fault(
        "CH014",
        "CREATE MATERIALIZED VIEW IF NOT EXISTS {t}_mv ENGINE = SummingMergeTree ORDER BY id\n"
        "»POPULATE AS SELECT id, n FROM {t} WHERE id > 0",
        "DROP TABLE IF EXISTS {t}_mv",
    ),
    Fault("CH015", "»RENAME TABLE {t} TO {t}_old", "RENAME TABLE {t}_old TO {t}"),
    Fault(
        "CH015",
        "ALTER TABLE {t} »RENAME COLUMN IF EXISTS n TO m",
        "ALTER TABLE {t} RENAME COLUMN IF EXISTS m TO n",
    ),
    Fault("CH019", "CREATE »TABLE {t}_new (id UInt64) ENGINE = MergeTree ORDER BY id", DROP_NEW),
    Fault(
        "CH019", "ALTER TABLE {t} »ADD COLUMN m UInt8", "ALTER TABLE {t} DROP COLUMN IF EXISTS m"
    ),
    Fault("CH021", NEW.replace("CREATE TABLE", "CREATE »TABLE"), "SELECT 1"),
    Fault("CH021", "ALTER TABLE {t} »ADD COLUMN IF NOT EXISTS m UInt8", "SELECT 1"),
    Fault("CH021", "ALTER TABLE {t} »MODIFY COLUMN n UInt64", "SELECT 1"),
    Fault(
        "CH023", NEW + ";\nSELECT 1\nSETTINGS »allow_experimental_funnel_functions = 1", DROP_NEW
    ),
    Fault("CH023", "-- migrate: settings allow_experimental_funnel_functions=1\n»" + NEW, DROP_NEW),
    Fault("CH024", NEW + ";\n»INSERT INTO {t}_new SELECT id, n FROM {t}", DROP_NEW),
    Fault(
        "CH025",
        "ALTER TABLE {t} »MODIFY TTL toDate(n) + INTERVAL 1 DAY",
        "ALTER TABLE {t} REMOVE TTL",
    ),
    Fault(
        "CH026",
        "CREATE TABLE IF NOT EXISTS {t}_new (d Date, id UInt64)\n"
        "ENGINE = »MergeTree(d, (id), 8192)",
        DROP_NEW,
    ),
    Fault("CH027", "»OPTIMIZE TABLE {t} FINAL"),
    Fault("CH028", "»DETACH TABLE {t}", "ATTACH TABLE IF NOT EXISTS {t}"),
    Fault("CH029", "»SET max_threads = 1"),
    Fault("MG006", "»-- migrate: allow CH003 because it was once dropped here\nSELECT 1"),
    Fault("MG006", "SELECT 1;\n»-- migrate: allow CH999 because there is no such rule\nSELECT 2"),
]


def planted(project: Project, number: int, fault: Fault) -> tuple[str, str, int]:
    """Write the pairs of a fault; the rule, the file and the line of its finding."""
    table = f"t{number}"
    before, up, down = (text.replace("{t}", table) for text in (fault.before, fault.up, fault.down))
    undo = ";\n".join(f"DROP TABLE IF EXISTS {name}" for name in created(before))
    project.add_pair(f"{2 * number}", "before", before, undo)
    path, _ = project.add_pair(f"{2 * number + 1}", "fault", up.replace("»", ""), down)
    return fault.rule, path.name, up[: up.index("»")].count("\n") + 1


def created(sql: str) -> list[str]:
    """The names that a text creates, the last one first."""
    words = sql.replace("\n", " ").split()
    return [words[at + 1] for at, word in enumerate(words) if word == "EXISTS"][::-1]


def findings(project: Project) -> list[tuple[str, str, int]]:
    data = json.loads(project.invoke("check", "--json").out)["data"]
    assert data["not_checked"] == []
    found = []
    for each in data["findings"]:
        file, line, _ = each["location"].rsplit(":", 2)
        found.append((each["id"], file.rpartition("/")[2], int(line)))
    return found


@pytest.fixture
def clickhouse(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", None, "clickhouse://nobody@127.0.0.1:1/x")


def test_planted_faults_are_found_and_nothing_else(clickhouse: Project) -> None:
    pytest.importorskip("chdb", reason="needs the extra 'embedded'")
    expected = [planted(clickhouse, number, fault) for number, fault in enumerate(FAULTS, 1)]
    assert len(expected) == 40
    found = findings(clickhouse)
    assert sorted(set(found) - set(expected)) == []
    assert sorted(set(expected) - set(found)) == []
    assert len(found) == len(expected)


def test_every_rule_has_a_fault() -> None:
    """But for those that have a test of their own."""
    others = {"CH002", "CH016", "CH017", "CH018", "CH020", "CH022"}
    wanted = {rule.id for rule in RULES if rule.id.startswith("CH")}
    assert {fault.rule for fault in FAULTS} | others >= wanted


OLDER = "CREATE TABLE IF NOT EXISTS a (id UInt64) ENGINE = MergeTree ORDER BY id"


def rules_of(project: Project, up: str, down: str) -> list[tuple[str, int]]:
    """What is found in the files of a pair after the one that makes table a."""
    project.add_pair("1", "older", OLDER, "DROP TABLE IF EXISTS a")
    project.add_pair("2", "newer", up, down)
    return [(rule, line) for rule, file, line in findings(project) if file.startswith("2_")]


def test_ch020_what_is_destroyed_before_the_end(clickhouse: Project) -> None:
    up = "SELECT 1;\nDROP TABLE IF EXISTS a;\nCREATE TABLE IF NOT EXISTS b (x UInt8) ENGINE = Log"
    down = "-- migrate: irreversible the rows are gone"
    assert rules_of(clickhouse, up, down) == [("CH020", 2), ("CH003", 2)]


DROPS = "ALTER TABLE a DROP COLUMN IF EXISTS {}"
SCRATCH = """CREATE TABLE IF NOT EXISTS s (id UInt64) ENGINE = Memory;
INSERT INTO s SELECT id FROM a WHERE id < 9;
DROP TABLE IF EXISTS s"""
TTL = "ALTER TABLE a MODIFY TTL toDate(id) SETTINGS materialize_ttl_after_modify = {}"
NO_TTL = "ALTER TABLE a REMOVE TTL"
FOR_GOOD = "-- migrate: irreversible the rows are gone"


@pytest.mark.parametrize(
    ("up", "down", "expected"),
    [
        pytest.param(SCRATCH, SCRATCH, [], id="a table for the time of a file"),
        pytest.param("TRUNCATE a", FOR_GOOD, [("CH006", 1)], id="a truncation can be repeated"),
        pytest.param(TTL.format(0), NO_TTL, [], id="a TTL for what is new"),
        pytest.param(TTL.format(1), NO_TTL, [("CH025", 1)], id="a TTL that says the default"),
        pytest.param(
            f"{DROPS.format('x')};\n{DROPS.format('y')}",
            FOR_GOOD,
            [("CH004", 1), ("CH004", 2)],
            id="nothing but removals has no end to wait for",
        ),
        pytest.param(
            "ALTER TABLE a UPDATE id = id + 1 WHERE 1",
            "SELECT 1",
            [("CH007", 1), ("CH010", 1)],
            id="an update of a key",
        ),
        pytest.param(
            "INSERT INTO a SELECT number FROM numbers(10)",
            "TRUNCATE TABLE IF EXISTS a",
            [("CH022", 1)],
            id="a down that empties what had rows before",
        ),
        pytest.param(
            "-- migrate: allow CH001 because of an older server\nDROP TABLE IF EXISTS a FOO BAR",
            FOR_GOOD,
            [("CH003", 2)],
            id="what an older server understands is judged by its words",
        ),
        pytest.param(
            "-- migrate: allow CH016 because we have one cluster\n"
            "-- migrate: allow CH002 because some have no parser\n"
            "SELECT 1",
            "SELECT 1",
            [],
            id="allowances of what was not looked at",
        ),
    ],
)
def test_odd_statements(
    clickhouse: Project, up: str, down: str, expected: list[tuple[str, int]]
) -> None:
    assert rules_of(clickhouse, up, down) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("UInt32", "Int64", False),
        ("Int32", "UInt64", True),
        ("Int32", "Float64", False),
        ("Int64", "Float64", True),
        ("UInt32", "Decimal(18, 2)", False),
        ("Decimal64(8)", "Decimal(18, 4)", True),
        ("DateTime", "DateTime64(3, 'UTC')", False),
        ("DateTime64(3)", "DateTime", True),
        ("Nullable(Int8)", "Int8", True),
        ("String", "LowCardinality(Nullable(String))", False),
        ("String", "FixedString(3)", True),
        ("UUID", "VARCHAR(36)", False),
        ("Array(Int32)", "Array(Int8)", True),
        ("Tuple(x Int8, y Int32)", "Tuple(x Int8, y Int64)", False),
        ("Tuple(x Int8, `y z` Int32)", "Tuple(x Int8, `y z` Int8)", True),
        ("AggregateFunction(sum, UInt32)", "AggregateFunction(sum, UInt64)", False),
    ],
)
def test_ch008_which_types_are_narrower(old: str, new: str, expected: bool) -> None:
    assert narrows(tokens(old), tokens(new)) is expected


def test_a_down_that_is_not_for_the_whole_cluster(
    clickhouse: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLICKHOUSE_CLUSTER", "c")
    up = "CREATE TABLE IF NOT EXISTS b ${on_cluster} (x UInt8) ENGINE = Memory"
    assert rules_of(clickhouse, up, "DROP TABLE IF EXISTS b") == [("CH017", 1)]


def test_ch022_a_down_that_takes_more_than_its_up_gave(clickhouse: Project) -> None:
    up = "CREATE TABLE IF NOT EXISTS b (x UInt8) ENGINE = Log"
    down = "DROP TABLE IF EXISTS b;\nDROP TABLE IF EXISTS a"
    assert rules_of(clickhouse, up, down) == [("CH022", 2)]


def test_rules_for_a_cluster(clickhouse: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLICKHOUSE_CLUSTER", "c")
    up = (
        "CREATE TABLE IF NOT EXISTS b ${on_cluster} (x UInt8)\n"
        "ENGINE = ${replicated}MergeTree ORDER BY x;\n"
        "CREATE TABLE IF NOT EXISTS c ON CLUSTER c (x UInt8) ENGINE = ReplicatedMergeTree\n"
        "ORDER BY x;\n"
        "CREATE TABLE IF NOT EXISTS d (x UInt8) ENGINE = MergeTree ORDER BY x"
    )
    down = ";\n".join(f"DROP TABLE IF EXISTS {name} ${{on_cluster}}" for name in "bcd")
    assert rules_of(clickhouse, up, down) == [("CH016", 3), ("CH017", 5), ("CH018", 5)]


def test_without_clickhouses_parser_sqlglot_reads(
    clickhouse: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsers, "is_available", lambda: False)
    up = "CREATE TABLE b (x UInt8) ENGINE = Log;\nALTER TABLE a FREEZE"
    assert rules_of(clickhouse, up, "DROP TABLE IF EXISTS b") == [("CH019", 1), ("CH002", 2)]


def test_without_any_parser_that_is_said(
    clickhouse: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsers, "is_available", lambda: False)
    monkeypatch.setattr(parsers, "find_spec", lambda _: None)
    clickhouse.add_pair("1", "older", OLDER, "DROP TABLE IF EXISTS a")
    result = clickhouse.invoke("check")
    assert result.code == 0
    assert "not checked: ClickHouse statements were not parsed" in result.out


def test_a_parser_that_fails_is_said(clickhouse: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    clickhouse.add_pair("1", "older", OLDER, "DROP TABLE IF EXISTS a")
    result = clickhouse.invoke("check")
    assert "only read by their words: chDB failed: it ended with 1" in result.out


def test_what_holds_no_rows_loses_none(clickhouse: Project) -> None:
    made = "CREATE TABLE IF NOT EXISTS d (id UInt64) ENGINE = Distributed('c', 'x', 'a')"
    again = f"DROP TABLE IF EXISTS d;\n{made}"
    clickhouse.add_pair("1", "older", f"{OLDER};\n{made}", "SELECT 1")
    clickhouse.add_pair("2", "newer", again, again)
    assert [each for each in findings(clickhouse) if each[0] == "CH003"] == []
