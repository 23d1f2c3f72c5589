"""The pages of ``init``."""

from __future__ import annotations

import difflib
import io
import shlex
from typing import TYPE_CHECKING, Any

from ..project import FileState
from . import words
from .blocks import Line, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..project import Initialised, ProjectFile

_NO_END = "\n\\ No newline at end of file\n"
_NOTHING = "nothing to do: nothing is missing"
_SAYS = {
    FileState.NEW: ("wrote {}", Tone.GOOD),
    FileState.EXTENDED: ("added the ClickHouse section to {}", Tone.GOOD),
    FileState.KEPT: ("left {} as it is", Tone.QUIET),
}


def initialised_page(done: Initialised) -> Iterator[Line]:
    """A line for each file."""
    if not done.changes:
        yield Line(_NOTHING, Tone.GOOD)
        return
    for each in done.files:
        text, tone = _SAYS[each.state]
        yield Line(text.format(words.path(each.path)), tone)


def initialised_remarks(done: Initialised) -> Iterator[Line]:
    """What is left to do by hand, and what to type next."""
    if not done.written and not done.changes:
        yield Line(_NOTHING)
    for note in done.notes:
        yield Line(f"note: {note}", Tone.WARN)
    if done.written and done.changes:
        yield Line(f"next: {_next_command(done)}", Tone.NEXT)


def _next_command(done: Initialised) -> str:
    directory, command = words.path(done.directory), "brokle-migrate"
    if done.configuration is not None:
        path = done.configuration
        inside = path.is_relative_to(done.directory)
        name = path.relative_to(done.directory) if inside else path
        command += f" -c {shlex.quote(str(name))}"
    before = "" if directory == "." else f"cd {shlex.quote(directory)} && "
    return f'{before}{command} create --name "first"'


def initialised_diff(done: Initialised) -> str:
    """What would be written, as a patch; empty when there is nothing to write."""
    return "".join(_diff(each, done.directory) for each in done.changes)


def initialised_data(done: Initialised) -> dict[str, Any]:
    """The same for programs."""
    return {
        "directory": str(done.directory),
        "written": done.written,
        "files": [_file_data(each, done) for each in done.files],
        "notes": list(done.notes),
    }


def _file_data(each: ProjectFile, done: Initialised) -> dict[str, Any]:
    kept = each.state is FileState.KEPT
    return {
        "path": str(each.path),
        "state": each.state.value,
        "diff": None if kept or done.written else _diff(each, done.directory),
    }


def _diff(each: ProjectFile, directory: Path) -> str:
    """A patch in git's form, which has a word for an empty file."""
    path = each.path
    name = (path.relative_to(directory) if path.is_relative_to(directory) else path).as_posix()
    new = each.state is FileState.NEW
    head = f"diff --git a/{name} b/{name}\n" + ("new file mode 100644\n" if new else "")
    before, after = (_lines(content) for content in (each.before, each.content))
    source = "/dev/null" if new else f"a/{name}"
    return head + "".join(
        line if line.endswith("\n") else line + _NO_END
        for line in difflib.unified_diff(before, after, source, f"b/{name}")
    )


def _lines(content: bytes) -> list[str]:
    return list(io.StringIO(content.decode("utf-8", "replace"), newline="\n"))
