"""How a program of Postgres's connects as a connection of ours does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

_NAME = "brokle-migrate dump"  # what others see in pg_stat_activity
_OPTIONAL = frozenset(
    (
        "keepalives",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "tcp_user_timeout",
        "ssl_max_protocol_version",
    )
)
"""Parameters without a variable that say how to connect; nothing secret among them."""


def parameters(connection: Connection) -> dict[str, str]:
    """libpq's parameters of a connection, by keyword: TLS and the password among them."""
    info: Any = getattr(connection.connection.driver_connection, "info", None)
    if hasattr(info, "get_parameters"):  # psycopg
        return {**info.get_parameters(), **_known(password=info.password)}
    if hasattr(info, "dsn_parameters"):  # psycopg2
        return {**info.dsn_parameters, **_known(password=info.password)}
    return dict(_from_url(connection.engine.url))


def _known(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _from_url(url: URL) -> Iterator[tuple[str, str]]:
    """What libpq's variables and the URL say, for a driver that does not tell how it connected."""
    for name, variable in _variables().items():
        if variable in os.environ:
            yield name, os.environ[variable]
    parts = {"host": url.host, "port": url.port, "user": url.username, "dbname": url.database}
    yield from ((name, str(value)) for name, value in parts.items() if value)
    if url.password:
        yield "password", str(url.password)
    for name, value in url.query.items():
        text = value if isinstance(value, str) else ",".join(value)
        yield {"ssl": "sslmode"}.get(name, name), text


def arguments(connection: Mapping[str, str], timeout: float) -> tuple[dict[str, str], list[str]]:
    """What a program is started with: its environment, and arguments for what has no variable.

    No secret is among the arguments, which every user of the machine can read.  In the environment
    libpq's variables hold these parameters and nothing else: a service or a host of the environment
    was either used for the connection, and is among them, or must not be used now.

    :param connection: what :func:`parameters` found.
    :param timeout: seconds in which the connection has to be there.
    """
    variables = _variables()
    given = {"connect_timeout": str(max(round(timeout), 2)), **connection}
    given |= {"application_name": _NAME}
    ours = {name: value for name, value in os.environ.items() if name not in variables.values()}
    ours |= {variables[name]: value for name, value in given.items() if name in variables and value}
    ours.pop("PGCLIENTENCODING", None)  # an option says it
    ours.pop("PGSERVICE", None)
    rest = {n: v for n, v in given.items() if n in _OPTIONAL and v}
    return ours, [f"--dbname={_conninfo(rest)}"] if rest else []


def _variables() -> dict[str, str]:
    """libpq's own table: the variable of each parameter that has one."""
    from psycopg import pq

    return {
        option.keyword.decode(): option.envvar.decode()
        for option in pq.Conninfo.get_defaults()
        if option.envvar
    }


def _conninfo(parameters: Mapping[str, Any]) -> str:
    from psycopg.conninfo import make_conninfo

    return make_conninfo(**parameters)
