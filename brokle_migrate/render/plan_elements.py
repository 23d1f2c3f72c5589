"""Pieces of HTML.  Text gets into them through :func:`escaped` or :func:`code` alone."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from . import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_TIGHT, _WIDE = "tight", 60  # characters
_TAG = re.compile("<[^>]*>")


def table(
    classes: Sequence[str], names: Sequence[str], rows: Iterable[Sequence[str]]
) -> Iterator[str]:
    """A table.

    :param classes: of the columns, empty for none.
    :param rows: of HTML.
    """

    def row(kind: str, cells: Sequence[str]) -> str:
        each = (
            f'<{kind} class="{look}">{cell}</{kind}>' if look else f"<{kind}>{cell}</{kind}>"
            for look, cell in zip(map(_class, classes, cells), cells, strict=True)
        )
        return f"<tr>{''.join(each)}</tr>"

    yield '<div class="wide"><table>'
    yield f"<thead>{row('th', names)}</thead>"
    yield "<tbody>"
    yield from (row("td", cells) for cells in rows)
    yield "</tbody></table></div>"


def _class(look: str, cell: str) -> str:
    """A cell that is wider than expected has to be broken into lines after all."""
    return "" if look == _TIGHT and len(_TAG.sub("", cell)) > _WIDE else look


def listed(items: Iterable[str]) -> str:
    """A list of HTML."""
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def step_link(number: int) -> str:
    """A link to a step in a sentence."""
    return f'<a href="#step-{number}">step {number}</a>'


def place(number: int) -> str:
    """A link to a step before what happens there."""
    return f'<a class="place" href="#step-{number}">{number}</a>'


def tag(environment: str) -> str:
    """The name of a database, or a level, in its colours."""
    return f'<span class="tag {escaped(environment)}">{escaped(environment)}</span>'


def escaped(value: str) -> str:
    """A text on one line."""
    return escape(words.one_line(words.printable(value)))


def code(value: str) -> str:
    """A text with its lines and spaces, for ``pre``."""
    return escape(words.printable(value))
