"""The page and the Markdown of a plan: what a reviewer can read off, and that names stay names."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from brokle_migrate.proposal_file import digest
from brokle_migrate.render.plan_html import html
from brokle_migrate.render.plan_markdown import MOST_CHARACTERS, complaint, markdown

from .plans import HOSTILE, PROPOSALS, destructive, hostile, long, proposal


class Page(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in {"meta", "br", "!doctype"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def rendered(text: str) -> str:
    return MarkdownIt("commonmark").enable("table").render(text)


@pytest.mark.parametrize("form", [html, lambda plan: rendered(markdown(plan))])
def test_a_reviewer_can_say_what_happens(form) -> None:
    text = Page(form(destructive())).text
    for said in (
        "3 steps (postgres 2, clickhouse 1)",
        "It destroys 3 things; overwrites values in 1 table; has 1 step without a way back;",
        "1 step can't be told in full.",
        "postgres://db.example:5432/app",
        "drops column users.legacy_token",
        "users (4,711 rows, 1.2 MiB)",
        "events (1,204,332,907 rows, 341 GiB)",
        "deletes rows of events",
        "overwrites values in events",
        "can't be rolled back: the events are gone",
        "not all of it is known: it can't run without the database",
        "a mutation rewrites every part of events",
        "delete by partition",
        "migrations_clickhouse/versions/20250601093000_change.up.sql:1:1",
        "CREATE TABLE events_by_kind (kind String, n UInt64)",
        "postgres@20250601090000",
        "its mutation is not waited for",
        "timeout 30 m",
        "ann@build-7",
        digest(destructive()),
    ):
        assert said in text, said


def test_the_order_of_both_databases() -> None:
    text = Page(html(destructive())).text
    heads = re.findall(r"\d\. (?:postgres|clickhouse) \d{14}", text)
    assert heads == [
        "1. postgres 20250601090000",
        "2. postgres 20250602090000",
        "3. clickhouse 20250601093000",
    ]
    assert "requires postgres@20250601090000 ( step 1 )" in text
    assert "requires postgres@20250101000000 (applied already)" in text


@pytest.mark.parametrize("name", PROPOSALS)
def test_the_page_is_whole_and_needs_nothing(name: str) -> None:
    page = Page(html(PROPOSALS[name]()))
    assert page.open == []
    assert not page.tags.keys() & {"script", "img", "link", "iframe", "object", "form", "base"}
    for tag, attribute, value in page.attributes:
        assert not attribute.startswith("on")
        assert attribute not in {"src", "style"}
        if attribute == "href":
            assert (tag, value[0]) == ("a", "#")
    ids = [value for _, name, value in page.attributes if name == "id"]
    linked = {value[1:] for _, name, value in page.attributes if name == "href"}
    assert len(set(ids)) == len(ids)
    assert linked <= set(ids)


def test_names_are_not_markup() -> None:
    page = Page(html(hostile()))
    shown = HOSTILE.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    assert page.text.count(shown) > 15
    assert "\u202e" not in html(hostile())
    text = rendered(markdown(hostile()))
    found = Page(text)
    assert found.open == []
    assert set(found.tags) <= {
        *("h2", "h3", "p", "strong", "em", "table", "thead", "tbody", "tr", "th", "td", "ul"),
        *("li", "code", "pre", "br", "details", "summary"),
    }
    assert found.tags["pre"] == 1  # what stands in the SQL doesn't end the block
    assert found.text.count(shown) > 15
    assert "<td>" in text


def test_every_row_of_markdown_has_its_cells() -> None:
    for plan in (destructive(), hostile()):
        tables = re.findall(r"(?:^\|.*\n)+", markdown(plan), re.MULTILINE)
        assert len(tables) >= 4
        for table in tables:
            widths = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
            assert len(widths) == 1


def test_a_long_plan_is_folded() -> None:
    page = Page(html(long()))
    assert page.tags["details"] == 202
    assert ("details", "open", "") not in page.attributes
    assert "and 199 new tables and objects" in page.text
    assert ("details", "open", "") in Page(html(long(4))).attributes
    assert f"at most {MOST_CHARACTERS:,} characters" in complaint(markdown(long()))
    assert complaint(markdown(destructive())) == ""


def test_nothing_to_do() -> None:
    for text in (html(proposal()), markdown(proposal())):
        assert "There is nothing to do." in text
        assert "None: there is nothing to do." in text
