"""ClickHouse steps as a script of SQL for somebody else to run: no database is asked.

The script keeps the ledger as a run does, but for a row at the end of each step alone: what ran of
a script that breaks off, nobody has recorded.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from ..author import author
from ..errors import ConfigError
from ..model import Action
from .attempts import DONE, STAMPED, UNSTAMPED
from .base import StepSql
from .cluster import creation
from .filling import Filling, alone
from .ledger import COLUMNS
from .sqlfiles import SqlScriptDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..config import ClickHouseConfig, DatabaseUrl
    from ..model import Statement, Step

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_NOTE = "an offline script"
# Larger than that of any row before, also of one that another tool wrote within the same second.
_NEXT = "greatest(max(seq) + 1, toUInt64(toUnixTimestamp(now())) * 1000000000)"


class OfflinePairs:
    """Writes what steps execute, and what they record.

    :param config: where the files and the ledger are.
    :param url: the database, for what stands for its name.
    :param settings: what ``env.py`` sets for every statement.
    :raises ConfigError: the database is a cluster, whose servers would have to be asked.
    """

    def __init__(
        self, config: ClickHouseConfig, url: DatabaseUrl, settings: Mapping[str, str]
    ) -> None:
        if config.cluster is not None and url.directory is None:
            raise ConfigError(
                f"--sql asks no server, and what the cluster {config.cluster} needs depends on its "
                "servers: their version, their macros, the engine of the database",
                hint="brokle-migrate --db clickhouse --dry-run up asks them, and prints the SQL",
            )
        self._config = config
        self._settings = settings
        values = config.placeholders
        filling = None if values is None else Filling(values, lambda: alone(url))
        self._filling = filling
        self._scripts = SqlScriptDirectory(config.require_script_location(), filling)
        self._always = {"run": str(uuid.uuid4()), "author": author(), "note": _NOTE}

    def preamble(self) -> tuple[str, ...]:
        """What comes first: the settings of every statement, and the ledger."""
        return (*_set(self._settings), self.ledger())

    def ledger(self) -> str:
        """What makes the ledger, unless it is there."""
        return creation(self._config.version_table, COLUMNS, self._config.engine, "seq", None)

    def sql(self, steps: Sequence[Step]) -> tuple[StepSql, ...]:
        """What each step executes, and what it records.

        :raises RevisionError: a file is not valid, or a step has no way back.
        """
        return tuple(StepSql(step, tuple(self._statements(step))) for step in self._loaded(steps))

    def _loaded(self, steps: Sequence[Step]) -> Iterator[Step]:
        read = [self._scripts.load(step) for step in steps]
        scripts = read if self._filling is None else self._filling.scripts(read)
        for step, script in zip(steps, scripts, strict=True):
            yield replace(step, statements=script.statements, checksum=script.checksum)

    def _statements(self, step: Step) -> Iterator[str]:
        for statement in step.statements:
            yield from _with_settings(statement)
        number = len(step.statements)
        upgrades = step.action is Action.UPGRADE
        yield self._record(
            version=int(step.revision),
            action=str(step.action),
            event=DONE,
            statement=number,
            statements=number,
            checksum=step.checksum,
            digest=self._digests[step.revision] if upgrades else "",
        )

    def stamps(self, versions: Sequence[str], *, applied: bool) -> tuple[str, ...]:
        """What records versions as applied, or as not applied, without running anything."""
        event = STAMPED if applied else UNSTAMPED
        return tuple(
            self._record(
                version=int(version),
                action=str(Action.STAMP),
                event=event,
                checksum=self._scripts.checksum(version) if applied else "",
                digest=self._digests[version] if applied else "",
            )
            for version in versions
        )

    def _record(self, **values: object) -> str:
        row = {**values, **self._always}
        columns = [name for name in COLUMNS if name in row]
        table = f"`{self._config.version_table}`"
        listed = ", ".join(_literal(row[name]) for name in columns)
        return (
            f"INSERT INTO {table} (seq, {', '.join(columns)})\n"
            f"SELECT {_NEXT}, {listed} FROM {table}"
        )

    @cached_property
    def _digests(self) -> dict[str, str]:
        return {revision.id: revision.digest for revision in self._scripts.revisions}


def _with_settings(statement: Statement) -> Iterator[str]:
    """A statement after what sets its own settings, which then hold for the rest of a session."""
    yield from _set(statement.settings)
    yield statement.text


def _set(settings: Mapping[str, str]) -> Iterator[str]:
    for name, value in settings.items():
        yield f"SET {name} = {value if _NUMBER.fullmatch(value) else _literal(value)}"


def _literal(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    escaped = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
