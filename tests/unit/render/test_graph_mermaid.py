"""The picture as Mermaid: every line fits the part of the grammar that is used."""

from __future__ import annotations

import re

import pytest

from brokle_migrate.graph import EdgeKind
from brokle_migrate.render.graph_mermaid import MOST_EDGES, escaped, mermaid, too_big
from brokle_migrate.render.pictures import Form, complaint, draw

from .pictures import GRAPHS, base, branches, long

ID = r"[a-zA-Z]+\d*"
TEXT = r'"(?:[^"#<&;`%{}\[\]|\\\x00-\x1f]|#\d+;|<br/>)*"'
NODE = rf"{ID}(?:\[{TEXT}\]|\(\[{TEXT}\]\)|\[\[{TEXT}\]\]|\{{\{{{TEXT}\}}\}})"
LINES = {
    "header": r"flowchart BT",
    "accessible": r"acc(?:Title|Descr): [\w .,:/()+=@*-]+",
    "subgraph": rf"  subgraph {ID} \[{TEXT}\]",
    "node": rf"    {NODE}",
    "end": r"  end",
    "edge": rf"  {ID} (?:-->|-\.->|-- {TEXT} -->|-\. {TEXT} \.->) {ID}",
    "classDef": r"  classDef [a-z]+ [\w:#,\- ]+",
    "class": rf"  class {ID}(?:,{ID})* [a-z]+",
    "style": r"  style [a-z]+ [\w:#,\-]+",
    "linkStyle": r"  linkStyle \d+(?:,\d+)* [\w:#,\-]+",
}


def kind(line: str) -> str:
    found = [name for name, form in LINES.items() if re.fullmatch(form, line)]
    assert len(found) == 1, line
    return found[0]


@pytest.mark.parametrize("name", GRAPHS)
def test_every_line_fits_the_grammar(name: str) -> None:
    text = mermaid(GRAPHS[name]())
    kinds = [kind(line) for line in text.splitlines()]
    assert kinds[:3] == ["header", "accessible", "accessible"]
    assert kinds.count("subgraph") == kinds.count("end") > 0
    assert text.endswith("\n")


@pytest.mark.parametrize("name", GRAPHS)
def test_everything_named_is_declared_once(name: str) -> None:
    graph = GRAPHS[name]()
    lines = mermaid(graph).splitlines()
    nodes = [line.split('"')[0].strip(" [({") for line in lines if kind(line) == "node"]
    bases = sum(name.endswith("Base") for name in nodes)
    assert len(nodes) == len(set(nodes)) == len(graph.nodes) + bases
    for line in lines:
        if kind(line) == "edge":
            assert {line.split()[0], line.split()[-1]} <= set(nodes)
        if kind(line) == "class":
            assert set(line.split()[1].split(",")) <= set(nodes)


def test_links_are_coloured_by_their_place_among_the_edges() -> None:
    graph = branches()
    lines = mermaid(graph).splitlines()
    edges = [line for line in lines if kind(line) == "edge"]
    (style,) = [line for line in lines if kind(line) == "linkStyle"]
    coloured = {int(number) for number in style.split()[1].split(",")}
    assert coloured == {i for i, line in enumerate(edges) if "required by" in line}
    assert len(coloured) == sum(e.kind is EdgeKind.REQUIRES for e in graph.edges)
    assert any("depended on by" in line for line in edges)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("create users", "create users"),
        ('"', "#34;"),
        ("<&>", "#60;#38;#62;"),
        ("#quot;", "#35;quot#59;"),
        ("`%%{}`", "#96;#37;#37;#123;#125;#96;"),
        ("été 索引", "été 索引"),
    ],
)
def test_what_means_something_to_mermaid_is_escaped(text: str, expected: str) -> None:
    assert escaped(text) == expected


def test_where_each_database_stands_is_said() -> None:
    text = mermaid(branches()).replace("\xa0", " ")
    assert 'subgraph postgres ["Postgres is at g7: 7 of 9 applied · 2 pending"]' in text
    assert "<br/>g7<br/>current" in text
    assert re.search(r"class postgres\d+,clickhouse\d+ here", text)
    assert 'clickhouseBase["base<br/>nothing is applied yet"]' in mermaid(base())


def test_markdown_is_the_same_in_a_fence() -> None:
    graph = long()
    assert draw(graph, Form.MARKDOWN) == f"```mermaid\n{mermaid(graph)}```\n"
    assert draw(graph, Form.MERMAID) == mermaid(graph)
    assert draw(graph, Form.SVG).startswith("<svg")


def test_a_picture_that_mermaid_would_refuse_is_told_of() -> None:
    graph = branches()
    assert not too_big(graph, "")
    assert complaint(graph, Form.SVG, "x" * 60_000) == ""
    assert "at most 500 edges" in complaint(graph, Form.MERMAID, "x" * 60_000)
    assert MOST_EDGES == 500
