"""The SQL of Postgres steps without running them: Alembic's offline mode, one revision at a time.

One run of ``env.py`` serves all steps.  A revision that has to read data can't run offline; it is
named as such, with the SQL it gave up to that point, instead of ending the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model import Action
from .base import StepSql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from alembic.runtime.migration import MigrationContext, MigrationStep
    from alembic.script import ScriptDirectory

    from ..model import Step

_COMMENT = "-- Running "  # how Alembic announces a revision in its output
_READS_DATA = (
    "can't run without the database (it reads data, or refuses): what else it does is known only "
    "when it runs"
)


class OfflineRun:
    """Takes what Alembic would print and keeps it apart by step; it is the output buffer.

    :param has_version_table: whether the version table exists; Alembic's offline mode can't know
        and always creates it first.
    """

    def __init__(
        self, script: ScriptDirectory, steps: Sequence[Step], has_version_table: bool
    ) -> None:
        self._script = script
        self._steps = steps
        self._has_version_table = has_version_table
        self._chunks: list[list[str]] = [[] for _ in steps]
        self._notes = [""] * len(steps)
        self._position = 0
        self._announced = False

    def work(self, _: tuple[str, ...], __: MigrationContext) -> Iterator[MigrationStep]:
        for position, step in enumerate(self._steps):
            self._position, self._announced = position, False
            found = migration_step(self._script, step)
            found.migration_fn = self._guarded(found.migration_fn, position)
            yield found

    def write(self, text: str) -> int:
        """Take one statement, as Alembic writes them: one a call."""
        statement = text.strip()
        if statement.startswith(_COMMENT) and not self._announced:
            self._announced = True
        elif statement and not self._creates_version_table_again(statement):
            self._chunks[self._position].append(statement.removesuffix(";").rstrip())
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def result(self) -> tuple[StepSql, ...]:
        """The SQL of each step."""
        parts = zip(self._steps, self._chunks, self._notes, strict=True)
        return tuple(StepSql(step, tuple(chunks), note) for step, chunks, note in parts)

    def _creates_version_table_again(self, statement: str) -> bool:
        between = not self._announced and statement.upper().startswith("CREATE TABLE")
        return between and self._has_version_table

    def _guarded(self, migrate: Callable[..., Any], position: int) -> Callable[..., None]:
        """A revision that says that it can't run offline instead of raising."""

        def run(**arguments: object) -> None:
            try:
                migrate(**arguments)
            except (
                Exception,
                SystemExit,
            ) as error:  # whatever it tripped over for want of a database
                self._notes[position] = f"{_READS_DATA} ({type(error).__name__}: {error})"

        return run


def migration_step(script: ScriptDirectory, step: Step) -> MigrationStep:
    """Alembic's form of a step."""
    from alembic.runtime.migration import MigrationStep

    module = script.get_revision(step.revision)
    if step.action is Action.UPGRADE:
        return MigrationStep.upgrade_from_script(script.revision_map, module)
    return MigrationStep.downgrade_from_script(script.revision_map, module)
