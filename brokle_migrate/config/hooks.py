"""Programs that run on the files of a new revision, as Alembic's ``post_write_hooks``.

Written as Alembic's are
(https://alembic.sqlalchemy.org/en/latest/autogenerate.html#basic-post-processor-configuration),
in a section of ours: what formats Python has no business with SQL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAMES = re.compile(r"[,\s]+")


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook.

    :ivar name: what it is called.
    :ivar options: its ``type`` and what that takes, such as ``entrypoint`` and ``options``.
    """

    name: str
    options: Mapping[str, str] = field(repr=False)


def from_ini(section: Mapping[str, str]) -> tuple[Hook, ...]:
    """The hooks of a section, in the order of its ``hooks``.

    :param section: its options: ``hooks``, and ``NAME.OPTION`` for each.
    """
    names = filter(None, _NAMES.split(section.get("hooks", "")))
    return tuple(Hook(name, dict(_options(section, name))) for name in names)


def _options(section: Mapping[str, str], name: str) -> Iterator[tuple[str, str]]:
    for option, value in section.items():
        if option.startswith(f"{name}."):
            yield option.removeprefix(f"{name}."), value


def incomplete(hooks: tuple[Hook, ...], place: str) -> Iterator[str]:
    """What is wrong with hooks.

    :param place: the file and its section.
    """
    for hook in hooks:
        if not hook.name:
            yield f"{place}: a hook has no name"
        if not hook.options.get("type"):
            yield f"{place}: the hook {hook.name!r} has no type, such as exec or module"
