"""Passwords never appear: every command, every source of a secret, every failure."""

from __future__ import annotations

import json
import logging
import re
import traceback
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import click
import pytest

from brokle_migrate import command, load
from brokle_migrate.cli.commands import group
from brokle_migrate.errors import ConfigError, MigrateError
from tests.support.marked import (
    CLICKHOUSE,
    HEADER,
    OLD,
    POSTGRES,
    PROFILE,
    TOKEN,
    USER,
    Place,
    clean,
    everything_in,
)
from tests.support.marks import MARK, secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from brokle_migrate.config import Config
    from tests.support.project import Project
    from tests.support.terminal import Result

# What a command has to be told; whatever is not here is run with its name alone.
ARGUMENTS = {
    "steps": ["--steps", "1"],
    "goto": ["--version", "20250101000000", "--yes"],
    "force": ["--version", "0", "--yes"],
    "down": ["--all", "--yes"],
    "resume": ["--retry"],
    "create": ["--name", "more"],
    "drop": ["--yes"],
    "wait": ["--timeout", "1s"],
    "auto": ["--timeout", "1s"],
    "serve-health": ["--port", "0", "--timeout", "0.1s"],
    "lock": ["--break", "--yes"],
    "clickhouse downgrade": ["base"],
    "clickhouse edit": ["head"],
    "clickhouse revision": ["-m", "more"],
    "clickhouse show": ["head"],
    "clickhouse stamp": ["head"],
    "clickhouse upgrade": ["head"],
}
ALEMBICS = ("clickhouse",)
LAST = ("down", "drop")  # so that the others find something


