"""What the rules about ClickHouse's files look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Revision, Statement
    from ..sqltext import Script


@dataclass(frozen=True, slots=True)
class Pair:
    """The two files of a version.

    :ivar up: with its placeholders filled in, as on a server that is in no cluster; what the
        author wrote is in ``Statement.written``.
    :ivar clustered: whether a cluster is configured.
    """

    revision: Revision
    up: Script
    down: Script
    clustered: bool = False

    @property
    def statements(self) -> Iterator[Statement]:
        """Of both files."""
        yield from self.up.statements
        yield from self.down.statements
