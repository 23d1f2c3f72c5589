"""A project directory for a test: both histories, their configuration, and the command."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import alembic

from .process import ROOT
from .running import Fresh, Running, Streams
from .terminal import Result, run_in_terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .forkserver import Forkserver

TEMPLATE = Path(alembic.__file__).parent / "templates" / "generic"
TIMEOUT = 120.0
# What the interpreter reads when it starts, and a fork has no start.
READ_AT_THE_START = ("PYTHON", "LANG", "LC_", "TZ")

REVISION = '''"""{message}"""

from alembic import op

revision = {revision!r}
down_revision = {down_revision!r}
{attributes}

def upgrade() -> None:
{upgrade}

def downgrade() -> None:
{downgrade}
'''


class Project:
    """A directory with an ``alembic.ini`` and two empty histories.

    :param postgres_url: SQLAlchemy's URL; None leaves the section out.
    :param clickhouse_url: likewise.
    :cvar forkserver: what runs the command, unless a test wants a fresh interpreter.
    """

    forkserver: ClassVar[Forkserver | None] = None

    def __init__(
        self, path: Path, postgres_url: str | None = None, clickhouse_url: str | None = None
    ) -> None:
        self.path = path
        self.postgres_url = postgres_url
        self.clickhouse_url = clickhouse_url
        self.postgres_versions = path / "alembic" / "versions"
        self.clickhouse_versions = path / "migrations_clickhouse" / "versions"
        self.postgres_versions.mkdir(parents=True)
        self.clickhouse_versions.mkdir(parents=True)
        for name in ("env.py", "script.py.mako"):
            shutil.copy(TEMPLATE / name, path / "alembic" / name)
        self.write("alembic.ini", self._ini())
        self._head: str | None = None

    def _ini(self) -> str:
        lines: list[str] = []
        if self.postgres_url is not None:
            lines += _section("alembic", "alembic", self.postgres_url)
        if self.clickhouse_url is not None:
            lines += _section("clickhouse", "migrations_clickhouse", self.clickhouse_url)
        template = (TEMPLATE / "alembic.ini.mako").read_text()
        return "\n".join(lines) + "\n" + template[template.index("[loggers]") :]

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file of the project; its path."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def add_revision(
        self,
        revision: str,
        upgrade_sql: str | Sequence[str] = (),
        downgrade_sql: str | Sequence[str] = (),
        **attributes: object,
    ) -> Path:
        """Write a Postgres revision that follows the one added before.

        :param attributes: further variables of the module, such as ``clickhouse_requires``,
            ``depends_on``; ``down_revision`` to follow another one, ``message`` for its docstring.
        """
        message = str(attributes.pop("message", f"revision {revision}"))
        down_revision = attributes.pop("down_revision", self._head)
        self._head = revision
        slug = re.sub(r"\W+", "_", message.lower()).strip("_")
        text = REVISION.format(
            message=message,
            revision=revision,
            down_revision=down_revision,
            attributes="".join(f"{name} = {value!r}\n" for name, value in attributes.items()),
            upgrade=_body(upgrade_sql),
            downgrade=_body(downgrade_sql),
        )
        return self.write(f"alembic/versions/{revision}_{slug}.py", text)

    def add_pair(
        self, version: int | str, slug: str, up: str | bytes | None, down: str | bytes | None
    ) -> tuple[Path, Path]:
        """Write a ClickHouse pair; None leaves a file out."""
        paths = []
        for direction, text in (("up", up), ("down", down)):
            path = self.clickhouse_versions / f"{version}_{slug}.{direction}.sql"
            if text is not None:
                self.write(str(path.relative_to(self.path)), text)
            paths.append(path)
        return paths[0], paths[1]

    def add_vars(self, *lines: str) -> None:
        """Turn placeholders on, with these values, each ``name = value``."""
        ini = (self.path / "alembic.ini").read_text()
        self.write("alembic.ini", "\n".join([ini, "[clickhouse.vars]", *lines, ""]))

    def with_bundled_histories(self) -> Self:
        """This project, with this repository's own histories in place of its empty ones."""
        for name in ("alembic", "migrations_clickhouse"):
            shutil.rmtree(self.path / name)
            shutil.copytree(ROOT / name, self.path / name)
        self.add_vars()
        return self

    def run(
        self,
        *argv: str,
        env: Mapping[str, str | None] | None = None,
        input: str | None = None,  # noqa: A002 - as subprocess.run calls it
        tty: bool = False,
        columns: int = 80,
        cwd: Path | None = None,
        timeout: float = TIMEOUT,
        fresh: bool = False,
    ) -> Result:
        """Run the command in this directory, in a process of its own.

        :param env: variables to set, or with None to remove.
        :param tty: in a terminal of so many columns; the input is typed ahead.
        :param fresh: in an interpreter that is started for it, as in a terminal, rather than in
            a fork of one.
        :raises TimeoutError: it took too long, and was killed.
        """
        if tty:
            return run_in_terminal(
                _command(argv),
                cwd=cwd or self.path,
                env=environment(env),
                text=input,
                timeout=timeout,
                columns=columns,
            )
        assert input is None, "there is nobody to type it"
        with self.start(*argv, env=env, cwd=cwd, fresh=fresh) as running:
            return running.wait(timeout)

    def start(
        self,
        *argv: str,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        fresh: bool = False,
        gate: int | None = None,
    ) -> Running:
        """Start the command and leave it running: to be signalled, killed, waited for.

        :param gate: a fork waits until there is something to read on this descriptor.
        """
        place, variables, streams = cwd or self.path, environment(env), Streams()
        given = streams.descriptors
        if fresh or self.forkserver is None or any(map(_is_read_at_the_start, env or ())):
            assert gate is None
            return Running(Fresh(_command(argv), cwd=place, env=variables, streams=given), streams)
        fork = self.forkserver.fork(argv, cwd=place, env=variables, streams=given, gate=gate)
        return Running(fork, streams)

    def invoke(self, *argv: str) -> Result:
        """Run the command in this process."""
        from brokle_migrate.__main__ import main

        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.path),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                code = main(list(argv))
            except SystemExit as error:
                code = error.code if isinstance(error.code, int) else int(error.code is not None)
        return Result(out.getvalue(), err.getvalue(), code)


def _command(argv: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "brokle_migrate", *argv]


def _is_read_at_the_start(name: str) -> bool:
    return name.startswith(READ_AT_THE_START)


def environment(changes: Mapping[str, str | None] | None) -> dict[str, str]:
    """The environment of a run: this one, with changes; the code of this checkout."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    variables: dict[str, str | None] = {**os.environ, "PYTHONPATH": path}
    variables.pop("COLUMNS", None)
    variables.pop("LINES", None)
    variables.update(changes or {})
    return {name: value for name, value in variables.items() if value is not None}


def _section(name: str, directory: str, url: str) -> list[str]:
    doubled = url.replace("%", "%%")
    return [
        f"[{name}]",
        f"script_location = %(here)s/{directory}",
        f"sqlalchemy.url = {doubled}",
        "",
    ]


def _body(sql: str | Sequence[str]) -> str:
    statements = [sql] if isinstance(sql, str) else list(sql)
    # A colon in op.execute's text would start the name of a parameter.
    lines = [
        f"    op.execute({statement.replace(':', chr(92) + ':')!r})" for statement in statements
    ]
    return "\n".join(lines or ["    pass"])
