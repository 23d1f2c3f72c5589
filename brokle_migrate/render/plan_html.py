"""A plan as one page for a browser: nothing is loaded, and no script runs."""

from __future__ import annotations

import re
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from ..proposal_file import digest
from . import plan_view as view
from . import words
from .plan_style import style_sheet
from .proposals import SHORT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..proposal import Proposal, ProposedStep

_NOTHING_ELSE = "default-src 'none'; style-src 'unsafe-inline'"
"""What the browser may load: https://developer.mozilla.org/docs/Web/HTTP/CSP."""
_TIGHT, _WIDE = "tight", 60  # characters
_TAG = re.compile("<[^>]*>")
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
            f"<title>{_text(name)}</title>",
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
    yield f"<h1>{_text(name)}</h1>"
    yield f'<p class="muted">{_made(proposal)}</p>'
    yield f'<p class="verdict box-{_tone(proposal)}">{_text(view.verdict(proposal))}</p>'
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
    return _text(f"plan {short}, made {at} by {made.by} with brokle-migrate {made.version}")


def _tone(proposal: Proposal) -> str:
    if view.forever(proposal):
        return "bad"
    return "warn" if view.unknown(proposal) or proposal.findings else "good"


def _databases(proposal: Proposal) -> Iterator[str]:
    rows = [
        (
            _tag(each.environment),
            f"<code>{_text(each.label)}</code>" + "".join(map(_interrupted, each.interrupted)),
            _text(view.standing(each)),
            _text(view.after(each, proposal.steps)),
        )
        for each in proposal.databases
    ]
    yield from _table(("tight", "", "tight", "tight"), ("", "database", "now at", "then at"), rows)
    yield from (f"<p>{_text(said)}</p>" for said in view.how(proposal))


def _interrupted(said: str) -> str:
    return f'<p class="warn">{_text(said)}</p>'


def _forever(proposal: Proposal) -> Iterator[str]:
    yield "<h2>What can't be undone</h2>"
    rows = [
        (
            _step_link(each.number),
            f"{_tag(each.step.environment)} {_text(each.step.revision)}",
            f'<strong class="bad">{_text(each.what)}</strong>',
            _text(each.table),
        )
        for each in view.forever(proposal)
    ]
    if rows:
        names = ("step", "revision", "for good", "of table")
        yield from _table(("tight", "tight", "", "tight"), names, rows)
    elif proposal.steps:
        yield f'<p class="good">{_text(view.nothing_forever(proposal))}</p>'
    else:
        yield "<p>Nothing.</p>"
    for number, said in view.unknown(proposal):
        yield f'<p class="warn">{_step_link(number)}: {_text(said)}</p>'


def _findings(proposal: Proposal) -> Iterator[str]:
    if not proposal.findings:
        return
    yield "<h2>Findings</h2>"
    rows = [
        (
            f'<span class="tag {_text(each.level)}">{_text(each.level)}</span>',
            f"<code>{_text(each.id)}</code>",
            _tag(each.environment),
            "".join(
                [
                    _text(each.message),
                    f'<br><code class="muted">{_text(each.location)}</code>'
                    if each.location
                    else "",
                    f'<br><span class="muted">{_text(each.hint)}</span>' if each.hint else "",
                ]
            ),
        )
        for each in proposal.findings
    ]
    names = ("level", "rule", "database", "finding")
    yield from _table(("tight", "tight", "tight", ""), names, rows)


def _tables(proposal: Proposal) -> Iterator[str]:
    told = view.stories(proposal)
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


def _stories(told: Sequence[view.TableStory]) -> Iterator[str]:
    rows = [
        (
            _tag(each.environment),
            f"<code>{_text(each.name)}</code>",
            _text(each.how_big),
            _listed([*_losses(each), *_happenings(each)]),
        )
        for each in told
    ]
    names = ("", "table or object", "size", "what happens")
    yield from _table(("tight", "tight", "tight", ""), names, rows)


def _losses(story: view.TableStory) -> Iterator[str]:
    for number, lost in story.losses:
        yield f'{_place(number)} <strong class="bad">{_text(lost.message)}</strong>'


