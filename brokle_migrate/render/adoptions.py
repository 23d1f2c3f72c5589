"""The pages of ``adopt golang-migrate``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from . import words
from .blocks import GAP, Item, Line, Section, Tone, apart

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..adoption.revisions import NewFile
    from ..adoption.values import Adoption, Takeover
    from .blocks import Block
    from .data import Data

_LISTED = 10  # files on a screen


def adoption_page(adoption: Adoption, *, texts: bool = False) -> Iterator[Block]:
    """What was found, and what would be done about it.

    :param texts: print the new files, too.
    """
    sections = [_section(database) for database in adoption.databases]
    if adoption.files:
        items = tuple(Item("write", _file(file)) for file in adoption.files)
        sections.append(Section("files", _counted(adoption), items, _LISTED))
    yield from apart(sections)
    for file in adoption.files if texts else ():
        yield GAP
        yield Line(f"{words.path(file.path)}:", Tone.STRONG)
        yield Line(file.text.rstrip(), Tone.QUIET)
    if adoption.is_done:
        yield Line("nothing is left to do", Tone.GOOD)


def adopted_page(adoption: Adoption) -> Iterator[Block]:
    """What was done beside recording versions."""
    if adoption.files:
        yield Line(f"wrote {_counted(adoption)}", Tone.GOOD)
    for name, renamed in ((d.environment, d.rename) for d in adoption.databases if d.rename):
        yield Line(f"{name}: the table {renamed[0]} is now {renamed[1]}", Tone.GOOD)
    yield Line("hint: brokle-migrate status tells what is pending; up applies it", Tone.NEXT)


def _section(database: Takeover) -> Section:
    return Section(database.environment, database.label, tuple(_items(database)))


def _items(database: Takeover) -> Iterator[Item]:
    total, old = len(database.versions), database.old
    where = words.path(database.directory)
    if old is not None:
        at = "nothing" if old.version is None else f"version {old.version}"
        text = f"at {at} ({old.table}), {database.applied} of {total} pairs in {where} are applied"
        yield Item("golang-migrate", text)
    elif not database.adopted:
        text = f"no version table: nothing counts as applied, {total} pairs in {where} are pending"
        yield Item("golang-migrate", text, Tone.WARN)
    if database.adopted:
        yield Item("adopted", "brokle-migrate's own record counts", Tone.GOOD)
    if database.rename is not None:
        yield Item("rename", f"the table {database.rename[0]} to {database.rename[1]}")
    if database.record is not None:
        left = total - database.applied
        text = f"{database.record}, and all before it, as applied; runs nothing; {left} pending"
        yield Item("record", text)


def _counted(adoption: Adoption) -> str:
    """``62 files: 60 in migrations/postgres/versions, …``."""
    count = Counter(file.path.parent for file in adoption.files)
    parts = ", ".join(f"{number} in {words.path(path)}" for path, number in count.items())
    total = len(adoption.files)
    return f"{total} {'file' if total == 1 else 'files'}: {parts}"


def _file(file: NewFile) -> str:
    return words.path(file.path) + (" (which is empty)" if file.replaces else "")


def adoption_data(adoption: Adoption, *, done: bool) -> Data:
    """The same as data."""
    return {
        "done": done,
        "table": adoption.table,
        "databases": [_database(each) for each in adoption.databases],
        "files": [{"path": str(file.path), "text": file.text} for file in adoption.files],
    }


def _database(database: Takeover) -> Data:
    old = database.old
    return {
        "environment": database.environment,
        "directory": _text(database.directory),
        "pairs": len(database.versions),
        "golang_migrate": None if old is None else {"table": old.table, "version": old.version},
        "applied": database.applied,
        "adopted": database.adopted,
        "record": database.record,
        "rename": None if database.rename is None else list(database.rename),
    }


def _text(path: Path) -> str:
    return str(path)
