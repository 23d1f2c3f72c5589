"""``check``: everything that can be told of the files, all at once, without a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .checked import Checked, Silenced
from .checks.files import history_findings
from .checks.silencing import levelled, unused_allowances
from .environments.clickhouse_checks import look
from .environments.filling import alone
from .environments.surveys import survey
from .model import CLICKHOUSE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .checks.silencing import Reach
    from .config import Config
    from .environments.surveys import Survey
    from .model import Finding


def check(config: Config, names: Sequence[str]) -> Checked:
    """Look at the files of the histories.

    :param names: the environments, Postgres first.
    :raises ConfigError: the configuration does not say where the files are.
    """
    surveys = {name: survey(config, name) for name in names}
    found = [finding for each in surveys.values() for finding in each.findings]
    found += history_findings({name: each.revisions for name, each in surveys.items()})
    unverified: list[str] = []
    if CLICKHOUSE in surveys:
        looked = look(surveys[CLICKHOUSE].pairs, alone(config.require_clickhouse().url).database)
        found += looked.findings
        unverified += looked.unverified
    return _judged(found, surveys, config.levels, tuple(unverified))


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
    return next((reach for reach in reaches if reach.covers(finding)), None)


def _place(finding: Finding) -> tuple[str, int, int, str]:
    place = finding.location
    if place is None:
        return "", 0, 0, finding.id
    return str(place.path), place.line, place.column, finding.id
