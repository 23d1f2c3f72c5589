"""``init``: the files that make a directory a project of ours, or an Alembic project one.

Nothing that exists is ever overwritten; the one thing that is changed is the file that configures
Alembic, which gets a section of ours at its end.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError
from .lacking import plan
from .values import FileState, Initialised, ProjectFile
from .writing import written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..config.layout import Layout

__all__ = ["FileState", "Initialised", "ProjectFile", "initialise"]


def initialise(
    layout: Layout, names: Sequence[str], *, pairs: Path | None = None, write: bool = True
) -> Initialised:
    """Make the files that a project lacks.

    :param layout: what its files say.
    :param names: the databases that it is to have.
    :param pairs: where the ClickHouse files are to be, relative to the project's directory; by
        default in ``migrations_clickhouse``, beside the file that configures Alembic.
    :param write: False only says which files there would be.
    :raises ConfigError: a file stands where a directory has to be, or something can't be written;
        nothing was changed.
    :raises UsageError: the configuration names another directory than ``pairs``.
    """
    place = None if pairs is None else Path(os.path.normpath(layout.directory / pairs))
    try:
        planned = plan(layout, names, place)
    except OSError as error:
        raise ConfigError(f"{error.filename or layout.directory}: {error.strerror}") from error
    return written(planned) if write else planned
