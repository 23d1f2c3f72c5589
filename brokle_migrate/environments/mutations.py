"""Waiting for what a statement started: ClickHouse runs mutations in the background.

``system.mutations`` is polled, because that works on every server version; the settings that make
a statement wait (``mutations_sync``, ``alter_sync``) came later and end with the connection.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .drivers import ServerError

if TYPE_CHECKING:
    from ..model import Statement
    from .drivers import Driver

_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 1.0
# The server tries a failing mutation again: a reason that passes is no failure.
_PATIENCE = 5
_MUTATIONS = "SELECT database, table, mutation_id, is_done, {reason} FROM system.mutations"

Mutation = tuple[str, str, str]


@dataclass(slots=True)
class Watch:
    """The mutations that were there before a statement, to tell its own apart.

    :ivar names: the words of the statement; a mutation of a table that it does not name is
        somebody else's.
    """

    driver: Driver | None = None
    names: frozenset[str] = frozenset()
    before: frozenset[Mutation] = frozenset()
    failures: dict[Mutation, int] = field(default_factory=dict)

    def wait(self) -> None:
        """Return when every mutation that came since is done.

        :raises ServerError: one fails again and again, or was killed.
        """
        pause, unfinished = _FIRST_PAUSE, frozenset[Mutation]()
        while self.driver is not None:
            found = self._own(self.driver)
            for database, table, name in unfinished - found.keys():
                raise ServerError(f"the mutation {name} of {database}.{table} was killed")
            unfinished = frozenset(each for each, (done, _) in found.items() if not done)
            if not unfinished:
                return
            for mutation in unfinished:
                self._count_failure(mutation, found[mutation][1])
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _own(self, driver: Driver) -> dict[Mutation, tuple[bool, str]]:
        return {
            mutation: state
            for mutation, state in _mutations(driver).items()
            if mutation not in self.before and mutation[1] in self.names
        }

    def _count_failure(self, mutation: Mutation, reason: str) -> None:
        self.failures[mutation] = self.failures.get(mutation, 0) + 1 if reason else 0
        if self.failures[mutation] < _PATIENCE:
            return
        database, table, name = mutation
        raise ServerError(
            f"the mutation {name} of {database}.{table} fails: {reason} (end it: KILL MUTATION "
            f"WHERE database = '{database}' AND table = '{table}' AND mutation_id = '{name}')"
        )


def watch(driver: Driver, statement: Statement) -> Watch:
    """Look at the mutations before a statement that may start one."""
    from ..sqltext import identifiers, may_mutate

    if not statement.wait or not may_mutate(statement.text):
        return Watch()
    return Watch(driver, identifiers(statement.text), frozenset(_mutations(driver)))


def _mutations(driver: Driver) -> dict[Mutation, tuple[bool, str]]:
    try:
        rows = driver.query(_MUTATIONS.format(reason="latest_fail_reason"))
    except ServerError:  # before 19.1 a mutation did not tell why it fails
        rows = driver.query(_MUTATIONS.format(reason="''"))
    return {
        (database, table, mutation): (done == "1", reason)
        for database, table, mutation, done, reason in rows
    }
