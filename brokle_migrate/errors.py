"""What can go wrong, as one tree of exceptions.

::

    MigrateError
      ├─ ConfigError
      │    └─ NoEnvPy
      ├─ UsageError
      ├─ RevisionError
      │    ├─ UnknownRevision
      │    ├─ AmbiguousRevision
      │    ├─ MultipleHeads
      │    ├─ InvalidScripts
      │    │    └─ SqlSyntaxError
      │    ├─ OutOfOrder
      │    ├─ Irreversible
      │    ├─ LinkError
      │    └─ InvalidPlan
      ├─ StateError
      │    ├─ Dirty
      │    ├─ Ahead
      │    ├─ ForeignLedger
      │    ├─ StalePlan
      │    ├─ NotAtHead
      │    ├─ NotAllowed
      │    └─ Busy
      ├─ LockHeld
      ├─ LockLost
      ├─ TimedOut
      ├─ DatabaseUnreachable
      ├─ NotConfirmed
      ├─ PartlyDropped
      ├─ NotDumped
      ├─ HookFailed
      ├─ Interrupted
      │    └─ Terminated
      ├─ StepFailed
      │    └─ StepTimedOut (a TimedOut, too)
      └─ MigrationFailed

The first paragraph of a class docstring is the default message.  Only the
command line turns an error into text and an exit code.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from pathlib import Path

    from .interruption import Interruption
    from .model import Location, Report, Step


class Problem(str):
    """A sentence about a file, which begins with its place.

    :ivar path: the file.
    :ivar line: from 1; None where the file as a whole is meant.
    :ivar column: likewise.
    :ivar message: the sentence without the place.
    """

    __slots__ = ("column", "line", "message", "path")

    path: Path
    line: int | None
    column: int | None
    message: str

    def __new__(
        cls, path: Path, message: str, line: int | None = None, column: int | None = None
    ) -> Self:
        """A sentence about a place."""
        place = ":".join(str(part) for part in (path, line, column) if part is not None)
        made = super().__new__(cls, f"{place}: {message}")
        made.path, made.line, made.column, made.message = path, line, column, message
        return made


class MigrateError(Exception):
    """Something went wrong.

    :param message: what happened and where; the class docstring when left out.
    :param hint: what to type or look at next.
    :ivar partial: whether something may have been committed that no record tells of.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    partial: bool = False

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip().split("\n\n")[0]
        self.hint = hint
        super().__init__(self.message)


class ConfigError(MigrateError):
    """The configuration is incomplete or contradicts itself."""

    code = "config"
    exit_code = 2


