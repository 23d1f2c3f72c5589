"""``graph`` over real databases, and how its pictures look in a real browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from brokle_migrate.render.graph_svg import svg
from tests.support.chromium import require_chromium, screenshot, title
from tests.support.png import colours
from tests.support.schema import clickhouse_schema, postgres_schema
from tests.unit.render.pictures import GRAPHS, branches

if TYPE_CHECKING:
    from tests.support.project import Project
    from tests.support.terminal import Result

DOWN = "postgres://ann:s3cr3t-word@127.0.0.1:1/app"
README_PICTURE = Path(__file__).parents[2] / "docs" / "graph.svg"
# Says which texts of a page lie on each other, or stick out of their picture.
OVERLAPS = """
const found = [];
for (const svg of document.querySelectorAll('svg')) {
  const whole = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll('text')].map(
    t => [t.textContent, t.getBoundingClientRect()]);
  texts.forEach(([text, a], i) => {
    if (a.left < whole.left || a.right > whole.right || a.bottom > whole.bottom) found.push(text);
    texts.slice(i + 1).forEach(([other, b]) => {
      if (a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom)
        found.push(text + ' on ' + other);
    });
  });
}
const count = document.querySelectorAll('svg text').length;
document.title = JSON.stringify({count, found});
"""


def succeeded(result: Result) -> str:
    assert result.code == 0, result.out + result.err
    return result.out


def data(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(succeeded(result))["data"]
    return found


def without_labels(picture: str) -> list[str]:
    """The lines of a picture that don't name a database."""
    return [line for line in picture.splitlines() if "://" not in line]


def small(project: Project) -> Project:
    """Two revisions and two pairs, with a link each way."""
    project.add_revision("20250101000000", "CREATE TABLE a (id int)", "DROP TABLE a")
    project.add_revision("20250103000000", clickhouse_requires="20250102000000")
    project.add_pair(20250102000000, "b", "CREATE TABLE b (x Int8) ENGINE = Log", "DROP TABLE b")
    link = "-- migrate: requires postgres@20250103000000\n"
    broken = "CREATE TABLE c (x Int8) ENGINE = Log; INSERT INTO nowhere SELECT 1"
    project.add_pair(20250104000000, "c", link + broken, "DROP TABLE c")
    return project


def test_the_bundled_histories_half_way(project: Project) -> None:
    bundled = project.with_bundled_histories()
    succeeded(bundled.run("steps", "--steps", "6"))
    picture = succeeded(bundled.run("graph"))
    assert without_labels(picture) == without_labels(README_PICTURE.read_text()), (
        "draw the README's picture anew: migrate empty databases with steps --steps 6, "
        "then graph --out docs/graph.svg"
    )
    texts = [each.text for each in ElementTree.fromstring(picture).iter() if each.text]
    assert texts.count("current") == 2
    assert {"create budgets", "6 pending", "create usage events", "11 pending"} <= set(texts)
    found = data(bundled.invoke("graph", "--json"))
    states = [node["state"] for node in found["nodes"]]
    assert (states.count("applied"), states.count("pending")) == (12, 17)
    assert [side["current"] for side in found["databases"]] == [
        ["20250303111000"],
        ["20250210091500"],
    ]
    assert sum(edge["kind"] == "requires" for edge in found["edges"]) == 3
    assert found["file"] is None


def test_it_reads_and_leaves_nothing_behind(project: Project) -> None:
    before = postgres_schema(project.postgres_url or "")
    found = data(small(project).invoke("graph", "--json"))
    assert [node["state"] for node in found["nodes"]] == ["pending"] * 4
    order = [node["revision"][:8] for node in found["nodes"]]
    assert order == ["20250101", "20250102", "20250103", "20250104"]
    assert postgres_schema(project.postgres_url or "") == before
    assert clickhouse_schema(project.clickhouse_url or "") == []


def test_a_step_that_failed_is_seen(project: Project) -> None:
    assert small(project).invoke("up").code == 6
    found = data(project.invoke("graph", "--json"))
    assert [node["state"] for node in found["nodes"]] == ["applied"] * 3 + ["dirty"]
    assert "statement " in found["nodes"][-1]["detail"]
    only = succeeded(project.invoke("graph", "--db", "clickhouse", "--format", "mermaid"))
    assert "postgres" not in only
    assert "<br/>dirty, head" in only