def _happenings(story: view.TableStory) -> Iterator[str]:
    """One item for each step."""
    for number, found in groupby(story.happenings, key=lambda each: each.number):
        yield f"{_place(number)} {'; '.join(_happening(each.what) for each in found)}"


def _happening(what: str) -> str:
    overwrites = what.startswith(view.OVERWRITES)
    return f'<strong class="bad">{_text(what)}</strong>' if overwrites else _text(what)


def _steps(proposal: Proposal) -> Iterator[str]:
    yield "<h2>Steps, in order</h2>"
    if not proposal.steps:
        yield "<p>None: there is nothing to do.</p>"
    shown = len(proposal.steps) <= _SHOWN
    for number, step in enumerate(proposal.steps, start=1):
        yield from _step(number, step, proposal, shown)


def _step(number: int, step: ProposedStep, proposal: Proposal, shown: bool) -> Iterator[str]:
    loses = " loses" if step.destroys or step.no_way_back else ""
    yield f'<section class="step{loses}" id="step-{number}">'
    message = f" {_text(step.message)}" if step.message else ""
    head = f"{number}. {_tag(step.environment)} <code>{_text(step.revision)}</code>{message}"
    yield f"<h3>{head}</h3>"
    yield f'<p class="muted"><code>{_text(step.path)}</code></p>'
    remarks = list(_remarks(step, proposal))
    if remarks:
        yield f'<ul class="said">{"".join(f"<li>{each}</li>" for each in remarks)}</ul>'
    yield from _sql(step, shown)
    yield "</section>"


def _remarks(step: ProposedStep, proposal: Proposal) -> Iterator[str]:
    for lost in step.destroys:
        yield f'<strong class="bad">{_text(lost.message)}</strong>'
    if step.no_way_back:
        said = f"can't be rolled back: {step.no_way_back}"
        yield f'<strong class="bad">{_text(said)}</strong>'
    if step.note:
        yield f'<span class="warn">not all of it is known: it {_text(step.note)}</span>'
    for size in view.touched(step):
        yield f'<span class="muted">touches</span> {_text(view.sized(size))}'
    for each in step.requires:
        before = view.linked(proposal, each)
        place = "applied already" if before is None else _step_link(before)
        yield f'<span class="muted">requires</span> {_text(each)} ({place})'


def _sql(step: ProposedStep, shown: bool) -> Iterator[str]:
    if not step.statements:
        yield '<p class="muted">runs no SQL</p>'
        return
    count = words.counted(len(step.statements), "statement")
    yield f"<details{' open' if shown else ''}><summary>SQL, {count}</summary>"
    said = {each.statement: view.directive(each) for each in step.directives}
    for number, text in enumerate(step.statements, start=1):
        how = f"; {said[number]}" if number in said else ""
        does = _text(f"{number}. {view.summary(step, text)}{how}")
        if view.is_bookkeeping(step, text) and len(text) <= _SHORT_SQL:
            yield f'<div class="statement"><p>{does}: <code>{_text(text)}</code></p></div>'
        else:
            yield f'<div class="statement"><p>{does}</p><pre>{_code(text)}</pre></div>'
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
        listed = (f"{_text(file.sha256)}  {_text(file.path)}" for file in files)
        yield f"<pre>{chr(10).join(listed)}</pre></details>"
    yield "</footer>"


def _table(
    classes: Sequence[str], names: Sequence[str], rows: Iterable[Sequence[str]]
) -> Iterator[str]:
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


def _listed(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _step_link(number: int) -> str:
    return f'<a href="#step-{number}">step {number}</a>'


def _place(number: int) -> str:
    return f'<a class="place" href="#step-{number}">{number}</a>'


def _tag(environment: str) -> str:
    return f'<span class="tag {_text(environment)}">{_text(environment)}</span>'


def _text(text: str) -> str:
    return escape(words.one_line(words.printable(text)))


def _code(text: str) -> str:
    return escape(words.printable(text))
