"""Every rule that ``check`` has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import changed, files, locked

if TYPE_CHECKING:
    from .rule import Rule

RULES: tuple[Rule, ...] = (*files.RULES, *changed.RULES, *locked.RULES)
BY_ID = {rule.id: rule for rule in RULES}
