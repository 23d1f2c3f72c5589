"""``check --live``: whether the live databases are what their history makes.

The history is run on engines that are thrown away, exactly as far as each live database says that
it is, and the two schemas are compared object by object.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from . import migrating
from .checks.rehearsed import DRIFT
from .environments.throwaway import lacking, throwaway
from .errors import ConfigError
from .history import BASE, History
from .model import CLICKHOUSE, Location, Operation, Request
from .schemas import differences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .config import Config
    from .environments import Environments
    from .environments.base import Log
    from .environments.clickhouse import ClickHouseEnvironment
    from .model import Finding
    from .schemas import Schema


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


def drift(config: Config, live: Environments, names: Sequence[str], *, log: Log) -> Drift:
    """Compare the live databases with what the files make.

    :param live: the databases; nothing is changed there, and they are closed.
    :param names: which of them, Postgres first.
    :raises ConfigError: there are no engines to run the history on.
    :raises MigrateError: a database can't be read, or the history does not run.
    """
    missing = lacking(names)
    if missing is not None:
        raise ConfigError(f"nothing can be compared: {missing}")
    result = Drift()
    found = {name: each for name in names if (each := _read(live, name, result)) is not None}
    live.close()  # a process has one embedded ClickHouse at a time
    result.compared += found
    if not found:
        return result
    with throwaway(config, tuple(found), log=log) as own:
        _migrate(own, {name: each.history for name, each in found.items()})
        for name, each in found.items():
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


def _migrate(own: Environments, histories: dict[str, History]) -> None:
    """Run the history as far as the live databases are."""
    destinations = {name: _destination(history) for name, history in histories.items()}
    request = Request(Operation.GOTO, tuple(histories), destinations=destinations)
    report = migrating.migrate(request, own)
    if report.error is not None:
        raise report.error


def _destination(history: History) -> str:
    if len(history.current) > 1:
        return "heads"
    return history.current[0] if history.current else BASE


def _differing(own: Environments, name: str, live: _Live) -> Iterator[Finding]:
    wanted = own[name].schema() if live.whole else _clickhouse(own).columns()
    history = live.history
    newest = history.by_id[history.current[-1]] if history.current else None
    place = Location(newest.path, 1, 1) if newest is not None else None
    for each in differences(wanted, live.schema):
        hint = "take it back, or put it into a revision"
        yield DRIFT.finding(name, str(each), hint, place)
