"""Every rule about Postgres revisions: as modules, and by the SQL that they emit."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from ..checks.emitted import offline_findings, squawk_findings
from ..checks.files import INVALID, problems
from ..checks.modules import MODULES, Module
from ..errors import Problem
from ..model import POSTGRES
from . import squawk
from .clickhouse_checks import Looked
from .emitting import emitted
from .revision_files import source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ..config import Config
    from ..model import Finding, Revision

_PER_MIGRATION = "transaction_per_migration"


def look(config: Config, revisions: Sequence[Revision], sources: Mapping[Path, str]) -> Looked:
    """Hold every rule to the revisions.

    :param revisions: each after those that it builds on.
    :param sources: the text of the module of each.
    """
    found = list(_module_findings(config, revisions, sources))
    reason = "the SQL of the Postgres revisions was not looked at"
    tool = squawk.program()
    if tool is None:
        missing = f"{reason}: squawk is not installed: pip install 'brokle-migrate[check]'"
        return Looked(tuple(found), (missing,))
    try:
        sql = emitted(config, revisions)
    except (Exception, SystemExit) as error:  # whatever env.py trips over without a database
        words = f"{type(error).__name__}: {error}".partition("\n")[0]
        problem = _of_a_revision(error, words, sources)
        if problem is not None:
            found += problems(INVALID, POSTGRES, [problem])
            return Looked(tuple(found), (f"{reason}: not every revision can be loaded",))
        return Looked(tuple(found), (f"{reason}: env.py does not run offline: {words}",))
    found += offline_findings(sql)
    try:
        found += squawk_findings(squawk.complaints(tool, sql, config.directory))
    except squawk.NotAnswered as error:
        return Looked(tuple(found), (f"{reason}: squawk failed: {error}",))
    return Looked(tuple(found))


def _of_a_revision(error: BaseException, words: str, sources: Mapping[Path, str]) -> Problem | None:
    """What is wrong with a module that can't be loaded; None where it is not a revision's fault."""
    by_name = {str(path): path for path in sources}
    if isinstance(error, SyntaxError) and error.filename in by_name:
        return Problem(by_name[error.filename], f"can't be loaded: {error.msg}", error.lineno)
    place = error.__traceback__
    found = None
    while place is not None:
        if place.tb_frame.f_code.co_filename in by_name:
            found = place
        place = place.tb_next
    if found is None:
        return None
    path = by_name[found.tb_frame.f_code.co_filename]
    return Problem(path, f"can't be loaded: {words}", found.tb_lineno)


def _module_findings(
    config: Config, revisions: Sequence[Revision], sources: Mapping[Path, str]
) -> Iterator[Finding]:
    from .alembic_project import AlembicProject

    env_py = source(AlembicProject(config).env_py)
    per_migration = _is_per_migration(env_py)
    own = frozenset(_application(config.directory))
    for revision in revisions:
        module = Module(
            revision, sources[revision.path], per_migration, own.__contains__, _parameters
        )
        yield from MODULES.findings(module)


def _is_per_migration(env_py: str) -> bool:
    """Whether ``env.py`` asks for a transaction for each revision; also where that depends."""
    try:
        tree = ast.parse(env_py)
    except SyntaxError:
        return False
    given = (each for each in ast.walk(tree) if isinstance(each, ast.keyword))
    return any(
        each.arg == _PER_MIGRATION
        and not (isinstance(each.value, ast.Constant) and not each.value.value)
        for each in given
    )


def _application(directory: Path) -> Iterator[str]:
    """The names of modules and packages that lie in the project."""
    for base in (directory, directory / "src"):
        for path in base.iterdir() if base.is_dir() else ():
            is_package = path.is_dir() and (path / "__init__.py").is_file()
            if (is_package or path.suffix == ".py") and path.stem not in sys.stdlib_module_names:
                yield path.stem


def _parameters(sql: str) -> tuple[str, ...]:
    from sqlalchemy import text

    return tuple(text(sql).compile().params)