def _leaves(commands: click.Group, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, each in commands.commands.items():
        if isinstance(each, click.Group):
            yield from _leaves(each, (*before, name))
        else:
            yield (*before, name)


COMMANDS = sorted(_leaves(group), key=lambda words: words[-1] in LAST)


def argv_of(words: Sequence[str]) -> list[str]:
    """A command line that click can read, with what every command takes."""
    return [*words, *ARGUMENTS.get(" ".join(words), [])]


def forms_of(words: Sequence[str]) -> Sequence[tuple[str, ...]]:
    """What it is run with; Alembic's verbs have options of their own."""
    return [()] if words[0] in ALEMBICS else [("-v",), ("--json",)]


def refused_by_click(result: Result) -> bool:
    return result.code == 2 and "hint: see brokle-migrate" in result.err


def test_every_command(place: Place) -> None:
    """One after the other, with progress and as JSON; and what they leave behind."""
    for words in COMMANDS:
        for form in forms_of(words):
            result = place.run(*argv_of(words), *form)
            assert not refused_by_click(result), f"ARGUMENTS lacks {words}: {result.err}"
            assert result.code in {0, 2, 3, 6}, (words, result)
            clean(f"{result.out}\n{result.err}")
        if words[-1] in {"up", "auto"}:
            clean(everything_in(place))
    for path in place.project.path.rglob("*"):
        if path.is_file() and path.name not in {"alembic.ini", "config.yaml"}:
            clean(path.read_bytes().decode(errors="replace"))


@dataclass(frozen=True)
class Failure:
    """Something that goes wrong.

    :ivar env: what it changes in the environment; called with the place.
    :ivar prepare: what it changes in the files.
    :ivar argv: options of the run.
    """

    env: Callable[[Place], dict[str, str | None]] = lambda _: {}
    prepare: Callable[[Place], object] = lambda _: None
    argv: tuple[str, ...] = ()


def postgres(url: str) -> Failure:
    return Failure(lambda _: {"DATABASE_URL": url})


def clickhouse(url: str) -> Failure:
    return Failure(lambda _: {"CLICKHOUSE_URL": url})


def written(name: str, text: str, **env: str | None) -> Failure:
    return Failure(lambda _: env, lambda place: place.project.write(name, text))


def pair(text: str, *argv: str) -> Failure:
    return Failure(
        prepare=lambda place: place.project.add_pair(20250102000000, "bad", text, "SELECT 1"),
        argv=argv,
    )


def revision(*statements: str, argv: tuple[str, ...] = ()) -> Failure:
    return Failure(
        prepare=lambda place: place.project.add_revision("20250102000000", statements, ()),
        argv=argv,
    )


def env_py(text: str) -> Failure:
    """A line before everything else that the team's env.py does online."""

    def change(place: Place) -> None:
        path = place.project.path / "alembic" / "env.py"
        head, online = path.read_text().split("def run_migrations_online() -> None:")
        start = "def run_migrations_online() -> None:\n    url = config.get_main_option"
        path.write_text(
            f'{head}{start}("sqlalchemy.url")\n    {text}\n    if 1:\n        pass{online}'
        )

    return Failure(prepare=change)


P, C, T = quote(POSTGRES, safe=""), quote(CLICKHOUSE, safe=""), quote(TOKEN, safe="")
RAW = f"{MARK}raw:@/x?#{MARK}"
LITERAL = POSTGRES.replace("'", "''")
NO_PARTS = {"DATABASE_URL": None}

FAILURES = {
    "unreachable": postgres(f"postgresql://u:{P}@127.0.0.1:1/db"),
    "several_hosts": postgres(f"postgresql://u:{P}@127.0.0.1:1,127.0.0.1:2/db"),
    "clickhouse_unreachable": clickhouse(f"clickhouse://u:{C}@127.0.0.1:1/db"),
    "clickhouse_http_unreachable": clickhouse(f"http://u:{C}@127.0.0.1:1/db?token={T}"),
    "clickhousedb_unreachable": clickhouse(f"clickhousedb://u:{C}@127.0.0.1:1/db"),
    "header": clickhouse(f"http://u@127.0.0.1:1/db?header__X-Key={quote(HEADER, safe='')}"),
    "raw": postgres(f"postgres://u:{RAW}@127.0.0.1:1/db"),
    "raw_clickhouse": clickhouse(f"tcp://u:{RAW}@127.0.0.1:1/db"),
    "wrong_password": Failure(lambda p: {"DATABASE_URL": p.postgres_url(secret("wrong"))}),
    "wrong_clickhouse_password": Failure(
        lambda p: {"CLICKHOUSE_URL": p.clickhouse_url(secret("wrong", "%@:'"))}
    ),
    "unknown_database": Failure(
        lambda p: {"DATABASE_URL": p.postgres_url(POSTGRES, database="nowhere")}
    ),
    "unknown_clickhouse_database": Failure(
        lambda p: {"CLICKHOUSE_URL": re.sub(r"/\w+$", "/nowhere", p.clickhouse_url(CLICKHOUSE))}
    ),
    "unknown_parameter": postgres(f"postgresql://u:{P}@127.0.0.1:1/db?sslpasswort={T}"),
    "missing_authority": postgres(
        f"postgresql://u:{P}@127.0.0.1:1/db?sslmode=verify-full&sslrootcert=/nowhere/ca.crt"
        f"&sslpassword={T}"
    ),
    "tls_mismatch": Failure(
        lambda p: {"CLICKHOUSE_URL": p.clickhouse_url(CLICKHOUSE).replace("+http", "s")}
    ),
    "bad_port": postgres(f"postgres://u:{P}@h:port/db"),
    "bad_scheme": clickhouse(f"clackhouse://u:{C}@h/db"),
    "no_scheme": postgres(f"u:{P}@h:5432/db"),
    "half_a_scheme": postgres(f"postgres:/u:{P}@h/db"),
    "parts": Failure(
        lambda _: {**NO_PARTS, "DB_HOST": "127.0.0.1", "DB_PORT": "1", "DB_PASSWORD": POSTGRES}
    ),
    "parts_of_the_file": written(
        "config.yaml", f"database: {{host: 127.0.0.1, port: 1, password: {json.dumps(POSTGRES)}}}"
    ),
    "bad_yaml": written("config.yaml", f"database:\n  password: '{OLD}\n  host: [\n"),
    "bad_yaml_key": written("config.yaml", f"database: {{passwort: {json.dumps(POSTGRES)}}}"),
    "bad_yaml_value": written("config.yaml", f"database: {{password: [{MARK}list]}}"),
    "bad_yaml_vars": written(
        "config.yaml", f"clickhouse: {{vars: {{'pass word': {json.dumps(POSTGRES)}}}}}"
    ),
    "bad_ini": written("alembic.ini", f"[alembic]\nsqlalchemy.url = postgresql://u:a%{OLD}@h/d\n"),
    "bad_ini_line": written("alembic.ini", f"[alembic]\n{OLD}\n"),
    "no_password_file": Failure(
        lambda _: {"DATABASE_URL": "postgres://u@h/d", "DB_PASSWORD_FILE": "/nowhere/password"}
    ),
    "bad_password_file": written(
        "password",
        f"{POSTGRES}\0",
        DATABASE_URL="postgres://u@127.0.0.1:1/d",
        DB_PASSWORD_FILE="password",
    ),
    "password_file": written(
        "password",
        secret("file"),
        DATABASE_URL="postgres://u@127.0.0.1:1/d",
        DB_PASSWORD_FILE="password",
        CLICKHOUSE_URL="http://u@127.0.0.1:1/d",
        CLICKHOUSE_PASSWORD_FILE="password",
    ),
    "service_file": written(
        "services",
        f"[marked]\nhost=127.0.0.1\nport=1\nuser=u\npassword={PROFILE}\n",
        DATABASE_URL="postgresql:///?service=marked",
        PGSERVICEFILE="services",
    ),
    "libpq_password": Failure(
        lambda _: {"DATABASE_URL": "postgresql://u@127.0.0.1:1/d", "PGPASSWORD": PROFILE}
    ),
    "libpq_password_file": Failure(
        lambda p: {
            "DATABASE_URL": f"postgresql://{USER}@/{p.database}?host={p.socket}",
            "PGPASSFILE": "pgpass",
        },
        lambda p: p.project.write("pgpass", f"*:*:*:*:{PROFILE}\n").chmod(0o600),
    ),
    "libpq_broken_service": written(
        "services",
        f"[marked]\npasswort={PROFILE}\n",
        DATABASE_URL="postgresql:///?service=marked",
        PGSERVICEFILE="services",
    ),
    "refused_statement": revision(f"SELECT '{LITERAL}' FROM nowhere"),
    "syntax": revision(f"SELEKT '{LITERAL}'"),
    "alter_role": revision(f"ALTER ROLE nobody_here PASSWORD '{LITERAL}'"),
    "raised": revision(f"DO $$ BEGIN RAISE EXCEPTION USING MESSAGE = '{LITERAL}'; END $$"),
    "unique": revision(
        "CREATE TABLE u (x text UNIQUE)", f"INSERT INTO u VALUES ('{LITERAL}'), ('{LITERAL}')"
    ),
    "timeout": revision(f"SELECT pg_sleep(1), '{LITERAL}'", argv=("--statement-timeout", "0.2s")),
    "refused_pair": pair("SELECT '${API_TOKEN}' FROM nowhere"),
    "refused_value": pair("SELECT toUInt8('${API_TOKEN}')"),
    "pair_syntax": pair("SELEKT '${API_TOKEN}'"),
    "pair_for_humans": pair(f"SELECT '{TOKEN}"),
    "undefined_placeholder": pair("SELECT '${API_TOKEN}', '${undefined_secret}'"),
    "failed_rollback": pair("SELECT '${API_TOKEN}' FROM nowhere", "--on-failure", "rollback"),
    "failed_atomic": pair("SELECT '${API_TOKEN}' FROM nowhere", "--atomic"),
    "env_prints": env_py("import sys; print(url); print(url, file=sys.stderr)"),
    "env_prints_in_pieces": env_py("import sys; [print(c, end='') for c in url]; sys.exit(3)"),
    "env_raises": env_py("raise RuntimeError(url, {'url': url})"),
    "env_raises_in_a_chain": env_py("raise ValueError(repr(url)) from KeyError(url)"),
    "env_exits": env_py("raise SystemExit(url)"),
    "env_warns": env_py("import warnings; warnings.warn(url)"),
    "env_logs": env_py(
        "import logging; log = logging.getLogger('mine'); log.error('at %s', url); "
        "log.error('%d', url); log.error({'url': url})"
    ),
    "env_loses_a_thread": env_py(
        "import threading; t = threading.Thread(target=lambda: 1 / 0 if not url else int(url)); "
        "t.start(); t.join()"
    ),
    "clickhouse_env_raises": written(
        "migrations_clickhouse/env.py",
        "from brokle_migrate.clickhouse import context\n"
        "url = context.config.get_main_option('sqlalchemy.url')\nprint(url)\n"
        "raise RuntimeError(url)\n",
    ),
    "usage": Failure(argv=(f"postgres://u:{P}@h/db",)),
    "x_argument": Failure(
        prepare=env_py("print(context.get_x_argument())").prepare,
        argv=("-x", f"token={secret('x')}", "-x", f"url=postgres://u:{P}@h/db"),
    ),
    "bug_in_a_revision": Failure(
        prepare=lambda p: p.project.write(
            "alembic/versions/x.py", f"revision = 'x'\ndown_revision = None\n1 / 0  # {OLD}\n"
        )
    ),
}

DEBUG = """
[loggers]
keys = root, sqlalchemy, alembic
[handlers]
keys = console, file
[formatters]
keys = all
[logger_root]
level = DEBUG
handlers = console, file
[logger_sqlalchemy]
level = DEBUG
handlers =
qualname = sqlalchemy
[logger_alembic]
level = DEBUG
handlers =
qualname = alembic
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = all
[handler_file]
class = FileHandler
args = ("all.log",)
formatter = all
[formatter_all]
format = %(name)s %(levelname)s %(message)s
"""


def everything_logged(project: Project) -> None:
    """The team logs everything, to standard error and to a file."""
    path = project.path / "alembic.ini"
    path.write_text(path.read_text().partition("[loggers]")[0] + DEBUG)
    env = project.path / "alembic" / "env.py"
    env.write_text(env.read_text().replace("poolclass=", "echo='debug', poolclass="))


@pytest.mark.parametrize("name", FAILURES)
def test_every_failure(
    place: Place,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As a command, as JSON, and from Python; with everything logged."""
    failure = FAILURES[name]
    everything_logged(place.project)
    failure.prepare(place)
    place.env |= failure.env(place)
    said = place.run("up", "-v", *failure.argv)
    clean(f"{said.out}\n{said.err}")
    assert said.code or name in PASSING, said
    if said.code != ConfigError.exit_code:  # else no command comes further than this one
        info = place.run("info", "--json", "--timeout", "3s")
        clean(f"{info.out}\n{info.err}")
    log = place.project.path / "all.log"
    logged = log.read_text() if log.exists() else ""
    clean(logged)
    if name in RECORDED:
        assert "sqlalchemy.engine.Engine INFO" in logged
        assert "sqlalchemy.engine.Engine INFO" in said.err
    if name != "env_loses_a_thread":  # whose words go to the standard error of the application
        with caplog.at_level(logging.DEBUG):
            from_python(place, monkeypatch)
        clean(caplog.text)
    if name in RECORDED:
        clean(everything_in(place))


PASSING = {
    "x_argument",
    "env_prints",
    "env_warns",
    "env_logs",
    "env_loses_a_thread",
    "parts_of_the_file",
}
RECORDED = {"refused_pair", "refused_value", "refused_statement", "pair_syntax", "failed_rollback"}


def from_python(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What functions of the library return, raise and log."""
    monkeypatch.chdir(place.project.path)
    for variable, value in place.env.items():
        if value is None:
            monkeypatch.delenv(variable, raising=False)
        else:
            monkeypatch.setenv(variable, value)
    try:
        config = load()
    except MigrateError as error:
        clean(told(error))
        return
    clean(repr(config))
    for function in (_start, command.health):
        try:
            value = function(config)
        except MigrateError as error:
            clean(told(error))
        else:
            clean(f"{value!r}\n{getattr(value, 'error', None)}")


def _start(config: Config) -> object:
    """As an application does; what ``upgrade`` says is the same, but for what it waits for."""
    return command.auto_migrate(replace(config, auto_migrate=True), 0.3)


def told(error: MigrateError) -> str:
    """Everything that an exception tells whoever prints or reports it."""
    parts: list[object] = [str(error), repr(error), error.hint, vars(error)]
    parts += traceback.format_exception(error)
    parts.append(logging.Formatter().formatException((type(error), error, error.__traceback__)))
    return "\n".join(map(str, parts))
