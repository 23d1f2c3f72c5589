"""What endangers, slows or blocks a migration, as a server tells it.  Pure.

Ages and delays are in seconds, by the server's own clock; sizes are in bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .environments.base import TableSize


@dataclass(frozen=True, slots=True)
class Missing:
    """A part that could not be asked.

    :ivar what: the part, in words.
    :ivar why: what the server said, or why it does not know.
    :ivar hint: what to grant; empty where nothing helps, and nobody has to care.
    """

    what: str
    why: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk that the server writes to.

    :ivar total: None where there is no end to it, as in an object store.
    """

    name: str
    free: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Connections:
    """Sessions of clients, of all databases of the server.

    :ivar allowed: how many there may be, without those that are reserved.
    :ivar reserved: how many more there may be of superusers and the like.
    """

    used: int
    allowed: int
    reserved: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open transaction, which a change of the tables that it has locked must wait for.

    What it runs is never asked for: that may hold people's data.

    :ivar pid: the server process, None for a transaction that is prepared for two-phase commit.
    :ivar name: the application's name, or that of the prepared transaction.
    :ivar state: as ``pg_stat_activity`` says it, or ``prepared``.
    :ivar tables: those on which it holds a lock.
    :ivar waits_for: the sessions that it waits for itself.
    """

    pid: int | None
    name: str
    user: str
    address: str
    state: str
    age: float
    tables: tuple[str, ...] = ()
    waits_for: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A query that has been running for long.

    :ivar id: its query id.
    """

    id: str
    user: str
    address: str
    age: float


@dataclass(frozen=True, slots=True)
class RunningMutation:
    """A mutation that is not done.

    :ivar command: what it does, without the values in it.
    :ivar parts: how many parts are left to do.
    :ivar failure: why it failed the last time, empty when it did not.
    """

    table: str
    id: str
    command: str
    age: float
    parts: int
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Replica:
    """This server's replica of a table.

    :ivar active: how many of all the table's replicas are alive.
    :ivar delay: how far it is behind.
    :ivar queue: how many entries of the replication log it has yet to do.
    """

    table: str
    readonly: bool
    active: int
    total: int
    delay: float
    queue: int


@dataclass(frozen=True, slots=True)
class Crowd:
    """A table with nearly more parts than the server takes.

    :ivar parts: in the partition that has the most.
    :ivar slows: from how many on the server slows inserts down.
    """

    table: str
    parts: int
    slows: int


@dataclass(frozen=True, slots=True)
class Vitals:
    """One database; a part that has nothing to do with its engine is empty.

    :ivar read_only: why nothing can be written, empty when it can.
    :ivar invalid_indexes: that an interrupted CREATE INDEX CONCURRENTLY left.
    :ivar replicas: all of them, the well ones, too.
    """

    tables: tuple[TableSize, ...] = ()
    disks: tuple[Disk, ...] = ()
    connections: Connections | None = None
    read_only: str = ""
    transactions: tuple[Transaction, ...] = ()
    invalid_indexes: tuple[str, ...] = ()
    mutations: tuple[RunningMutation, ...] = ()
    replicas: tuple[Replica, ...] = ()
    queries: tuple[Query, ...] = ()
    crowds: tuple[Crowd, ...] = ()
    missing: tuple[Missing, ...] = ()

    def without(self, *missing: Missing) -> Vitals:
        """The same with more that could not be asked."""
        return replace(self, missing=(*self.missing, *missing))
