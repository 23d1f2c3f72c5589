"""A plan that is written down: the forms in which it can be read, and what is said of its file."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from .blocks import Line
from .files import file_data, file_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..proposal import Proposal
    from .files import OutFile


class PlanForm(StrEnum):
    """What a plan is written in; TEXT is what a dry run prints."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


FORMS = {
    ".json": PlanForm.JSON,
    ".md": PlanForm.MARKDOWN,
    ".markdown": PlanForm.MARKDOWN,
    ".html": PlanForm.HTML,
    ".htm": PlanForm.HTML,
}
"""The form that the suffix of a file stands for."""


SHORT = 12
"""Characters of a digest that tell one plan from another."""


def written(proposal: Proposal, form: PlanForm) -> str:
    """A plan as the text of a file, ending with a line break.

    :param proposal: without secrets: what is in there will be seen.
    """
    if form is PlanForm.MARKDOWN:
        from .plan_markdown import markdown

        return markdown(proposal)
    if form is PlanForm.HTML:
        from .plan_html import html

        return html(proposal)
    from ..proposal_file import dumps

    return dumps(proposal)


def complaint(form: PlanForm, text: str) -> str:
    """Why what reads a plan might refuse it, empty for no reason."""
    if form is not PlanForm.MARKDOWN:
        return ""
    from .plan_markdown import complaint

    return complaint(text)


def proposed_page(proposal: Proposal, files: Sequence[OutFile]) -> Iterator[Line]:
    """What was written, and what a run of it would do for good."""
    from ..proposal_file import digest
    from .plan_view import title, verdict

    for file in files:
        yield file_line(file)
    yield Line(f"plan {digest(proposal)[:SHORT]}: {title(proposal)}. {verdict(proposal)}")


def proposed_data(
    proposal: Proposal, hide: Callable[[str], str], files: Sequence[OutFile] = ()
) -> dict[str, Any]:
    """What a file holds, and where that was written."""
    from ..proposal_file import hidden, proposal_data

    return {**proposal_data(hidden(proposal, hide)), "files": [file_data(file) for file in files]}
