"""A plan as Markdown, for the description or a comment of a pull request."""

from __future__ import annotations

import re
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from ..proposal_file import digest
from . import plan_deeds as deeds
from . import plan_view as view
from . import words
from .plan_stories import TableStory, stories

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..proposal import Proposal, ProposedStep

MOST_CHARACTERS = 65_536
"""What GitHub takes ("Body is too long (maximum is 65536 characters)")."""

# What a table's cell would read as markup, a link, an issue's number or a formula
# (https://github.github.com/gfm/#backslash-escapes).
_MARKUP = re.compile(r"([\\`*_\[\]#|~@$:])")
_LEVELS = {"error": "**error**", "warning": "warning", "info": "note"}


def markdown(proposal: Proposal) -> str:
    """A plan as GitHub's and GitLab's Markdown."""
    return "\n".join(_lines(proposal)) + "\n"


def complaint(text: str) -> str:
    """Why the place that it is for might refuse it, empty for no reason."""
    if len(text) <= MOST_CHARACTERS:
        return ""
    return (
        f"GitHub takes comments of at most {MOST_CHARACTERS:,} characters, and this has "
        f"{len(text):,}: attach an .html instead"
    )


def _lines(proposal: Proposal) -> Iterator[str]:
    yield f"## Migration plan: {view.title(proposal)}"
    yield ""
    yield f"**{_text(view.verdict(proposal))}**"
    yield ""
    yield from _databases(proposal)
    yield from (f"- {_text(said)}" for said in view.how(proposal))
    yield ""
    yield from _forever(proposal)
    yield from _findings(proposal)
    yield from _tables(proposal)
    yield from _steps(proposal)
    yield from _footer(proposal)


def _databases(proposal: Proposal) -> Iterator[str]:
    rows = [
        (
            _text(each.environment),
            _code(each.label),
            _text(view.standing(each)),
            _text(view.after(each, proposal.steps)),
        )
        for each in proposal.databases
    ]
    yield from _table(("database", "", "now at", "then at"), rows)
    yield ""
    for each in proposal.databases:
        yield from (f"- {_text(each.environment)}: {_text(said)}" for said in each.interrupted)


def _forever(proposal: Proposal) -> Iterator[str]:
    yield "### What can't be undone"
    yield ""
    found = view.forever(proposal)
    if not found:
        yield _text(view.nothing_forever(proposal))
    else:
        rows = [
            (str(each.number), _named(each.step), f"**{_text(each.what)}**", _text(each.table))
            for each in found
        ]
        yield from _table(("step", "revision", "for good", "of table"), rows)
    yield ""
    yield from (f"- step {n}: {_text(said)}" for n, said in view.unknown(proposal))
    yield ""


def _findings(proposal: Proposal) -> Iterator[str]:
    if not proposal.findings:
        return
    yield "### Findings"
    yield ""
    rows = [
        (
            _LEVELS.get(each.level, _text(each.level)),
            _code(each.id),
            _text(each.environment),
            " ".join(filter(None, [_code(each.location), _text(each.message), _hint(each.hint)])),
        )
        for each in proposal.findings
    ]
    yield from _table(("level", "rule", "database", "finding"), rows)
    yield ""


def _hint(hint: str) -> str:
    return f"<br>*hint:* {_text(hint)}" if hint else ""


def _tables(proposal: Proposal) -> Iterator[str]:
    told = stories(proposal)
    if not told:
        return
    yield "### What happens to which table"
    yield ""
    rows = [
        (
            _text(each.environment),
            _code(each.name),
            each.how_big,
            _story(each),
        )
        for each in told
    ]
    yield from _table(("database", "table or object", "size", "step: what"), rows)
    yield ""


def _story(told: TableStory) -> str:
    """What happens to a table, in one cell with a line for each step."""
    said = [f"{number}: **{_text(lost.message)}**" for number, lost in told.losses]
    for number, found in groupby(told.happenings, key=lambda each: each.number):
        said.append(f"{number}: {_text('; '.join(each.what for each in found))}")
    return "<br>".join(said)


def _steps(proposal: Proposal) -> Iterator[str]:
    yield "### Steps, in order"
    yield ""
    if not proposal.steps:
        yield "None: there is nothing to do."
        yield ""
        return
    rows = [
        (
            str(number),
            _text(step.environment),
            _code(step.revision),
            _text(step.message),
            _remarks(number, step),
        )
        for number, step in enumerate(proposal.steps, start=1)
    ]
    yield from _table(("", "database", "revision", "message", "remarks"), rows)
    yield ""
    for number, step in enumerate(proposal.steps, start=1):
        yield from _sql(number, step)


def _remarks(number: int, step: ProposedStep) -> str:
    said = [f"requires {_text(each)}" for each in step.requires]
    said += [f"**{_text(lost.what)}**" for lost in view.of_step(number, step)]
    said += [_text(f"not all of it is known: it {step.note}")] if step.note else []
    return "<br>".join(said)


def _sql(number: int, step: ProposedStep) -> Iterator[str]:
    count = words.counted(len(step.statements), "statement")
    yield f"<details><summary>SQL of step {number}: {_html(str(step))} ({count})</summary>"
    yield ""
    said = {each.statement: deeds.directive(each) for each in step.directives}
    yield from (f"- statement {at}: {_text(how)}" for at, how in said.items())
    text = "\n".join(words.terminated(words.printable(each)) for each in step.statements)
    if text:
        fence = _fence(text)
        yield from ("", f"{fence}sql", text, fence)
    yield from ("", "</details>", "")


def _fence(text: str) -> str:
    """Longer than every run of backticks in a text, which would end the block."""
    return "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))


def _footer(proposal: Proposal) -> Iterator[str]:
    made = proposal.made
    at, by = _text(made.at), _text(made.by)
    yield f"Plan <code>{digest(proposal)}</code>, made {at} by {by} with brokle-migrate "
    yield f"{_text(made.version)}."


def _named(step: ProposedStep) -> str:
    return f"{_text(step.environment)} {_code(step.revision)}"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{' --- |' * len(columns)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _text(text: str) -> str:
    """A text on one line, in which nothing is markup."""
    return _MARKUP.sub(r"\\\1", _html(text))


def _html(text: str) -> str:
    return escape(words.one_line(words.printable(text)), quote=False)


def _code(text: str) -> str:
    """A text as code; HTML's element, for Markdown's can't hold every text."""
    return f"<code>{_text(text)}</code>" if text else ""
