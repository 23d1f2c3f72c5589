"""What the vitals of a database have to say: what needs somebody first, with what to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import words
from .blocks import Item, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..vitals import (
        Connections,
        Crowd,
        Disk,
        Missing,
        Query,
        Replica,
        RunningMutation,
        Transaction,
        Vitals,
    )

_FULL, _FILLING = 0.9, 0.75  # of a disk, or of the connections
_BEHIND = 60.0  # seconds, and entries, that a well replica may be behind
_QUEUED = 100
_SLOW = 600.0  # seconds that a mutation, and
_LONG = 60.0  # a query, may take without being conspicuous
_NAMED = 5  # tables of one transaction
_SESSIONS = (
    "SELECT usename, application_name, state, count(*) FROM pg_stat_activity "
    "GROUP BY 1, 2, 3 ORDER BY 4 DESC"
)
_GRAVITY = (Tone.BAD, Tone.WARN)


def ailments(vitals: Vitals) -> tuple[Item, ...]:
    """What endangers, slows or blocks a migration, gravest first."""
    found = [group for group in _groups(vitals) if group[0].tone in _GRAVITY]
    found.sort(key=lambda group: _GRAVITY.index(group[0].tone))
    return tuple(item for group in found for item in group)


def wellness(vitals: Vitals) -> tuple[Item, ...]:
    """What is as it should be, a line each, and what could not be asked."""
    calm = [group for group in _groups(vitals) if group[0].tone not in _GRAVITY]
    return (*(item for group in calm for item in group), *_missing_items(vitals.missing))


def _groups(vitals: Vitals) -> Iterator[list[Item]]:
    """Items that belong together: what is said, and what to type."""
    if vitals.read_only:
        yield [Item("read only", f"nothing can be migrated here: {vitals.read_only}", Tone.BAD)]
    for transaction in vitals.transactions:
        yield list(_transaction(transaction))
    for index in vitals.invalid_indexes:
        yield list(_invalid_index(index))
    for mutation in vitals.mutations:
        yield list(mutation_items(mutation))
    for query in vitals.queries:
        yield list(_query(query))
    for crowd in vitals.crowds:
        yield list(_crowd(crowd))
    yield from _replicas(vitals.replicas)
    if vitals.connections is not None:
        yield list(_connections(vitals.connections))
    for disk in vitals.disks:
        yield [_disk(disk)]


def _transaction(each: Transaction) -> Iterator[Item]:
    who = ", ".join(filter(None, [each.name, _from(each.user, each.address)]))
    which = "prepared" if each.pid is None else f"pid {each.pid}"
    facts = f"{which} ({who}): {each.state}, open for {words.age(each.age)}"
    held = f", holds locks on {_names(each.tables)}" if each.tables else ""
    waits = f", waits for {', '.join(map(str, each.waits_for))}" if each.waits_for else ""
    yield Item("transaction", facts + held + waits, Tone.WARN)
    if each.pid is None:
        end = f"ROLLBACK PREPARED {_literal(each.name)};"
    else:
        cancel = "cancel" if each.state == "active" else "terminate"
        end = f"SELECT pg_{cancel}_backend({each.pid});"
    yield Item("transaction", end, Tone.NEXT)


def _invalid_index(name: str) -> Iterator[Item]:
    yield Item("invalid index", f"{name}: a CREATE INDEX CONCURRENTLY was cut off", Tone.WARN)
    yield Item("invalid index", f"DROP INDEX CONCURRENTLY {name};", Tone.NEXT)


def mutation_items(each: RunningMutation) -> Iterator[Item]:
    """How far a mutation is, and what ends one that fails or takes very long."""
    left = f"{words.counted(each.parts, 'part')} to do, begun {words.age(each.age)} ago"
    what = f"{each.table}: {words.one_line(each.command)}"
    if each.failure:
        failure = words.in_short(each.failure)
        yield Item("mutation", f"{what}: fails ({left}): {failure}", Tone.BAD)
    else:
        tone = Tone.WARN if each.age >= _SLOW else Tone.PLAIN
        yield Item("mutation", f"{what}: {left}", tone)
    if each.failure or each.age >= _SLOW:
        where = f"table = {_escaped(each.table)} AND mutation_id = {_escaped(each.id)}"
        kill = f"KILL MUTATION WHERE database = currentDatabase() AND {where};"
        yield Item("mutation", kill, Tone.NEXT)


def _query(each: Query) -> Iterator[Item]:
    is_long = each.age >= _LONG
    text = f"{_from(each.user, each.address)}: runs for {words.age(each.age)}"
    yield Item("long query", text, Tone.WARN if is_long else Tone.PLAIN)
    if is_long:
        yield Item("long query", f"KILL QUERY WHERE query_id = {_escaped(each.id)};", Tone.NEXT)


def _crowd(each: Crowd) -> Iterator[Item]:
    tone = Tone.BAD if each.parts >= each.slows else Tone.WARN
    parts = f"{words.number(each.parts)} parts in one partition"
    yield Item("parts", f"{each.table}: {parts}; inserts are slowed from {each.slows} on", tone)
    yield Item("parts", f"OPTIMIZE TABLE {each.table};", Tone.NEXT)


def _replicas(replicas: tuple[Replica, ...]) -> Iterator[list[Item]]:
    unwell = [each for each in replicas if _is_unwell(each)]
    for each in unwell:
        yield list(_replica(each))
    well = len(replicas) - len(unwell)
    if well:
        yield [Item("replicas", f"{words.counted(well, 'replicated table')}, all replicas active")]


def _is_unwell(each: Replica) -> bool:
    late = each.delay >= _BEHIND or each.queue >= _QUEUED
    return each.readonly or each.active < each.total or late


def _replica(each: Replica) -> Iterator[Item]:
    facts = [
        *(["read-only here: is Keeper reachable?"] if each.readonly else []),
        *([f"{each.active} of {each.total} replicas active"] if each.total else []),
        *([f"{words.age(each.delay)} behind"] if each.delay else []),
        *([f"{words.counted(each.queue, 'entry')} queued"] if each.queue == 1 else []),
        *([f"{words.number(each.queue)} entries queued"] if each.queue > 1 else []),
    ]
    yield Item("replica", f"{each.table}: {', '.join(facts)}", _replica_tone(each))
    if each.readonly:
        yield Item("replica", f"SYSTEM RESTART REPLICA {each.table};", Tone.NEXT)


def _replica_tone(each: Replica) -> Tone:
    return Tone.BAD if each.readonly else Tone.WARN


def _connections(each: Connections) -> Iterator[Item]:
    share = each.used / max(each.allowed, 1)
    tone = _tone(share)
    reserved = f", {each.reserved} more reserved" if each.reserved and tone in _GRAVITY else ""
    used = f"{each.used} of {each.allowed}, {share:.0%} used{reserved}"
    yield Item("connections", used, tone)
    if tone in _GRAVITY:
        yield Item("connections", _SESSIONS + ";", Tone.NEXT)


def _disk(each: Disk) -> Item:
    free = f"{each.name}: {words.size(each.free)} free"
    if each.total is None:
        return Item("disk", f"{each.name}: no limit")
    share = 1 - each.free / max(each.total, 1)
    return Item("disk", f"{free} of {words.size(each.total)}, {share:.0%} used", _tone(share))


def _tone(share: float) -> Tone:
    return Tone.BAD if share >= _FULL else Tone.WARN if share >= _FILLING else Tone.PLAIN


def _missing_items(missing: tuple[Missing, ...]) -> Iterator[Item]:
    for each in missing:
        label = "not known"
        yield Item(
            label,
            f"{each.what}: {words.in_short(each.why)}",
            Tone.WARN if each.hint else Tone.QUIET,
        )
        if each.hint:
            yield Item(label, each.hint, Tone.NEXT)


def _from(user: str, address: str) -> str:
    return "@".join(filter(None, [user, address]))


def _names(tables: tuple[str, ...]) -> str:
    left = len(tables) - _NAMED
    return ", ".join(tables[:_NAMED]) + (f" and {left} more" if left > 0 else "")


def _literal(text: str) -> str:
    """A string in Postgres's SQL."""
    return "'" + text.replace("'", "''") + "'"


def _escaped(text: str) -> str:
    """A string in ClickHouse's SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
