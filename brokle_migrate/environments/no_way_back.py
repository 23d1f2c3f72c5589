"""Postgres revisions that say that they can't be rolled back, known before anything runs."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..errors import Irreversible
from ..model import Action
from ..pythontree import function, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..model import Step


def require_way_back(steps: Iterable[Step]) -> None:
    """Refuse a plan with the downgrade of a revision whose ``downgrade()`` does nothing but raise.

    :raises Irreversible: naming it, and what it would raise.
    """
    for step in steps:
        if step.action is not Action.DOWNGRADE or step.path is None:
            continue
        reason = _reason(step.path)
        if reason is not None:
            raise Irreversible(
                f"{step.environment} {step.revision} can't be rolled back: {reason} ({step.path})"
            )


def _reason(path: Path) -> str | None:
    """What a module's ``downgrade()`` raises, None where it does anything else.

    What can't be read is for Alembic to complain about.
    """
    try:
        module = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    downgrade = function(module, "downgrade")
    raised = None if downgrade is None else refusal(downgrade)
    return None if raised is None else _words(raised.exc)


def _words(raised: ast.expr | None) -> str:
    """The message of an exception, as far as it is written out."""
    first = raised.args[0] if isinstance(raised, ast.Call) and raised.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return first.value
    return f"its downgrade() raises {ast.unparse(raised) if raised is not None else 'an error'}"
