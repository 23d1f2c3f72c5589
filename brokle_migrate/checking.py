"""``check``: everything that can be told of the files, all at once, without a database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .checked import Checked, Silenced, Since
from .checks import changed, files, parsing
from .checks import rehearsed as rehearsals
from .checks.catalogue import BY_ID
from .checks.changed import changed_findings
from .checks.clustered import CLUSTERED
from .checks.files import history_findings
from .checks.silencing import levelled, unused_allowances
from .environments import ORDER, clickhouse_checks
from .environments.filling import alone
from .environments.git import root
from .environments.sealing import lock_file_findings
from .environments.surveys import survey
from .migrating import nobody
from .model import CLICKHOUSE, POSTGRES, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from .checked import Rehearsed
    from .checks.silencing import Reach
    from .config import Config
    from .environments import Environments
    from .environments.clickhouse_checks import Looked
    from .environments.surveys import Survey
    from .model import Finding

_OF_ORDER = frozenset(rule.id for rule in files.RULES)


def check(
    config: Config,
    names: Sequence[str],
    *,
    since: str | None = None,
    rehearse: bool = False,
    dumps: Sequence[Path] = (),
    live: Environments | None = None,
    tell: Callable[[str], None] = nobody,
    limits: Limits | None = None,
) -> Checked:
    """Look at the files of the histories.

    :param names: the environments, Postgres first.
    :param since: a branch, tag or commit.  Then a rule about what stands in a file counts only
        for files that the current branch has added or edited, and it is an error to have edited
        one, or to have added one that is not the newest.
    :param rehearse: run the histories, too, on engines that are thrown away.
    :param dumps: what the rehearsal starts from, instead of nothing.
    :param live: compare these databases, too, with what their history makes.
    :param tell: called with a sentence about what is being rehearsed or compared.
    :param limits: how long the rehearsal, and the comparison, may take.
    :raises ConfigError: the configuration does not say where the files are, or there are no
        engines to rehearse on.
    :raises UsageError: git can't tell what changed since.
    """
    work = _Work(config, names)
    work.look_at_files()
    work.look_at_statements()
    rehearsed = work.rehearse(tell, dumps, limits) if rehearse else None
    compared = None if live is None else work.compare(live, tell, limits)
    found, narrowed = work.found, None
    if since is not None:
        found, narrowed = _narrowed(config, work.surveys, found, since)
    left_out = _left_out(
        narrowed=since is not None, rehearsed=rehearsed is not None, clustered=work.is_clustered
    )
    found += unused_allowances(found, _reaches(work.surveys), lambda rule: not left_out(rule))
    judged = _judged(found, work.surveys, config.levels, tuple(work.unverified))
    return replace(
        judged,
        since=narrowed,
        root=root(config.directory),
        rehearsed=rehearsed,
        missed=rehearse and rehearsed is None,
        live=compared,
    )


class _Work:
    """What is looked at, and what was found so far.

    :ivar surveys: the files of each history.
    :ivar unverified: what could not be looked at, a sentence each.
    """

    def __init__(self, config: Config, names: Sequence[str]) -> None:
        self._config = config
        self._names = names
        self._looks: list[Callable[[], Looked]] = []
        self.surveys: dict[str, Survey] = {}
        self.found: list[Finding] = []
        self.unverified: list[str] = []

    def look_at_files(self) -> None:
        """Read them; the parser of ClickHouse's begins first, and is at work meanwhile."""
        if CLICKHOUSE in self._names:
            clickhouse = survey(self._config, CLICKHOUSE)
            database = alone(self._config.require_clickhouse().url).database
            self._looks.append(clickhouse_checks.look(clickhouse.pairs, database))
        for name in self._names:
            known = name == CLICKHOUSE
            self.surveys[name] = clickhouse if known else survey(self._config, name)
        for each in self.surveys.values():
            self.found += each.findings
        self.found += history_findings({n: each.revisions for n, each in self.surveys.items()})
        self.found += lock_file_findings(self._config, self.surveys)

    def look_at_statements(self) -> None:
        """Hold the rules about SQL and Python to them."""
        postgres = self.surveys.get(POSTGRES)
        if postgres is not None and not postgres.findings:
            from .environments import postgres_checks

            revisions, sources = postgres.revisions, postgres.sources
            self._looks.insert(0, lambda: postgres_checks.look(self._config, revisions, sources))
        for look in self._looks:
            looked = look()
            self.found += looked.findings
            self.unverified += looked.unverified

    @property
    def is_clustered(self) -> bool:
        """Whether the rules for a cluster were held to the files."""
        return any(pair.clustered for each in self.surveys.values() for pair in each.pairs)

    @property
    def _is_in_order(self) -> bool:
        """Whether the histories can be run at all."""
        return not any(each.id in _OF_ORDER for each in self.found)

    def rehearse(
        self, tell: Callable[[str], None], dumps: Sequence[Path], limits: Limits | None
    ) -> tuple[Rehearsed, ...] | None:
        """Run the histories; None where they are not in order."""
        if not self._is_in_order:
            self.unverified.append("nothing was rehearsed: the histories are not in order")
            return None
        from .environments.base import Log
        from .rehearsal import rehearse

        rehearsal = rehearse(
            self._config,
            self._linked,
            log=Log.HIDDEN,
            tell=tell,
            dumps=dumps,
            limits=limits or Limits(),
        )
        self.found += self._of_selected(rehearsal.findings)
        return tuple(rehearsal.steps)

    def compare(
        self, live: Environments, tell: Callable[[str], None], limits: Limits | None
    ) -> tuple[str, ...]:
        """Compare live databases with what their history makes; those that could be."""
        if not self._is_in_order:
            self.unverified.append("no database was compared: the histories are not in order")
            return ()
        from .drift import drift
        from .environments.base import Log

        found = drift(
            self._config,
            live,
            self._linked,
            log=Log.HIDDEN,
            tell=tell,
            limits=limits or Limits(),
        )
        self.found += self._of_selected(found.findings)
        self.unverified += found.unverified
        return tuple(name for name in found.compared if name in self._names)

    @property
    def _linked(self) -> tuple[str, ...]:
        """The selected histories, and those that they can't run without."""
        revisions = (each for found in self.surveys.values() for each in found.revisions)
        links = {link.environment for each in revisions for link in each.requires}
        return tuple(name for name in ORDER if name in {*self._names, *links})

    def _of_selected(self, found: Iterable[Finding]) -> list[Finding]:
        return [each for each in found if each.environment in self._names]


