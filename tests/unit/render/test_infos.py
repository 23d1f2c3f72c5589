"""The page of ``info``: gravest first, and what to type beneath it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from brokle_migrate.environments.base import TableSize
from brokle_migrate.model import Finding, Level
from brokle_migrate.past import Deed, Ending, Failure, PastRun
from brokle_migrate.render import words
from brokle_migrate.status import DatabaseInfo, Info
from brokle_migrate.vitals import (
    Connections,
    Crowd,
    Disk,
    Missing,
    Query,
    Replica,
    RunningMutation,
    Transaction,
    Vitals,
)

from . import values
from .support import lines, plain

DENIED = "this user may not read system.disks"
IDLE = Transaction(
    7, "reports", "ann", "10.0.0.9", "idle in transaction", 245.0, ("members", "orgs"), (9,)
)
POSTGRES = Vitals(
    connections=Connections(90, 97, 3),
    read_only="it is a standby",
    transactions=(
        IDLE,
        Transaction(8, "", "bob", "", "active", 61.0),
        Transaction(None, "two's", "bob", "", "prepared", 90000.0, ("a", "b", "c", "d", "e", "f")),
    ),
    invalid_indexes=("by_name",),
)
CLICKHOUSE = Vitals(
    disks=(
        Disk("default", 5 << 30, 100 << 30),
        Disk("store", 1 << 62, None),
        Disk("cold", 80, 100),
    ),
    mutations=(
        RunningMutation("traces", "mutation_1.txt", "UPDATE x = 1", 5.0, 3),
        RunningMutation("o'k", "mutation_2.txt", "DELETE WHERE a = '…'", 700.0, 1, "no\n memory"),
    ),
    replicas=(
        Replica("spans", True, 0, 0, 0.0, 0),
        Replica("traces", False, 1, 2, 90.0, 1),
        Replica("well", False, 2, 2, 0.0, 0),
    ),
    queries=(Query("q-1", "ann", "10.0.0.9", 12.0), Query("q-2", "bob", "", 120.0)),
    crowds=(Crowd("spans", 350, 300), Crowd("traces", 180, 300)),
    missing=(
        Missing("disks", DENIED, "GRANT SELECT ON system.disks TO the user"),
        Missing("parts", "x" * 1000),
    ),
)


def page(vitals: Vitals, number: int = 0, **more: object) -> list[str]:
    database = replace(values.INFO.databases[number], vitals=vitals)
    out, err = plain(lambda r: r.info(replace(values.INFO, databases=(database,), **more)))
    assert not err
    return lines(out.rstrip())


def test_postgres_gravest_first_with_what_to_type() -> None:
    found = [line for line in page(POSTGRES) if line.startswith("postgres: ")]
    assert found[1:] == [
        "postgres: read only nothing can be migrated here: it is a standby",
        "postgres: connections 90 of 97, 93% used, 3 more reserved",
        (
            "postgres: connections SELECT usename, application_name, state, count(*) "
            "FROM pg_stat_activity GROUP BY 1, 2, 3 ORDER BY 4 DESC;"
        ),
        (
            "postgres: transaction pid 7 (reports, ann@10.0.0.9): idle in transaction, "
            "open for 4 min, holds locks on members, orgs, waits for 9"
        ),
        "postgres: transaction SELECT pg_terminate_backend(7);",
        "postgres: transaction pid 8 (bob): active, open for 1 min",
        "postgres: transaction SELECT pg_cancel_backend(8);",
        (
            "postgres: transaction prepared (two's, bob): prepared, open for 1 day, "
            "holds locks on a, b, c, d, e and 1 more"
        ),
        "postgres: transaction ROLLBACK PREPARED 'two''s';",
        "postgres: invalid index by_name: a CREATE INDEX CONCURRENTLY was cut off",
        "postgres: invalid index DROP INDEX CONCURRENTLY by_name;",
        "postgres: server PostgreSQL 15.1, database brokle, 0.4 ms away",
    ]


def test_clickhouse_gravest_first_with_what_to_type() -> None:
    found = [line for line in page(CLICKHOUSE, 1) if line.startswith("clickhouse: ")]
    here = "database = currentDatabase() AND"
    assert found[1:] == [
        (
            "clickhouse: mutation o'k: DELETE WHERE a = '…': fails "
            "(1 part to do, begun 11 min ago): no memory"
        ),
        (
            f"clickhouse: mutation KILL MUTATION WHERE {here} table = 'o\\'k' "
            "AND mutation_id = 'mutation_2.txt';"
        ),
        "clickhouse: parts spans: 350 parts in one partition; inserts are slowed from 300 on",
        "clickhouse: parts OPTIMIZE TABLE spans;",
        "clickhouse: replica spans: read-only here: is Keeper reachable?",
        "clickhouse: replica SYSTEM RESTART REPLICA spans;",
        "clickhouse: disk default: 5.0 GiB free of 100 GiB, 95% used",
        "clickhouse: long query bob: runs for 2 min",
        "clickhouse: long query KILL QUERY WHERE query_id = 'q-2';",
        "clickhouse: parts traces: 180 parts in one partition; inserts are slowed from 300 on",
        "clickhouse: parts OPTIMIZE TABLE traces;",
        "clickhouse: replica traces: 1 of 2 replicas active, 1 min behind, 1 entry queued",
        "clickhouse: mutation traces: UPDATE x = 1: 3 parts to do, begun 5 s ago",
        "clickhouse: long query ann@10.0.0.9: runs for 12 s",
        "clickhouse: replicas 1 replicated table, all replicas active",
        "clickhouse: disk store: no limit",
        "clickhouse: disk cold: 80 B free of 100 B, 20% used",
        f"clickhouse: not known disks: {DENIED}",
        "clickhouse: not known GRANT SELECT ON system.disks TO the user",
        f"clickhouse: not known parts: {'x' * 240}…",
        "clickhouse: server ClickHouse 26.9.1.1, database brokle, 2.1 ms away",
    ]


def test_nothing_to_do_is_not_said_while_something_needs_somebody() -> None:
    assert page(Vitals())[-1] == "nothing to do"
    assert "nothing to do" not in page(POSTGRES)


def test_the_largest_tables_and_how_many_more() -> None:
    tables = tuple(TableSize(f"t{n:02}", n, n * 1024) for n in range(1, 15))
    found = [line.split() for line in page(Vitals(tables))]
    assert ["postgres", "t14", "14", "14.0", "KiB"] in found
    assert ["postgres", "t05", "5", "5.0", "KiB"] in found
    assert ["postgres", "…", "and", "4", "more", "10", "10.0", "KiB"] in found
    assert not any("t04" in line for line in found)


def test_runs() -> None:
    many = tuple(str(n) for n in range(1, 6))
    runs = (
        PastRun("ann@a", 970.0, 990.0, Ending.RUNNING),
        PastRun(
            "ann@a",
            800.0,
            820.0,
            Ending.FAILED,
            (Deed("postgres", "upgrade", many), Deed("clickhouse", "downgrade", ("9",))),
            Failure("no such table", "clickhouse", "10", 2, 3),
        ),
        PastRun("bob@b", 10.0, 10.5, Ending.DONE, (Deed("clickhouse", "stamp", ("9",)),)),
        PastRun("bob@b", 9.0, 10.0, Ending.STOPPED, failure=Failure("stopped")),
    )
    found = page(Vitals(), checked=1000.0, runs=runs)
    start = found.index("last runs: newest first")
    assert found[start + 1 : start + 7] == [
        "last runs: now running for 30.0 s, by ann@a: nothing was done",
        (
            "last runs: 3 min ago failed after 20.0 s, by ann@a: "
            "postgres up 1 … 5 (5); clickhouse down 9"
        ),
        "last runs: 3 min ago at clickhouse 10 statement 2 of 3: no such table",
        "last runs: 16 min ago done in 500 ms, by bob@b: clickhouse force 9",
        "last runs: 16 min ago stopped after 1.0 s, by bob@b: nothing was done",
        "last runs: 16 min ago stopped",
    ]


def test_lock_and_what_could_not_be_asked() -> None:
    found = page(Vitals(), lock=values.HELD, missing=(Missing("last runs", "why", "do this"),))
    assert f"lock: {values.HELD.where}" in found
    assert f"lock: held by {values.HOLDER}" in found
    assert found[found.index("last runs: why") + 1] == "hint: do this"
    assert not any(line.startswith("lock: ") for line in page(Vitals(), lock=values.FREE))


def test_a_told_invalid_index_is_not_told_again() -> None:
    database = replace(values.INFO.databases[0], vitals=POSTGRES)
    finding = Finding("invalid_index", Level.WARNING, "postgres", "by_name")
    status = replace(database.status, findings=(finding,))
    info = replace(values.INFO, databases=(replace(database, status=status),))
    out, _ = plain(lambda r: r.info(info))
    assert out.count("postgres: invalid index ") == 1


def test_json_has_all_of_it() -> None:
    from brokle_migrate.render.info_data import info_data

    info = Info("1", (DatabaseInfo(values.INFO.databases[0].status, None, CLICKHOUSE),), ())
    (found,) = info_data(info)["databases"]
    assert found["mutations"][1]["failure"] == "no\n memory"
    assert found["replicas"][0]["readonly"] is True
    assert found["disks"][1] == {"name": "store", "free": 1 << 62, "total": None}
    assert found["missing"][0]["what"] == "disks"
    assert found["queries"][1] == {"id": "q-2", "user": "bob", "address": None, "age": 120.0}
    assert found["crowded"][0] == {"table": "spans", "parts": 350, "slows": 300}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.9, "59 s"), (60, "1 min"), (7200, "2 h"), (86400, "1 day"), (2e5, "2 days")],
)
def test_ages(seconds: float, text: str) -> None:
    assert words.age(seconds) == text
