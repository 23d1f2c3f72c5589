"""ClickHouse over HTTP, through clickhouse-sqlalchemy's own client."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .base import (
    PATIENCE,
    SILENCE,
    ConnectionLost,
    NoAnswer,
    Row,
    ServerError,
    format_tsv,
    parse_tsv,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ...config import DatabaseUrl

_SAID_BY_CLICKHOUSE = re.compile(r"Code: \d+|DB::Exception")
_CONNECT_TIMEOUT = 10.0
# The status line must tell the outcome, so the server answers only when it has one.
_WAIT_FOR_OUTCOME = {"wait_end_of_query": "1"}


class HttpDriver:
    """A keep-alive connection over port 8123 or 8443.

    :param url: the server; its password reaches the client only.
    :param settings: sent with every statement of a step.
    """

    deadline: float | None = None

    def __init__(self, url: DatabaseUrl, settings: Mapping[str, str]) -> None:
        from clickhouse_sqlalchemy.drivers.http.base import (
            ClickHouseDialect_http,
        )
        from clickhouse_sqlalchemy.drivers.http.transport import (
            RequestsTransport,
        )
        from sqlalchemy.engine import make_url

        (address, *rest), options = ClickHouseDialect_http().create_connect_args(
            make_url(url.render())
        )
        self._transport: Any = RequestsTransport(address, *rest, **options)
        self._settings = dict(settings)

    def execute(
        self,
        sql: str,
        *,
        query_id: str = "",
        settings: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> None:
        parameters = {**_WAIT_FOR_OUTCOME, **self._settings, **(settings or {})}
        if query_id:
            parameters["query_id"] = query_id
        self._raw(sql, parameters, SILENCE if timeout is None else min(timeout, SILENCE))

    def query(self, sql: str, *, timeout: float = PATIENCE) -> list[Row]:
        return parse_tsv(self._raw(f"{sql} FORMAT TabSeparated", {}, timeout))

    def insert(
        self,
        table: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        query_id: str = "",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        head = f"INSERT INTO {table} ({', '.join(columns)}) FORMAT TabSeparated\n"
        named = {"query_id": query_id} if query_id else {}
        parameters = {**_WAIT_FOR_OUTCOME, **(settings or {}), **named}
        self._raw(head + format_tsv(rows), parameters, PATIENCE)

    def refusal(self, sql: str) -> str | None:  # noqa: ARG002 - HTTP takes every statement
        return None

    def close(self) -> None:
        self._transport.http.close()

    def _raw(self, sql: str, parameters: dict[str, str], timeout: float | None) -> str:
        connecting = within(_CONNECT_TIMEOUT, self.deadline)
        self._transport.timeout = (connecting, within(timeout, self.deadline))
        with _translated():
            return str(self._transport.raw(sql, params=parameters))


@contextmanager
def _translated() -> Iterator[None]:
    import requests
    from clickhouse_sqlalchemy.exceptions import DatabaseException

    try:
        yield
    except DatabaseException as error:
        text = str(error.orig)
        if not _SAID_BY_CLICKHOUSE.search(text):  # a proxy's words tell nothing of the outcome
            first_line = text.strip().partition("\n")[0]
            raise ConnectionLost(f"HTTP {error.orig.code}: {first_line}") from error
        raise ServerError(text) from error
    except requests.ReadTimeout as error:
        raise NoAnswer(_reason(error)) from error
    except OSError as error:  # requests' own errors among them, and a file that can't be read
        raise ConnectionLost(_reason(error)) from error


def _reason(error: BaseException) -> str:
    """The innermost cause: what the operating system said, without the URL."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error) or type(error).__name__
