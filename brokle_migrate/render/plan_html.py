"""A plan as one page for a browser: nothing is loaded, and no script runs."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from ..proposal_file import digest
from . import plan_deeds as deeds
from . import plan_view as view
from . import words
from .plan_elements import code, escaped, listed, place, step_link, table, tag
from .plan_stories import TableStory, stories
from .plan_style import style_sheet
from .proposals import SHORT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..proposal import Proposal, ProposedStep

_NOTHING_ELSE = "default-src 'none'; style-src 'unsafe-inline'"
"""What the browser may load: https://developer.mozilla.org/docs/Web/HTTP/CSP."""
_SHORT_SQL = 60  # characters that fit beside what they do
_SHOWN = 25  # steps of a plan whose SQL is seen without a click


def html(proposal: Proposal) -> str:
    """A plan as an HTML document."""
    name = f"Migration plan: {view.title(proposal)}"
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_NOTHING_ELSE}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escaped(name)}</title>",
            f"<style>{style_sheet()}</style>",
            "</head>",
            "<body>",
            *_body(proposal, name),
            "</body>",
            "</html>",
            "",
        ]
    )


def _body(proposal: Proposal, name: str) -> Iterator[str]:
    yield f"<h1>{escaped(name)}</h1>"
    yield f'<p class="muted">{_made(proposal)}</p>'
    yield f'<p class="verdict box-{_tone(proposal)}">{escaped(view.verdict(proposal))}</p>'
    yield from _databases(proposal)
    yield from _forever(proposal)
    yield from _findings(proposal)
    yield from _tables(proposal)
    yield from _steps(proposal)
    yield from _footer(proposal)


def _made(proposal: Proposal) -> str:
    made = proposal.made
    at = made.at.replace("T", " ").replace("Z", " UTC")
    short = digest(proposal)[:SHORT]
    return escaped(f"plan {short}, made {at} by {made.by} with brokle-migrate {made.version}")


def _tone(proposal: Proposal) -> str:
    if view.forever(proposal):
        return "bad"
    return "warn" if view.unknown(proposal) or proposal.findings else "good"


def _databases(proposal: Proposal) -> Iterator[str]:
    rows = [
        (
            tag(each.environment),
            f"<code>{escaped(each.label)}</code>" + "".join(map(_interrupted, each.interrupted)),
            escaped(view.standing(each)),
            escaped(view.after(each, proposal.steps)),
        )
        for each in proposal.databases
    ]
    yield from table(("tight", "", "tight", "tight"), ("", "database", "now at", "then at"), rows)
    yield from (f"<p>{escaped(said)}</p>" for said in view.how(proposal))


def _interrupted(said: str) -> str:
    return f'<p class="warn">{escaped(said)}</p>'


def _forever(proposal: Proposal) -> Iterator[str]:
    yield "<h2>What can't be undone</h2>"
    rows = [
        (
            step_link(each.number),
            f"{tag(each.step.environment)} {escaped(each.step.revision)}",
            f'<strong class="bad">{escaped(each.what)}</strong>',
            escaped(each.table),
        )
        for each in view.forever(proposal)
    ]
    if rows:
        names = ("step", "revision", "for good", "of table")
        yield from table(("tight", "tight", "", "tight"), names, rows)
    elif proposal.steps:
        yield f'<p class="good">{escaped(view.nothing_forever(proposal))}</p>'
    else:
        yield "<p>Nothing.</p>"
    for number, said in view.unknown(proposal):
        yield f'<p class="warn">{step_link(number)}: {escaped(said)}</p>'


def _findings(proposal: Proposal) -> Iterator[str]:
    if not proposal.findings:
        return
    yield "<h2>Findings</h2>"
    rows = [
        (
            f'<span class="tag {escaped(each.level)}">{escaped(each.level)}</span>',
            f"<code>{escaped(each.id)}</code>",
            tag(each.environment),
            "".join(
                [
                    escaped(each.message),
                    f'<br><code class="muted">{escaped(each.location)}</code>'
                    if each.location
                    else "",
                    f'<br><span class="muted">{escaped(each.hint)}</span>' if each.hint else "",
                ]
            ),
        )
        for each in proposal.findings
    ]
    names = ("level", "rule", "database", "finding")
    yield from table(("tight", "tight", "tight", ""), names, rows)


def _tables(proposal: Proposal) -> Iterator[str]:
    told = stories(proposal)
    if not told:
        return
    yield "<h2>What happens to which table</h2>"
    new = [each for each in told if each.is_new]
    if len(new) <= _SHOWN:
        yield from _stories(told)
        return
    there = [each for each in told if not each.is_new]
    if there:
        yield from _stories(there)
    yield f"<details><summary>and {words.number(len(new))} new tables and objects</summary>"
    yield from _stories(new)
    yield "</details>"


