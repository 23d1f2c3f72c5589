"""Both databases or neither: the whole plan inside one Postgres transaction.

ClickHouse has no transactions, so its steps run while Postgres's are done and not yet committed:
code after the last ``yield`` to Alembic still runs in the open transaction.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ..errors import MigrateError, StateError, StepFailed
from ..model import POSTGRES
from .postgres_run import PostgresRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from alembic.runtime.migration import MigrationContext, MigrationStep
    from sqlalchemy import Connection

    from ..model import Step
    from .base import StepSql

    Inside = Callable[[Sequence[Step]], None]

# What Postgres's manual says "cannot be executed inside a transaction block".
_OUTSIDE = re.compile(
    r"^\s*((?:CREATE\s+(?:UNIQUE\s+)?|DROP\s+)INDEX\s+CONCURRENTLY"
    r"|REINDEX\b[^;]*?\b(?:CONCURRENTLY|DATABASE|SYSTEM|SCHEMA)|VACUUM|ALTER\s+SYSTEM"
    r"|ALTER\s+TABLE\b[^;]*\bDETACH\s+PARTITION\b[^;]*\bCONCURRENTLY"
    r"|(?:CREATE|DROP)\s+(?:DATABASE|TABLESPACE|SUBSCRIPTION))\b",
    re.IGNORECASE | re.MULTILINE,
)
# A session that idles while ClickHouse works is meant to; PostgreSQL ends others.
_BEGIN = "SELECT txid_current(), set_config('idle_in_transaction_session_timeout', '0', true)"
_ID = "SELECT txid_current()"
_ALONE = "run it without --atomic, or before: brokle-migrate --db postgres up"


class AtomicRun(PostgresRun):
    """One run of ``env.py`` over the Postgres steps of a plan, around all the others.

    :ivar entered: whether steps of another database were begun.
    """

    def __init__(self, plan: Sequence[Step], inside: Inside, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._plan = plan
        self._inside = inside
        self._is_whole = False
        self._is_kept = False
        self._refusal: MigrateError | None = None
        self.entered = False

    def apply(self, **options: Any) -> None:
        """Run the plan, and commit Postgres only if all of it was done."""
        try:
            super().apply(**options)
        except MigrateError as error:
            if self._refusal is not None:  # what the libraries made of it, says less
                raise self._refusal from error
            raise
        if not self._is_kept:
            raise self._refusal or StateError(
                "env.py did not commit the transaction of --atomic: Postgres is as it was before",
                hint="does env.py run the migrations inside context.begin_transaction(), and let "
                "errors through?",
            )

    def work(self, heads: tuple[str, ...], context: MigrationContext) -> Iterator[MigrationStep]:
        from sqlalchemy import event

        connection = self._begin(context)
        transaction = self._require_transaction(context, connection)
        context.autocommit_block = self._no_autocommit  # type: ignore[method-assign]
        event.listen(connection, "commit", self._before_commit)
        number = 0
        for environment, stretch in groupby(self._plan, key=lambda step: step.environment):
            if environment == POSTGRES:
                for number, step in enumerate(stretch, number + 1):  # noqa: B020 - counts on
                    yield from self._step(step, number, heads, context)
            else:
                self._require_same(transaction, connection)
                self.entered = True
                self._inside(tuple(stretch))
        self._watch.check()
        self._require_same(transaction, connection)
        self._is_whole = True

    def _require_transaction(self, context: MigrationContext, connection: Connection) -> int:
        """The id of the transaction that ``env.py`` opened.

        :raises StateError: there is none, so nothing could be taken back.
        """
        opened = context._transaction is not None or context._in_external_transaction  # noqa: SLF001
        first = connection.exec_driver_sql(_BEGIN).scalar_one()
        if not opened or connection.exec_driver_sql(_ID).scalar_one() != first:
            self._refuse(
                StateError(
                    "--atomic needs a transaction, and env.py opens none; nothing was run",
                    hint="run the migrations inside context.begin_transaction(), on an engine "
                    "that is not in AUTOCOMMIT, as in the env.py that alembic init makes",
                )
            )
        return int(first)

    def _require_same(self, transaction: int, connection: Connection) -> None:
        """Refuse to go on after something was committed with SQL of its own."""
        if connection.exec_driver_sql(_ID).scalar_one() != transaction:
            self._refuse(self._failure("a revision ended the transaction of --atomic", True))

    def _before_commit(self, _: Connection) -> None:
        """Called by SQLAlchemy before it commits; what this raises keeps it from that."""
        if not self._is_whole:
            self._refuse(self._failure("the revision commits by itself, and --atomic must not"))
        self._is_kept = True

    @contextmanager
    def _no_autocommit(self) -> Iterator[None]:
        self._refuse(self._failure("the revision has an autocommit block, and --atomic has none"))
        yield

    def _failure(self, message: str, partial: bool = False) -> StepFailed:
        step = self.current or self._plan[0]
        return StepFailed(message, step=step, partial=partial, hint=_ALONE)

    def _refuse(self, error: MigrateError) -> None:
        self._refusal = self._refusal or error
        raise self._refusal


def outside_transactions(found: StepSql, commits: bool) -> str | None:
    """Why a step can't be in a transaction with others, None if it seems to be able to.

    :param found: what Alembic's offline mode says of it.
    :param commits: whether its file seems to commit by itself.
    """
    revision = found.step.revision
    # The last COMMIT is that of the transaction around the step; an autocommit block begins with
    # one of its own.
    if "COMMIT" in found.statements[:-1] or (commits and found.note):
        return f"{revision} commits by itself, or has an autocommit block"
    for statement in found.statements:
        match = _OUTSIDE.search(statement)
        if match:
            return f"{revision}: {' '.join(match[1].split())} can't run in a transaction"
    return None
