"""What went wrong in a run of ``env.py``, in our words and at its place."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import (
    ConfigError,
    DatabaseUnreachable,
    ForeignLedger,
    MigrateError,
    RevisionError,
    StateError,
    StepFailed,
)
from ..model import Location

if TYPE_CHECKING:
    from ..model import Step

_UNDEFINED_COLUMN = "42703"
_AUTOCOMMITTED = (
    "the revision has an autocommit block: what ran before and in it is committed and is not "
    "recorded. Put the schema right, or make the revision fit for a second run, then: "
    "brokle-migrate up"
)


def explain(error: BaseException, label: str, env_py: Path) -> MigrateError:
    """The error for a run that failed before any step.

    :param label: the database, without user or password.
    :param env_py: the team's ``env.py``.
    """
    from alembic.util import CommandError
    from sqlalchemy import exc

    if isinstance(error, exc.DBAPIError) and _sqlstate(error) == _UNDEFINED_COLUMN:
        return ForeignLedger(
            f"the version table in {label} was made by another tool (golang-migrate's has columns "
            "version and dirty); nothing was changed",
            hint="keep it, and give Alembic a table of its own: "
            "DB_MIGRATIONS_TABLE=alembic_version",
        )
    if isinstance(error, exc.ProgrammingError):
        return StateError(f"Postgres at {label} refused: {_words(error)}")
    if isinstance(error, exc.DBAPIError):
        return DatabaseUnreachable(
            f"Postgres at {label} does not answer: {_words(error)}",
            hint="is the server running, and are host, port, database, user and password right?",
        )
    if isinstance(error, CommandError):
        return RevisionError(f"postgres: {error}")
    return ConfigError(describe(error, env_py.parent))


def failed(step: Step, error: BaseException, *, partial: bool) -> StepFailed:
    """The error for a step that failed: the place in the revision, the SQL, the server's words.

    :param partial: whether the step had entered an autocommit block.
    """
    sql = getattr(error, "statement", None)
    return StepFailed(
        _words(error),
        step=step,
        location=_place(error, step.path) if step.path else None,
        sql=str(sql).strip() if sql else None,
        partial=partial,
        hint=_AUTOCOMMITTED if partial else None,
    )


def describe(error: BaseException, directory: Path) -> str:
    """An exception with the innermost place below ``directory`` that it came through."""
    place = _place(error, directory)
    return f"{place}: {_words(error)}" if place else _words(error)


def _place(error: BaseException, where: Path) -> Location | None:
    """The innermost line of the traceback in a file, or in a directory."""
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        path = Path(frame.filename)
        if path == where or where in path.parents:
            return Location(path, frame.lineno or 1, (frame.colno or 0) + 1)
    return None


def _words(error: BaseException) -> str:
    """What the server said, without SQLAlchemy's frame around it."""
    original = getattr(error, "orig", None)
    if original is None:
        return f"{type(error).__name__}: {error}"
    diagnosis = getattr(original, "diag", None)
    primary = getattr(diagnosis, "message_primary", None)
    if not primary:
        return " ".join(str(original).split())
    detail = getattr(diagnosis, "message_detail", None)
    return f"{primary} ({detail})" if detail else str(primary)


def _sqlstate(error: object) -> str | None:
    original = getattr(error, "orig", None)
    return getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