def _stories(told: Sequence[TableStory]) -> Iterator[str]:
    rows = [
        (
            tag(each.environment),
            f"<code>{escaped(each.name)}</code>",
            escaped(each.how_big),
            listed([*_losses(each), *_happenings(each)]),
        )
        for each in told
    ]
    names = ("", "table or object", "size", "what happens")
    yield from table(("tight", "tight", "tight", ""), names, rows)


def _losses(story: TableStory) -> Iterator[str]:
    for number, lost in story.losses:
        yield f'{place(number)} <strong class="bad">{escaped(lost.message)}</strong>'


def _happenings(story: TableStory) -> Iterator[str]:
    """One item for each step."""
    for number, found in groupby(story.happenings, key=lambda each: each.number):
        yield f"{place(number)} {'; '.join(_happening(each.what) for each in found)}"


def _happening(what: str) -> str:
    overwrites = what.startswith(deeds.OVERWRITES)
    return f'<strong class="bad">{escaped(what)}</strong>' if overwrites else escaped(what)


def _steps(proposal: Proposal) -> Iterator[str]:
    yield "<h2>Steps, in order</h2>"
    if not proposal.steps:
        yield "<p>None: there is nothing to do.</p>"
    shown = len(proposal.steps) <= _SHOWN
    for number, step in enumerate(proposal.steps, start=1):
        yield from _step(number, step, proposal, shown)


def _step(number: int, step: ProposedStep, proposal: Proposal, shown: bool) -> Iterator[str]:
    loses = " loses" if any(view.of_step(number, step)) else ""
    yield f'<section class="step{loses}" id="step-{number}">'
    message = f" {escaped(step.message)}" if step.message else ""
    head = f"{number}. {tag(step.environment)} <code>{escaped(step.revision)}</code>{message}"
    yield f"<h3>{head}</h3>"
    yield f'<p class="muted"><code>{escaped(step.path)}</code></p>'
    remarks = list(_remarks(number, step, proposal))
    if remarks:
        yield f'<ul class="said">{"".join(f"<li>{each}</li>" for each in remarks)}</ul>'
    yield from _sql(step, shown)
    yield "</section>"


def _remarks(number: int, step: ProposedStep, proposal: Proposal) -> Iterator[str]:
    for lost in view.of_step(number, step):
        yield f'<strong class="bad">{escaped(lost.what)}</strong>'
    if step.note:
        yield f'<span class="warn">not all of it is known: it {escaped(step.note)}</span>'
    for size in step.touches:
        yield f'<span class="muted">touches</span> {escaped(deeds.sized(size))}'
    for each in step.requires:
        before = view.linked(proposal, each)
        place = "applied already" if before is None else step_link(before)
        yield f'<span class="muted">requires</span> {escaped(each)} ({place})'


def _sql(step: ProposedStep, shown: bool) -> Iterator[str]:
    if not step.statements:
        yield '<p class="muted">runs no SQL</p>'
        return
    count = words.counted(len(step.statements), "statement")
    yield f"<details{' open' if shown else ''}><summary>SQL, {count}</summary>"
    said = {each.statement: deeds.directive(each) for each in step.directives}
    for number, text in enumerate(step.statements, start=1):
        how = f"; {said[number]}" if number in said else ""
        does = escaped(f"{number}. {deeds.summary(step, text)}{how}")
        if deeds.is_bookkeeping(step, text) and len(text) <= _SHORT_SQL:
            yield f'<div class="statement"><p>{does}: <code>{escaped(text)}</code></p></div>'
        else:
            yield f'<div class="statement"><p>{does}</p><pre>{code(text)}</pre></div>'
    yield "</details>"


def _footer(proposal: Proposal) -> Iterator[str]:
    yield "<footer>"
    yield f"<p>Digest of the plan: <code>{digest(proposal)}</code></p>"
    yield "<p>Sizes are what the servers estimated when the plan was made. What "
    yield "<code>brokle-migrate plan --out plan.json --out plan.html</code> wrote beside this page "
    yield "has the same digest, and <code>brokle-migrate up --plan plan.json</code> runs exactly "
    yield "that, or nothing.</p>"
    files = [file for step in proposal.steps for file in step.files]
    if files:
        yield "<details><summary>Checksums of the files (SHA-256)</summary>"
        listed = (f"{escaped(file.sha256)}  {escaped(file.path)}" for file in files)
        yield f"<pre>{chr(10).join(listed)}</pre></details>"
    yield "</footer>"
