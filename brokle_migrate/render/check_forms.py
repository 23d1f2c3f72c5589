"""What ``check`` has found, in the forms that CI systems read."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from pathlib import Path

    from ..checked import Checked


class CheckForm(StrEnum):
    """What the findings are written in."""

    GITHUB = "github"
    SARIF = "sarif"
    JUNIT = "junit"


def document(checked: Checked, form: CheckForm) -> str:
    """The findings as a text, ending with a line break.

    :param checked: without secrets: what is in there will be seen.
    """
    if form is CheckForm.GITHUB:
        from .github import workflow_commands

        return workflow_commands(checked)
    if form is CheckForm.SARIF:
        from .sarif import sarif

        return sarif(checked)
    from .junit import junit

    return junit(checked)


def relative(path: Path, root: Path) -> str:
    """A path as people and machines name it inside a repository; another one as it is."""
    inside = path.relative_to(root) if path.is_relative_to(root) else path
    return inside.as_posix()


def uri(path: Path, root: Path) -> str:
    """The same as a URI reference (https://www.rfc-editor.org/rfc/rfc3986)."""
    if path.is_absolute() and not path.is_relative_to(root):
        return path.as_uri()
    return quote(relative(path, root), errors="surrogateescape")  # a name need not be UTF-8
