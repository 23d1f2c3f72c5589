"""``check``: everything that can be told of the files, all at once, without a database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .checked import Checked, Silenced, Since
from .checks.catalogue import BY_ID
from .checks.changed import changed_findings
from .checks.files import history_findings
from .checks.silencing import levelled, unused_allowances
from .environments.clickhouse_checks import look
from .environments.filling import alone
from .environments.git import root
from .environments.sealing import lock_file_findings
from .environments.surveys import survey
from .migrating import nobody
from .model import CLICKHOUSE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from .checks.silencing import Reach
    from .config import Config
    from .environments.surveys import Survey
    from .model import Finding
    from .rehearsal import Rehearsal


def check(
    config: Config,
    names: Sequence[str],
    *,
    since: str | None = None,
    rehearse: bool = False,
    tell: Callable[[str], None] = nobody,
) -> Checked:
    """Look at the files of the histories.

    :param names: the environments, Postgres first.
    :param since: a branch, tag or commit.  Then a rule about what stands in a file counts only
        for files that the current branch has added or edited, and it is an error to have edited
        one, or to have added one that is not the newest.
    :param rehearse: run the histories, too, on engines that are thrown away.
    :param tell: called with a sentence about what is being rehearsed.
    :raises ConfigError: the configuration does not say where the files are, or there are no
        engines to rehearse on.
    :raises UsageError: git can't tell what changed since.
    """
    surveys = {name: survey(config, name) for name in names}
    found = [finding for each in surveys.values() for finding in each.findings]
    found += history_findings({name: each.revisions for name, each in surveys.items()})
    found += lock_file_findings(config, surveys)
    unverified: list[str] = []
    if CLICKHOUSE in surveys:
        looked = look(surveys[CLICKHOUSE].pairs, alone(config.require_clickhouse().url).database)
        found += looked.findings
        unverified += looked.unverified
    rehearsed = None
    if rehearse and any(each.findings for each in surveys.values()):
        unverified.append("nothing was rehearsed: not all files are in order")
    elif rehearse:
        rehearsal = rehearsed_on(config, names, tell)
        found += rehearsal.findings
        rehearsed = tuple(rehearsal.steps)
    narrowed = None
    if since is not None:
        found, narrowed = _narrowed(config, surveys, found, since)
    judged = _judged(found, surveys, config.levels, tuple(unverified))
    return replace(judged, since=narrowed, root=root(config.directory), rehearsed=rehearsed)


def rehearsed_on(config: Config, names: Sequence[str], tell: Callable[[str], None]) -> Rehearsal:
    """What running the histories shows."""
    from .environments.base import Log
    from .rehearsal import rehearse

    return rehearse(config, names, log=Log.HIDDEN, tell=tell)


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


def _judged(
    raw: Iterable[Finding],
    surveys: Mapping[str, Survey],
    levels: Mapping[str, str],
    unverified: tuple[str, ...],
) -> Checked:
    """The findings in order, apart from those that a file allows."""
    reaches = [reach for each in surveys.values() for reach in each.reaches]
    everything = tuple(raw)
    unused = unused_allowances(everything, reaches)
    found = levelled((*everything, *unused), levels)
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
