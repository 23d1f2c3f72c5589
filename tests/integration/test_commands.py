"""What each command does to a real Postgres and a real ClickHouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.schema import clickhouse_schema, postgres_schema

if TYPE_CHECKING:
    from tests.support.gateway_process import GatewayProcess
    from tests.support.project import Project

LEDGER = "schema_migrations"


@pytest.fixture
def small(project: Project) -> Project:
    """Three Postgres revisions and three ClickHouse pairs under comparable versions."""
    for day, name in enumerate(("organizations", "projects", "members"), 1):
        project.add_revision(
            f"2025010{day}000000",
            f"CREATE TABLE {name} (id bigint PRIMARY KEY)",
            f"DROP TABLE {name}",
            message=f"create {name}",
        )
    for day, name in enumerate(("traces", "spans", "scores"), 1):
        project.add_pair(
            f"2025010{day}120000",
            f"create_{name}",
            f"CREATE TABLE {name} (id UInt64) ENGINE = MergeTree ORDER BY id;\n"
            f"-- a comment; with a semicolon\nINSERT INTO {name} VALUES (1), (2);\n",
            f"DROP TABLE {name};\n",
        )
    return project


def tables(project: Project) -> tuple[set[str], set[str]]:
    """The tables of both databases, bookkeeping aside."""
    dump = postgres_schema(project.postgres_url or "")
    words = [line.split()[2] for line in dump.splitlines() if line.startswith("CREATE TABLE")]
    postgres = {word.removeprefix("public.") for word in words} - {"alembic_version"}
    found = {row[1] for row in clickhouse_schema(project.clickhouse_url or "")} - {LEDGER}
    return postgres, found


def names(project: Project) -> str:
    """Both sets of tables as a line: ``members organizations | spans traces``."""
    postgres, clickhouse = tables(project)
    return " ".join(sorted(postgres)) + " | " + " ".join(sorted(clickhouse))


ALL = "members organizations projects | scores spans traces"


def test_up_applies_everything_and_then_has_nothing_to_do(small: Project) -> None:
    first = small.run("up")
    assert first.code == 0, first.err
    assert names(small) == ALL
    second = small.run("up")
    assert second.code == 0
    assert "nothing to do" in second.out + second.err


@pytest.mark.parametrize(
    ("argv", "code", "expected"),
    [
        ("down -y", 0, "organizations projects | spans traces"),
        ("-steps 2 down --yes", 0, "organizations | traces"),
        ("down --all -y", 0, " | "),
        ("-db postgres down -y", 0, "organizations projects | scores spans traces"),
        ("-db clickhouse down -y", 0, "members organizations projects | spans traces"),
        ("steps -steps -1 -y", 0, "organizations projects | spans traces"),
        ("goto -version 20250102000000 -y", 0, "organizations projects | traces"),
        ("-db postgres goto -version 20250101000000 -y", 0, "organizations | scores spans traces"),
        ("goto -version base -y", 0, " | "),
        ("goto --postgres base --clickhouse 20250101120000 -y", 0, " | traces"),
        ("drop -y", 0, " | "),
        ("-db clickhouse drop -y", 0, "members organizations projects | "),
        ("steps -steps 0", 2, ALL),
        ("steps -steps 99", 2, ALL),
        ("steps -steps -4 -y", 2, ALL),
        ("goto -version 20990101000000x -y", 2, ALL),
        ("goto -version 2025 -y", 2, ALL),
        ("goto -version 99999999999999999999999 -y", 2, ALL),
        ("down", 2, ALL),
        ("drop", 2, ALL),
        ("force -version 0", 2, ALL),
        ("-dry-run down", 0, ALL),
        ("-dry-run drop", 0, ALL),
        ("status", 0, ALL),
        ("info", 0, ALL),
    ],
)
def test_command_lines_from_head(small: Project, argv: str, code: int, expected: str) -> None:
    assert small.run("up").code == 0
    result = small.run(*argv.split())
    assert (result.code, names(small)) == (code, expected), result.out + result.err
    if code:
        assert "error:" in result.err
        assert "Traceback" not in result.err


def test_up_again_after_everything_was_dropped(small: Project) -> None:
    assert small.run("up").code == 0
    assert small.run("drop", "-y").code == 0
    result = small.run("up")
    assert result.code == 0, result.err
    assert names(small) == ALL


def test_up_down_up_leaves_the_same_schemas(small: Project) -> None:
    assert small.run("up").code == 0
    before = (
        postgres_schema(small.postgres_url or ""),
        clickhouse_schema(small.clickhouse_url or ""),
    )
    assert small.run("down", "--all", "-y").code == 0
    assert small.run("up").code == 0
    after = postgres_schema(small.postgres_url or ""), clickhouse_schema(small.clickhouse_url or "")
    assert after == before


def test_force_records_without_running(small: Project) -> None:
    assert small.run("force", "-version", "20250102120000", "-y").code == 0
    assert names(small) == " | "
    result = small.run("up")
    assert result.code == 0, result.err
    assert names(small) == "members | scores"
    assert small.run("force", "-version", "0", "-y").code == 0
    assert "20250101000000" in small.run("status").out


def test_steps_forward(small: Project) -> None:
    assert small.run("steps", "-steps", "2").code == 0
    assert names(small) == "organizations projects | spans traces"


@pytest.mark.parametrize("database", ["postgres", "clickhouse"])
def test_one_database_at_a_time(small: Project, database: str) -> None:
    result = small.run("-db", database, "up")
    assert result.code == 0, result.err
    expected = {
        "postgres": "members organizations projects | ",
        "clickhouse": " | scores spans traces",
    }
    assert names(small) == expected[database]


def test_a_failed_statement_says_where_and_what_is_true_now(small: Project) -> None:
    small.add_pair(
        "20250104120000",
        "broken",
        "CREATE TABLE ok (id UInt64) ENGINE = MergeTree ORDER BY id;\n"
        "ALTER TABLE missing ADD COLUMN x UInt8;\nSELECT 1;\n",
        "DROP TABLE ok;\n",
    )
    result = small.run("up")
    assert result.code == 6
    text = result.out + result.err
    assert "20250104120000_broken.up.sql:2:1" in text
    assert "statement 2 of 3" in text
    status = small.run("status")
    assert "dirty" in status.out + status.err
    again = small.run("up")
    assert again.code == 1
    assert "undo the step: brokle-migrate resume --rollback" in again.err


def test_a_failed_revision_rolls_its_transaction_back(small: Project) -> None:
    small.add_revision("20250104000000", "CREATE TABLE broken (id nope)", "")
    result = small.run("up")
    assert result.code == 1, result.out + result.err
    assert names(small) == " | "
    assert "nope" in result.out + result.err


def test_links_decide_the_order(project: Project) -> None:
    project.add_revision("20250101000000", "CREATE TABLE a (id int)", "DROP TABLE a")
    project.add_revision(
        "20250103000000",
        "CREATE TABLE b (id int)",
        "DROP TABLE b",
        clickhouse_requires="20250102000000",
    )
    project.add_pair(
        "20250102000000",
        "t",
        "-- migrate: requires postgres@20250101000000\n\n"
        "CREATE TABLE t (id UInt8) ENGINE = MergeTree ORDER BY id",
        "DROP TABLE t",
    )
    shown = project.run("up", "--dry-run").out
    assert (
        shown.index("20250101000000")
        < shown.index("20250102000000")
        < shown.index("20250103000000")
    )
    assert project.run("up", "--db", "postgres").code == 2
    assert project.run("up").code == 0
    refused = project.run("down", "--db", "clickhouse", "-y")
    assert refused.code == 2
    assert "requires it" in refused.err
    assert project.run("down", "--all", "-y").code == 0
    assert names(project) == " | "


def test_create_writes_both_files_under_one_version(small: Project) -> None:
    result = small.run("create", "-name", "add_users_table")
    assert result.code == 0, result.err
    (revision,) = small.postgres_versions.glob("*add_users_table.py")
    up, down = sorted(small.clickhouse_versions.glob("*add_users_table.*.sql"), reverse=True)
    version = up.name.split("_")[0]
    assert len(version) == 14
    assert f'"{version}"' in revision.read_text().replace("'", '"')
    listed = result.out.splitlines()
    assert listed == [str(path.relative_to(small.path)) for path in (revision, up, down)]
    before = sorted(small.path.rglob("*"))
    assert small.run("create", "-name", "another", "-dry-run").code == 0
    assert sorted(small.path.rglob("*")) == before


def test_create_sql_makes_a_revision_that_runs_files(small: Project) -> None:
    result = small.run("create", "--name", "by hand", "--sql", "--db", "postgres")
    assert result.code == 0, result.err
    (up,) = small.postgres_versions.glob("*.up.sql")
    (down,) = small.postgres_versions.glob("*.down.sql")
    up.write_text("CREATE TABLE by_hand (a text DEFAULT '50% :x');\nCREATE INDEX ON by_hand (a);\n")
    down.write_text("DROP TABLE by_hand;\n")
    assert small.run("up", "--db", "postgres").code == 0
    assert "by_hand" in names(small)
    assert "DROP TABLE by_hand" in small.run("down", "--dry-run", "--db", "postgres").out
    assert small.run("down", "--db", "postgres", "-y").code == 0
    assert "by_hand" not in names(small)


@pytest.mark.parametrize(
    "name", ["a/b c", "it's", "größe ändern", "x" * 300, "add users; drop table students"]
)
def test_create_takes_any_words(small: Project, name: str) -> None:
    result = small.run("create", "--name", name)
    assert result.code == 0, result.err
    assert small.run("up", "--dry-run", "--db", "postgres").code == 0


@pytest.mark.parametrize("name", ["", "///", 'say "hi"', "back\\slash", "two\nlines"])
def test_create_refuses_what_cannot_be_a_name(small: Project, name: str) -> None:
    before = sorted(small.path.rglob("*"))
    result = small.run("create", "--name", name)
    assert result.code == 2
    assert "Traceback" not in result.err
    assert sorted(small.path.rglob("*")) == before


def test_a_drop_that_stops_half_way_says_how_far_it_got(
    small: Project, gateway: GatewayProcess
) -> None:
    assert small.run("up").code == 0
    refused = "Not enough privileges"
    gateway.fault(r"^DROP TABLE.*spans", times=0, action="error", code=497, message=refused)
    result = small.run("drop", "-y")
    assert result.code == 6
    assert "dropped 2 of 4 objects" in result.err
    assert refused in result.err
    gateway.reset()
    assert small.run("drop", "-y").code == 0
    assert names(small) == " | "


def test_a_question_that_the_server_refuses_is_no_traceback(
    small: Project, gateway: GatewayProcess
) -> None:
    assert small.run("up").code == 0
    refused = "Not enough privileges"
    gateway.fault(r"system\.parts", times=0, action="error", code=497, message=refused)
    assert small.run("info").code == 0  # sizes are welcome, not needed
    gateway.fault(r"SELECT version", times=0, action="error", code=497, message=refused)
    result = small.run("info")
    assert result.code == 1
    assert refused in result.out + result.err
    assert "Traceback" not in result.err
    assert "members" in result.out  # the other database is still shown
