"""Waiting for what a statement started: ClickHouse runs mutations in the background.

``system.mutations`` is polled, because that works on every server version; the settings that make
a statement wait (``mutations_sync``, ``alter_sync``) came later and end with the connection.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from .drivers import ServerError
from .replicas import behind
from .system_mutations import every

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..model import Statement
    from .drivers import Driver
    from .system_mutations import Entry

_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 1.0
# The server tries a failing mutation again: a reason that passes is no failure.
_PATIENCE = 5


class Mutation(NamedTuple):
    """What identifies a mutation."""

    database: str
    table: str
    id: str

    def __str__(self) -> str:
        return f"the mutation {self.id} of {self.database}.{self.table}"

    @property
    def end(self) -> str:
        """The statement that ends it."""
        return (
            f"KILL MUTATION WHERE database = '{self.database}' AND table = '{self.table}' "
            f"AND mutation_id = '{self.id}'"
        )


@dataclass(frozen=True, slots=True)
class Failures:
    """How often in a row each mutation was seen failing."""

    seen: dict[Mutation, int] = field(default_factory=dict)

    def count(self, mutation: Mutation, reason: str) -> None:
        """Count a look.

        :param reason: why it failed when it was last tried, empty when it did not.
        :raises ServerError: it failed at every one of the last looks.
        """
        self.seen[mutation] = self.seen.get(mutation, 0) + 1 if reason else 0
        if self.seen[mutation] >= _PATIENCE:
            raise ServerError(f"{mutation} fails: {reason} (end it: {mutation.end})")


@dataclass(slots=True)
class Watch:
    """The mutations that were there before a statement, to tell its own apart.

    :ivar names: the words of the statement; a mutation of a table that it does not name is
        somebody else's.
    :ivar seen: whether one of its own was ever there; one that is killed is gone afterwards.
    """

    driver: Driver | None = None
    names: frozenset[str] = frozenset()
    before: frozenset[Mutation] = frozenset()
    failures: Failures = field(default_factory=Failures)
    seen: bool = False

    def wait(self, tell: Callable[[str], None]) -> None:
        """Return when every mutation that came since is done, on every replica that is active.

        :param tell: called with how far they are; what it raises ends the wait.
        :raises ServerError: one fails again and again, or was killed.
        """
        pause, unfinished = _FIRST_PAUSE, frozenset[Mutation]()
        while self.driver is not None:
            found = self._own(self.driver)
            self.seen = self.seen or bool(found)
            for mutation in unfinished - found.keys():
                raise ServerError(f"{mutation} was killed")
            unfinished = frozenset(each for each, state in found.items() if not state.done)
            elsewhere = {} if unfinished else _unfinished_elsewhere(self.driver, found)
            if not unfinished and not elsewhere:
                return
            for mutation, replicas in elsewhere.items():
                tell(f"{mutation} is not finished on {', '.join(replicas)}")
            for mutation in unfinished:
                self.failures.count(mutation, found[mutation].reason)
                tell(f"{mutation} has {found[mutation].parts} parts to do")
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    @property
    def nothing_came(self) -> bool:
        """Whether a statement that does nothing but start a mutation has started none."""
        return self.driver is not None and not self.seen and not self._own(self.driver)

    def _own(self, driver: Driver) -> dict[Mutation, Entry]:
        return {
            mutation: state
            for mutation, state in _mutations(driver).items()
            if mutation not in self.before and mutation.table in self.names
        }


def watch(driver: Driver, statement: Statement, *, again: bool = False) -> Watch:
    """Look at the mutations before a statement that may start one.

    :param again: the statement ran before, in a run that did not see its mutations end: every
        unfinished one of its tables may be its own.
    """
    from ..sqltext import identifiers, may_mutate

    if not statement.wait or not may_mutate(statement.text):
        return Watch()
    found = _mutations(driver)
    before = {m for m, state in found.items() if state.done or not again}
    return Watch(driver, identifiers(statement.text), frozenset(before))


def _unfinished_elsewhere(
    driver: Driver, mutations: Iterable[Mutation]
) -> dict[Mutation, list[str]]:
    """Which replicas are not done with mutations that this one is done with."""
    found = {m: behind(driver, m.database, m.table, m.id) for m in mutations}
    return {mutation: replicas for mutation, replicas in found.items() if replicas}


def await_earlier(driver: Driver, statement: Statement, tell: Callable[[str], None]) -> None:
    """Before an ALTER, wait for the mutations of its tables that are not done.

    An ALTER that follows one waits for it on the server, or is refused by it, where nothing tells
    why.  A killed one is in nobody's way.  A server that does not let them be read proves nothing.

    :param tell: called with how far they are; what it raises ends the wait.
    :raises ServerError: one fails again and again; nothing was sent.
    """
    from ..sqltext import alters_table, identifiers

    if not alters_table(statement.text):
        return
    earlier = _Earlier(driver, identifiers(statement.text))
    pause = _FIRST_PAUSE
    while unfinished := earlier.unfinished():
        for mutation, state in unfinished.items():
            earlier.failures.count(mutation, state.reason)
            tell(f"before this statement, {mutation} has {state.parts} parts to do")
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class _Earlier:
    """The mutations of the tables that a statement names, before it is sent."""

    driver: Driver
    names: frozenset[str]
    failures: Failures = field(default_factory=Failures)

    def unfinished(self) -> dict[Mutation, Entry]:
        try:
            found = _mutations(self.driver)
        except ServerError:
            return {}
        return {m: s for m, s in found.items() if not s.done and self._names(m, here=s.here)}

    def _names(self, mutation: Mutation, *, here: bool) -> bool:
        return mutation.table in self.names and (here or mutation.database in self.names)


def _mutations(driver: Driver) -> dict[Mutation, Entry]:
    return {Mutation(each.database, each.table, each.id): each for each in every(driver)}
