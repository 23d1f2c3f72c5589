"""What the drivers over HTTP have in common: how statements, questions and rows become requests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ...config import headers, options
from ...errors import ConfigError
from .base import PATIENCE, SILENCE, Row, format_tsv, parse_tsv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...config import DatabaseUrl

CONNECT_TIMEOUT = 10.0  # seconds
# The status line must tell the outcome, so the server answers only when it has one.
_WAIT_FOR_OUTCOME = {"wait_end_of_query": "1"}

# The server compresses an answer when both the setting and the header ask for it.
_COMPRESSED = {"enable_http_compression": "1"}
_METHODS = {"": False, "0": False, "false": False, "1": True, "true": True, "gzip": True}


class OverHttp(ABC):
    """A driver whose client sends a text with parameters.

    :param url: the server.
    :param settings: sent with every statement of a step.
    :raises ConfigError: an option of the URL is not valid.
    """

    deadline: float | None = None

    def __init__(self, url: DatabaseUrl, settings: Mapping[str, str]) -> None:
        self._settings = dict(settings)
        self._compressed = _is_compressed(url)
        self._always = _COMPRESSED if self._compressed else {}

    def execute(
        self,
        sql: str,
        *,
        query_id: str = "",
        settings: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> None:
        parameters = {**self._always, **_WAIT_FOR_OUTCOME, **self._settings, **(settings or {})}
        if query_id:
            parameters["query_id"] = query_id
        self._raw(sql, parameters, SILENCE if timeout is None else min(timeout, SILENCE))

    def query(self, sql: str, *, timeout: float = PATIENCE) -> list[Row]:
        return parse_tsv(self._raw(f"{sql} FORMAT TabSeparated", {**self._always}, timeout))

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
        parameters = {**self._always, **_WAIT_FOR_OUTCOME, **(settings or {}), **named}
        self._raw(head + format_tsv(rows), parameters, PATIENCE)

    def refusal(self, sql: str) -> str | None:  # noqa: ARG002 - HTTP takes every statement
        return None

    @abstractmethod
    def _raw(self, sql: str, parameters: dict[str, str], timeout: float | None) -> str:
        """Send a request.

        :param timeout: seconds to wait for the answer.
        :return: the answer's text.
        :raises ServerError: the server refused it.
        :raises ConnectionLost: no answer came.
        """


def innermost(error: BaseException) -> BaseException:
    """The first cause: what the operating system said, without the URL."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error


def logs_in_by_certificate(url: DatabaseUrl) -> bool:
    """Whether the client's certificate stands for a password.

    Then the server must not be sent both
    (https://clickhouse.com/docs/guides/sre/ssl-user-auth).  An empty password is one.
    """
    return options.CERTIFICATE in url.query and url.password is None


def headers_for(url: DatabaseUrl) -> dict[str, str]:
    """What every request says beside the statement; who asks is said unless the URL says it.

    :raises ConfigError: a header can't be sent.
    """
    from ... import __version__

    usual = {"user-agent": "User-Agent", "authorization": "Authorization"}
    own = {usual.get(name.lower(), name): value for name, value in headers(url).items()}
    return {"User-Agent": f"brokle-migrate/{__version__}", **own}


def _is_compressed(url: DatabaseUrl) -> bool:
    """Whether requests and answers are compressed.

    :raises ConfigError: by a method that HTTP does not have.
    """
    method = url.query.get(options.COMPRESSION)
    if method is None:  # what other clients call so may be a method that they alone know
        return _METHODS.get(url.query.get("compress", "").lower(), False)
    try:
        return _METHODS[method.lower()]
    except KeyError:
        raise ConfigError(
            f"{options.COMPRESSION}={method} in the ClickHouse URL is nothing for HTTP",
            hint=f"{options.COMPRESSION}=gzip; lz4 and zstd are methods of the native protocol",
        ) from None
