"""Placeholders of the ClickHouse files, filled in with the values of this place and this server."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ..errors import InvalidScripts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..config import DatabaseUrl
    from ..config.variables import Placeholders
    from ..model import Statement
    from ..sqltext import ServerSide
    from .drivers import Driver

PERHAPS_A_VALUE = " (or the value of one of its placeholders has changed)"

# The first release in which a Replicated engine takes path and replica from the server.
_WITHOUT_ARGUMENTS = (20, 10)


class Filling:
    """Fills in statements, and remembers what could not be filled in.

    :param values: the team's own names.
    :param server: finds out what the built-in names depend on; asked once, when one is used.
    """

    def __init__(self, values: Placeholders, server: Callable[[], ServerSide]) -> None:
        self._values = values
        self._ask = server
        self._problems: list[str] = []
        self._undefined: list[str] = []

    def fill(self, statements: Iterable[Statement]) -> tuple[Statement, ...]:
        """The statements as they are sent; one that can't be filled in stays as it is written."""
        return tuple(self._filled(statement) for statement in statements)

    def require_filled(self) -> None:
        """Refuse to go on where something could not be filled in.

        :raises InvalidScripts: naming every place at once.
        """
        problems = tuple(dict.fromkeys(self._problems))
        undefined = tuple(dict.fromkeys(self._undefined))
        self._problems.clear()
        self._undefined.clear()
        if not problems:
            return
        message = problems[0]
        if len(problems) > 1:
            lines = "\n".join(f"  {problem}" for problem in problems)
            message = f"the placeholders have {len(problems)} problems:\n{lines}"
        raise InvalidScripts(message, problems=problems, hint=_hint(undefined))

    def _filled(self, statement: Statement) -> Statement:
        if "${" not in statement.text:
            return statement
        from ..sqltext import Unfilled, fill

        try:
            return fill(statement, self._values.value, lambda: self._server)
        except Unfilled as error:
            self._problems += error.problems
            self._undefined += error.undefined
            return statement

    @cached_property
    def _server(self) -> ServerSide:
        return self._ask()


def alone(url: DatabaseUrl, cluster: str | None) -> ServerSide:
    """What can be told of a database without asking it."""
    from ..sqltext import ServerSide

    return ServerSide(url.database or "default", cluster)


def asked(driver: Driver, cluster: str) -> ServerSide:
    """What the server says of itself.

    :raises ServerError: it refused to.
    :raises ConnectionLost: it did not answer.
    """
    from ..sqltext import ServerSide

    rows = driver.query(
        "SELECT version(), name, engine FROM system.databases WHERE name = currentDatabase()"
    )
    version, database, engine = rows[0]
    numbers = tuple(int(part) for part in version.split(".")[:2])
    return ServerSide(database, cluster, engine == "Replicated", numbers < _WITHOUT_ARGUMENTS)


def _hint(undefined: tuple[str, ...]) -> str:
    if not undefined:
        return "nothing was run; correct the files or the values and try again"
    given = " ".join(f"-x {name}=…" for name in undefined)
    return (
        f"nothing was run; give each name a value: {given}, or an environment variable of that "
        "name, or a line in [clickhouse.vars] of alembic.ini"
    )
