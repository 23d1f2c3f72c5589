"""A ClickHouse cluster: who belongs to it, whether all are there, and how our tables live on it.

The ledger and the lock are one replicated table each, whose replicas are all servers of the
cluster, whatever their shard.  A row is written to most of them before it counts
(``insert_quorum``), and read where none that counts is missing (``select_sequential_consistency``):
a run through another replica right after sees everything.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ..errors import ConfigError, DatabaseUnreachable, StateError
from .drivers import ServerError
from .drivers.base import UNKNOWN_TABLE, quoted
from .replicas import inactive
from .zookeeper import nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .drivers import Driver

_T = TypeVar("_T")

SEQUENTIAL = " SETTINGS select_sequential_consistency = 1"

_UNKNOWN_FUNCTION = 46
_NOT_CONNECTED = {209, 210, 279}  # SOCKET_TIMEOUT, NETWORK_ERROR, ALL_CONNECTION_TRIES_FAILED
_NO_ZOOKEEPER = 999
# An earlier row is on its way to the others, or to this one: that passes.
_CATCHING_UP = {286, 289}
_TOO_FEW = {285, 319}  # TOO_FEW_LIVE_REPLICAS, UNKNOWN_STATUS_OF_INSERT
_PATIENCE = 20.0  # seconds that it may take
_PAUSE = 0.1
_LATE = 300  # seconds behind the others from which on a replica is late
_NO_PARALLEL_QUORUM = (20, 10)  # since then quorum inserts run in parallel unless told otherwise
_MEMBERS = (
    "SELECT host_name, host_address, toString(port) FROM system.clusters WHERE cluster = '{}' "
    "ORDER BY shard_num, replica_num"
)
_REPLICAS = """
SELECT table, replica_name, is_readonly, active_replicas, total_replicas, absolute_delay,
       zookeeper_path
FROM system.replicas WHERE database = currentDatabase() ORDER BY table
"""


class Member(NamedTuple):
    """One server of a cluster, as the cluster's configuration names it."""

    host: str
    address: str
    port: str

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def is_in(self, words: str) -> bool:
        """Whether a message of the server is about it."""
        return str(self) in words or f"{self.address}:{self.port}" in words


@dataclass(frozen=True, slots=True)
class Server:
    """What the server that answers is like.

    :ivar replicated: whether the current database itself replicates what is done in it.
    :ivar macros: the macros that it knows.
    """

    version: tuple[int, ...]
    database: str
    replicated: bool
    macros: frozenset[str]


