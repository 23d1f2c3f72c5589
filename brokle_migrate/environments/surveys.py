"""The files of both histories, read without a database: what is in order, and what is not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..checks import files as rules
from ..checks.pairs import Pair
from ..checks.silencing import Reach, reaches
from ..errors import InvalidScripts, SqlSyntaxError
from ..model import CLICKHOUSE, POSTGRES, Action
from .filling import Filling, alone
from .sqlfiles import SqlScriptDirectory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..checks.rule import Rule
    from ..config import ClickHouseConfig, Config
    from ..errors import Problem
    from ..model import Finding, Revision
    from ..sqltext import Script


@dataclass(frozen=True, slots=True)
class Survey:
    """The files of one history.

    :ivar revisions: those that are in order.
    :ivar findings: what is wrong with the others.
    :ivar pairs: ClickHouse's files, as far as they can be read to the end.
    :ivar reaches: what the files allow.
    :ivar scripts: where ClickHouse's files were read from.
    :ivar sources: the text of the module of each Postgres revision.
    """

    revisions: tuple[Revision, ...]
    findings: tuple[Finding, ...]
    pairs: tuple[Pair, ...] = ()
    reaches: tuple[Reach, ...] = ()
    scripts: SqlScriptDirectory | None = None
    sources: Mapping[Path, str] = field(default_factory=dict)


def survey(config: Config, environment: str) -> Survey:
    """Read the files of a history.

    :raises ConfigError: the configuration does not say where they are.
    """
    if environment == POSTGRES:
        return _postgres(config)
    return _ClickHouse(config.require_clickhouse()).survey()


def _postgres(config: Config) -> Survey:
    from .alembic_project import AlembicProject
    from .revision_files import allowances, read_revisions, source

    try:
        revisions = read_revisions(AlembicProject(config).script)
    except InvalidScripts as error:
        found = tuple(rules.problems(rules.INVALID, POSTGRES, error.problems))
        return Survey((), found)
    sources = {each.path: source(each.path) for each in revisions}
    allowed = (each for path, text in sources.items() for each in allowances(path, text))
    return Survey(revisions, (), reaches=tuple(map(Reach, allowed)), sources=sources)


class _ClickHouse:
    """Reads the pairs.

    :raises ConfigError: there is no script directory.
    """

    def __init__(self, config: ClickHouseConfig) -> None:
        self._config = config
        self._scripts = SqlScriptDirectory(config.require_script_location())
        values = config.placeholders
        self._filling = None if values is None else Filling(values, lambda: alone(config.url))
        self._findings: list[Finding] = []

    def survey(self) -> Survey:
        """Read them all; what can't be read is a finding."""
        self._note(rules.INVALID, self._scripts.misplaced)
        revisions, errors = self._scripts.survey(keep=True)
        for error in errors:
            self._note(_rule(error), error.problems)
        pairs = tuple(filter(None, map(self._pair, revisions)))
        found = [reach for pair in pairs for each in pair.statements for reach in reaches(each)]
        return Survey(revisions, tuple(self._findings), pairs, tuple(found), self._scripts)

    def _pair(self, revision: Revision) -> Pair | None:
        scripts = [self._script(revision, action) for action in (Action.UPGRADE, Action.DOWNGRADE)]
        up, down = scripts
        if up is None or down is None:
            return None
        return Pair(revision, up, down, clustered=bool(self._config.cluster))

    def _script(self, revision: Revision, action: Action) -> Script | None:
        try:
            script = self._scripts.script(revision.id, action)
        except InvalidScripts as error:
            self._note(_rule(error), error.problems)
            return None
        try:
            return script if self._filling is None else self._filling.scripts([script])[0]
        except InvalidScripts as error:
            self._note(rules.PLACEHOLDER, error.problems)
            return None

    def _note(self, rule: Rule, problems: tuple[Problem, ...]) -> None:
        self._findings += rules.problems(rule, CLICKHOUSE, problems)


def _rule(error: InvalidScripts) -> Rule:
    return rules.SYNTAX if isinstance(error, SqlSyntaxError) else rules.INVALID
