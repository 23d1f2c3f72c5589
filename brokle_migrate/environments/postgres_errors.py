"""What went wrong in a run of ``env.py``, in our words and at its place."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import (
    ConfigError,
    ForeignLedger,
    MigrateError,
    RevisionError,
    StateError,
    StepFailed,
    StepTimedOut,
)
from ..grants import SOMEBODY
from ..model import Action, Location
from .postgres_refusals import TOO_LONG, hint_for, is_already_there, is_lost
from .postgres_unreachable import unreachable

if TYPE_CHECKING:
    from ..model import Step

_UNDEFINED_COLUMN = "42703"
_READ_ONLY = "25006"
_MENDED = {"42501", "3F000"}  # insufficient_privilege, invalid_schema_name


_CLASS = re.compile(r"<class '[\w.]+'>: ")  # SQLAlchemy's, before the words of asyncpg
_IN_A_LOOP = "this env.py starts an event loop of its own: await auto_migrate_async() instead"
_AT_COMMIT = (
    "the revision had run, and whether the server still committed it, it alone knows: what it has "
    "recorded is above, or in brokle-migrate status"
)
_TAKEN_BACK = "the server takes back what was not committed"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known about a run when a step of it failed.

    :ivar user: who is connected.
    :ivar commits: whether the step's revision seems to commit by itself.
    :ivar committed: revisions that entered an autocommit block and are not recorded.
    :ivar autocommit: whether ``env.py`` connects in AUTOCOMMIT, which is one big such block.
    :ivar ended: whether the revision had run to its end: what was left was to commit.
    :ivar timed_out: whether a statement was cancelled because of ``--statement-timeout``.
    """

    user: str = SOMEBODY
    commits: bool = False
    committed: tuple[str, ...] = ()
    autocommit: bool = False
    ended: bool = False
    timed_out: bool = False


def explain(
    error: BaseException, label: str, env_py: Path, user: str | None = None
) -> MigrateError:
    """The error for a run that failed before any step.

    :param label: the database, without user or password.
    :param env_py: the team's ``env.py``.
    :param user: who is connected, for what has to be granted.
    """
    from alembic.util import CommandError
    from sqlalchemy import exc

    if isinstance(error, exc.DBAPIError) and sqlstate_of(error) == _UNDEFINED_COLUMN:
        return ForeignLedger(
            f"the version table in {label} was made by another tool (golang-migrate's has columns "
            "version and dirty); nothing was changed",
            hint="keep it, and give Alembic a table of its own: "
            "DB_MIGRATIONS_TABLE=alembic_version",
        )
    if isinstance(error, exc.ProgrammingError):
        state, words = sqlstate_of(error), _words(error)
        hint = hint_for(state, words, user, error.statement or "") if state in _MENDED else None
        return StateError(f"Postgres at {label} refused: {words}", hint=hint)
    if isinstance(error, exc.DBAPIError):
        state = sqlstate_of(error)
        if state == _READ_ONLY:
            words = f"Postgres at {label} refused: {_words(error)}"
            return StateError(words, hint=hint_for(state, _words(error), ""))
        return unreachable(label, _words(error), user)
    if isinstance(error, CommandError):
        return RevisionError(f"postgres: {error}")
    in_a_loop = isinstance(error, RuntimeError) and "running event loop" in str(error)
    return ConfigError(describe(error, env_py.parent), hint=_IN_A_LOOP if in_a_loop else None)


def failed(step: Step, error: BaseException, seen: Circumstances) -> StepFailed:
    """The error for a step that failed: the place in the revision, the SQL, the server's words."""
    if seen.timed_out:
        message = f"{_words(error)} (--statement-timeout)"
    elif is_lost_connection(error):
        message = f"the connection to Postgres broke: {_words(error)}"
    else:
        message = _words(error)
    return _at_its_place(StepFailed, message, step, error, seen, _advice(step, error, seen))


def timed_out(step: Step, error: BaseException, seen: Circumstances) -> StepFailed:
    """The error for a step that was ended because the run had no time left."""
    message = "the time that the run was given (--timeout) is over, and what was running was ended"
    hint = _joined([*_half_done(step, seen), f"Give it more time (--timeout): {_again(step)}"])
    return _at_its_place(StepTimedOut, message, step, error, seen, hint)