class Cluster:
    """The cluster behind one connection.

    :param connected: gives the connection.
    :param name: what ``ON CLUSTER`` calls it.
    """

    def __init__(self, connected: Callable[[], Driver], name: str) -> None:
        self._connected = connected
        self.name = name

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """Its servers.

        :raises ConfigError: the server knows no cluster of this name.
        """
        rows = self._connected().query(_MEMBERS.format(quoted(self.name)))
        if not rows:
            found = self._connected().query("SELECT DISTINCT cluster FROM system.clusters")
            known = ", ".join(sorted(name for (name,) in found)) or "none"
            raise ConfigError(
                f"ClickHouse knows no cluster {self.name!r}; it knows {known}",
                hint="correct clickhouse.cluster, or the server's remote_servers",
            )
        return tuple(Member(*row) for row in rows)

    @cached_property
    def server(self) -> Server:
        driver = self._connected()
        ((version, database, engine),) = driver.query(
            "SELECT version(), name, engine FROM system.databases WHERE name = currentDatabase()"
        )
        macros = frozenset(name for (name,) in driver.query("SELECT macro FROM system.macros"))
        numbers = tuple(map(int, version.split(".")[:2]))
        return Server(numbers, database, engine == "Replicated", macros)

    @property
    def on_cluster(self) -> str:
        """What makes a statement run on every server; a Replicated database does that itself."""
        return "" if self.server.replicated else f" ON CLUSTER `{self.name}`"

    def engine(self, table: str, configured: str) -> str:
        """The engine of a table of ours.

        :param configured: used as it is where it replicates already.
        :raises StateError: the server has no macro that tells its replicas apart.
        """
        if not configured.startswith("MergeTree"):
            return configured
        if self.server.replicated:
            return f"Replicated{configured}"
        if "replica" not in self.server.macros:
            raise StateError(
                f"the servers of the cluster {self.name} have no macro 'replica'",
                hint="give each its own in the server's configuration: "
                "<macros><shard>01</shard><replica>a</replica></macros>",
            )
        replica = "{shard}-{replica}" if "shard" in self.server.macros else "{replica}"
        return f"ReplicatedMergeTree('{self.path(table)}', '{replica}')"

    def path(self, table: str) -> str:
        """Where ZooKeeper or Keeper has a table of ours."""
        return f"/clickhouse/brokle_migrate/{self.name}/{self.server.database}/{table}"

    @cached_property
    def writing(self) -> Mapping[str, str]:
        """The settings with which a row of ours is written."""
        settings = {
            "insert_quorum": str(len(self.members) // 2 + 1),
            "insert_quorum_timeout": "10000",  # milliseconds
        }
        if self.server.version >= _NO_PARALLEL_QUORUM:
            settings["insert_quorum_parallel"] = "0"
        return settings

    def is_kept_elsewhere(self, table: str) -> bool:
        """Whether another replica has a table of ours that this one does not have.

        :raises ConfigError: the server is in no such cluster, or nothing is replicated on it.
        """
        try:
            return bool(self.members) and bool(
                nodes(self._connected(), f"{self.path(table)}/replicas")
            )
        except ServerError as error:
            if error.code == _NO_ZOOKEEPER and "No node" in str(error):
                return False
            if error.code == UNKNOWN_TABLE:
                raise ConfigError(
                    f"the server has neither ZooKeeper nor Keeper, which the cluster {self.name} "
                    "needs for the ledger",
                    hint="leave clickhouse.cluster out for a server of its own",
                ) from error
            raise

    def require_all(self) -> None:
        """Make sure that every replica is there, before anything runs.

        :raises ConfigError: the server knows no cluster of this name.
        :raises DatabaseUnreachable: naming those that don't answer.
        :raises StateError: naming those that can't be written to, or are late; or the user may
            not look.
        :raises ConnectionLost: the server does not answer.
        """
        try:
            absent = self._absent() if self.members else []
            unwell = [] if absent else [*self._unwell()]
        except ServerError as error:
            raise StateError(
                f"whether every replica of {self.name} is there can't be told: {error.message}",
                hint="the user needs SELECT on system.clusters, system.replicas, system.zookeeper "
                "and system.macros, and GRANT REMOTE ON *.*",
            ) from error
        if absent:
            raise DatabaseUnreachable(
                f"of the cluster {self.name}, {_listed(absent)} can't be reached by the others; "
                "nothing was run",
                hint="start it, or take it out of the cluster's configuration (remote_servers)",
            )
        if unwell:
            raise StateError(
                f"the cluster {self.name} is not ready; nothing was run: {'; '.join(unwell)}",
                hint="look at system.replicas, and at the log of that server",
            )

    def explained(self, error: ServerError) -> ServerError:
        """The refusal of a row of ours, with the replicas that it is for."""
        if error.code not in _TOO_FEW:
            return error
        absent = _listed(self._absent()) or "none of them now"
        return ServerError(f"{error.message} (not reached: {absent})", error.code)

    def _absent(self) -> list[str]:
        """Who does not answer the server that we are connected to."""
        try:
            self._connected().query(
                f"SELECT count() FROM clusterAllReplicas('{quoted(self.name)}', system.one)"
            )
        except ServerError as error:
            if error.code == _UNKNOWN_FUNCTION:  # servers before 20.1
                return [str(member) for member in self.members if not self._answers(member)]
            if error.code not in _NOT_CONNECTED:
                raise
            named = [str(member) for member in self.members if member.is_in(str(error))]
            return named or [f"a replica ({error.message})"]
        return []

    def _answers(self, member: Member) -> bool:
        """Whether one server speaks to another; that it wants a password is an answer, too."""
        source = f"remote('{member.address}:{member.port}', system, one)"
        try:
            self._connected().query(f"SELECT 1 FROM {source}")
        except ServerError as error:
            return error.code not in _NOT_CONNECTED
        return True

    def _unwell(self) -> Iterable[str]:
        try:
            nodes(self._connected(), "/")
        except ServerError as error:
            yield f"ZooKeeper (or Keeper) does not answer: {error.message}"
            return
        for table, replica, *numbers, path in self._connected().query(_REPLICAS):
            is_readonly, active, total, delay = map(int, numbers)
            if is_readonly:
                yield f"the replica {replica} of {table} is read-only"
            elif active < total:
                names = _listed(inactive(self._connected(), path))
                yield f"of {table}, the replica {names} is not active"
            elif delay > _LATE:
                yield f"the replica {replica} of {table} is {delay} s behind the others"


def creation(
    table: str, columns: Mapping[str, str], engine: str, key: str, cluster: Cluster | None
) -> str:
    """What makes a table of ours, on every server of a cluster, unless it is there.

    :param columns: the type of each.
    :param engine: as configured.
    :param key: what a MergeTree is sorted by.
    """
    everywhere = ""
    if cluster is not None:
        engine, everywhere = cluster.engine(table, engine), cluster.on_cluster
    listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    order = f" ORDER BY {key}" if "MergeTree" in engine else ""
    return f"CREATE TABLE IF NOT EXISTS `{table}`{everywhere} ({listed}) ENGINE = {engine}{order}"


def patiently(ask: Callable[[], _T]) -> _T:
    """Ask a replicated table of ours, again while an earlier row is still on its way.

    :raises ServerError: it did not arrive in time, or something else is wrong.
    """
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return ask()
        except ServerError as error:
            if error.code not in _CATCHING_UP or time.monotonic() >= end:
                raise
        time.sleep(_PAUSE)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
