"""``check --live``: whether the live databases are what their history makes.

The history is run on engines that are thrown away, exactly as far as each live database says that
it is, and the two schemas are compared object by object.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from . import migrating
from .checks.rehearsed import DRIFT, way_out
from .environments.old_record import without_old_record
from .environments.throwaway import lacking, throwaway
from .errors import ConfigError, LinkError, StepFailed, TimedOut
from .history import BASE, History
from .model import CLICKHOUSE, Limits, Location, Operation, Request
from .schemas import differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .config import Config
    from .environments import Environments
    from .environments.base import Log
    from .environments.clickhouse import ClickHouseEnvironment
    from .errors import MigrateError
    from .model import Finding
    from .schemas import Schema

_NO_LIMITS = Limits()


@dataclass(slots=True)
class Drift:
    """What was compared, and what differs.

    :ivar compared: the databases that could be.
    :ivar unverified: what could not be compared and why, a sentence each.
    """

    findings: list[Finding] = field(default_factory=list)
    unverified: list[str] = field(default_factory=list)
    compared: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Live:
    """A live database.

    :ivar whole: False where its server tells its columns alone.
    """

    history: History
    schema: Schema
    whole: bool


def drift(
    config: Config,
    live: Environments,
    names: Sequence[str],
    *,
    log: Log,
    tell: Callable[[str], None] = migrating.nobody,
    limits: Limits = _NO_LIMITS,
) -> Drift:
    """Compare the live databases with what the files make.

    :param live: the databases; nothing is changed there, and they are closed.
    :param names: which of them, Postgres first.
    :param tell: called with a sentence about what is being run.
    :param limits: how long the history, and a statement of it, may take.
    :raises ConfigError: there are no engines to run the history on.
    :raises Interrupted: a signal ended it.
    :raises TimedOut: it took longer than it may.
    :raises MigrateError: a database can't be read.
    """
    missing = lacking(names)
    if missing is not None:
        raise ConfigError(f"nothing can be compared: {missing}")
    result = Drift()
    found = {name: each for name in names if (each := _read(live, name, result)) is not None}
    live.close()  # a process has one embedded ClickHouse at a time
    if not found:
        return result
    destinations = {name: _destination(each.history) for name, each in found.items()}
    told = " and ".join(f"{name} to {version}" for name, version in destinations.items())
    tell(f"running {told} on engines that are thrown away")
    with throwaway(config, tuple(found), log=log) as own:
        failures = _migrate(own, destinations, limits)
        for name, each in found.items():
            if name in failures:
                result.unverified.append(f"{name} was not compared: {_told(failures[name])}")
                continue
            result.compared.append(name)
            result.findings += _differing(own, name, each)
    return result


def _read(live: Environments, name: str, result: Drift) -> _Live | None:
    """A live database; None where its state can't be made again, which is noted."""
    history = History(live[name].snapshot())
    reason = _why_not(history)
    if reason:
        result.unverified.append(f"{name} was not compared: {reason}")
        return None
    if name != CLICKHOUSE or _clickhouse(live).tells_definitions():
        return _Live(history, live[name].schema(), whole=True)
    result.unverified.append(
        f"{live.label(name)} is too old to write its statements anew: its columns were compared "
        "alone"
    )
    return _Live(history, _clickhouse(live).columns(), whole=False)


def _clickhouse(environments: Environments) -> ClickHouseEnvironment:
    return cast("ClickHouseEnvironment", environments[CLICKHOUSE])


def _why_not(history: History) -> str:
    """Why the state of a database can't be made again from the files; empty where it can."""
    if history.snapshot.dirty:
        return "a step stands half done; brokle-migrate resume"
    if history.ahead:
        return f"it records {', '.join(history.ahead)}, which no file has"
    if history.out_of_order:
        return f"{history.out_of_order[0].id} is out of order, and not applied"
    if len(history.current) > 1 and set(history.current) != set(history.heads):
        return "it stands on several branches, and not at the head of each"
    return ""


def _migrate(
    own: Environments, destinations: Mapping[str, str], limits: Limits
) -> dict[str, MigrateError]:
    """Run the histories as far as the live databases are; why not, of those that don't get there.

    One that a step of the other one ends goes on by itself, as far as the links allow.
    """
    error = _error_of(own, destinations, limits)
    if error is None:
        return {}
    failed: dict[str, MigrateError] = {}
    if isinstance(error, StepFailed):
        failed[error.step.environment] = error
    rest = {name: version for name, version in destinations.items() if name not in failed}
    if len(rest) == len(destinations) == 1:
        return dict.fromkeys(rest, error)
    for name, version in rest.items():
        failed |= _migrate(own, {name: version}, limits)
    return failed


def _error_of(
    own: Environments, destinations: Mapping[str, str], limits: Limits
) -> MigrateError | None:
    """Run together what can be; what about the history itself kept it from its end."""
    request = Request(Operation.GOTO, tuple(destinations), destinations=dict(destinations))
    try:
        error = migrating.migrate(request, own, limits=limits).error
    except LinkError as refused:
        return refused
    if error is None:
        return None
    if not isinstance(error, StepFailed) or isinstance(error, TimedOut):
        raise error
    return error


def _told(error: MigrateError) -> str:
    """Why a history could not be run; what is usually advised is about a database that stays."""
    if not isinstance(error, StepFailed):
        return error.message
    place = error.location
    where = error.step.revision if place is None else f"{place.path.name}:{place.line}"
    words = " ".join(error.message.split())
    what = f"{where} does not run on an engine of its own: {words}"
    return "; ".join(filter(None, (what, way_out(error.message, otherwise=""))))


def _destination(history: History) -> str:
    if len(history.current) > 1:
        return "heads"
    return history.current[0] if history.current else BASE


def _differing(own: Environments, name: str, live: _Live) -> Iterator[Finding]:
    wanted = own[name].schema() if live.whole else _clickhouse(own).columns()
    history = live.history
    newest = history.by_id[history.current[-1]] if history.current else None
    place = Location(newest.path, 1, 1) if newest is not None else None
    for each in differences(wanted, without_old_record(live.schema, wanted)):
        hint = "take it back, or put it into a revision"
        yield DRIFT.finding(name, str(each), hint, place)
