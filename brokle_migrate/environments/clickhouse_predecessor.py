"""golang-migrate's record in ClickHouse, which may have the name that our ledger is to have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import StateError
from .drivers.base import quoted
from .old_record import COLUMNS, OldRecord, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from .drivers import Driver
    from .ledger import Ledger

_COLUMNS = {*COLUMNS, "sequence"}


class ClickHousePredecessor:
    """Reads golang-migrate's table, and puts it aside.

    :param ledger: ours.
    :param everywhere: ``ON CLUSTER …`` where every server has the table.
    :param answering: turns what the server refuses into our error.
    """

    def __init__(
        self,
        driver: Driver,
        ledger: Ledger,
        everywhere: str,
        answering: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._driver = driver
        self._ledger = ledger
        self._everywhere = everywhere
        self._answering = answering

    def read(self, table: str) -> OldRecord | None:
        """What golang-migrate's table says, under its own name or the one that it was given.

        :raises StateError: there are two, or another server of the cluster may know more.
        """
        found = self._old_tables(table, aside(table))
        if len(found) > 1:
            raise StateError(
                f"ClickHouse has two tables of golang-migrate: {' and '.join(found)}",
                hint="drop or rename the one that is out of date",
            )
        if not found:
            return None
        # Appended to with every change; the newest row counts.
        newest = f"SELECT version, dirty FROM `{found[0]}` ORDER BY sequence DESC LIMIT 1"
        with self._answering():
            rows = self._driver.query(newest)
        if not rows and self._everywhere:
            self._require_replicated(found[0])
        version, dirty = rows[0] if rows else ("-1", "0")
        return record(found[0], int(version), dirty != "0")

    def recorded(self) -> frozenset[str] | None:
        """The versions that our ledger records as applied; None where it records nothing yet."""
        if self._old_tables(self._ledger.name):
            return None
        with self._answering():
            state = self._ledger.read()
            if state.applied or state.dirty:
                return frozenset(state.applied)
            return frozenset() if state.exists and self._ledger.has_versions() else None

    def put_aside(self, table: str) -> None:
        """Give golang-migrate's table another name; nothing in it is changed."""
        with self._answering():
            self._driver.execute(f"RENAME TABLE `{table}` TO `{aside(table)}`{self._everywhere}")

    def _require_replicated(self, table: str) -> None:
        """Refuse to take an empty table for the truth where each server has its own rows."""
        query = (
            "SELECT engine FROM system.tables WHERE database = currentDatabase() "
            f"AND name = '{quoted(table)}'"
        )
        with self._answering():
            ((engine,),) = self._driver.query(query)
        if not engine.startswith("Replicated"):
            raise StateError(
                f"golang-migrate's table {table} is empty on this server of the cluster, and as a "
                f"{engine} it has other rows on each of them",
                hint="connect to the server that golang-migrate was connected to",
            )

    def _old_tables(self, *names: str) -> list[str]:
        """Those of the tables that have the columns of golang-migrate's, and no others."""
        listed = ", ".join(f"'{quoted(name)}'" for name in names)
        columns = (
            "SELECT table, name FROM system.columns WHERE database = currentDatabase() "
            f"AND table IN ({listed})"
        )
        with self._answering():
            rows = self._driver.query(columns)
        return [name for name in names if {c for table, c in rows if table == name} == _COLUMNS]


def aside(table: str) -> str:
    """The name that golang-migrate's table is kept under."""
    return f"{table}_golang_migrate"
