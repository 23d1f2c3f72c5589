"""``plan --out`` and ``up --plan``: exactly what was approved runs, or nothing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from brokle_migrate import command, load
from brokle_migrate.errors import StalePlan
from brokle_migrate.proposal_file import dumps, loads
from brokle_migrate.render.plan_html import html
from tests.support.chromium import require_chromium, screenshot, title
from tests.support.png import colours
from tests.support.schema import clickhouse_schema, postgres_schema
from tests.unit.render.plans import PROPOSALS, destructive, hostile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.gateway_process import GatewayProcess
    from tests.support.project import Project
    from tests.support.terminal import Result

PG1, CH2, PG3, CH4 = (f"2025010{n}000000" for n in (1, 2, 3, 4))


@pytest.fixture
def shop(project: Project) -> Project:
    """Two steps in each database, with a link each way, and a column that goes."""
    project.add_revision(PG1, "CREATE TABLE users (id int, note text)", "DROP TABLE users")
    project.add_pair(
        CH2,
        "events",
        f"-- migrate: requires postgres@{PG1}\n"
        "CREATE TABLE events (id UInt64, kind String) ENGINE = MergeTree ORDER BY id;\n"
        "INSERT INTO events SELECT number, 'a' FROM numbers(1000)",
        "DROP TABLE events",
    )
    project.add_revision(
        PG3,
        ["ALTER TABLE users DROP COLUMN note", "CREATE INDEX users_id ON users (id)"],
        clickhouse_requires=CH2,
        message="drop notes",
    )
    project.add_pair(
        CH4,
        "kinds",
        "-- migrate: settings max_threads=1\nALTER TABLE events DROP COLUMN kind",
        "-- migrate: irreversible the kinds are gone",
    )
    return project


def succeeded(result: Result) -> str:
    assert result.code == 0, result.out + result.err
    return result.out


def planned(project: Project, *options: str) -> Path:
    succeeded(project.invoke("plan", "--out", "plan.json", *options))
    return project.path / "plan.json"


def state(project: Project) -> tuple[Any, Any]:
    return (
        postgres_schema(project.postgres_url or ""),
        clickhouse_schema(project.clickhouse_url or ""),
    )


def refused(project: Project, code: str = "stale_plan") -> str:
    """What the refusal says; nothing was changed."""
    before = state(project)
    result = project.invoke("up", "--plan", "plan.json", "--json")
    found = json.loads(result.out)
    assert (result.code, found["error"]["code"]) == (1 if code == "stale_plan" else 2, code)
    assert found["error"]["hint"]
    assert state(project) == before
    message: str = found["error"]["message"]
    return message


def test_a_plan_is_shown_as_a_dry_run_shows_it(shop: Project) -> None:
    before = state(shop)
    for options in ((), ("--steps", "1"), ("--db", "clickhouse", "--steps", "1")):
        dry = shop.invoke("up", "--dry-run", *options)
        plain = shop.invoke("plan", *options)
        assert (plain.out, plain.err, plain.code) == (dry.out, dry.err, dry.code)
    assert state(shop) == before


def test_the_file_says_everything_and_has_a_digest(shop: Project) -> None:
    succeeded(shop.invoke("up", "--steps", "1"))
    path = planned(shop)
    assert path.read_text() == dumps(loads(path.read_bytes()))
    found = json.loads(path.read_text())
    assert re.fullmatch("[0-9a-f]{64}", found["digest"])
    assert found["schema"] == 1
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["made"]["at"])
    assert [each["current"] for each in found["databases"]] == [[PG1], [CH2]]
    postgres, clickhouse = found["steps"]
    assert postgres["requires"] == [f"clickhouse@{CH2}"]
    assert "ALTER TABLE users DROP COLUMN note" in postgres["statements"]
    assert [each["message"] for each in postgres["destroys"]] == ["drops column users.note"]
    assert postgres["no_way_back"] == "its downgrade does nothing"
    assert clickhouse["statements"] == ["ALTER TABLE events DROP COLUMN kind"]
    assert [(each["name"], each["rows"]) for each in clickhouse["touches"]] == [("events", 1000)]
    assert "the kinds are gone" in clickhouse["no_way_back"]
    assert clickhouse["directives"] == [
        {"statement": 1, "settings": ["max_threads = 1"], "timeout": None, "wait": True}
    ]
    names = [each["path"].rpartition("/")[2] for each in clickhouse["files"]]
    assert names == [f"{CH4}_kinds.up.sql", f"{CH4}_kinds.down.sql"]


def test_the_same_plan_in_several_forms_has_one_digest(shop: Project) -> None:
    said = succeeded(
        shop.invoke("plan", *(f"--out=plan.{suffix}" for suffix in ("json", "md", "html")))
    )
    digest = json.loads((shop.path / "plan.json").read_text())["digest"]
    assert digest[:12] in said
    for name in ("plan.md", "plan.html"):
        assert digest in (shop.path / name).read_text()
        assert f"wrote {name} (" in said


def test_an_approved_plan_is_run_statement_for_statement(
    shop: Project, gateway: GatewayProcess
) -> None:
    path = planned(shop)
    statements = [
        text
        for step in json.loads(path.read_text())["steps"]
        if step["environment"] == "clickhouse"
        for text in step["statements"]
    ]
    succeeded(shop.invoke("up", "--plan", "plan.json", "--dry-run"))
    gateway.reset()
    said = succeeded(shop.invoke("up", "--plan", "plan.json"))
    assert PG3 in said
    assert [text for text in gateway.texts() if text in statements] == statements
    assert succeeded(shop.invoke("status", "--exit-code"))


def test_part_of_what_is_pending(shop: Project) -> None:
    planned(shop, "--db", "postgres", "--steps", "1")
    succeeded(shop.invoke("up", "--plan", "plan.json"))
    found = json.loads(shop.invoke("status", "--json").out)["data"]["databases"]
    assert [each["applied"] for each in found] == [1, 0]


def test_nothing_to_do_is_a_plan_too(project: Project) -> None:
    planned(project)
    assert "nothing to do" in succeeded(project.invoke("up", "--plan", "plan.json"))
    assert "nothing to do" in succeeded(project.invoke("plan"))


def test_a_plan_made_before_somebody_elses_up(shop: Project) -> None:
    planned(shop)
    succeeded(shop.invoke("up", "--steps", "1"))
    message = refused(shop)
    assert f"postgres {PG1} (revision {PG1}) is applied by now" in message
    assert f"clickhouse {CH2} (events) is applied by now" in message
    assert PG3 not in message


def test_a_plan_made_before_a_rollback(shop: Project) -> None:
    succeeded(shop.invoke("up", "--steps", "1"))
    planned(shop)
    succeeded(shop.invoke("down", "--db", "clickhouse", "-y"))
    assert f"clickhouse {CH2} was rolled back" in refused(shop)


def test_a_step_that_broke_off_in_the_meantime(project: Project) -> None:
    broken = "CREATE TABLE a (x Int8) ENGINE = Log; INSERT INTO nowhere SELECT 1"
    project.add_pair(CH2, "a", broken, "DROP TABLE a")
    planned(project)
    assert project.invoke("up").code == 6
    message = refused(project)
    assert f"clickhouse: upgrade of {CH2} stopped at statement 2 of 2, which failed" in message
    planned(project)
    again = project.invoke("up", "--plan", "plan.json")
    assert (again.code, "nowhere" in again.out + again.err) == (1, True)


def edit(name: str, old: str, new: str) -> Callable[[Project], None]:
    def change(project: Project) -> None:
        path = next(project.path.rglob(name))
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return change


def add(project: Project) -> None:
    project.add_pair("20250105000000", "more", "SELECT 1", "SELECT 1")


def add_between(project: Project) -> None:
    project.add_pair("20250103000001", "between", "SELECT 1", "SELECT 1")


def remove(project: Project) -> None:
    for path in project.clickhouse_versions.glob(f"{CH4}*"):
        path.unlink()


CHANGES: list[tuple[Callable[[Project], None], tuple[str, ...]]] = [
    (
        edit(f"{CH2}_*.up.sql", "kind String", "kind LowCardinality(String)"),
        (
            f"{CH2}_events.up.sql was edited",
            f"clickhouse {CH2} statement 1 differs:\n    - CREATE TABLE events (id UInt64, kind",
            "    + CREATE TABLE events (id UInt64, kind LowCardinality(String)) ENGINE",
        ),
    ),
    (edit(f"{CH4}_*.up.sql", "=1", "=2"), ("would run with max_threads = 2, and was to run",)),
    (
        edit(f"{CH4}_*.down.sql", "-- migrate: irreversible the kinds are gone", "SELECT 1"),
        (f"clickhouse {CH4} can be rolled back now",),
    ),
    (
        edit(f"{PG3}_*.py", "users_id ON", "users_ids ON"),
        (f"postgres {PG3} statement 2 differs", "+ CREATE INDEX users_ids ON users (id)"),
    ),
    (edit(f"{PG1}_*.py", "upgrade() -> None:", "upgrade() -> None:  #"), (".py was edited",)),
    (add, ("clickhouse 20250105000000 (more) would run, too: new file ",)),
    (add_between, ("clickhouse 20250103000001 (between) would run, too: new file ",)),
    (remove, (f"clickhouse {CH4} (kinds) would not run: its file is gone",)),
]


def test_files_that_changed(shop: Project) -> None:
    planned(shop)
    files = {path: path.read_bytes() for path in shop.path.rglob("*.*") if path.is_file()}
    for change, expected in CHANGES:
        change(shop)
        message = refused(shop)
        for part in expected:
            assert part in message
        for path in set(shop.clickhouse_versions.iterdir()) - files.keys():
            path.unlink()
        for path, content in files.items():
            path.write_bytes(content)
    succeeded(shop.invoke("up", "--plan", "plan.json"))


def test_a_placeholder_that_stands_for_something_else(shop: Project) -> None:
    edit(f"{CH2}_*.up.sql", "'a'", "'${kind}'")(shop)
    shop.add_vars("kind = b")
    planned(shop)
    refusal = shop.invoke("up", "--plan", "plan.json", "-x", "kind=c", "--dry-run")
    assert refusal.code == 1
    assert "- INSERT INTO events SELECT number, 'b' FROM numbers(1000)" in refusal.err
    assert "+ INSERT INTO events SELECT number, 'c' FROM numbers(1000)" in refusal.err
    succeeded(shop.invoke("up", "--plan", "plan.json"))


def test_a_file_that_was_never_meant_to_run_stops_planning(shop: Project) -> None:
    succeeded(shop.invoke("up", "--steps", "1"))
    planned(shop)
    shop.add_pair("20250101000001", "old", "SELECT 1", "SELECT 1")
    message = refused(shop)
    assert "the plan can't be made again" in message
    assert "20250101000001_old.up.sql" in message


def test_another_database(shop: Project, other_clickhouse_url: str) -> None:
    planned(shop)
    ini = shop.path / "alembic.ini"
    ini.write_text(ini.read_text().replace(shop.clickhouse_url or "", other_clickhouse_url))
    message = refused(shop)
    assert "the plan is for clickhouse" in message
    ini.write_text(ini.read_text().partition("[clickhouse]")[0] + "[loggers]\nkeys = root\n")
    message = refused(shop)
    assert "no clickhouse is configured here" in message


def test_a_plan_edited_by_hand(shop: Project) -> None:
    path = planned(shop)
    made = path.read_text()
    for text, expected in (
        (made.replace("DROP COLUMN note", "DROP COLUMN id"), "it was edited after it was made"),
        (made.replace('"schema": 1', '"schema": 2'), "it has version 2"),
        (made[:-10], "it is no JSON"),
        ("[]", "it is JSON, but no plan"),
        ('{"schema": 1, "digest": "x"}', "it was edited after it was made"),
    ):
        path.write_text(text)
        assert expected in refused(shop, "invalid_plan")
    path.write_text(json.dumps(json.loads(made)))  # spaces say nothing
    succeeded(shop.invoke("up", "--plan", "plan.json", "--dry-run"))


def test_what_contradicts_itself(shop: Project) -> None:
    planned(shop)
    before = sorted(shop.path.iterdir())
    for argv, message in (
        ("up --plan none.json", "can't read none.json: No such file"),
        ("up --plan plan.json --steps 1", "leave --steps and --allow-out-of-order out"),
        ("up --plan plan.json --db postgres", "made without --db postgres"),
        ("up --plan plan.json --atomic", "made without --atomic"),
        ("up --plan plan.json --on-failure rollback", "made without --on-failure rollback"),
        ("plan --out plan.txt", "the suffix does not say what to write"),
        ("plan --out plan.md --format html", "contradict each other"),
        ("plan --out plan.md --format text", "text is for a screen"),
        ("plan --out no/plan.md", "can't write no/plan.md: No such file"),
        ("plan --steps 0", "a positive number"),
    ):
        result = shop.invoke(*argv.split())
        assert (result.code, result.out) == (2, "")
        assert message in result.err
        assert "hint: " in result.err or "none.json" in argv
    assert sorted(shop.path.iterdir()) == before


def test_how_a_failure_is_met_is_part_of_the_plan(project: Project) -> None:
    project.add_revision(PG1, "CREATE TABLE a (id int)", "DROP TABLE a")
    project.add_pair(CH2, "b", "INSERT INTO nowhere SELECT 1", "SELECT 1")
    planned(project, "--on-failure", "rollback")
    result = project.invoke("up", "--plan", "plan.json")
    assert result.code == 1
    found = json.loads(project.invoke("status", "--json").out)["data"]["databases"]
    assert [each["applied"] for each in found] == [0, 0]


def test_no_secret_in_any_form(shop: Project) -> None:
    shop.add_pair(
        "20250106000000",
        "remote",
        "CREATE TABLE far (x Int8) ENGINE = MySQL('h:1', 'd', 't', 'u', password = 's3cr3t-word')\n"
        ";SELECT 'http://ann:s3cr3t-word@host/'",
        "DROP TABLE far",
    )
    outs = [f"--out=plan.{suffix}" for suffix in ("json", "md", "html")]
    said = succeeded(shop.invoke("plan", *outs))
    said += succeeded(shop.invoke("plan", "--json"))
    for suffix in ("json", "md", "html"):
        said += (shop.path / f"plan.{suffix}").read_text()
    assert "s3cr3t" not in said
    assert "***" in said
    assert loads((shop.path / "plan.json").read_bytes())
    succeeded(shop.invoke("up", "--plan", "plan.json", "--dry-run"))


def test_json_says_what_the_file_says(shop: Project) -> None:
    found = json.loads(succeeded(shop.invoke("plan", "--out", "plan.json", "--json")))["data"]
    files = found.pop("files")
    path = shop.path / "plan.json"
    assert found == json.loads(path.read_text())
    assert files == [{"path": "plan.json", "bytes": path.stat().st_size, "written": True}]
    printed = json.loads(succeeded(shop.invoke("plan", "--format", "json")))
    assert printed["steps"] == found["steps"]
    path.unlink()
    assert "would write plan.json" in succeeded(
        shop.invoke("plan", "--out", "plan.json", "--dry-run")
    )
    assert not path.exists()


def test_somebody_is_faster_by_a_hair(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run takes the lock between the comparison and this one."""
    from brokle_migrate import migrating

    planned(shop)
    run = migrating.run

    def late(*arguments: Any, **options: Any) -> Any:
        succeeded(shop.run("up", "--steps", "1"))
        return run(*arguments, **options)

    monkeypatch.setattr(migrating, "run", late)
    result = shop.invoke("up", "--plan", "plan.json")
    assert result.code == 1
    assert f"clickhouse {CH2} (events) is applied by now" in result.err
    found = json.loads(shop.invoke("status", "--json").out)["data"]["databases"]
    assert [each["applied"] for each in found] == [1, 1]


