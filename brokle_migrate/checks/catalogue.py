"""Every rule that ``check`` has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import changed, clustered, emitted, files, locked, modules, parsing, rehearsed, silencing
from .clickhouse import walk

if TYPE_CHECKING:
    from .rule import Rule

RULES: tuple[Rule, ...] = (
    *files.RULES,
    silencing.UNUSED,
    *changed.RULES,
    *locked.RULES,
    *rehearsed.RULES,
    *sorted((*parsing.RULES, *walk.RULES, *clustered.CLUSTERED.rules), key=lambda rule: rule.id),
    *sorted((*modules.MODULES.rules, *emitted.RULES), key=lambda rule: rule.id),
)
BY_ID = {rule.id: rule for rule in RULES}
