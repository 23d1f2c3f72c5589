"""Reads what the picture of both histories shows: no lock, nothing created."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import ConfigError, Interrupted, MigrateError, RevisionError
from .graph_building import Reading, build
from .history import History
from .model import CLICKHOUSE, Snapshot
from .standing import known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .environments import Environments
    from .graph import Graph


def graph(environments: Environments, names: Sequence[str]) -> Graph:
    """Both histories as a graph; of a database that can't be read, its files alone.

    :param names: the selected environments, Postgres first.
    :raises RevisionError: files are not valid, or the two histories wait for each other.
    :raises ConfigError: the configuration does not say where the files are.
    """
    return build([_read(environments, name) for name in names])


def _read(environments: Environments, name: str) -> Reading:
    revisions = environments[name].revisions()
    try:
        history, running = known(environments, name)
        return Reading(history, running=running)
    except (ConfigError, Interrupted, RevisionError):
        raise
    except MigrateError as error:
        label, linear = environments.label(name), name == CLICKHOUSE
        return Reading(History(Snapshot(name, label, revisions, (), linear)), error=error)
