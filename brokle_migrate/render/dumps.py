"""The pages of ``dump``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..dumping import FileState
from . import words
from .blocks import Line, Schema, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..dumping import Dumped, SchemaFile
    from .blocks import Block


def dumped_page(dumped: Dumped) -> Iterator[Block]:
    """A line for each file; the schema itself where it has none."""
    for each in dumped.files:
        if each.path is not None and each.text:
            yield _file_line(each, written=dumped.written)
        elif each.text:
            yield Schema(each.text)


def dump_remarks(dumped: Dumped) -> Iterator[Line]:
    """What is no data: a database that is not there yet, and what to know of a schema."""
    for each in dumped.files:
        if each.state is FileState.ABSENT:
            yield Line(f"{each.environment}: there is no database yet, and no schema", Tone.WARN)
        for warning in each.warnings:
            yield Line(f"warning: {each.environment}: {warning}", Tone.WARN)


def _file_line(each: SchemaFile, *, written: bool) -> Line:
    path = words.path(each.path) if each.path is not None else ""
    if each.state is FileState.UNCHANGED:
        return Line(f"{each.environment}: {path} is unchanged", Tone.QUIET)
    verb = "wrote" if written else "would write"
    return Line(f"{each.environment}: {verb} {path} ({each.state.value})", Tone.GOOD)
