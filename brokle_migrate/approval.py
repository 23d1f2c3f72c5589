"""Holds a run to a plan that was approved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import migrating
from .errors import InvalidPlan, RevisionError, StalePlan, StateError
from .history import History
from .model import OnFailure, Operation, Request
from .proposal_changes import plan_changes, state_changes
from .proposal_file import hidden, loads
from .proposing import propose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .environments import Environments
    from .events import Emit
    from .model import Limits, Plan, Report
    from .proposal import Proposal

_LISTED = 20  # differences; whoever reads them has seen by then that the plan is another
_AGAIN = "look at what changed, then make the plan again: brokle-migrate plan --out FILE"


def read(path: Path) -> Proposal:
    """A proposal from its file.

    :raises InvalidPlan: it can't be read, or holds none as it was made.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidPlan(f"can't read {path}: {error.strerror}") from error
    try:
        return loads(content)
    except InvalidPlan as error:
        raise InvalidPlan(f"{path} can't be run: {error.message}", hint=error.hint) from error


class Approved:
    """A proposal that was approved, and what makes sure that a run keeps to it.

    :param proposal: as it was read from its file.
    :param hide: what took the secrets out of it when it was made.
    """

    def __init__(
        self, proposal: Proposal, environments: Environments, hide: Callable[[str], str]
    ) -> None:
        self._proposal = proposal
        self._environments = environments
        self._hide = hide

    @property
    def request(self) -> Request:
        """What was asked for when the plan was made.

        :raises InvalidPlan: it is nothing that ``up`` does.
        """
        asked = self._proposal.asked
        if asked.command != Operation.UP:
            raise InvalidPlan(f"the plan is one of {asked.command}, and up runs it")
        return Request(
            Operation.UP,
            asked.databases,
            steps=asked.steps,
            allow_out_of_order=asked.allow_out_of_order,
            on_failure=OnFailure(asked.on_failure),
            atomic=asked.atomic,
        )

    def plan(self, **options: Any) -> Plan:
        """Plan what was approved.

        :param options: those of :func:`.migrating.plan`.
        :raises StalePlan: something else would run now; the message tells the difference.
        """
        self._require_same_databases()
        request = self.request
        self._require_same_state()
        try:
            plan = migrating.plan(request, self._environments, **options)
        except (RevisionError, StateError) as error:
            raise StalePlan(
                f"the plan can't be made again, so nothing was run: {error.message}",
                hint=error.hint,
            ) from error
        self._require_same_plan(plan)
        return plan

    def run(
        self, *, emit: Emit, tell: Callable[[str], None], lock_timeout: float, limits: Limits
    ) -> Report:
        """Plan what was approved, and run it without asking.

        :param emit: called with every event, in order.
        :param tell: called with a sentence about whatever is waited for.
        :raises StalePlan: something else would run now; nothing was run.
        """
        how: Any = {
            "waiting": lambda holder: tell(f"waiting for the lock of {holder}"),
            "tell": tell,
            "lock_timeout": lock_timeout,
            "limits": limits,
        }
        plan = self.plan(**how)
        if not plan.steps:
            return migrating.nothing_to_do(plan, self._environments)
        return migrating.run(plan, self._environments, emit=emit, require=self.require, **how)

    def require(self, plan: Plan) -> None:
        """Make sure that a plan is what was approved.

        :raises StalePlan: it is not, or a database is not where it was.
        """
        self._require_same_state()
        self._require_same_plan(plan)

    def _require_same_plan(self, plan: Plan) -> None:
        preview = migrating.preview(plan, self._environments)
        now = hidden(propose(preview, self._environments), self._hide)
        on_disk = {
            (name, revision.id)
            for name in plan.fingerprints
            for revision in self._environments[name].revisions()
        }
        _require_none(plan_changes(self._proposal, now, on_disk))

    def _require_same_state(self) -> None:
        names = [database.environment for database in self._proposal.databases]
        histories = {n: History(self._environments[n].snapshot(prove=True)) for n in names}
        _require_none(state_changes(self._proposal, histories))

    def _require_same_databases(self) -> None:
        for each in self._proposal.databases:
            if not self._environments.configured(each.environment):
                raise StalePlan(
                    f"the plan is for {each.label}, and no {each.environment} is configured here",
                    hint="run it in the project, and with the configuration, that it was made with",
                )
            label = self._hide(self._environments.label(each.environment))
            if label != each.label:
                raise StalePlan(
                    f"the plan is for {each.label}, and {each.environment} is {label} here; "
                    "nothing was run",
                    hint="make a plan for this database: brokle-migrate plan --out FILE",
                )


def _require_none(changes: Sequence[str]) -> None:
    if not changes:
        return
    more = len(changes) - _LISTED
    lines = [*changes[:_LISTED], *([f"… and {more} more"] if more > 0 else [])]
    listed = "".join(f"\n  {line}" for line in lines)
    raise StalePlan(
        f"the plan is not what a run would do now; nothing was run:{listed}", hint=_AGAIN
    )
