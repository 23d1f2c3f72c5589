"""``check --rehearse``: the whole chain up, down and up again, on engines that are thrown away.

After every step the schema of its database is read: a way down has to give back exactly what there
was before its way up, and the second way up what the first one made.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from . import migrating
from .checked import Rehearsed
from .checks.rehearsed import DOWN_FAILS, IRREVERSIBLE, LEAVES, MODELS, OTHERWISE, UP_FAILS
from .environments.throwaway import lacking, throwaway
from .errors import ConfigError, Irreversible, MigrateError, StepFailed
from .model import POSTGRES, Location, Operation, Request
from .schemas import differences, told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .checks.rule import Rule
    from .config import Config
    from .environments import Environments
    from .environments.base import Log
    from .environments.postgres import PostgresEnvironment
    from .model import Finding, Plan, Step
    from .schemas import Schema


@dataclass(slots=True)
class Rehearsal:
    """What a rehearsal did and found.

    :ivar steps: in the order in which they ran.
    """

    steps: list[Rehearsed] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


class _Stop(Exception):
    """There is no point in going on."""


def rehearse(
    config: Config,
    names: Sequence[str],
    *,
    log: Log,
    tell: Callable[[str], None],
    dumps: Sequence[Path] = (),
) -> Rehearsal:
    """Run every revision up, down and up again.

    :param names: the databases, Postgres first.
    :param dumps: what to start from instead of nothing; what they record as applied is not run.
    :param tell: called with a sentence about what is being rehearsed.
    :raises ConfigError: there are no engines for it, or an ``env.py`` would connect elsewhere.
    :raises MigrateError: the histories can't be planned.
    """
    missing = lacking(names)
    if missing is not None:
        raise ConfigError(f"nothing can be rehearsed: {missing}")
    with throwaway(config, names, log=log, dumps=dumps) as environments:
        run = _Run(environments, tuple(names), tell)
        with suppress(_Stop):
            run.there_and_back()
        return run.result


class _Run:
    """A rehearsal while it runs.

    :ivar result: so far.
    """

    def __init__(
        self, environments: Environments, names: tuple[str, ...], tell: Callable[[str], None]
    ) -> None:
        self._environments = environments
        self._names = names
        self._tell = tell
        self._before: dict[tuple[str, str], Schema] = {}
        self._after: dict[tuple[str, str], Schema] = {}
        self._littered: set[str] = set()  # what a down left is there after the second up, too
        self.result = Rehearsal()

    def there_and_back(self) -> None:
        """Everything up, down as far as there is a way, and up again."""
        steps = self._plan(Operation.UP, self._names).steps
        for number, step in enumerate(steps, 1):
            self._tell(f"rehearsing {number} of {len(steps)}: {step.environment} {step.revision}")
            self._up(step)
        self._compare_models()
        back = self._down(steps)
        for step in reversed(back):
            self._up_again(step)

    def _up(self, step: Step) -> None:
        before = self._schema(step.environment)
        done = self._run(step.environment, 1, UP_FAILS)
        self._before[done.environment, done.revision] = before
        self._after[done.environment, done.revision] = self._schema(step.environment)

    def _down(self, steps: Sequence[Step]) -> list[Step]:
        """Roll back from the end; the steps that were, the last one last."""
        gone: list[Step] = []
        for step in reversed(steps):
            self._tell(f"rehearsing the way back: {step.environment} {step.revision}")
            try:
                done = self._run(step.environment, -1, DOWN_FAILS)
            except Irreversible as error:
                self._note(IRREVERSIBLE, step, f"{error.message}: nothing before it was taken back")
                break
            gone.append(done)
            before = self._before.get((done.environment, done.revision))
            if before is not None:
                left = self._schema(done.environment)
                if self._compare(LEAVES, done, before, left, "does not give back what there was"):
                    self._littered.add(done.environment)
        return gone

    def _up_again(self, step: Step) -> None:
        self._tell(f"rehearsing once more: {step.environment} {step.revision}")
        done = self._run(step.environment, 1, UP_FAILS)
        wanted = self._after.get((done.environment, done.revision))
        if wanted is not None and done.environment not in self._littered:
            found = self._schema(done.environment)
            self._compare(OTHERWISE, done, wanted, found, "makes something else the second time")

    def _run(self, environment: str, count: int, rule: Rule) -> Step:
        """Run one step.

        :raises _Stop: it failed, which is a finding.
        :raises Irreversible: it is a step down, and there is no way.
        """
        plan = self._plan(Operation.STEPS, (environment,), steps=count)
        (step,) = plan.steps
        began = time.monotonic()
        report = migrating.run(
            plan, self._environments, emit=migrating.nobody, waiting=migrating.nobody
        )
        seconds = time.monotonic() - began
        if report.error is not None:
            self._failed(rule, step, report.error)
        self.result.steps.append(Rehearsed(environment, step.revision, step.action.value, seconds))
        return step

    def _failed(self, rule: Rule, step: Step, error: MigrateError) -> None:
        place = error.location if isinstance(error, StepFailed) else None
        self._note(rule, step, error.message, error.hint or "", place)
        raise _Stop

    def _plan(self, operation: Operation, names: tuple[str, ...], steps: int | None = None) -> Plan:
        return migrating.plan(Request(operation, names, steps=steps), self._environments)

    def _schema(self, environment: str) -> Schema:
        return self._environments[environment].schema()

    def _compare(self, rule: Rule, step: Step, wanted: Schema, found: Schema, message: str) -> bool:
        changed = differences(wanted, found)
        if changed:
            self._note(rule, step, "\n".join((f"{message}:", *told(changed))))
        return bool(changed)

    def _compare_models(self) -> None:
        """Alembic's own check, where the project has models."""
        revisions = self._environments[POSTGRES].revisions() if POSTGRES in self._names else ()
        if not revisions:
            return
        for sentence in _undone(self._environments):
            place = Location(revisions[-1].path, 1, 1)
            hint = "brokle-migrate postgres revision --autogenerate -m …"
            self.result.findings.append(MODELS.finding(POSTGRES, sentence, hint, place))

    def _note(
        self, rule: Rule, step: Step, message: str, hint: str = "", place: Location | None = None
    ) -> None:
        location = place or Location(_file(step), 1, 1)
        self.result.findings.append(rule.finding(step.environment, message, hint, location))


def _file(step: Step) -> Path:
    """The file that a step runs."""
    if step.statements:
        return step.statements[0].location.path
    assert step.path is not None  # it has been run
    return step.path


def _undone(environments: Environments) -> tuple[str, ...]:
    from .environments.postgres_models import unmigrated

    return cast("PostgresEnvironment", environments[POSTGRES]).read(unmigrated)
