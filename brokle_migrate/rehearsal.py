"""``check --rehearse``: the whole chain up, down and up again, on engines that are thrown away.

After every step the schema of its database is read: a way down has to give back exactly what there
was before its way up, and the second way up what the first one made.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from . import migrating
from .checked import Rehearsed
from .checks.rehearsed import (
    DOWN_FAILS,
    IRREVERSIBLE,
    LEAVES,
    MODELS,
    OTHERWISE,
    UP_FAILS,
    way_out,
)
from .environments.restoring import by_database
from .environments.throwaway import lacking, throwaway
from .errors import ConfigError, Irreversible, LinkError, StepFailed, TimedOut
from .history import History
from .model import POSTGRES, Limits, Location, Operation, Request
from .schemas import differences, told

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from .checks.rule import Rule
    from .config import Config
    from .environments import Environments
    from .environments.base import Log
    from .environments.postgres import PostgresEnvironment
    from .model import Finding, Plan, Step
    from .schemas import Key, Schema

_NO_LIMITS = Limits()


@dataclass(slots=True)
class Rehearsal:
    """What a rehearsal did and found.

    :ivar steps: in the order in which they ran.
    """

    steps: list[Rehearsed] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def rehearse(
    config: Config,
    names: Sequence[str],
    *,
    log: Log,
    tell: Callable[[str], None],
    dumps: Sequence[Path] = (),
    limits: Limits = _NO_LIMITS,
) -> Rehearsal:
    """Run every revision up, down and up again.

    :param names: the databases, Postgres first.
    :param dumps: what to start from instead of nothing; what they record as applied is not run.
    :param tell: called with a sentence about what is being rehearsed.
    :param limits: how long all of it, and a statement, may take.
    :raises Interrupted: a signal ended it.
    :raises TimedOut: it took longer than it may.
    :raises ConfigError: there are no engines for it, an ``env.py`` would connect elsewhere, or a
        dump is none to begin with.
    :raises MigrateError: the histories can't be planned.
    """
    missing = lacking(names)
    if missing is not None:
        raise ConfigError(f"nothing can be rehearsed: {missing}")
    begun = by_database(dumps, names)
    with throwaway(config, names, log=log, dumps=begun) as environments:
        for name, dump in begun.items():
            _require_known(environments, name, dump)
        run = _Run(environments, tuple(names), tell, limits)
        run.there_and_back()
        return run.result


def _require_known(environments: Environments, name: str, dump: Path) -> None:
    """Refuse a dump that the files don't lead on from; the usual advice is about a live database.

    :raises ConfigError: it records what no file has.
    """
    history = History(environments[name].snapshot())
    if history.is_lost:
        raise ConfigError(
            f"{dump} records {', '.join(history.ahead)} in {name}, and no file here has that "
            "version",
            hint="update your checkout to the version that made it; or write another: "
            "brokle-migrate dump",
        )


class _Run:
    """A rehearsal while it runs.

    A history in which a step fails is left where it stands, and the other one goes on as far as the
    links between them allow.

    :ivar result: so far.
    """

    def __init__(
        self,
        environments: Environments,
        names: tuple[str, ...],
        tell: Callable[[str], None],
        limits: Limits,
    ) -> None:
        self._environments = environments
        self._names = names
        self._tell = tell
        self._limits = limits
        self._before: dict[tuple[str, str], Schema] = {}
        self._after: dict[tuple[str, str], Schema] = {}
        # What one way down got wrong is still wrong after the next one, and the second way up.
        self._wrong: dict[str, set[Key]] = {name: set() for name in names}
        self._failed: set[str] = set()
        self.result = Rehearsal()

    def there_and_back(self) -> None:
        """Everything up, down as far as there is a way, and up again."""
        steps = self._plan(Operation.UP, self._names).steps
        done = [step for n, step in enumerate(steps, 1) if self._up(step, f"{n} of {len(steps)}")]
        self._compare_models()
        back = self._down(done)
        for step in reversed(back):
            self._up_again(step)

    def _up(self, step: Step, place: str) -> bool:
        """Run the way up of a step; whether it did."""
        name = step.environment
        if name in self._failed:
            return False
        self._tell(f"rehearsing {place}: {name} {step.revision}")
        before = self._schema(name)
        try:
            done = self._run(name, 1, UP_FAILS)
        except LinkError:  # it waits for a step that failed, or for one after that
            self._failed.add(name)
            return False
        if done is None:
            return False
        self._before[name, done.revision] = before
        self._after[name, done.revision] = self._schema(name)
        return True

    def _down(self, steps: Sequence[Step]) -> list[Step]:
        """Roll back from the end; the steps that were, the last one last."""
        gone: list[Step] = []
        kept: set[str] = set()
        for step in reversed(steps):
            name = step.environment
            if name in kept or name in self._failed:
                continue
            self._tell(f"rehearsing the way back: {name} {step.revision}")
            try:
                done = self._run(name, -1, DOWN_FAILS)
            except (Irreversible, LinkError) as error:
                kept.add(name)
                nothing = f"nothing before it was taken back in {name}"
                self._note(IRREVERSIBLE, step, f"{error.message}: {nothing}")
                continue
            if done is not None:
                gone.append(done)
                self._compare(LEAVES, done, self._before, "does not give back what there was")
        return gone

    def _up_again(self, step: Step) -> None:
        name = step.environment
        if name in self._failed:
            return
        self._tell(f"rehearsing once more: {name} {step.revision}")
        rule = None if self._wrong[name] else UP_FAILS  # what was left may be in its way
        try:
            done = self._run(name, 1, rule)
        except LinkError:  # it waits for a step that failed
            self._failed.add(name)
            return
        if done is not None and not self._wrong[name]:
            self._compare(OTHERWISE, done, self._after, "makes something else the second time")

    def _run(self, environment: str, count: int, rule: Rule | None) -> Step | None:
        """Run one step; None where it failed, which is a finding of the rule.

        :raises Irreversible: it is a step down, and there is no way.
        :raises LinkError: a link to the other history does not let it run.
        """
        plan = self._plan(Operation.STEPS, (environment,), steps=count)
        (step,) = plan.steps
        began = time.monotonic()
        report = migrating.run(
            plan,
            self._environments,
            emit=migrating.nobody,
            waiting=migrating.nobody,
            limits=self._limits,
        )
        seconds = time.monotonic() - began
        error = report.error
        if error is None:
            done = Rehearsed(environment, step.revision, step.action.value, seconds)
            self.result.steps.append(done)
            return step
        if not isinstance(error, StepFailed) or isinstance(error, TimedOut):
            raise error
        self._failed.add(environment)
        if rule is not None:
            self._note(rule, step, error.message, way_out(error.message), error.location)
        return None

    def _plan(self, operation: Operation, names: tuple[str, ...], steps: int | None = None) -> Plan:
        return migrating.plan(Request(operation, names, steps=steps), self._environments)

    def _schema(self, environment: str) -> Schema:
        return self._environments[environment].schema()

    def _compare(
        self, rule: Rule, step: Step, schemas: Mapping[tuple[str, str], Schema], message: str
    ) -> None:
        """Note how the schema differs from what it was, but for what is wrong already."""
        name = step.environment
        wanted = schemas.get((name, step.revision))
        if wanted is None:
            return
        known = self._wrong[name]
        found = differences(wanted, self._schema(name))
        fresh = [each for each in found if (each.kind, each.name) not in known]
        known.update((each.kind, each.name) for each in fresh)
        if fresh:
            self._note(rule, step, "\n".join((f"{message}:", *told(fresh))))

    def _compare_models(self) -> None:
        """Alembic's own check, where the project has models."""
        revisions = self._environments[POSTGRES].revisions() if POSTGRES in self._names else ()
        if not revisions or POSTGRES in self._failed:
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