class NoEnvPy(ConfigError):
    """The directory of the Postgres revisions has no ``env.py``.

    :ivar directory: that directory.
    """

    def __init__(self, message: str, directory: Path, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.directory = directory


class UsageError(MigrateError):
    """The command line asks for something that does not exist."""

    code = "usage"
    exit_code = 2


class RevisionError(MigrateError):
    """The history on disk does not answer what was asked."""

    code = "revision"
    exit_code = 2


class UnknownRevision(RevisionError):
    """No history has such a revision."""

    code = "unknown_revision"


class AmbiguousRevision(RevisionError):
    """More than one revision fits."""

    code = "ambiguous_revision"


class MultipleHeads(RevisionError):
    """The history has more than one head."""

    code = "multiple_heads"


class InvalidScripts(RevisionError):
    """Migration files are not valid.

    :param problems: every problem that was found, each with its place.
    """

    code = "invalid_scripts"

    def __init__(
        self, message: str, *, problems: tuple[Problem, ...] = (), hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.problems = problems


class SqlSyntaxError(InvalidScripts):
    """A .sql file can't be split into statements.

    :param location: where the trouble starts.
    """

    code = "sql_syntax"

    def __init__(self, message: str, *, location: Location, hint: str | None = None) -> None:
        problem = Problem(location.path, message, location.line, location.column)
        super().__init__(problem, problems=(problem,), hint=hint)
        self.location = location


class OutOfOrder(RevisionError):
    """A file is older than the newest applied revision and was never applied."""

    code = "out_of_order"


class Irreversible(RevisionError):
    """A step can't be rolled back.

    :ivar reason: in the file's words.
    """

    code = "irreversible"

    def __init__(self, message: str | None = None, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class LinkError(RevisionError):
    """A link between the two histories can't be honoured."""

    code = "link"


class InvalidPlan(RevisionError):
    """The file holds no plan that can be run."""

    code = "invalid_plan"


class StateError(MigrateError):
    """The state of a database does not allow this."""

    code = "state"


class Dirty(StateError):
    """A step was started and not finished.

    :param interruption: where it stands.
    """

    code = "dirty"

    def __init__(
        self,
        message: str | None = None,
        *,
        hint: str | None = None,
        interruption: Interruption | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.interruption = interruption


class Ahead(StateError):
    """The database holds revisions that are not among the files."""

    code = "ahead"


class ForeignLedger(StateError):
    """The version table was made by another tool."""

    code = "foreign_ledger"
    exit_code = 2


class StalePlan(StateError):
    """The state changed between the plan and the run."""

    code = "stale_plan"


class NotAtHead(StateError):
    """The database is not at head."""

    code = "not_at_head"
    exit_code = 3


class NotAllowed(StateError):
    """The user lacks a grant."""


class Busy(StateError):
    """Another thread of this process is at work with Postgres, through Alembic."""

    code = "busy"


class LockHeld(MigrateError):
    """Somebody else is migrating."""

    code = "lock_held"
    exit_code = 4


class LockLost(MigrateError):
    """The lock was lost while the run was under way, so nothing more was run."""

    code = "lock_lost"


class TimedOut(MigrateError):
    """The time that the run was given is over."""

    code = "timeout"


class DatabaseUnreachable(MigrateError):
    """The database does not answer.

    :param refused: whether the server answered, and said no: to wait would not help.
    """

    code = "unreachable"
    exit_code = 5

    def __init__(
        self, message: str | None = None, *, hint: str | None = None, refused: bool = False
    ) -> None:
        super().__init__(message, hint=hint)
        self.refused = refused


class NotConfirmed(MigrateError):
    """Nothing was changed: the confirmation was not given."""

    code = "not_confirmed"
    exit_code = 2


class PartlyDropped(MigrateError):
    """Some objects were dropped, and then something failed."""

    code = "partly_dropped"
    exit_code = 6


class NotDumped(MigrateError):
    """The migration is done, and the schema could not be written to its file."""

    code = "not_dumped"


class HookFailed(MigrateError):
    """The files are written, and a post-write hook failed on one of them."""

    code = "hook_failed"


class Interrupted(MigrateError):
    """Stopped by an interrupt (SIGINT)."""

    code = "interrupted"
    exit_code = 130
    at_once = False  # asked for twice: nothing more is done


class Terminated(Interrupted):
    """Stopped by a request to terminate (SIGTERM)."""

    exit_code = 143


class StepFailed(MigrateError):
    """A step failed while it ran.

    :param step: the step.
    :param statement: number of the failed statement within the step, from 1; None when the
        engine does not say.
    :param location: where the statement stands in its file, if known.
    :param sql: the statement's text, if known.
    :ivar offset: the character of ``sql`` at which the server stopped reading, None when it read
        all of it.
    :param partial: whether something of the step may have been committed although its version is
        not recorded.
    """

    code = "step_failed"

    def __init__(
        self,
        message: str,
        *,
        step: Step,
        statement: int | None = None,
        location: Location | None = None,
        sql: str | None = None,
        partial: bool = False,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.step = step
        self.partial = partial
        self.statement = statement
        self.location = location
        self.sql = sql
        self.offset: int | None = None


class StepTimedOut(StepFailed, TimedOut):
    """The time that the run was given was over while a step ran."""

    code = TimedOut.code


class MigrationFailed(MigrateError):
    """An application's databases could not be migrated; the message is the whole report.

    :param error: what went wrong.
    :param report: what the run did; None when nothing was run.
    """

    code = "migration_failed"

    def __init__(self, message: str, *, error: MigrateError, report: Report | None = None) -> None:
        super().__init__(message, hint=error.hint)
        self.error = error
        self.report = report


def interrupted(number: int) -> Interrupted:
    """The error for a signal."""
    kind = Terminated if number == signal.SIGTERM else Interrupted
    return kind(hint="brokle-migrate status tells what is applied, and what to type next")
