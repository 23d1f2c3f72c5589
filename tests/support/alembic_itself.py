"""Alembic's own command, in this process, and projects that Alembic itself makes."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import shlex
import sys
import traceback
from typing import TYPE_CHECKING, Any
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
    sys.path_importer_cache.pop(".", None)  # it has another project's directory
    with (
        mock.patch.object(sys, "path", sys.path[:]),
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


class AlembicProject:
    """A project that Alembic itself has made, moved by Alembic and by us in turns.

    :param template: of ``alembic init``.
    :param url: the database's, SQLAlchemy's; put into alembic.ini unless ``env.py`` is to know it.
    :ivar section: what has to stand before the command in both, such as ``-n other``.
    """

    def __init__(self, path: Path, template: str, url: str, *, in_ini: bool = True) -> None:
        self.path = path
        self.url = url
        self.section = ""
        self.env_py = path / "alembic" / "env.py"
        self.ini = path / "alembic.ini"
        self.versions = init(path, template, url if in_ini else None)

    def alembic(self, line: str) -> str:
        """What an Alembic command prints that has to end well."""
        found = alembic_itself(self.path, f"{self.section} {line}")
        assert found.code == 0, found
        return found.out

    def ours(self, line: str, code: int = 0) -> Result:
        """What our command says, which has to end with this exit code."""
        found = brokle_migrate(self.path, f"{self.section} {line}")
        assert found.code == code, found
        return found

    def revision(
        self, rev_id: str, upgrade: str = "", downgrade: str = "", options: str = ""
    ) -> Path:
        """A revision that ``alembic revision`` makes; its file.

        :param upgrade: SQL, or a body in Python that begins with ``op`` or ``with``.
        :param options: of ``alembic revision``.
        """
        self.alembic(f"revision -m 'revision {rev_id}' --rev-id {rev_id} {options}")
        (path,) = self.path.rglob(f"{rev_id}_*.py")
        before, up, down = path.read_text().split("    pass\n")
        path.write_text(f"{before}{_body(upgrade)}{up}{_body(downgrade)}{down}")
        return path

    def edit(self, path: Path, *replacements: tuple[str, str]) -> None:
        """Change a file."""
        text = path.read_text()
        for old, new in replacements:
            assert old in text, (old, text)
            text = text.replace(old, new)
        path.write_text(text)

    def agree(self, *current: str) -> None:
        """Both have to say that the database stands there."""
        said = {line.split()[0]: line for line in self.alembic("current").splitlines()}
        assert set(current) <= set(said)
        # Alembic also shows a head that another one depends on, and that has no row.
        assert all("(effective head)" in said[one] for one in set(said) - set(current))
        assert set(self.status()["current"]) == set(current)

    def status(self) -> dict[str, Any]:
        """Our status of Postgres."""
        (found,) = json.loads(self.ours("--json status").out)["data"]["databases"]
        return dict(found)


def _body(code: str) -> str:
    if not code:
        return "    pass\n"
    lines = code.splitlines() if code.startswith(("op.", "with ")) else [f"op.execute({code!r})"]
    return "".join(f"    {line}\n" for line in lines)
