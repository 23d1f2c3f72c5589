"""Placeholders of the ClickHouse files, filled in with the values of this place and this server."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from ..errors import InvalidScripts, Problem
from ..sqltext import ServerSide, Unfilled, fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..config import DatabaseUrl
    from ..config.variables import Placeholders
    from ..model import Statement
    from ..sqltext import Script
    from .cluster import Cluster

# The first release in which a Replicated engine takes path and replica from the server.
_WITHOUT_ARGUMENTS = (20, 10)


class Filling:
    """Fills in statements.

    :param values: the team's own names.
    :param server: finds out what the built-in names depend on; asked once, when one is used.
    """

    def __init__(self, values: Placeholders, server: Callable[[], ServerSide]) -> None:
        self._values = values
        self._ask = server

    def scripts(self, scripts: Sequence[Script]) -> tuple[Script, ...]:
        """The files of a plan with every statement as it is sent.

        :raises InvalidScripts: naming every place of every file at once.
        """
        filled = iter(self.fill([one for script in scripts for one in script.statements]))
        return tuple(
            replace(script, statements=tuple(islice(filled, len(script.statements))))
            for script in scripts
        )

    def fill(self, statements: Iterable[Statement]) -> tuple[Statement, ...]:
        """The statements as they are sent.

        :raises InvalidScripts: naming every place that can't be filled in.
        """
        found: list[Statement] = []
        problems: list[Problem] = []
        undefined: list[str] = []
        for statement in statements:
            try:
                found.append(self._filled(statement))
            except Unfilled as error:
                problems += error.problems
                undefined += error.undefined
        _refuse(problems, tuple(dict.fromkeys(undefined)))
        return tuple(found)

    def _filled(self, statement: Statement) -> Statement:
        return fill(statement, self._values.value, lambda: self._server)

    @cached_property
    def _server(self) -> ServerSide:
        return self._ask()


def alone(url: DatabaseUrl) -> ServerSide:
    """What can be told of a database without asking it: one that is in no cluster."""
    if url.directory is None:
        return ServerSide(url.database or "default")
    from ..embedded.clickhouse import DATABASE

    return ServerSide(url.database or DATABASE)


def asked(cluster: Cluster) -> ServerSide:
    """What a server of a cluster says of itself.

    :raises ServerError: it refused to.
    :raises ConnectionLost: it did not answer.
    """
    server = cluster.server
    wants_arguments = server.version < _WITHOUT_ARGUMENTS
    return ServerSide(server.database, cluster.name, server.replicated, wants_arguments)


def _refuse(problems: list[Problem], undefined: tuple[str, ...]) -> None:
    if not problems:
        return
    message: str = problems[0]
    if len(problems) > 1:
        lines = "\n".join(f"  {problem}" for problem in problems)
        message = f"the placeholders have {len(problems)} problems:\n{lines}"
    raise InvalidScripts(message, problems=tuple(problems), hint=_hint(undefined))


def _hint(undefined: tuple[str, ...]) -> str:
    if not undefined:
        return "nothing was run; correct the files or the values and try again"
    given = " ".join(f"-x {name}=…" for name in undefined)
    return (
        f"nothing was run; give each name a value: {given}, or an environment variable of that "
        "name, or a line in [clickhouse.vars] of alembic.ini"
    )
