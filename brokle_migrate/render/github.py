"""Findings as annotations of a GitHub workflow.

The form is that of ``toCommandValue`` and ``escapeProperty`` in ``packages/core/src/command.ts``
(https://github.com/actions/toolkit); see also
https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model import Level
from .check_forms import relative
from .checks import summary
from .words import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..checked import Checked
    from ..model import Finding

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "notice"}


def workflow_commands(checked: Checked) -> str:
    """A line for each finding, then how many there are; a file is named from the repository's top.

    What is allowed is left out.
    """
    found = [_annotation(each, checked) for each in checked.findings]
    left_out = [f"::warning title=not checked::{_text(each)}" for each in checked.unverified]
    return "".join(f"{line}\n" for line in (*found, *left_out, summary(checked)))


def _annotation(finding: Finding, checked: Checked) -> str:
    properties = ",".join(f"{name}={value}" for name, value in _properties(finding, checked))
    text = "\n".join(filter(None, (f"{finding.id}: {finding.message}", finding.hint)))
    return f"::{_COMMANDS[finding.level]} {properties}::{_text(text)}"


def _properties(finding: Finding, checked: Checked) -> Iterator[tuple[str, str]]:
    place = finding.location
    if place is not None:
        yield "file", _property(relative(place.path, checked.root))
        yield "line", str(place.line)
        yield "col", str(place.column)
    yield "title", _property(f"brokle-migrate {finding.id}")


def _text(text: str) -> str:
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
