"""SQLAlchemy's dialect for ``clickhouse+embedded:///DIR``: clickhouse-connect's, over chDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clickhouse_connect.cc_sqlalchemy.dialect import ClickHouseDialect

from .clickhouse import DATABASE, OPTIONS, open_session
from .directory import directory_of

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import URL
    from sqlalchemy.engine.interfaces import ConnectArgsType


class EmbeddedClickHouseDialect(ClickHouseDialect):
    """clickhouse-connect's dialect over the engine of this process.

    Other parameters of the URL are clickhouse-connect's: ``database``, and server settings with
    ``ch_`` before their names.
    """

    driver = "embedded"
    supports_statement_cache = False  # as its parent's

    @classmethod
    def import_dbapi(cls) -> Any:
        """clickhouse-connect's; SQLAlchemy wants every dialect with a ``dbapi()`` to say this."""
        return super().import_dbapi()  # type: ignore[no-untyped-call]

    def create_connect_args(self, url: URL) -> ConnectArgsType:
        """The directory and the parameters of the URL.

        :raises ConfigError: the URL names no directory.
        """
        return [], {**url.query, "directory": directory_of(url)}

    def connect(self, *args: Any, directory: Path, **kwargs: Any) -> Any:
        """Open the directory.

        :raises MigrateError: as :func:`~.clickhouse.open_session`.
        """
        session = open_session(directory)  # says what is wrong, and makes the database
        options = {"database": DATABASE, **kwargs}
        place = {"interface": "chdb", "path": str(directory.resolve()), "chdb_options": OPTIONS}
        try:
            connection = super().connect(*args, **place, **options)
        except BaseException:
            session.close()
            raise
        connection.session = session  # it holds the directory as long as the connection is open
        return connection

    def do_close(self, dbapi_connection: Any) -> None:
        """Close a connection; with the last one, the engine lets go of the directory."""
        super().do_close(dbapi_connection)  # type: ignore[no-untyped-call]
        dbapi_connection.session.close()