def _narrowed(
    config: Config, surveys: Mapping[str, Survey], found: Iterable[Finding], since: str
) -> tuple[list[Finding], Since]:
    """The findings about histories, and those in files that the current branch brings."""
    from .environments.changes import changes_since, lost_lock_file

    changes = [changes_since(config, name, since) for name in surveys]
    files = frozenset().union(*(each.files for each in changes))
    kept = [each for each in found if _is_of_histories(each) or _is_in(each, files)]
    for each in changes:
        kept += changed_findings(each, surveys[each.environment].revisions)
    kept += lost_lock_file(config, since)
    return kept, Since(since, len(files))


def _is_of_histories(finding: Finding) -> bool:
    return finding.id.startswith("MG")


def _is_in(finding: Finding, files: frozenset[Path]) -> bool:
    return finding.location is None or finding.location.path in files


def _left_out(*, narrowed: bool, rehearsed: bool, clustered: bool) -> Callable[[str], bool]:
    """Whether the rule of an id was not held to the files, or other programs decide about it."""

    def is_left_out(rule: str) -> bool:
        if "/" in rule or rule in {each.id for each in parsing.RULES}:
            return True
        if rule == rehearsals.DRIFT.id:  # of one live database, and perhaps not of the next
            return True
        if rule in {each.id for each in CLUSTERED.rules}:
            return not clustered
        of_changes = rule in {each.id for each in changed.RULES}
        of_rehearsals = rule in {each.id for each in rehearsals.RULES}
        return (of_changes and not narrowed) or (of_rehearsals and not rehearsed)

    return is_left_out


def _reaches(surveys: Mapping[str, Survey]) -> list[Reach]:
    return [reach for each in surveys.values() for reach in each.reaches]


def _judged(
    raw: Iterable[Finding],
    surveys: Mapping[str, Survey],
    levels: Mapping[str, str],
    unverified: tuple[str, ...],
) -> Checked:
    """The findings in order, apart from those that a file allows."""
    reaches = _reaches(surveys)
    found = levelled(raw, levels)
    kept: list[Finding] = []
    silenced: list[Silenced] = []
    for finding in sorted(found, key=_place):
        reach = _allowing(finding, reaches)
        if reach is None:
            kept.append(finding)
        else:
            silenced.append(Silenced(finding, reach.allowance.reason))
    counts = {name: len(each.revisions) for name, each in surveys.items()}
    return Checked(tuple(kept), tuple(silenced), counts, unverified)


def _allowing(finding: Finding, reaches: Iterable[Reach]) -> Reach | None:
    rule = BY_ID.get(finding.id)
    if rule is not None and not rule.allowable:
        return None
    return next((reach for reach in reaches if reach.covers(finding)), None)


def _place(finding: Finding) -> tuple[str, int, int, str]:
    place = finding.location
    if place is None:
        return "", 0, 0, finding.id
    return str(place.path), place.line, place.column, finding.id
