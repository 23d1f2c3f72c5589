"""Files that make golang-migrate's pairs what brokle-migrate runs.  Texts only; writes nothing."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..sqltext.postgres import statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from .pairs import Pair

_REVISION = '''\
"""{message}

Revision ID: {version}
Revises:{down}
"""

from __future__ import annotations

from alembic import op

revision = "{version}"
down_revision = {down_revision}


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
'''
_CALL = "    op.execute_sql_file({path})"
_ALONE = """\
    # Its statements can't share a transaction, or begin and end their own.
    with op.get_context().autocommit_block():
        op.execute_sql_file({path})"""
_NOTHING = "    pass  # there is no file for this direction"
_NO_WAY_BACK = """\
    # golang-migrate would do nothing here, and call {version} rolled back.
    raise NotImplementedError("version {version} has no down file: there is no way back")"""
_CLICKHOUSE_UP = "-- There is nothing to run: golang-migrate had no file for this direction.\n"
_CLICKHOUSE_DOWN = "-- migrate: irreversible golang-migrate had no down file for this version\n"
_CLICKHOUSE_EMPTY = "-- There is nothing to run, on purpose.\n"
_SEARCH_PATH = re.compile(r"(?<!local)\s+search_path\b|set_config\(\s*'search_path'", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to write.

    :ivar replaces: whether an empty file of that name is there already.
    """

    path: Path
    text: str
    replaces: bool = False


def postgres_revisions(pairs: Sequence[Pair], directory: Path) -> Iterator[NewFile]:
    """An Alembic revision for each pair, each after the one before it.

    :param directory: where the modules go; the .sql files stay where they are.
    """
    down: str | None = None
    for pair in pairs:
        stem = (pair.up or pair.files[0]).name.rpartition(".sql")[0].rpartition(".")[0]
        yield NewFile(directory / f"{stem}.py", _module(pair, down, directory))
        down = str(pair.version)


def _module(pair: Pair, down: str | None, directory: Path) -> str:
    title = " ".join(pair.title.replace("_", " ").split()) or f"version {pair.version}"
    return _REVISION.format(
        message=title.replace("\\", "/").replace('"', "'"),
        version=pair.version,
        down=f" {down}" if down else "",
        down_revision=json.dumps(down) if down else "None",
        upgrade=_NOTHING if pair.up is None else _run(pair.up, directory),
        downgrade=_no_way_back(pair) if pair.down is None else _run(pair.down, directory),
    )


def _no_way_back(pair: Pair) -> str:
    return _NO_WAY_BACK.format(version=pair.version)


def _run(path: Path, directory: Path) -> str:
    """The call that runs a file in the transactions that golang-migrate gave it.

    It sent the whole file as one simple query: one transaction, unless the file says otherwise, or
    holds a single statement, which then was in none.
    """
    relative = os.path.relpath(path, directory).replace(os.sep, "/")
    found = list(statements(path.read_text(encoding="utf-8-sig")))
    alone = [each for each in found if each.stands_alone and not (each.may_commit and found[1:])]
    return (_ALONE if alone else _CALL).format(path=json.dumps(relative))


def clickhouse_halves(pairs: Sequence[Pair]) -> Iterator[NewFile]:
    """What has to be said about versions whose files leave it open: every step has both ways."""
    for pair in pairs:
        known = pair.files[0]
        for direction, path, text in (
            ("up", pair.up, _CLICKHOUSE_UP),
            ("down", pair.down, _CLICKHOUSE_DOWN),
        ):
            if path is None:
                name = f"{known.name.rpartition('.sql')[0].rpartition('.')[0]}.{direction}.sql"
                yield NewFile(known.with_name(name), text)
            elif not path.read_bytes().strip(b"\xef\xbb\xbf \t\r\n\v\f"):
                yield NewFile(path, _CLICKHOUSE_EMPTY, replaces=True)


def changes_search_path(pairs: Sequence[Pair]) -> bool:
    """Whether a file may leave the session with another search path, as those of pg_dump do."""
    texts = (path.read_text(encoding="utf-8-sig") for pair in pairs for path in pair.files)
    return any(_SEARCH_PATH.search(text) for text in texts)
