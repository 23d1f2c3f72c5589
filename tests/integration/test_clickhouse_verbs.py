"""What the ClickHouse group does that Alembic can't be asked about."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from alembic.config import Config as AlembicConfig

from brokle_migrate import MigrateError, MigrationFailed, load
from brokle_migrate.clickhouse import command
from brokle_migrate.clickhouse.config import Config, read
from brokle_migrate.environments import open_environments
from brokle_migrate.sqltext import split
from tests.support.project import Project, environment
from tests.support.query import http_query
from tests.support.schema import clickhouse_schema

if TYPE_CHECKING:
    from pathlib import Path

LEDGER = "schema_migrations"
ONE, TWO, THREE = "20250101000000", "20250102000000", "20250103000000"


@pytest.fixture
def small(tmp_path: Path, clickhouse_url: str) -> Project:
    """Three pairs over an empty database."""
    return _filled(Project(tmp_path / "project", None, clickhouse_url))


def _filled(project: Project) -> Project:
    for version, name in ((ONE, "traces"), (TWO, "spans"), (THREE, "scores")):
        project.add_pair(
            version,
            f"create_{name}",
            f"CREATE TABLE {name} (id UInt64) ENGINE = MergeTree ORDER BY id;\n"
            f"INSERT INTO {name} SELECT 1 -- 'quoted'; and more\n",
            f"DROP TABLE {name};\n",
        )
    return project


def _tables(url: str) -> set[str]:
    return {row[1] for row in clickhouse_schema(url)} - {LEDGER, f"{LEDGER}_lock"}


def _run_script(project: Project, url: str, *argv: str) -> None:
    """Write a script with ``--sql``, and run it as somebody without this product would."""
    written = project.invoke("clickhouse", *argv, "--sql")
    assert written.code == 0, written.err
    for statement in split(written.out, project.path / "script.sql"):
        http_query(url, statement.text)


def _position(project: Project) -> str:
    return project.invoke("clickhouse", "current").out.strip()


def test_a_script_does_and_records_what_a_run_would(small: Project, clickhouse_url: str) -> None:
    _offline_there_and_back(small, clickhouse_url)


def test_a_script_runs_on_an_old_server(tmp_path: Path, server_http_url: str) -> None:
    project = _filled(Project(tmp_path / "project", None, server_http_url))
    _offline_there_and_back(project, server_http_url)


def _offline_there_and_back(project: Project, url: str) -> None:
    _run_script(project, url, "upgrade", f"base:{TWO}")
    assert _tables(url) == {"traces", "spans"}
    assert _position(project) == TWO
    assert project.invoke("clickhouse", "upgrade", "head").code == 0
    checked = project.invoke("clickhouse", "check")
    assert checked.out == "3 pairs are well-formed, applied, and as applied.\n", checked.err
    _run_script(project, url, "downgrade", "head:-2")
    assert _tables(url) == {"traces"}
    assert _position(project) == ONE
    _run_script(project, url, "stamp", f"{ONE}:head")
    assert _position(project) == f"{THREE} (head)"
    _run_script(project, url, "stamp", "head:base")
    assert _position(project) == ""


def test_a_script_of_nothing_is_empty(small: Project) -> None:
    assert small.invoke("clickhouse", "upgrade", "head:head", "--sql").out == ""


def test_a_script_asks_no_database(tmp_path: Path) -> None:
    url = "clickhouse://u:secret@127.0.0.1:1/db"
    project = _filled(Project(tmp_path / "project", None, url))
    text = "\n".join(
        [
            "from brokle_migrate.clickhouse import context",
            "assert context.get_tag_argument() == 'nightly'",
            "context.configure(settings={'max_threads': 4, 'format_csv_delimiter': ';'})",
        ]
    )
    project.write("migrations_clickhouse/env.py", text)
    up = "-- migrate: requires postgres@abc\n-- migrate: settings max_memory_usage=7\nSELECT 1\n"
    project.add_pair("20250104000000", "linked", up, "SELECT 2")
    result = project.invoke("clickhouse", "upgrade", "head", "--sql", "--tag", "nightly")
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert lines[0] == "SET max_threads = 4;"
    assert "SET format_csv_delimiter = ';';" in lines
    place = lines.index("-- Running upgrade 20250103000000 -> 20250104000000")
    assert lines[place + 1] == "-- Run first: postgres@abc"
    assert "SET max_memory_usage = 7;" in lines[place:]
    assert "secret" not in result.out
    down = project.invoke("clickhouse", "downgrade", f"{TWO}:{ONE}", "--sql", "--tag", "nightly")
    assert "-- Running downgrade 20250102000000 -> 20250101000000" in down.out
    assert project.invoke("clickhouse", "upgrade", "head", "--sql").code == 2  # no tag


def test_a_script_for_a_cluster_is_refused(small: Project) -> None:
    ini = (small.path / "alembic.ini").read_text()
    small.write("alembic.ini", ini.replace("[clickhouse]", "[clickhouse]\ncluster = c"))
    result = small.invoke("clickhouse", "upgrade", "head", "--sql")
    assert result.code == 2
    assert "--dry-run up" in result.err


REFUSED = [
    ("upgrade 2025", 2, "hint: Multiple revisions start with '2025'"),
    ("upgrade 77", 2, "hint: brokle-migrate clickhouse history lists them"),
    ("upgrade head+1", 2, "leads to no revision"),
    ("upgrade :head --sql", 2, "FROM:TO"),
    ("history -r 1:2:3", 2, "History range requires"),
    (f"stamp {ONE} {TWO}", 2, "one revision"),
    (f"stamp {ONE}:{TWO} {TWO}:{TWO} --sql", 2, "one starting revision"),
    ("edit base", 2, "No revision files indicated by symbol 'base'"),
    ("edit current", 2, "No current revisions"),
    ("current --check-heads", 3, "Database is not on all head revisions"),
    ("check", 3, "Target database is not up to date."),
    ("revision", 2, "named after what it does"),
    ("revision -m x --autogenerate", 2, "models"),
    ("revision -m x --branch-label b", 2, "no branches"),
    (f"revision -m x --depends-on {ONE}", 2, "requires postgres@REV"),
    (f"revision -m x --head {ONE}", 2, "is not a head revision"),
    ("revision -m x --head base", 2, "is not a head revision"),
    ("revision -m x --version-path /tmp", 2, "not represented in current version locations"),
    ("revision -m x --rev-id abc", 2, "is a number"),
    ("revision -m x --rev-id 99999999999999999999", 2, "is a number"),
    (f"revision -m x --rev-id {TWO}", 2, "would be out of order"),
    ("merge heads", 2, "no branches to merge"),
    ("init here", 2, "a directory are enough"),
    ("upgrade", 2, "see brokle-migrate clickhouse upgrade --help"),
    ("unknown", 2, "No such command"),
    ("upgrade head --no-such", 2, "No such option"),
    ("-c missing.ini heads", 2, "missing.ini"),
]


def test_what_can_not_be_done_is_said_and_changes_nothing(
    small: Project, clickhouse_url: str
) -> None:
    before = sorted(small.clickhouse_versions.iterdir())
    for line, code, words in REFUSED:
        result = small.invoke("clickhouse", *line.split())
        assert (result.code, result.out) == (code, ""), line
        assert words in result.err, line
    assert sorted(small.clickhouse_versions.iterdir()) == before
    assert clickhouse_schema(clickhouse_url) == []


def test_a_failure_is_reported_with_the_house_exit_codes(small: Project) -> None:
    small.add_pair("20250104000000", "bad", "SELEC 1", "SELECT 1")
    result = small.invoke("clickhouse", "upgrade", "head")
    assert (result.code, result.out) == (6, "")
    assert "20250104000000_bad.up.sql:1:1" in result.err
    assert small.invoke("clickhouse", "upgrade", "head").code == 1


def test_what_is_amiss_is_told_beside_the_position(small: Project) -> None:
    up, _ = small.add_pair("20250104000000", "half", "SELECT 1;\nSELEC 2;\n", "SELECT 3")
    assert small.invoke("clickhouse", "upgrade", "head").code == 6
    current = small.invoke("clickhouse", "current")
    assert current.out == f"{THREE}\n"
    assert "statement 2" in current.err
    back = small.invoke("clickhouse", "downgrade", "-1")
    assert back.code == 1
    assert back.err.startswith("FAILED: ")
    up.write_text("SELECT 1;\nSELECT 2;\n")
    assert small.invoke("clickhouse", "upgrade", "+1").code == 0
    up.write_text("SELECT 1;\nSELECT 22;\n")
    checked = small.invoke("clickhouse", "check")
    assert checked.code == 2
    assert "edited after it was applied: 20250104000000_half.up.sql" in checked.err


def test_a_file_that_is_not_valid_fails_the_check(small: Project) -> None:
    assert small.invoke("clickhouse", "upgrade", "head").code == 0
    small.add_pair("20250104000000", "no", "SELECT 1", "-- migrate: irreversible gone is gone\n")
    small.add_pair("20250105000000", "open", "SELECT 'x", "SELECT 1")
    checked = small.invoke("clickhouse", "check")
    assert checked.code == 2
    assert "20250105000000_open.up.sql:1:8" in checked.err


def test_a_position_that_no_file_has_is_said_and_can_be_stamped_away(small: Project) -> None:
    assert small.invoke("clickhouse", "upgrade", "head").code == 0
    for path in small.clickhouse_versions.glob(f"{THREE}_*"):
        path.unlink()
    current = small.invoke("clickhouse", "current")
    assert (current.code, current.out) == (2, "")
    assert f"FAILED: Can't locate revision identified by '{THREE}'" in current.err
    assert small.invoke("clickhouse", "downgrade", "base").code == 1
    assert small.invoke("clickhouse", "stamp", "--purge", TWO).code == 0
    assert _position(small) == f"{TWO} (head)"


def test_a_file_out_of_order_is_an_error(small: Project) -> None:
    assert small.invoke("clickhouse", "upgrade", "head").code == 0
    small.add_pair("20250102000001", "late", "SELECT 1", "SELECT 1")
    result = small.invoke("clickhouse", "upgrade", "head")
    assert result.code == 2
    assert "20250102000001_late.up.sql" in result.err
    assert small.invoke("clickhouse", "current", "-c").code == 3


def test_what_a_version_needs_in_postgres_has_to_be_there(project: Project) -> None:
    project.add_revision("abc", "CREATE TABLE t (x int)", "DROP TABLE t")
    up = "-- migrate: requires postgres@abc\nSELECT 1\n"
    project.add_pair(ONE, "linked", up, "SELECT 1\n")
    refused = project.invoke("clickhouse", "upgrade", "head")
    assert refused.code == 2
    assert "postgres" in refused.err
    assert project.invoke("--db", "postgres", "up").code == 0
    assert project.invoke("clickhouse", "upgrade", "head").code == 0
    assert _position(project) == f"{ONE} (head)"


def test_both_files_are_edited(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    editor = small.write("editor", f"#!/bin/sh\necho $1 >> {small.path}/seen\n")
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))
    assert small.invoke("clickhouse", "edit", "2025010200").code == 0
    seen = (small.path / "seen").read_text().split()
    assert [os.path.basename(path) for path in seen] == [  # noqa: PTH119 - text, not files
        f"{TWO}_create_spans.up.sql",
        f"{TWO}_create_spans.down.sql",
    ]
    monkeypatch.setenv("EDITOR", "/bin/false")
    assert small.invoke("clickhouse", "edit", "head").code == 2


def test_the_ledger_is_made_once(small: Project, clickhouse_url: str) -> None:
    assert "CREATE TABLE IF NOT EXISTS" in small.invoke("clickhouse", "ensure_version", "--sql").out
    for _ in range(2):
        assert small.invoke("clickhouse", "ensure_version").code == 0
        assert http_query(clickhouse_url, f"SELECT max(version) FROM {LEDGER}") == [(0,)]
    assert small.invoke("clickhouse", "upgrade", "+1").code == 0
    assert small.invoke("clickhouse", "ensure_version").code == 0
    assert _position(small) == ONE


def test_a_new_pair_has_the_time_for_its_version(small: Project) -> None:
    place = str(small.clickhouse_versions)
    result = small.invoke("clickhouse", "revision", "-m", "Add a table", "--version-path", place)
    up, down = (line.split()[1] for line in result.out.splitlines())
    assert re.search(r"/\d{14}_add_a_table\.up\.sql$", up)
    assert down == up.replace(".up.", ".down.")
    assert small.invoke("clickhouse", "show", "head").out.startswith("Rev: 20")


def test_who_holds_the_lock_is_waited_for_and_then_named(small: Project) -> None:
    config = load(directory=small.path, environ={})
    with open_environments(config) as environments, environments.lock():
        result = small.invoke("clickhouse", "upgrade", "head", "--lock-timeout", "0s")
    assert result.code == 4
    assert _tables(small.clickhouse_url or "") == set()


@pytest.mark.parametrize(
    ("line", "code", "words", "position"),
    [
        ("upgrade 20250103", 0, "planning again", f"{THREE} (head)"),
        ("downgrade base", 1, "FAILED: ", TWO),
    ],
)
def test_who_migrated_in_between_is_noticed(
    small: Project, clickhouse_url: str, line: str, code: int, words: str, position: str
) -> None:
    assert small.invoke("clickhouse", "upgrade", "+1").code == 0
    config = load(directory=small.path, environ={})
    with open_environments(config) as environments, environments.lock():
        running = small.start("clickhouse", *line.split(), "--lock-timeout", "60s")
        while b"waiting for the lock" not in running.said():
            assert running.running
            time.sleep(0.01)
        _run_script(small, clickhouse_url, "upgrade", f"{ONE}:{TWO}")
    with running:
        result = running.wait()
    assert result.code == code
    assert words in result.err
    assert _position(small) == position


def test_a_run_has_to_end_in_time(small: Project) -> None:
    small.add_pair("20240101000000", "slow", "SELECT sleep(3)", "SELECT 1")
    result = small.invoke("clickhouse", "upgrade", "head", "--timeout", "1s")
    assert result.code in {1, 6}
    assert _tables(small.clickhouse_url or "") == set()


def test_quiet_raiseerr_and_help(small: Project) -> None:
    assert small.invoke("clickhouse", "-q", "heads").out == ""
    quiet = small.invoke("clickhouse", "-q", "upgrade", "+1")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    failed = small.invoke("clickhouse", "--raiseerr", "upgrade", "77")
    assert "Traceback" in failed.err
    assert "FAILED: Can't locate revision identified by '77'" in failed.err
    assert "--check-heads" in small.invoke("clickhouse", "current", "--help").out
    assert "ensure_version" in small.invoke("clickhouse", "--help").out


def test_somebody_who_has_read_enough_is_no_error(small: Project) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "brokle_migrate", "clickhouse", "heads"],
            cwd=small.path,
            env=environment(None),
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def ini_with_section(project: Project, name: str) -> str:
    """Another configuration file, with another section for Alembic."""
    text = (project.path / "alembic.ini").read_text()
    section = f"[{name}]\nscript_location = alembic\n"
    return str(project.write("other.ini", section + text))


def test_the_functions_take_any_configuration(small: Project) -> None:
    ini = str(small.path / "alembic.ini")
    out, sql = io.StringIO(), io.StringIO()
    ours = Config(ini, stdout=out, output_buffer=sql)
    other = ini_with_section(small, "elsewhere")
    assert (
        read(AlembicConfig(other, ini_section="elsewhere")).settings.alembic_section == "elsewhere"
    )
    command.upgrade(load(directory=small.path, environ={}), "+1")
    command.upgrade(AlembicConfig(ini, stdout=out), "+1")
    command.current(ours)
    assert out.getvalue() == f"{TWO}\n"
    command.upgrade(ours, f"{TWO}:head", sql=True)
    assert sql.getvalue().startswith("CREATE TABLE IF NOT EXISTS")
    command.upgrade(AlembicConfig(ini, output_buffer=out), "head:head", sql=True)
    assert out.getvalue() == f"{TWO}\n"
    made = command.revision(ours, "more", rev_id="20250104000000")
    assert (made.revision, made.doc) == ("20250104000000", "more")
    made_up = small.clickhouse_versions / "20250104000000_more.up.sql"
    made_up.write_text("SELEC 1")
    with pytest.raises(MigrationFailed, match="20250104000000"):
        command.upgrade(ours, "head")
    with pytest.raises(MigrateError, match="Can't locate revision identified by '77'"):
        command.downgrade(ours, "77")
    with pytest.raises(MigrateError, match="there is none here"):
        command.revision(ours, "x", process_revision_directives=lambda *_: None)


def test_the_functions_print_to_standard_output(
    small: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    command.heads(Config(settings=load(directory=small.path, environ={})))
    assert capsys.readouterr().out == f"{THREE} (head)\n"


def test_no_password_is_printed(tmp_path: Path) -> None:
    url = "clickhouse+http://u:topsecret@127.0.0.1:1/db"
    project = _filled(Project(tmp_path / "project", None, url))
    project.add_pair("20250104000000", "u", "SELECT 'topsecret'", "SELECT 1")
    result = project.invoke("clickhouse", "upgrade", "head", "--sql")
    assert result.code == 0
    assert "topsecret" not in result.out
    failed = project.invoke("clickhouse", "--raiseerr", "current", "-v")
    assert failed.code == 5
    assert "topsecret" not in failed.out + failed.err


def test_what_env_py_prints_and_logs_has_no_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = "clickhouse+http://u:topsecret@127.0.0.1:1/db"
    project = _filled(Project(tmp_path / "project", None, url))
    project.write(
        "migrations_clickhouse/env.py",
        f"import logging\nprint('printed', {url!r})\nlogging.error('logged %s', {url!r})\n",
    )
    result = project.invoke("clickhouse", "current")
    assert result.code == 5
    assert "printed" in result.err
    assert "logged" in caplog.text
    assert "topsecret" not in result.out + result.err + caplog.text


def test_a_project_without_clickhouse_says_so(tmp_path: Path) -> None:
    project = Project(tmp_path / "project", "postgresql://127.0.0.1:1/db", None)
    result = project.invoke("clickhouse", "heads")
    assert result.code == 2
    assert "CLICKHOUSE_URL" in result.err


def test_a_signal_and_a_bug_end_in_words(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(error: BaseException) -> object:
        def fail(*_: object, **__: object) -> None:
            raise error

        return fail

    monkeypatch.setattr(command, "heads", raising(KeyboardInterrupt()))
    assert small.invoke("clickhouse", "heads").code == 130
    monkeypatch.setattr(command, "heads", raising(ZeroDivisionError()))
    result = small.invoke("clickhouse", "heads")
    assert result.code == 1
    assert "this is a bug in brokle-migrate" in result.err
