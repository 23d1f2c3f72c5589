"""Alembic's own command, in this process, and projects that Alembic itself makes."""

from __future__ import annotations

import contextlib
import functools
import io
import shlex
import traceback
from typing import TYPE_CHECKING
from unittest import mock

import alembic.config

from brokle_migrate.environments.alembic_project import _logging_state, _restore_logging

from .terminal import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TEMPLATE_URL = "driver://user:pass@localhost/dbname"


def alembic_itself(path: Path, line: str) -> Result:
    """What ``alembic …`` prints in a directory, and its exit code."""

    def run(out: io.StringIO) -> int:
        config = functools.partial(alembic.config.Config, stdout=out)
        with mock.patch.object(alembic.config, "Config", config):
            alembic.config.main(shlex.split(line), prog="alembic")
        return 0

    return _result(path, run)


def brokle_migrate(path: Path, line: str) -> Result:
    """What ``brokle-migrate …`` prints there, and its exit code."""
    from brokle_migrate.__main__ import main

    return _result(path, lambda _: main(shlex.split(line)))


def _result(path: Path, run: Callable[[io.StringIO], int]) -> Result:
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(path),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        own_logging(),
    ):
        try:
            code = run(out)
        except SystemExit as stop:
            code = stop.code & 0xFF if isinstance(stop.code, int) else int(stop.code is not None)
        except Exception:
            traceback.print_exc()
            code = 1
    return Result(out.getvalue(), err.getvalue(), code)


@contextlib.contextmanager
def own_logging() -> Iterator[None]:
    """Whatever ``env.py`` does to logging ends here."""
    before = _logging_state()
    try:
        yield
    finally:
        _restore_logging(before)


def init(path: Path, template: str, url: str | None) -> Path:
    """A new project, by ``alembic init``; the directory of its revisions.

    :param url: put into its alembic.ini, SQLAlchemy's; None leaves Alembic's placeholder.
    """
    path.mkdir(parents=True, exist_ok=True)
    found = alembic_itself(path, f"init -t {template} alembic")
    assert found.code == 0, found
    if url is not None:
        ini = path / "alembic.ini"
        text = ini.read_text()
        assert TEMPLATE_URL in text
        ini.write_text(text.replace(TEMPLATE_URL, url.replace("%", "%%")))
    return path / "alembic" / "versions"
