"""The lock where there is no Postgres: a lease as rows of an append-only table in ClickHouse.

ClickHouse has no compare-and-set, so a lease is claimed first and looked at then.  A claim is
*live* from the moment in which its first row is visible until a release row is, or until its newest
row is older than the lease lasts, on the server's clock.  A claimant has the lease once a look that
began after its own row was written finds no other live claim.

Two can't have it at once.  Say that A and B both do, and neither is released.  A wrote its row,
then looked and did not see B's; so B's row became visible after A's look began, and B's look began
later still.  A's row was visible by then, and B did not see it as live; so A's lease had run out on
the server's clock.  A counts its lease from before it asked for its last renewal, and takes a
renewal for one only if the answer came while the one before it still counted
(:mod:`..locks.heartbeat`).  So A's own clock had run out before, and A executes nothing any more.

Of claimants that see each other the first (by second, then by token) keeps its claim and looks
again; the others withdraw.  A withdrawn token never comes back.  Whoever sees a live claim before
writing one of its own writes none.

Every look asks for sequential consistency: it may reach another node than the row did, as in
ClickHouse Cloud; a server that is alone does nothing for it.

Seconds are the server's finest unit that every version has.  A row may be up to a second younger
than it says, so a claim is over only when more seconds have passed than it lasts.
"""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from ..errors import StateError
from ..locks.base import Holder, Kind
from ..locks.heartbeat import Gone
from .clickhouse_grants import advice
from .cluster import Cluster, creation, patiently
from .drivers import ConnectionLost, ServerError, connect, unreachable
from .drivers.base import UNKNOWN_TABLE, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..config import DatabaseUrl
    from .drivers import Driver

CLAIM, RENEWAL, RELEASE = "claim", "renewal", "release"

# Numbers and strings only, so that every server version since 18.16 can hold it.
_COLUMNS = {
    "second": "UInt64",  # since 1970, on the server's clock
    "token": "String",
    "event": "String",
    "ttl": "UInt32",
    "holder": "String",
}
_NOW = "toUInt64(toUnixTimestamp(now()))"
_MEMORY = 86_400  # seconds; what is older than a day holds nothing
_TIMEOUT = 10.0  # seconds to wait for one row
_CREATION = 60.0  # seconds to wait for the table, on every server of a cluster
_RIVALRY = 2.0  # seconds for which a first claimant waits until the others have withdrawn


class _Claim(NamedTuple):
    token: str
    holder: str
    first: int
    last: int
    ttl: int
    now: int

    @property
    def is_live(self) -> bool:
        return self.now - self.last <= self.ttl


def lock_table(ledger: str) -> str:
    """The name of the table beside a ledger."""
    return f"{ledger}_lock"


class ClickHouseRows:
    """The lease of one database, over a connection of its own.

    :param ledger: the name of the ledger table.
    :param engine: the ledger's engine.
    :param cluster: the name of the cluster whose servers all have the table.
    """

    def __init__(
        self,
        url: DatabaseUrl,
        settings: Mapping[str, str],
        ledger: str,
        engine: str,
        cluster: str | None = None,
    ) -> None:
        self._url = url
        self._settings = settings
        self._name = lock_table(ledger)
        self._table = f"`{self._name}`"
        self._engine = engine
        self._driver: Driver | None = None
        self._cluster = Cluster(self._connected, cluster) if cluster else None

    def claim(self, token: str, name: str, ttl: int) -> bool:
        with self._explained():
            if self._live(create=True):
                return False
            self._write(token, CLAIM, ttl, name)
            if self._is_alone(token):
                return True
            self._write(token, RELEASE, ttl, name)
            return False

    def renew(self, token: str) -> None:
        with self._explained():
            claim = self._find(token)
            if claim is None or not claim.is_live:
                raise Gone("it was taken away")
            self._write(token, RENEWAL, claim.ttl, claim.holder)

    def is_held(self, token: str) -> bool:
        with self._explained():
            return any(claim.token == token for claim in self._live())

    def release(self, token: str) -> None:
        with self._explained():
            claim = self._find(token)
            if claim is not None:
                self._write(token, RELEASE, claim.ttl, claim.holder)

    def holder(self) -> Holder | None:
        with self._explained():
            claims = self._claims()
        if not claims:
            return None
        claim = next((c for c in claims if c.is_live), claims[-1])
        age, beat = float(claim.now - claim.first), float(claim.now - claim.last)
        return Holder(claim.holder, Kind.LEASE, claim.token, age=age, beat=beat, ttl=claim.ttl)

    def close(self) -> None:
        if self._driver is not None:
            self._driver.close()
            self._driver = None

    def _is_alone(self, token: str) -> bool:
        """Whether no other claim is live, now or when those that came later have withdrawn."""
        end = time.monotonic() + _RIVALRY
        while (live := self._live()) and live[0].token == token:
            if len(live) == 1:
                return True
            if time.monotonic() > end:  # the other one has the lease, and was only not seen before
                return False
            time.sleep(random.uniform(0.01, 0.1))
        return False

    def _live(self, *, create: bool = False) -> list[_Claim]:
        return [claim for claim in self._claims(create=create) if claim.is_live]

    def _find(self, token: str) -> _Claim | None:
        return next((claim for claim in self._claims() if claim.token == token), None)

    def _claims(self, *, create: bool = False) -> list[_Claim]:
        """Every claim that was not released, the oldest first."""
        query = (
            f"SELECT token, any(holder), min(second), max(second), max(ttl), {_NOW} "
            f"FROM {self._table} WHERE second >= {_NOW} - {_MEMORY} "
            f"GROUP BY token HAVING max(event = '{RELEASE}') = 0 ORDER BY min(second), token "
            "SETTINGS select_sequential_consistency = 1"
        )
        try:
            rows = patiently(partial(self._connected().query, query))
        except ServerError as error:
            if error.code != UNKNOWN_TABLE:
                raise
            if create:
                self._create()
            return []
        return [_Claim(token, name, *map(int, numbers)) for token, name, *numbers in rows]

    def _create(self) -> None:
        key = "(second, token, event)"
        sql = creation(self._name, _COLUMNS, self._engine, key, self._cluster)
        self._connected().execute(sql, timeout=_CREATION)

    def _write(self, token: str, event: str, ttl: int, name: str) -> None:
        sql = (
            f"INSERT INTO {self._table} ({', '.join(_COLUMNS)}) "
            f"SELECT {_NOW}, '{token}', '{event}', toUInt32({ttl}), '{quoted(name)}'"
        )
        settings = self._cluster.writing if self._cluster is not None else None
        patiently(partial(self._connected().execute, sql, settings=settings, timeout=_TIMEOUT))

    def _connected(self) -> Driver:
        if self._driver is None:
            self._driver = connect(self._url, self._settings)
        return self._driver

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except ConnectionLost as error:
            raise unreachable(self._url, error) from error
        except ServerError as error:
            raise StateError(
                f"ClickHouse at {self._url.label} refused the lock's table {self._table}: {error}",
                hint=advice(error, self._cluster.name if self._cluster is not None else None)
                or "the lock needs CREATE TABLE, SELECT and INSERT on it",
            ) from error
