"""ClickHouse pairs as Alembic sees scripts: its own walks, messages and layout over our files.

Everything that Alembic prints about a revision, and every reason why it can't find one, comes from
its ``ScriptDirectory`` and ``Script``; here they only learn what stands on disk.
"""

from __future__ import annotations

import datetime
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import TYPE_CHECKING, Any

from alembic.script import Script, ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError

from ..errors import RevisionError, UnknownRevision

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from alembic.runtime.migration import RevisionStep

    from ..model import Revision

_TIMESTAMP = "%Y%m%d%H%M%S"


class Pairs(ScriptDirectory):
    """The pairs of a history, in the form of Alembic's script directory.

    :param directory: where ``env.py`` and the templates are.
    :param revisions: the pairs as one chain, oldest first.
    """

    def __init__(self, directory: Path, revisions: Sequence[Revision]) -> None:
        self._pairs = {revision.id: revision for revision in revisions}
        super().__init__(directory)

    def _load_revisions(self) -> Iterator[Script]:
        for revision in self._pairs.values():
            yield Script(_module(revision), revision.id, revision.path)

    def canonical(self, symbol: str) -> str:
        """A version as its file's number has it: ``001`` is 1, and 0 stands for nothing applied."""
        if not symbol.isdigit() or symbol in self._pairs:
            return symbol
        return symbol.lstrip("0") or "base"

    def upgrades(self, destination: str, position: Sequence[str]) -> list[RevisionStep]:
        """What an upgrade runs, oldest first.

        :param position: the newest applied version; empty where nothing is applied.
        :raises CommandError: the destination is not there, or not ahead.
        """
        current: Any = tuple(position)
        with _leading_somewhere(destination):
            return self._upgrade_revs(self.canonical(destination), current)

    def downgrades(self, destination: str, position: Sequence[str]) -> list[RevisionStep]:
        """What a downgrade takes back, newest first.

        :param position: the newest applied version; empty where nothing is applied.
        :raises CommandError: the destination is not there, or not behind.
        """
        current: Any = tuple(position)
        with _leading_somewhere(destination):
            return self._downgrade_revs(self.canonical(destination), current)

    def stamped(self, symbols: Sequence[str], position: Sequence[str]) -> tuple[str, ...]:
        """The versions that a stamp goes to; nothing for ``base``.

        :param position: the newest applied version; empty where nothing is applied.
        :raises CommandError: there is none, or more than one that fits.
        """
        found = self.named(symbols)
        with _leading_somewhere(" ".join(symbols)):
            self._stamp_revs(tuple(map(self.canonical, symbols)), tuple(position))
        return tuple(dict.fromkeys(script.revision for script in found))

    def named(self, symbols: Sequence[str]) -> tuple[Script, ...]:
        """The revisions that symbols stand for; nothing for ``base``.

        :raises CommandError: there is none, or more than one that fits.
        """
        with _leading_somewhere(" ".join(symbols)):
            return self.get_revisions(tuple(map(self.canonical, symbols)))

    def start(self, symbol: str | None) -> tuple[str, ...]:
        """Where an offline script starts, as Alembic reads the part before the colon.

        :raises CommandError: there is no such revision.
        """
        if symbol is None or self.canonical(symbol) == "base":
            return ()
        return tuple(script.revision for script in self.named([symbol]))


@contextmanager
def _leading_somewhere(symbol: str) -> Iterator[None]:
    """Turn what Alembic's map trips over, such as ``head+1``, into an error of ours."""
    try:
        yield
    except (AssertionError, KeyError) as error:
        raise UnknownRevision(f"{symbol!r} leads to no revision") from error


@contextmanager
def in_our_words() -> Iterator[None]:
    """Turn Alembic's complaint about a revision into our error, with the same message.

    :raises RevisionError: there was one.
    """
    try:
        yield
    except CommandError as error:
        raise RevisionError(str(error), hint=_hint(error)) from error


def _hint(error: CommandError) -> str | None:
    """What to look at: Alembic says "can't locate" of an ambiguous prefix, too."""
    if not isinstance(error.__cause__, ResolutionError):
        return None
    cause = str(error.__cause__)
    return cause if cause.startswith("Multiple") else "brokle-migrate clickhouse history lists them"


def _module(revision: Revision) -> ModuleType:
    """What Alembic reads of a revision file: its docstring, its parent, and its two functions."""
    module = ModuleType(f"clickhouse_{revision.id}", _docstring(revision))
    down = revision.down[0] if revision.down else None
    vars(module).update(
        revision=revision.id, down_revision=down, upgrade=upgrade, downgrade=downgrade
    )
    return module


def upgrade() -> None:
    """Give its name to a step forward; the statements stand in the ``.up.sql``."""


def downgrade() -> None:
    """Give its name to a step back; the statements stand in the ``.down.sql``."""


def _docstring(revision: Revision) -> str:
    """The head of a revision file, as Alembic's templates write it."""
    parent = revision.down[0] if revision.down else ""
    lines = [f"Revision ID: {revision.id}", f"Revises: {parent}"]
    with suppress(ValueError):  # a number that is no time
        created = datetime.datetime.strptime(revision.id.zfill(14), _TIMESTAMP)
        lines.append(f"Create Date: {created:%Y-%m-%d %H:%M:%S}")
    return "\n".join([revision.message, "", *lines, ""])