@pytest.mark.parametrize("both", [False, True])
def test_a_database_that_is_down_leaves_its_files(
    project: Project, monkeypatch: pytest.MonkeyPatch, both: bool
) -> None:
    monkeypatch.setenv("DATABASE_URL", DOWN)
    if both:
        monkeypatch.setenv("CLICKHOUSE_URL", "http://ann:s3cr3t-word@127.0.0.1:2/app")
    result = small(project).invoke("graph")
    picture = succeeded(result)
    assert "warning: postgres: Postgres at postgres://127.0.0.1:1/app does not answer" in result.err
    assert ("warning: clickhouse: " in result.err) is both
    assert picture.count("state unknown") == 1 + both
    assert "20250103000000" in picture
    assert "s3cr3t" not in picture + result.err


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("g.svg", "<svg"), ("g.mmd", "flowchart"), ("g.md", "```mermaid\nflowchart")],
)
def test_the_suffix_of_a_file_says_what_to_write(
    project: Project, name: str, beginning: str
) -> None:
    path = project.path / name
    said = succeeded(small(project).invoke("graph", "--out", name, "--dry-run"))
    assert re.fullmatch(rf"would write {name} \(\S+ KiB\)\n", said)
    assert not path.exists()
    said = succeeded(project.invoke("graph", "--out", name))
    assert said.startswith(f"wrote {name} (")
    assert path.read_text().startswith(beginning)
    file = data(project.invoke("graph", "--out", name, "--json"))["file"]
    assert file == {"path": name, "bytes": path.stat().st_size, "written": True}


def test_a_file_is_replaced_as_a_whole_and_a_symbolic_link_stays(project: Project) -> None:
    target = small(project).write("pictures/g.svg", "old")
    link = project.path / "g.svg"
    link.symlink_to(target)
    succeeded(project.invoke("graph", "--out", "g.svg"))
    assert link.is_symlink()
    assert target.read_text().startswith("<svg")
    assert [path.name for path in target.parent.iterdir()] == ["g.svg"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--out", "g.txt"), "the suffix does not say what to write"),
        (("--out", "g.md", "--format", "svg"), "contradict each other"),
        (("--out", "no/g.svg"), "can't write .*g.svg: No such file or directory"),
        (("--out", ".", "--format", "svg"), "can't write .*: Is a directory"),
    ],
)
def test_what_cannot_be_written(project: Project, arguments: tuple[str, ...], message: str) -> None:
    before = sorted(project.path.iterdir())
    result = small(project).invoke("graph", *arguments)
    assert result.code == 2
    assert result.out == ""
    assert re.search(message, result.err)
    assert "hint: " in result.err
    assert sorted(project.path.iterdir()) == before


def test_a_terminal_is_told_of_files(project: Project) -> None:
    result = small(project).run("graph", "--format", "mermaid", tty=True)
    assert "flowchart BT" in result.out
    assert "graph --out graph.svg" in result.out + result.err


def test_files_that_are_not_valid_are_an_error(project: Project) -> None:
    project.add_pair(1, "half", "SELECT 1", None)
    result = project.invoke("graph")
    assert (result.code, result.out) == (2, "")
    assert "1_half" in result.err


def test_a_browser_finds_no_text_on_another(tmp_path: Path) -> None:
    require_chromium()
    page = tmp_path / "all.html"
    pictures = "".join(svg(draw()) for draw in GRAPHS.values())
    page.write_text(f"<meta charset=utf-8><body>{pictures}<script>{OVERLAPS}</script>")
    seen = json.loads(title(page))
    assert seen["count"] > 100
    assert seen["found"] == []


@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_draws_it_as_an_image(tmp_path: Path, dark: bool) -> None:
    require_chromium()
    (tmp_path / "graph.svg").write_text(svg(branches()))
    page = tmp_path / "page.html"
    page.write_text('<body style="margin:0"><img alt="a graph" width="480" src="graph.svg">')
    seen = colours(screenshot(page, (480, 360), dark=dark))
    ground, strong = ((13, 17, 23), (63, 185, 80)) if dark else ((255, 255, 255), (26, 127, 55))
    assert seen[ground] > 0.6 * seen.total()
    assert seen[strong] > 300
    assert len(seen) > 50
