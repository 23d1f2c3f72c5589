"""The in-process ClickHouse (chDB)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .base import PATIENCE, Row, ServerError, format_tsv, parse_tsv, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ...config import DatabaseUrl


# chDB would take a bare expression for a SELECT, which no server does.
_AS_A_SERVER = {"implicit_select": "0"}


class EmbeddedDriver:
    """Sessions on the data directory of the URL; one process at a time.

    Each statement gets a session of its own: SET lasts as long as its session, and what a failed
    statement had put out would turn up in the session's next answer.

    :param url: its ``directory`` holds the data.
    :param settings: in force for every statement.
    :raises LockHeld: another process has the directory open.
    """

    deadline: float | None = None

    def __init__(self, url: DatabaseUrl, settings: Mapping[str, str]) -> None:
        self._url = url
        self._settings = {**_AS_A_SERVER, **settings}
        self._held = self._open()  # keeps the engine running, and the directory ours

    def execute(
        self,
        sql: str,
        *,
        query_id: str = "",  # noqa: ARG002 - chDB gives every query an id of its own
        settings: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> None:
        limits = {} if timeout is None else {"max_execution_time": str(max(1, round(timeout)))}
        self._run(sql, {**self._settings, **limits, **(settings or {})})

    def query(self, sql: str, *, timeout: float = PATIENCE) -> list[Row]:  # noqa: ARG002 - in this process
        return parse_tsv(self._run(f"{sql} FORMAT TabSeparated", self._settings))

    def insert(
        self,
        table: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        *,
        query_id: str = "",  # noqa: ARG002
        settings: Mapping[str, str] | None = None,
    ) -> None:
        head = f"INSERT INTO {table} ({', '.join(columns)}) FORMAT TabSeparated\n"
        self._run(head + format_tsv(rows), {**self._settings, **(settings or {})})

    def refusal(self, sql: str) -> str | None:  # noqa: ARG002 - the engine takes every statement
        return None

    def close(self) -> None:
        self._held.close()

    def _open(self) -> Any:
        from ...embedded.clickhouse import open_session

        assert self._url.directory is not None
        return open_session(self._url.directory)

    def _run(self, sql: str, settings: Mapping[str, str]) -> str:
        session = self._open()
        try:
            with _translated():
                for statement in self._preparations(settings):
                    session.query(statement)
                answer = session.query(sql, "TabSeparated")
                return str(answer.bytes().decode("utf-8", "replace"))
        finally:
            session.close()

    def _preparations(self, settings: Mapping[str, str]) -> Iterator[str]:
        if self._url.database:
            yield f"USE `{self._url.database}`"
        for name, value in settings.items():
            yield f"SET {name} = '{quoted(value)}'"


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise ServerError(str(error)) from error
