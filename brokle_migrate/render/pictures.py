"""The forms in which a graph can be drawn."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..graph import Graph


class Form(StrEnum):
    """What a picture is written in; MARKDOWN is Mermaid in a fenced block."""

    SVG = "svg"
    MERMAID = "mermaid"
    MARKDOWN = "markdown"


FORMS = {".svg": Form.SVG, ".mmd": Form.MERMAID, ".mermaid": Form.MERMAID, ".md": Form.MARKDOWN}
"""The form that the suffix of a file stands for."""


def draw(graph: Graph, form: Form) -> str:
    """A graph as the text of a picture, ending with a line break.

    :param graph: without secrets: what is in there will be seen.
    """
    if form is Form.SVG:
        from .graph_svg import svg

        return svg(graph)
    from .graph_mermaid import mermaid

    text = mermaid(graph)
    return f"```mermaid\n{text}```\n" if form is Form.MARKDOWN else text


def complaint(graph: Graph, form: Form, text: str) -> str:
    """Why what reads a picture might refuse to draw it, empty for no reason."""
    if form is Form.SVG:
        return ""
    from .graph_mermaid import MOST_CHARACTERS, MOST_EDGES, too_big

    if not too_big(graph, text):
        return ""
    return (
        f"Mermaid draws at most {MOST_EDGES:,} edges and {MOST_CHARACTERS:,} characters, and this "
        f"has {len(graph.edges):,} and {len(text):,}: leave --all out, or write an .svg"
    )
