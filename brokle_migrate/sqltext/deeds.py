"""The smaller things that a ClickHouse statement can do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a statement does; names are as written, without quotes."""


@dataclass(frozen=True, slots=True)
class Removal(Act):
    """DROP, DETACH or TRUNCATE of a whole thing.

    :ivar kind: in capitals: TABLE, MATERIALIZED VIEW, DATABASE and so on.
    :ivar conditional: whether IF EXISTS is there.
    :ivar permanently: whether it stays away when the server starts again.
    """

    verb: str
    kind: str
    name: str
    conditional: bool = False
    permanently: bool = True
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class Renaming(Act):
    """RENAME or EXCHANGE.

    :ivar pairs: old and new name; what is exchanged, for EXCHANGE.
    """

    verb: str
    kind: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Insertion(Act):
    """INSERT.

    :ivar table: empty for a table function.
    :ivar query: the tokens of the query that the rows come from; none for VALUES.
    """

    table: str
    query: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowChange(Act):
    """DELETE FROM or UPDATE, the lightweight ones."""

    verb: str
    table: str


@dataclass(frozen=True, slots=True)
class Optimization(Act):
    """OPTIMIZE TABLE.

    :ivar final: whether everything is rewritten.
    """

    table: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class SessionSettings(Act):
    """SET, which holds for a session."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unread(Act):
    """Something else.

    :ivar verb: its first word, in capitals.
    """

    verb: str
