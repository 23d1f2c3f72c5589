"""What is known of a statement whose answer is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..interruption import Outcome

if TYPE_CHECKING:
    from .drivers import ServerError


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a statement, and from where.

    :ivar error: the server's answer, where it is known.
    :ivar stalled: whether none of those that still have to run it is at it.
    """

    outcome: Outcome
    evidence: str = ""
    error: ServerError | None = None
    stalled: bool = False


NOT_KNOWN = Verdict(Outcome.UNKNOWN)
