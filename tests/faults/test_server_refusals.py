"""A server that can't, won't or may not: the report is true, and ``up`` goes on once it can."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.postgres import libpq_url
from tests.support.process import wait_until

if TYPE_CHECKING:
    from .site import Site, Undisturbed

pytestmark = pytest.mark.faults

REFUSALS = {
    "disk-full": (243, "Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)"),
    "no-space-left": (75, "write failed: No space left on device. (CANNOT_WRITE_TO_FILE)"),
    "table-read-only": (242, "Table is in readonly mode. (TABLE_IS_READ_ONLY)"),
    "user-read-only": (164, "default: Cannot execute query in readonly mode. (READONLY)"),
    "out-of-memory": (241, "Memory limit (total) exceeded. (MEMORY_LIMIT_EXCEEDED)"),
    "too-many-parts": (252, "Too many parts (300). Merges are slower. (TOO_MANY_PARTS)"),
    "mutation-running": (517, "Metadata on replica is not up to date. (CANNOT_ASSIGN_ALTER)"),
    "not-granted": (497, "default: Not enough privileges. (ACCESS_DENIED)"),
}
# These may be gone a moment later: a statement that they kept from running is sent again.
PASSING = {"table-read-only", "mutation-running"}
STATEMENTS = {
    "create": "^CREATE TABLE errors",
    "insert": "^INSERT INTO errors",
    "alter": "^ALTER TABLE errors ADD",
    "rename": "^RENAME TABLE errors",
}
# Each refusal of two kinds of statements, each kind refused in four ways.
PAIRS = [
    (kind, refusal)
    for number, refusal in enumerate(REFUSALS)
    for kind in (list(STATEMENTS)[number % 4], list(STATEMENTS)[(number + number // 4 + 1) % 4])
]


@pytest.mark.parametrize(("kind", "refusal"), PAIRS)
def test_clickhouse_refuses(site: Site, undisturbed: Undisturbed, kind: str, refusal: str) -> None:
    code, message = REFUSALS[refusal]
    site.gateway.fault(STATEMENTS[kind], action="error", code=code, message=message)
    result = site.check_up(undisturbed)
    if refusal in PASSING and kind != "insert":
        assert result.code == 0, result
        site.assert_up_finishes(undisturbed)
        return
    assert result.code == 6, result
    failure = json.loads(result.out)["data"]["failure"]
    assert message.partition(". ")[0] in failure["error"]
    assert failure["hint"]
    site.assert_up_finishes(undisturbed)


@pytest.mark.parametrize("match", [STATEMENTS["create"], STATEMENTS["rename"], STATEMENTS["alter"]])
def test_clickhouse_fails_after_it_did_what_was_asked(
    site: Site, undisturbed: Undisturbed, match: str
) -> None:
    code, message = REFUSALS["no-space-left"]
    site.gateway.fault(match, action="error", when="after", code=code, message=message)
    assert site.check_up(undisturbed).code == 6
    site.assert_up_finishes(undisturbed)


def test_clickhouse_refuses_the_ledgers_row(site: Site, undisturbed: Undisturbed) -> None:
    code, message = REFUSALS["disk-full"]
    site.gateway.fault(
        "^INSERT INTO `schema_mig", nth=9, action="error", code=code, message=message
    )
    assert site.check_up(undisturbed).code == 6
    site.assert_up_finishes(undisturbed)


@pytest.mark.parametrize("function", ["pg_cancel_backend", "pg_terminate_backend"])
def test_an_administrator_ends_a_postgres_statement(
    site: Site, undisturbed: Undisturbed, function: str
) -> None:
    before = site.truth(undisturbed.reference)
    held = site.proxy.fault("^CREATE TABLE plans")
    with (
        psycopg.connect(libpq_url(site.postgres_url), autocommit=True) as admin,
        psycopg.connect(libpq_url(site.postgres_url)) as blocker,
        site.start("up", "--json") as run,
    ):
        held.wait()
        blocker.execute("LOCK TABLE users")
        held.release()
        waiting = "wait_event_type = 'Lock' AND query LIKE 'ALTER TABLE users%'"
        count = f"SELECT count(*) FROM pg_stat_activity WHERE {waiting}"
        wait_until(lambda: admin.execute(count.encode()).fetchone() == (1,), 20, "it waits")
        end = f"SELECT {function}(pid) FROM pg_stat_activity WHERE {waiting}"
        admin.execute(end.encode())
        result = run.wait()
    assert result.code == 6, result
    assert json.loads(result.out)["data"]["failure"]["revision"] == "20250103000000"
    site.check_report(result, undisturbed.reference, before)
    site.assert_up_finishes(undisturbed)
