"""The SQL that Postgres revisions emit, with the lines of their modules, without a database."""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from ..checks.emitted import Emitted
from ..config.urls import DatabaseUrl
from ..model import POSTGRES, Action, Step
from .alembic_project import AlembicProject
from .offline import OfflineRun
from .throwaway import named_in_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from alembic.script import ScriptDirectory

    from ..config import Config
    from ..model import Revision


_URL_OF_NOBODY = DatabaseUrl(backend=POSTGRES, driver="psycopg", host="127.0.0.1", port=1)


def emitted(config: Config, revisions: Sequence[Revision]) -> tuple[Emitted, ...]:
    """What each revision would run, up.

    :param revisions: each after those that it builds on.
    :raises Exception: whatever ``env.py`` raises when it runs offline.
    """
    steps = [Step(POSTGRES, Action.UPGRADE, each.id, each.message, each.path) for each in revisions]
    project = AlembicProject(_elsewhere(config))
    run = _LocatedRun(project.script, steps)
    with _unconnected(), named_in_environment(_URL_OF_NOBODY):
        project.run(run.work, as_sql=True, starting_rev=None, output_buffer=run)
    return run.emitted()


def _elsewhere(config: Config) -> Config:
    """Offline mode takes no more than the dialect from a URL: not the team's, in any case."""
    postgres = config.require_postgres()
    return replace(config, postgres=replace(postgres, url=_URL_OF_NOBODY, url_overridden=True))


@contextmanager
def _unconnected() -> Iterator[None]:
    """Refuse connections: an ``env.py`` without an offline mode would make one."""
    from sqlalchemy import Engine, event

    event.listen(Engine, "do_connect", _refuse)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", _refuse)


def _refuse(dialect: object, record: object, arguments: object, parameters: object) -> None:  # noqa: ARG001 - SQLAlchemy's
    raise Connects("it connects to a database, also in offline mode")


class Connects(Exception):
    """``env.py`` has no offline mode."""


class _LocatedRun(OfflineRun):
    """Remembers which line of a revision's module each statement came from.

    Alembic writes a statement while the call that asked for it is still running, so that the
    module is among the callers; its own statements have none.
    """

    def __init__(self, script: ScriptDirectory, steps: Sequence[Step]) -> None:
        super().__init__(script, steps, has_version_table=False)
        self._lines: list[list[int | None]] = [[] for _ in steps]

    def write(self, text: str) -> int:
        before = len(self._chunks[self._position])
        written = super().write(text)
        if len(self._chunks[self._position]) > before:
            path = str(self._steps[self._position].path)
            self._lines[self._position].append(_line_of(path, inspect.currentframe()))
        return written

    def emitted(self) -> tuple[Emitted, ...]:
        """The SQL of each step."""
        return tuple(self._emitted(position) for position in range(len(self._steps)))

    def _emitted(self, position: int) -> Emitted:
        path = self._steps[position].path
        assert path is not None
        own = [
            (statement, line or 1)
            for statement, line in zip(self._chunks[position], self._lines[position], strict=True)
            if line is not None
        ]
        if own and own[0][0] == "BEGIN":
            own = own[1:]
        statements = tuple(statement for statement, _ in own)
        return Emitted(path, statements, tuple(line for _, line in own), self._notes[position])


def _line_of(path: str, frame: FrameType | None) -> int | None:
    """The line of a module that is being run just now; None where none of it is."""
    while frame is not None:
        if frame.f_code.co_filename == path:
            return frame.f_lineno
        frame = frame.f_back
    return None
