"""Which statements may be sent again in the same run, and after which pauses.

Only one of which it is proven that it had no effect, for a reason that may pass by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .drivers import ServerError
from .sending import NoEffect

if TYPE_CHECKING:
    from ..errors import StepFailed

# Seconds before the second, the third and the last time.
PAUSES = (0.5, 1.0, 2.0)
# TOO_MANY_SIMULTANEOUS_QUERIES, TABLE_IS_READ_ONLY, DEADLOCK_AVOIDED, CANNOT_ASSIGN_ALTER (numbers:
# system.errors of ClickHouse 26.9).  KEEPER_EXCEPTION is not among them: a change that Keeper has
# accepted takes place later, when nothing shows it yet.
_MAY_PASS = {202, 242, 473, 517}


def may_be_sent_again(failure: StepFailed) -> bool:
    """Whether a statement that failed had no effect, and may fare better a moment later."""
    if failure.partial:
        return False
    cause = failure.__cause__
    if isinstance(cause, NoEffect):
        return cause.never_arrived
    return isinstance(cause, ServerError) and cause.code in _MAY_PASS