def _at_its_place(
    kind: type[StepFailed],
    message: str,
    step: Step,
    error: BaseException,
    seen: Circumstances,
    hint: str,
) -> StepFailed:
    sql, offset = _sent(error)
    failure = kind(
        message,
        step=step,
        location=_place_in_sql(error) or (_place(error, step.path) if step.path else None),
        sql=sql,
        partial=bool(seen.committed),
        hint=hint,
    )
    failure.offset = offset
    return failure


def is_lost_connection(error: BaseException) -> bool:
    """Whether it was the connection that failed, and not what was sent over it."""
    return bool(getattr(error, "connection_invalidated", False)) or is_lost(sqlstate_of(error))


def sqlstate_of(error: BaseException | None) -> str:
    """The server's five letters for an error of a driver, or one in SQLAlchemy's frame."""
    original = getattr(error, "orig", None) or error
    return getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or ""


def _advice(step: Step, error: BaseException, seen: Circumstances) -> str:
    """What usually helps, what happened to the database, and what to type."""
    state = sqlstate_of(error)
    if is_already_there(state) and seen.commits:
        return _interrupted_before(step)
    sql = str(getattr(error, "statement", None) or "")
    usual = TOO_LONG if seen.timed_out else hint_for(state, _words(error), seen.user, sql)
    parts = [usual] if usual else []
    if is_lost_connection(error):
        parts += [_AT_COMMIT if seen.ended else _TAKEN_BACK]
    elif not parts and step.path is not None:
        parts = [f"put {step.path.name} right"]
    return _joined([*parts, *_half_done(step, seen), f"Then {_again(step)}"])


def _again(step: Step) -> str:
    return "brokle-migrate up" if step.action is Action.UPGRADE else "the same command again"


def _half_done(step: Step, seen: Circumstances) -> list[str]:
    if not seen.committed:
        return []
    names = ", ".join(seen.committed)
    record = f", or record it: {_force(step)}" if step.action is Action.UPGRADE else ""
    fit = "make the revision fit for a second run (IF NOT EXISTS)"
    if seen.autocommit:
        what = f"env.py connects in AUTOCOMMIT: what {names} did is committed and is not recorded"
    else:
        what = (
            f"{names} has an autocommit block: what ran before and in it is committed and is not "
            "recorded (brokle-migrate status names an index that it left invalid)"
        )
    return [what, f"Put the schema right, or {fit}{record}"]


def _interrupted_before(step: Step) -> str:
    return (
        f"an earlier run of {step.revision} may have been interrupted in or after its autocommit "
        "block: what that had committed is there, and not recorded. Look at what is there. Then "
        "make the revision fit for a second run (IF NOT EXISTS), or drop what that run left "
        "behind, and type brokle-migrate up; or, if nothing is missing, record it: "
        f"{_force(step)}"
    )


def _force(step: Step) -> str:
    return f"brokle-migrate --db {step.environment} force --version {step.revision}"


def _joined(sentences: list[str]) -> str:
    text = ""
    for sentence in sentences:
        text += (" " if text.endswith("?") else ". ") * bool(text) + sentence
    return text


def _sent(error: BaseException) -> tuple[str | None, int | None]:
    """The SQL as the server got it, and the character of it at which it stopped reading."""
    sql = getattr(error, "statement", None)
    if not sql:
        return None, None
    text = str(sql)
    frames = {frame.name for frame in traceback.extract_tb(error.__traceback__)}
    if "do_execute_no_params" not in frames:
        text = text.replace("%%", "%")  # how a percent sign is written where parameters may be
    diagnosis = getattr(getattr(error, "orig", None), "diag", None)
    position = getattr(diagnosis, "statement_position", None)
    offset = None
    if position is not None and not getattr(error, "params", None):  # these change the text
        offset = int(position) - 1 - (len(text) - len(text.lstrip()))
    text = text.strip()
    return text, offset if offset is not None and 0 <= offset <= len(text) else None


def describe(error: BaseException, directory: Path) -> str:
    """An exception with the innermost place below ``directory`` that it came through."""
    place = _place(error, directory)
    return f"{place}: {_words(error)}" if place else _words(error)


def _place_in_sql(error: BaseException) -> Location | None:
    """Where a .sql file went wrong that a revision runs, as far as the server told."""
    found = getattr(error, "sql_file", None)  # set by op.execute_sql_file()
    return Location(*found) if found else None


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
        return _CLASS.sub("", " ".join(str(original).split()))
    more = (diagnosis.message_detail, diagnosis.message_hint) if diagnosis else ()
    details = " ".join(part for part in more if part)
    return f"{primary} ({details})" if details else str(primary)
