"""The picture as SVG: well-formed, complete, everything inside, no text on another."""

from __future__ import annotations

import itertools
import re
import time
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from brokle_migrate.graph_building import Reading, build
from brokle_migrate.graph_stretches import collapsed
from brokle_migrate.render.graph_layout import lay_out
from brokle_migrate.render.graph_style import DARK, LIGHT, TONES
from brokle_migrate.render.graph_svg import svg
from brokle_migrate.render.graph_words import identity, tooltip
from brokle_migrate.render.svg import cut, cut_inside, width, wrapped

from ..scenarios import clickhouse, postgres
from .pictures import GRAPHS, MANY, alone, base, branches, long, trouble

NS = "{http://www.w3.org/2000/svg}"
SIZES = {"name": 14.0, "place": 16.5, "mono": 11.0, "tag": 10.5, "small": 12.0}
BOLD = {"name", "place", "tag", "strong"}


class Box(NamedTuple):
    """Where something is drawn."""

    what: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether they share more than an edge."""
        beside = self.right <= other.left or other.right <= self.left
        return not (beside or self.bottom <= other.top or other.bottom <= self.top)


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def texts(root: ElementTree.Element) -> list[Box]:
    return [_text_box(each) for each in root.iter(f"{NS}text") if each.text]


def _text_box(each: ElementTree.Element) -> Box:
    classes = each.get("class", "").split()
    size = next((SIZES[name] for name in classes if name in SIZES), 13.0)
    content = each.text or ""
    wide = width(content, size, bold=bool(BOLD & set(classes)), mono="mono" in classes)
    x, y = float(each.get("x", 0)), float(each.get("y", 0))
    left = x - wide * {"end": 1.0, "middle": 0.5}.get(each.get("text-anchor", "start"), 0.0)
    return Box(content, left, y - size * 0.8, left + wide, y + size * 0.25)


@pytest.fixture(params=GRAPHS)
def drawn(request: pytest.FixtureRequest) -> ElementTree.Element:
    return parsed(svg(GRAPHS[request.param]()))


def test_everything_is_inside(drawn: ElementTree.Element) -> None:
    _, _, right, bottom = map(float, drawn.get("viewBox", "").split())
    for box in texts(drawn):
        assert box.left >= 0, box
        assert box.right <= right, box
        assert box.top >= 0, box
        assert box.bottom <= bottom, box
    for each in drawn.iter():
        if each.tag == f"{NS}circle":
            assert 0 < float(each.get("cx", 0)) < right
            assert 0 < float(each.get("cy", 0)) < bottom
        if each.tag == f"{NS}path":
            for x in re.findall(r"[MHL](-?[\d.]+)", each.get("d", "")):
                assert 0 < float(x) < right


def test_no_text_lies_on_another(drawn: ElementTree.Element) -> None:
    for one, other in itertools.combinations(texts(drawn), 2):
        assert not one.meets(other), (one, other)


def test_no_text_lies_on_a_mark(drawn: ElementTree.Element) -> None:
    marks = [
        Box("mark", x - r, y - r, x + r, y + r)
        for each in drawn.iter(f"{NS}circle")
        for x, y, r in [[float(each.get(name, 0)) for name in ("cx", "cy", "r")]]
    ]
    for text, mark in itertools.product(texts(drawn), marks):
        assert not text.meets(mark), (text, mark)


@pytest.mark.parametrize("name", GRAPHS)
def test_every_node_is_there_once(name: str) -> None:
    graph = GRAPHS[name]()
    root = parsed(svg(graph))
    groups = [g for g in root.iter(f"{NS}g") if g.get("class") == "node"]
    tooltips = {g.findtext(f"{NS}title") for g in groups}
    assert len(groups) == len(graph.nodes)
    assert tooltips == {tooltip(node) for node in graph.nodes}
    shown = {each.text for each in root.iter(f"{NS}text")}
    assert {identity(node) for node in graph.nodes} <= shown


def test_links_lead_from_trunk_to_trunk() -> None:
    graph = branches()
    root = parsed(svg(graph))
    lines = [p for p in root.iter(f"{NS}path") if p.get("class", "").startswith("link")]
    in_legend = 1
    assert len(lines) == len(lay_out(graph).links) + in_legend == 5 + in_legend
    assert sum(p.get("class") == "link todo" for p in lines) == 3


def test_it_stands_for_itself() -> None:
    text = svg(branches())
    root = parsed(text)
    assert root.get("role") == "img"
    assert root.findtext(f"{NS}title") == "Migrations of Postgres and ClickHouse"
    assert "Postgres (postgres://test) is at g7: 7 of 9 applied" in text.replace("&#160;", " ")
    assert "prefers-color-scheme: dark" in text
    assert text.isascii()
    assert not re.search(r"<script|href|url\(|@import|on\w+=", text.replace("&lt;script", ""))


def test_what_cannot_be_drawn_is_written_out_or_left_out() -> None:
    shown = " ".join(each.text or "" for each in parsed(svg(branches())).iter(f"{NS}text"))
    assert 'drop <old> & "unused" columns' in shown
    assert r"a b\x00c\x1b[31m\u202e" in shown
    assert "(no message)" in shown
    assert "\ufffe" not in shown


def test_the_card_says_where_a_database_stands() -> None:
    shown = " ".join(each.text or "" for each in parsed(svg(trouble())).iter(f"{NS}text"))
    shown = shown.replace("\xa0", " ")
    assert "unreachable" in shown
    assert "state unknown" in shown
    assert "does not answer: refused 3 revisions on disk" in shown
    assert "dirty" in shown
    assert "upgrade of 4 stopped at statement 2 of 5" in shown
    assert "1 changed · 1 ahead · 1 dirty · 4 out of order · 1 pending" in shown
    shown = " ".join(each.text or "" for each in parsed(svg(base())).iter(f"{NS}text"))
    assert shown.count("nothing is applied yet") == 4
    assert "no revisions on disk" in shown
    assert "at head" in svg(alone())


def test_a_stretch_says_what_it_stands_for() -> None:
    shown = [each.text for each in parsed(svg(long())).iter(f"{NS}text")]
    assert "… 57 applied revisions" in shown
    assert f"{MANY[91]} … {MANY[147]}" in shown


def test_each_row_has_one_node_of_a_history_and_requirements_are_below() -> None:
    layout = lay_out(branches())
    places = [(spot.node.environment, spot.row) for spot in layout.spots.values()]
    assert len(places) == len(set(places))
    assert all(source.row <= target.row for source, target in layout.links)
    assert all(wire.source.row < wire.target.row for wire in layout.wires)


def test_lines_of_different_branches_do_not_run_over_each_other() -> None:
    wires = lay_out(branches()).wires
    for one, other in itertools.combinations(wires, 2):
        if one.source.node.environment != other.source.node.environment:
            continue
        shared = one.lane == other.lane and (one.edge.target, one.edge.kind) != (
            other.edge.target,
            other.edge.kind,
        )
        apart = one.target.row <= other.source.row or other.target.row <= one.source.row
        assert not shared or apart, (one, other)


def test_no_line_runs_through_the_mark_of_a_revision_it_passes() -> None:
    layout = lay_out(branches())
    for wire in layout.wires:
        passed = [
            spot
            for spot in layout.spots.values()
            if spot.node.environment == wire.source.node.environment
            and wire.source.row < spot.row < wire.target.row
        ]
        assert all(spot.lane != wire.lane for spot in passed), wire


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_everything_can_be_read_in_both_modes(palette: dict[str, str]) -> None:
    tones = [palette[tone].split() for tone in TONES.values()]
    softs = [soft for _, soft in tones]
    grounds = [palette["ground"], palette["card"], *softs]
    assert all(contrast(palette["text"], ground) >= 4.5 for ground in grounds)
    assert all(contrast(palette["muted"], ground) >= 4.5 for ground in grounds)
    for strong, soft in tones:
        assert contrast(strong, soft) >= 4.5
        assert contrast(strong, palette["ground"]) >= 4.5
        assert contrast(strong, palette["card"]) >= 4.5
    assert contrast(palette["todo"], palette["ground"]) >= 3
    assert contrast(palette["link"], palette["ground"]) >= 3


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, as WCAG 2.1 defines it."""
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    shares = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_thousands_of_revisions_are_quick() -> None:
    many = [str(20200101000000 + n) for n in range(3000)]
    links = {version: version for version in many[::10]}
    started = time.process_time()
    left = postgres(" ".join(many), many[2000])
    right = clickhouse(" ".join(many), " ".join(many[:1500]), requires=links)
    graph = build([Reading(left), Reading(right)])
    assert len(svg(collapsed(graph))) < len(svg(graph))
    assert time.process_time() - started < 10


def test_texts_are_cut_to_the_room_there_is() -> None:
    assert cut("short", 100, 13) == "short"
    text = "a very long message about nothing in particular"
    assert cut(text, 100, 13).endswith("…")
    assert width(cut(text, 100, 13), 13) <= 100
    assert cut_inside("postgres://" + "h" * 50 + "/app", 200, 11, tail=6).endswith("…hh/app")
    assert [len(wrapped(text, 120, 12, lines)) for lines in (1, 2, 9)] == [1, 2, 4]
    assert wrapped("", 100, 12, 2) == []
