"""A ClickHouse history that is open: what the functions of ``command`` have in common."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from .. import standing
from ..applications import opened
from ..checks.state import state_findings
from ..errors import NotAtHead, UnknownRevision
from ..history import BASE, History
from ..model import CLICKHOUSE, Action, Operation, Request
from . import context
from .config import read
from .scripts import Pairs, in_our_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from alembic.script import Script

    from ..environments import Environments
    from ..environments.base import Environment
    from ..model import Revision
    from .config import AnyConfig, Config

_NAMES = (CLICKHOUSE,)


@dataclass(frozen=True)
class Project:
    """One ClickHouse history while a command works on it."""

    config: Config
    environments: Environments

    @property
    def environment(self) -> Environment:
        """Files and database."""
        return self.environments[CLICKHOUSE]

    @cached_property
    def pairs(self) -> Pairs:
        """The files, as Alembic sees scripts."""
        location = self.config.settings.require_clickhouse().require_script_location()
        return Pairs(location, self.environment.revisions())

    @cached_property
    def on_disk(self) -> dict[str, Revision]:
        """The pairs by their versions, oldest first."""
        return {revision.id: revision for revision in self.environment.revisions()}

    @cached_property
    def history(self) -> History:
        """The files against what the database records."""
        return self._known[0]

    @cached_property
    def _known(self) -> tuple[History, str]:
        return standing.known(self.environments, CLICKHOUSE)

    def position(self) -> tuple[str, ...]:
        """The newest applied version, empty where nothing is applied; what is amiss is told.

        :raises UnknownRevision: no file has it.
        """
        history, running = self._known
        self.config.teller.findings(state_findings([history], running=running))
        if self.history.is_lost:
            newest = max(self.history.ahead, key=int)
            raise UnknownRevision(
                f"Can't locate revision identified by '{newest}'",
                hint="the database was migrated by newer files than these: update your checkout",
            )
        return self.history.current

    def revisions(self, symbol: str | Sequence[str]) -> tuple[Script, ...]:
        """What a symbol stands for; nothing for ``base``."""
        if symbol == "current":
            return self.pairs.get_revisions(self.position())
        symbols = [symbol] if isinstance(symbol, str) else symbol
        return self.pairs.named(symbols)

    def require_heads(self, message: str) -> None:
        """Refuse a database that lacks something, or in which something stands half done.

        :raises NotAtHead: it is not at head.
        """
        if self.history.is_behind or self.history.snapshot.dirty or self.history.ahead:
            raise NotAtHead(message, hint="brokle-migrate --db clickhouse status shows what is not")

    def files(self, version: str) -> tuple[Path, Path]:
        """The two files of a version."""
        up = self.on_disk[version].path
        return up, up.with_name(up.name.removesuffix(".up.sql") + ".down.sql")

    def upgrade(self, destination: str) -> None:
        """Apply what leads up to a destination, and go on with what stands half done on the way."""

        def ask() -> Request:
            if destination in {"head", "heads"}:
                return Request(Operation.UP, _NAMES)
            path = self.pairs.upgrades(destination, self._now().current)
            return Request(Operation.UP, _NAMES, steps=len(path))

        self.config.run(self.environments, ask, Action.UPGRADE)

    def downgrade(self, destination: str) -> None:
        """Take back what was applied after a destination."""

        def ask() -> Request:
            current = self._now().current
            path = self.pairs.downgrades(destination, current)
            end = path[-1].to_revisions if path else current
            return Request(Operation.GOTO, _NAMES, destination=next(iter(end), BASE))

        self.config.run(self.environments, ask, Action.DOWNGRADE)

    def stamp(self, version: str) -> None:
        """Record a version, ``base`` for none, and everything older as all that is applied."""
        request = Request(Operation.FORCE, _NAMES, destination=version)
        self.config.run(self.environments, lambda: request, Action.STAMP)

    def _now(self) -> History:
        """The files against what the database records at this moment."""
        return History(self.environment.snapshot())


@contextmanager
def project(config: AnyConfig, tag: str | None = None) -> Iterator[Project]:
    """Open the ClickHouse history of a configuration, and close it at the end.

    :param tag: what ``env.py`` is told by ``context.get_tag_argument()``.
    :raises MigrateError: whatever was raised inside, without secrets; Alembic's complaints about
        revisions among it.
    """
    own = read(config)
    own.settings.require_clickhouse()
    with opened(own.settings) as environments, in_our_words(), context.tagged(tag):
        yield Project(own, environments)
