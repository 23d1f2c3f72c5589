"""A connection of its own to Postgres, for the lock alone."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from ..errors import DatabaseUnreachable, MigrateError, StateError
from ..grants import SOMEBODY, role, statement_for
from .base import process_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from sqlalchemy.engine import URL

SILENCE = 30  # seconds without an answer after which a connection counts as broken

# What the lock writes to: a refusal does not name its schema.
_LEASE = "UPDATE brokle_migrate.lease"
# Nobody may notice for hours that the other end of an idle connection is gone.
_ALIVE = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": SILENCE * 1000,
}


def connect(url: str, label: str) -> psycopg.Connection:
    """Connect with psycopg, whatever driver the URL names; every statement commits by itself.

    :param url: SQLAlchemy's.
    :param label: the same without user and password.
    :raises DatabaseUnreachable: the server does not answer.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url

    target = _with_psycopg(make_url(url))
    dialect = create_engine(target).dialect
    arguments, options = dialect.create_connect_args(target)
    ours: dict[str, Any] = {
        "application_name": process_name(),
        "autocommit": True,
        "prepare_threshold": None,  # a pooler hands the next statement to another backend
    }
    with explained(label):
        connection: Any = dialect.connect(*arguments, **{**_ALIVE, **options, **ours})
        return cast("psycopg.Connection", connection)


def exists(url: str) -> bool:
    """Whether there is a server to ask; connecting to an embedded one would create it."""
    from sqlalchemy.engine import make_url

    target = make_url(url)
    if target.get_driver_name() != "embedded":
        return True
    from ..embedded.directory import directory_of
    from ..embedded.postgres import exists as is_initialised

    return is_initialised(directory_of(target))


@contextmanager
def explained(
    label: str, missing: str = "", connection: psycopg.Connection | None = None
) -> Iterator[None]:
    """Turn what Postgres or the network says into our errors.

    :param missing: what to do when the user may not do this, with the statement that would allow
        it as ``{grant}``, and the user as ``{user}``.
    :param connection: the user's.
    """
    import psycopg

    try:
        yield
    except MigrateError:
        raise
    except psycopg.errors.InsufficientPrivilege as error:
        message = f"Postgres at {label} refused what the lock needs: {_words(error)}"
        raise StateError(message, hint=_granting(missing, error, connection)) from error
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable(
            f"Postgres at {label} does not answer: {_words(error)}", hint="is the server running?"
        ) from error
    except psycopg.Error as error:
        raise StateError(f"Postgres at {label} refused the lock: {_words(error)}") from error


def _granting(
    missing: str, error: psycopg.Error, connection: psycopg.Connection | None
) -> str | None:
    user = connection.info.user if connection is not None and not connection.closed else SOMEBODY
    grant = statement_for(_words(error), user, _LEASE) or "what the message names"
    return missing.format(grant=grant, user=role(user)) or None


def _words(error: psycopg.Error) -> str:
    return error.diag.message_primary or " ".join(str(error).split()) or type(error).__name__


def _with_psycopg(url: URL) -> URL:
    """The URL for psycopg; other drivers have options that libpq does not know."""
    driver = url.get_driver_name()
    if driver in {"psycopg", "embedded"}:
        return url
    from psycopg.pq import Conninfo

    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    query = {"sslmode" if name == "ssl" else name: value for name, value in url.query.items()}
    return url.set(
        drivername="postgresql+psycopg",
        query={name: value for name, value in query.items() if name in known},
    )