def test_it_can_ask_first(shop: Project) -> None:
    planned(shop)
    before = state(shop)
    result = shop.run("up", "--plan", "plan.json", "--confirm", tty=True, input="n\n")
    assert result.code == 2
    assert "drops column events.kind" in result.out + result.err
    assert state(shop) == before


def test_under_the_lock_it_is_looked_at_again(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that a revision reads is edited while the run waits for the lock."""
    from brokle_migrate import migrating

    path = shop.add_revision(PG3 + "1", message="from a file")
    text = path.read_text().replace("    pass", f'    op.execute_sql_file("{path.stem}.up.sql")', 1)
    path.write_text(text)
    sql = path.with_name(f"{path.stem}.up.sql")
    sql.write_text("CREATE TABLE one (id int)")
    planned(shop)
    run = migrating.run

    def late(*arguments: Any, **options: Any) -> Any:
        sql.write_text("CREATE TABLE two (id int)")
        return run(*arguments, **options)

    monkeypatch.setattr(migrating, "run", late)
    message = refused(shop)
    assert f"{sql.name} was edited" in message
    assert "+ CREATE TABLE two (id int)" in message


WIDTH = """
const wide = [...document.querySelectorAll('body *')].filter(each => {
  const box = each.getBoundingClientRect();
  return box.right > innerWidth + 1 && !each.closest('.wide');
});
document.title = JSON.stringify({
  wide: wide.map(each => each.tagName),
  scrolls: document.documentElement.scrollWidth > innerWidth,
  steps: document.querySelectorAll('section.step').length,
});
"""


def test_a_browser_lays_the_pages_out(tmp_path: Path) -> None:
    require_chromium()
    for name, made in PROPOSALS.items():
        page = tmp_path / f"{name}.html"
        text = re.sub("<meta http-equiv[^>]*>", "", html(made()))
        page.write_text(text.replace("</body>", f"<script>{WIDTH}</script></body>"))
        found = json.loads(title(page))
        assert found == {"wide": [], "scrolls": False, "steps": len(made().steps)}


def test_a_browser_runs_nothing_of_a_page(tmp_path: Path) -> None:
    require_chromium()
    page = tmp_path / "hostile.html"
    evil = "<script>document.title='owned'</script>"
    page.write_text(html(hostile()).replace("</body>", f"{evil}</body>"))
    assert title(page) == "Migration plan: 1 step (clickhouse 1)"


@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_shows_what_is_bad(tmp_path: Path, dark: bool) -> None:
    require_chromium()
    page = tmp_path / "page.html"
    page.write_text(html(destructive()))
    seen = colours(screenshot(page, (900, 500), dark=dark))
    ground, strong, soft = (
        ((13, 17, 23), (255, 123, 114), (61, 23, 25))
        if dark
        else ((255, 255, 255), (193, 31, 44), (255, 233, 231))
    )
    assert seen[ground] > 0.6 * seen.total()
    assert seen[strong] > 500
    assert seen[soft] > 10_000


def test_which_steps_have_no_way_back(project: Project) -> None:
    """Branches, a merge, and downgrades that do nothing, refuse, or read data."""
    project.add_revision("a1", "CREATE TABLE a (id int)", "DROP TABLE a")
    project.add_revision("b2", "CREATE TABLE b (id int)", down_revision="a1")
    path = project.add_revision("c3", "CREATE TABLE c (id int)", down_revision="a1")
    path.write_text(
        path.read_text().replace(
            "downgrade() -> None:\n", "downgrade() -> None:\n    raise NotImplementedError('no')\n"
        )
    )
    project.add_revision("d4", down_revision=("b2", "c3"))
    project.add_pair(
        1, "a", "CREATE TABLE a (x Int8) ENGINE = MergeTree ORDER BY x", "DROP TABLE a"
    )
    for version in (2, 3, 4):
        project.add_pair(version, "b", "ALTER TABLE a ADD COLUMN IF NOT EXISTS y Int8", "SELECT 1")
    project.add_pair(5, "c", "SELECT 1", "-- migrate: irreversible on purpose")
    found = json.loads(succeeded(project.invoke("plan", "--json")))["data"]
    ways = {each["revision"]: each["no_way_back"] for each in found["steps"]}
    assert ways.pop("b2") == "its downgrade does nothing"
    assert "NotImplementedError: no" in ways.pop("c3")
    assert ways.pop("5") == "on purpose"
    assert ways == dict.fromkeys(["a1", "d4", "1", "2", "3", "4"], "")
    assert [each["destroys"] for each in found["steps"]] == [[]] * len(found["steps"])
    succeeded(project.invoke("up", "--steps", "1", "--db", "clickhouse"))
    found = json.loads(succeeded(project.invoke("plan", "--json")))["data"]
    sizes = [each["touches"] for each in found["steps"] if each["revision"] == "2"]
    assert sizes == [[{"name": "a", "rows": 0, "bytes": 0}]]


def test_what_check_finds_in_the_files_of_the_plan(shop: Project) -> None:
    shop.add_pair("20250101000001", "before", "SELECT 1", "-- migrate: nonsense\nSELECT 1")
    shop.add_pair("20250106000000", "after", "SELECT 1", "-- migrate: nonsense\nSELECT 1")
    path = planned(shop, "--db", "clickhouse", "--steps", "1")
    found = json.loads(path.read_text())
    assert [each["location"].rpartition("/")[2] for each in found["findings"]] == [
        "20250101000001_before.down.sql:1:1"
    ]
    assert found["findings"][0]["id"] == "MG002"


def test_from_python(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.path)
    config = load()
    proposal = command.propose(config)
    assert loads(dumps(proposal)) == proposal
    assert [step.revision for step in proposal.steps] == [PG1, CH2, PG3, CH4]
    assert command.run_proposal(config, proposal).exit_code == 0
    assert command.status(config).at_head
    with pytest.raises(StalePlan, match="is applied by now"):
        command.run_proposal(config, proposal)
    assert command.run_proposal(config, command.propose(config)).results == ()
