"""What the drivers over HTTP have in common: how statements, questions and rows become requests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from .base import PATIENCE, SILENCE, Row, format_tsv, parse_tsv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONNECT_TIMEOUT = 10.0  # seconds
# The status line must tell the outcome, so the server answers only when it has one.
_WAIT_FOR_OUTCOME = {"wait_end_of_query": "1"}


class OverHttp(ABC):
    """A driver whose client sends a text with parameters.

    :param settings: sent with every statement of a step.
    """

    deadline: float | None = None

    def __init__(self, settings: Mapping[str, str]) -> None:
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
