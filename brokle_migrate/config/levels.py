"""What the team takes the findings of ``check`` for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ConfigError
from .schema import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .sources import Layer
    from .values import Setting

LEVELS = ("off", "info", "warning", "error")


def levels(found: tuple[Setting, Layer] | None) -> Mapping[str, str]:
    """``CH003=off, squawk/ban-drop-column=error``: the level by the rule's id.

    :param found: the setting and where it stands.
    :raises ConfigError: it is not of that form.
    """
    if found is None:
        return {}
    setting, _ = found
    return dict(_pairs(setting.value or "", setting.source))


def _pairs(text: str, source: str) -> Iterator[tuple[str, str]]:
    for part in filter(str.strip, text.replace("\n", ",").split(",")):
        rule, equals, level = (word.strip() for word in part.partition("="))
        if not (rule and equals):
            raise ConfigError(
                f"{source}: {part.strip()!r} is not ID=LEVEL", hint="for example CH003=off"
            )
        if level not in LEVELS:
            near = nearest(level, LEVELS)
            meant = f", did you mean {near}?" if near else ""
            raise ConfigError(
                f"{source}: {rule} can't be {level!r}{meant}", hint=f"one of {', '.join(LEVELS)}"
            )
        yield rule, level
