"""The ``data`` of ``info``'s JSON envelope; ages and durations in seconds, sizes in bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .data import database_data, lock_data, mutation_data, table_data

if TYPE_CHECKING:
    from ..past import Failure, PastRun
    from ..status import DatabaseInfo, Info
    from ..vitals import (
        Connections,
        Crowd,
        Disk,
        Missing,
        Query,
        Replica,
        Transaction,
        Vitals,
    )

    Data = dict[str, Any]


def info_data(info: Info) -> Data:
    """Status, servers, lock, last runs, and effective configuration.

    ``checked``, ``started`` and ``ended`` are in seconds since 1970.
    """
    return {
        "version": info.version,
        "checked": info.checked,
        "databases": [_database(database) for database in info.databases],
        "lock": None if info.lock is None else lock_data(info.lock),
        "runs": [run_data(run) for run in info.runs],
        "missing": [_missing(missing) for missing in info.missing],
        "settings": [{"name": s.name, "value": s.value, "source": s.source} for s in info.settings],
    }


def _database(database: DatabaseInfo) -> Data:
    facts = database.facts
    server = facts and {
        "version": facts.version,
        "database": facts.database,
        "latency": facts.latency,
    }
    return {**database_data(database.status), "server": server, **_vitals(database.vitals)}


def _vitals(vitals: Vitals) -> Data:
    return {
        "tables": [table_data(table) for table in vitals.tables],
        "read_only": vitals.read_only or None,
        "connections": vitals.connections and _connections(vitals.connections),
        "transactions": [_transaction(each) for each in vitals.transactions],
        "invalid_indexes": list(vitals.invalid_indexes),
        "mutations": [mutation_data(each) for each in vitals.mutations],
        "replicas": [_replica(each) for each in vitals.replicas],
        "queries": [_query(each) for each in vitals.queries],
        "crowded": [_crowd(each) for each in vitals.crowds],
        "disks": [_disk(each) for each in vitals.disks],
        "missing": [_missing(each) for each in vitals.missing],
    }


def run_data(run: PastRun) -> Data:
    """A run; times in seconds since 1970, its duration in seconds."""
    return {
        "author": run.author,
        "started": run.started,
        "ended": run.ended,
        "duration": run.duration,
        "ending": run.ending.value,
        "did": [
            {"environment": d.environment, "action": d.action, "revisions": list(d.revisions)}
            for d in run.deeds
        ],
        "failure": run.failure and _failure(run.failure),
    }


def _failure(failure: Failure) -> Data:
    return {
        "environment": failure.environment or None,
        "revision": failure.revision or None,
        "statement": failure.statement,
        "statements": failure.statements or None,
        "reason": failure.reason,
    }


def _connections(connections: Connections) -> Data:
    return {
        "used": connections.used,
        "allowed": connections.allowed,
        "reserved": connections.reserved,
    }


def _transaction(each: Transaction) -> Data:
    return {
        "pid": each.pid,
        "name": each.name,
        "user": each.user,
        "address": each.address or None,
        "state": each.state,
        "age": each.age,
        "tables": list(each.tables),
        "waits_for": list(each.waits_for),
    }


def _replica(each: Replica) -> Data:
    return {
        "table": each.table,
        "readonly": each.readonly,
        "active": each.active,
        "total": each.total,
        "delay": each.delay,
        "queue": each.queue,
    }


def _query(each: Query) -> Data:
    return {"id": each.id, "user": each.user, "address": each.address or None, "age": each.age}


def _crowd(each: Crowd) -> Data:
    return {"table": each.table, "parts": each.parts, "slows": each.slows}


def _disk(each: Disk) -> Data:
    return {"name": each.name, "free": each.free, "total": each.total}


def _missing(each: Missing) -> Data:
    return {"what": each.what, "why": each.why, "hint": each.hint or None}
