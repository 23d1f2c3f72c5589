"""The team's own placeholders: which names have values, and where from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .sources import Layer


@dataclass(frozen=True, slots=True)
class Placeholders:
    """What ``${name}`` in ClickHouse files may stand for; that it exists turns them on.

    :ivar x: what ``-x name=value`` says.
    :ivar environ: every environment variable; only those that a file names are looked up.
    :ivar vars: what the configuration says.
    """

    x: Mapping[str, str] = field(default_factory=dict, repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    vars: Mapping[str, str] = field(default_factory=dict, repr=False)

    def value(self, name: str) -> str | None:
        """The value of the highest source that has one, which may be empty."""
        for source in (self.x, self.environ, self.vars):
            if name in source:
                return source[name]
        return None


def placeholders(
    layers: Sequence[Layer], environ: Mapping[str, str], x: Iterable[str], cluster: str | None
) -> Placeholders | None:
    """The placeholders of a configuration; None when nothing turns them on.

    :param layers: the highest precedence first.
    :param x: ``-x`` arguments.
    :param cluster: a cluster turns them on, too.
    """
    given = [layer.vars for layer in layers if layer.vars is not None]
    if cluster is None and not given:
        return None
    values = {name: value for one in reversed(given) for name, value in one.items()}
    pairs = (argument.partition("=") for argument in x)
    own = {name.strip(): value for name, equals, value in pairs if equals}
    return Placeholders(own, dict(environ), values)


def problems(names: Iterable[str], place: str) -> Iterator[str]:
    """What is wrong with the names of a section.

    :param place: the file and its section.
    """
    from ..sqltext.placeholders import BUILT_IN, NAME

    for name in names:
        if name in BUILT_IN:
            yield f"{place}: {name} is built in, and can't be given a value; use another name"
        elif not NAME.fullmatch(name):
            yield f"{place}: {name!r} is no name for a placeholder: letters, digits and _"
