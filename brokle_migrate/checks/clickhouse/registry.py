"""Where the rules about ClickHouse statements are written down, by what they look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...model import CLICKHOUSE
from ..rule import Hit, Rule, Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ...model import Finding, Level, Statement
    from ...sqltext.acts import Act
    from .scene import Change, Scene

    Check = Callable[[Scene[Any]], Iterable[Hit]]


class ActRules:
    """Rules about acts, each for the kinds that it names."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._by_kind: dict[type[Act], list[tuple[Rule, Check]]] = {}

    @property
    def rules(self) -> tuple[Rule, ...]:
        """In the order in which they were written."""
        return tuple(self._rules)

    def rule(
        self, id_: str, level: Level, title: str, *kinds: type[Act]
    ) -> Callable[[Check], Check]:
        """Add the decorated function, for acts of these kinds."""

        def add(check: Check) -> Check:
            rule = Rule(id_, level, title)
            self._rules.append(rule)
            for kind in kinds:
                self._by_kind.setdefault(kind, []).append((rule, check))
            return check

        return add

    def findings(self, scene: Scene[Any]) -> Iterator[Finding]:
        """What every rule finds in an act."""
        for rule, check in self._by_kind.get(type(scene.act), ()):
            for hit in check(scene):
                yield rule.finding(CLICKHOUSE, hit.message, hit.hint, hit.location)


UPWARDS = ActRules()
"""About files that go up: a file that goes down destroys what its up made, which is its job."""

EITHER_WAY = ActRules()
"""About both files of a pair."""

STATEMENTS: Rules[Statement] = Rules(CLICKHOUSE)
"""About statements as they are, in both files."""

CHANGES: Rules[Change] = Rules(CLICKHOUSE)
"""About the two files of a pair together."""
