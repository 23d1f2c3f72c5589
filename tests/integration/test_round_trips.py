"""What safety costs: how often ClickHouse is asked, counted and not timed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.gateway_process import GatewayProcess
    from tests.support.project import Project

STATEMENTS = 5


def _asked(project: Project, gateway: GatewayProcess) -> list[str]:
    gateway.reset()
    assert project.run("up").code == 0
    return [text.split()[0] for text in gateway.texts()]


def test_a_run_adds_three_questions_and_an_insert_a_statement(
    project: Project, gateway: GatewayProcess
) -> None:
    project.add_pair("1", "t", "CREATE TABLE t (x Int8) ENGINE = Log", "DROP TABLE t")
    _asked(project, gateway)  # makes the ledger
    project.add_pair("2", "u", ";".join(["TRUNCATE TABLE t"] * STATEMENTS), "SELECT 1")
    asked = _asked(project, gateway)
    assert asked.count("TRUNCATE") == STATEMENTS
    # An outcome and the next intent share an insert; the last one tells what the run did.
    assert asked.count("INSERT") == STATEMENTS + 1 + 1
    # What is planned from; again under the lock; and what is true afterwards.
    assert asked.count("SELECT") == 3
    assert len(asked) == 2 * STATEMENTS + 1 + 1 + 3


def test_a_run_with_nothing_to_do_asks_once(project: Project, gateway: GatewayProcess) -> None:
    project.add_pair("1", "t", "SELECT 1", "SELECT 1")
    _asked(project, gateway)
    assert _asked(project, gateway) == ["SELECT"]
