"""``init``: in an empty directory, and in projects that Alembic made."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command as alembic
from alembic.config import Config as AlembicConfig

from brokle_migrate import command
from brokle_migrate.errors import ConfigError, UsageError
from tests.support.process import ROOT
from tests.support.project import Project

if TYPE_CHECKING:
    from tests.support.terminal import Result

TEMPLATE_URL = "driver://user:pass@localhost/dbname"
NEW = {
    "alembic.ini",
    "alembic/env.py",
    "alembic/script.py.mako",
    "alembic/versions/.gitkeep",
    "migrations_clickhouse/env.py",
    "migrations_clickhouse/script.up.sql.mako",
    "migrations_clickhouse/script.down.sql.mako",
    "migrations_clickhouse/versions/.gitkeep",
    ".data/.gitignore",
}
CLICKHOUSE = {name for name in NEW if name.startswith(("migrations_clickhouse/", ".data"))}
TABLE = "CREATE TABLE t (n UInt8) ENGINE = MergeTree ORDER BY n"
REVISION = """
from alembic import op

revision = "{0}"
down_revision = {1}


def upgrade():
    op.execute("CREATE TABLE t_{0} (n int)")


def downgrade():
    op.execute("DROP TABLE t_{0}")
"""


class Bare(Project):
    """A directory that holds nothing yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clickhouse_versions = path / "migrations_clickhouse" / "versions"

    def files(self) -> dict[str, bytes]:
        """Everything but the data of embedded engines."""
        found = sorted(p for p in self.path.rglob("*") if p.is_file())
        names = ((p.relative_to(self.path).as_posix(), p) for p in found)
        return {
            name: path.read_bytes()
            for name, path in names
            if not name.startswith((".data/postgres", ".data/clickhouse"))
            and "__pycache__" not in name
        }

    def alembic_init(self, template: str = "generic", directory: str = "alembic") -> None:
        """What ``alembic init`` does."""
        with contextlib.chdir(self.path), contextlib.redirect_stdout(sys.stderr):
            config = AlembicConfig("alembic.ini", toml_file="pyproject.toml")
            alembic.init(config, directory, template)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that has to be there."""
        text = (self.path / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def ok(self, *argv: str, **options: object) -> Result:
        """Run a command that has to end well."""
        result = self.run(*argv, **options)  # type: ignore[arg-type]
        assert result.code == 0, result
        return result


@pytest.fixture
def bare(tmp_path: Path) -> Bare:
    path = tmp_path / "shop"
    path.mkdir()
    return Bare(path)


def test_an_empty_directory_becomes_a_working_project(bare: Bare) -> None:
    result = bare.ok("init", fresh=True)
    assert {line.removeprefix("wrote ") for line in result.out.splitlines()} == NEW
    assert set(bare.files()) == NEW
    assert 'brokle-migrate create --name "first"' in result.err
    created = bare.ok("create", "--name", "first").out.split()
    Path(bare.path, created[1]).write_text(TABLE)
    Path(bare.path, created[2]).write_text("DROP TABLE t")
    bare.ok("up")
    databases = json.loads(bare.ok("status", "--json").out)["data"]["databases"]
    assert [each["pending"] for each in databases] == [[], []]
    bare.ok("down", "--yes")


def test_a_second_time_there_is_nothing_to_do(bare: Bare) -> None:
    bare.ok("init")
    before = bare.files()
    assert bare.ok("init").out == "nothing to do: nothing is missing\n"
    assert bare.ok("init", "--dry-run").out == ""
    assert bare.files() == before


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_dry_run_is_a_patch_that_makes_the_same(bare: Bare, tmp_path: Path) -> None:
    patch = bare.ok("init", "--dry-run").out
    assert bare.files() == {}
    other = tmp_path / "other"
    other.mkdir()
    git = ["git", "apply", "-"]
    subprocess.run(git, input=patch.encode(), cwd=other, check=True)
    bare.ok("init")
    assert Bare(other).files() == bare.files()


@pytest.mark.parametrize("template", ["generic", "async", "pyproject", "pyproject_async"])
def test_a_project_of_each_template_needs_nothing_else(
    bare: Bare, postgres_url: str, template: str
) -> None:
    bare.alembic_init(template)
    bare.edit("alembic.ini", TEMPLATE_URL, postgres_url.replace("%", "%%"))
    for number in range(3):
        down = repr(str(number - 1)) if number else None
        bare.write(f"alembic/versions/{number}.py", REVISION.format(number, down))
    before = bare.files()
    bare.ok("init")
    after = bare.files()
    assert set(after) - set(before) == CLICKHOUSE
    changed = {name for name, content in before.items() if after[name] != content}
    assert changed == {"alembic.ini"}
    assert after["alembic.ini"].startswith(before["alembic.ini"])
    bare.add_pair(
        1, "one", "CREATE TABLE t (n UInt8) ENGINE = MergeTree ORDER BY n", "DROP TABLE t"
    )
    bare.ok("up")
    assert bare.ok("status", "--exit-code").out.count("at head") == 2
    bare.ok("down", "--yes", "--all")


def test_pyproject_alone_gets_a_table_at_its_end(bare: Bare) -> None:
    bare.alembic_init("pyproject")
    (bare.path / "alembic.ini").unlink()
    before = bare.path.joinpath("pyproject.toml").read_text().rstrip("\n")  # no newline at its end
    bare.write("pyproject.toml", before)
    bare.ok("init")
    after = bare.path.joinpath("pyproject.toml").read_text()
    assert after.startswith(before + "\n\n[tool.brokle-migrate.clickhouse]\n")
    assert not (bare.path / "alembic.ini").exists()
    bare.ok("status", "--db", "clickhouse")


def test_comments_and_line_ends_of_an_ini_stay(bare: Bare) -> None:
    bare.alembic_init()
    text = b"; mine \xc3\xa9\r\n" + (bare.path / "alembic.ini").read_bytes().replace(b"\n", b"\r\n")
    bare.write("alembic.ini", text)
    bare.ok("init")
    after = (bare.path / "alembic.ini").read_bytes()
    assert after.startswith(text + b"\r\n[clickhouse]\r\n")
    assert after.count(b"\n") == after.count(b"\r\n")


def test_an_existing_section_is_left(bare: Bare) -> None:
    bare.alembic_init()
    with (bare.path / "alembic.ini").open("a") as file:
        file.write("[clickhouse]\nscript_location = %(here)s/ch/files\n")
    before = bare.files()
    result = bare.ok("init")
    assert bare.files()["alembic.ini"] == before["alembic.ini"]
    assert set(bare.files()) - set(before) == {
        f"ch/files/{name}"
        for name in ("env.py", "script.up.sql.mako", "script.down.sql.mako", "versions/.gitkeep")
    }
    assert "left alembic.ini as it is" in result.out
    assert "[clickhouse] does not say where ClickHouse is" in result.err


def test_a_project_in_a_subdirectory(bare: Bare, postgres_url: str) -> None:
    backend = Bare(bare.path / "backend")
    backend.path.mkdir()
    backend.alembic_init(directory="db")
    backend.edit("alembic.ini", TEMPLATE_URL, postgres_url.replace("%", "%%"))
    bare.ok("init", "-c", "backend/alembic.ini")
    assert (backend.path / "migrations_clickhouse" / "env.py").exists()
    assert not (bare.path / "migrations_clickhouse").exists()
    bare.ok("-c", "backend/alembic.ini", "create", "--db", "clickhouse", "--name", "one")
    bare.ok("-c", "backend/alembic.ini", "up", "--db", "clickhouse")
    assert (backend.path / ".data" / "clickhouse").is_dir()


def test_a_directory_that_is_not_there_is_made(bare: Bare) -> None:
    result = bare.ok("init", "new/shop")
    assert set(Bare(bare.path / "new" / "shop").files()) == NEW
    assert "cd new/shop && brokle-migrate create" in result.err


def test_revisions_in_a_package(bare: Bare) -> None:
    bare.write("shop_db/__init__.py", "")
    bare.alembic_init(directory="shop_db/migrations")
    bare.edit("alembic.ini", "%(here)s/shop_db/migrations", "shop_db:migrations")
    before = set(bare.files())
    bare.ok("init")
    assert set(bare.files()) - before == CLICKHOUSE


def test_what_is_there_already_is_left(bare: Bare) -> None:
    bare.write("alembic/env.py", "# mine\n")
    bare.write("main.py", "")
    result = bare.ok("init")
    assert "left alembic/env.py as it is" in result.out
    assert bare.files()["alembic/env.py"] == b"# mine\n"
    assert set(bare.files()) == NEW | {"main.py"}


def test_pairs_beside_env_py_stay_there(bare: Bare) -> None:
    bare.write("migrations_clickhouse/1_one.up.sql", "SELECT 1")
    bare.write("migrations_clickhouse/1_one.down.sql", "SELECT 1")
    bare.ok("init")
    assert not bare.clickhouse_versions.exists()


@pytest.mark.parametrize("name", ["alembic", "migrations_clickhouse", ".data", "."])
def test_a_file_in_the_place_of_a_directory(tmp_path: Path, name: str) -> None:
    place = tmp_path / "shop"
    (place if name == "." else place / name).parent.mkdir(exist_ok=True)
    (place if name == "." else place / name).write_text("a file")
    with pytest.raises(ConfigError, match="is not a directory"):
        command.init(place)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [
        "shop" if name == "." else name
    ]


def test_a_configuration_that_is_no_file(bare: Bare) -> None:
    (bare.path / "alembic.ini").symlink_to("nowhere")
    with pytest.raises(ConfigError, match=r"alembic\.ini is not a file"):
        command.init(bare.path)
    (bare.path / "alembic.ini").unlink()
    (bare.path / "alembic.ini").mkdir()
    with pytest.raises(ConfigError, match=r"alembic\.ini is not a file"):
        command.init(bare.path)
    assert bare.files() == {}


def test_a_name_that_no_directory_can_have(bare: Bare) -> None:
    result = bare.run("init", "x" * 300)
    assert result.code == 2
    assert "File name too long" in result.err


def test_what_can_not_be_written_leaves_nothing_behind(
    bare: Bare, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.alembic_init()
    before = bare.files()

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("brokle_migrate.project.writing.replace_file", full)
    with pytest.raises(ConfigError, match=r"alembic\.ini: No space left"):
        command.init(bare.path)
    assert bare.files() == before
    assert not (bare.path / "migrations_clickhouse").exists()


def test_another_place_for_the_clickhouse_files(bare: Bare) -> None:
    bare.ok("init", "--clickhouse-dir", "ch")
    assert "script_location = %(here)s/ch\n" in (bare.path / "alembic.ini").read_text()
    bare.ok("init", "--clickhouse-dir", "ch")
    with pytest.raises(UsageError, match="has the ClickHouse files in"):
        command.init(bare.path, clickhouse_dir=Path("other"))
    assert not (bare.path / "other").exists()


def test_one_database_alone(bare: Bare) -> None:
    bare.ok("init", "--db", "clickhouse")
    assert set(bare.files()) == CLICKHOUSE | {"alembic.ini"}
    assert bare.ok("status").out.count("not created yet") == 1
    shutil.rmtree(bare.path)
    bare.path.mkdir()
    bare.ok("init", "--db", "postgres")
    assert set(bare.files()) == NEW - CLICKHOUSE | {".data/.gitignore"}


def test_a_url_of_config_yaml_is_not_written_twice(bare: Bare) -> None:
    bare.write("config.yaml", "database: {url: 'postgres://h/d'}\nclickhouse: {host: h}\n")
    bare.ok("init")
    text = (bare.path / "alembic.ini").read_text()
    assert "embedded" not in text
    assert "[clickhouse]" not in text
    assert (bare.path / "migrations_clickhouse" / "env.py").exists()


def test_a_password_in_the_configuration_is_not_shown(bare: Bare) -> None:
    bare.alembic_init()
    bare.edit("alembic.ini", TEMPLATE_URL, "postgresql://me:pa55%%2Fword@host/db")
    with (bare.path / "alembic.ini").open("a") as file:
        file.write("# postgresql://me:pa55%2Fword@host/db, and pa55/word\n")
    for result in (bare.ok("init", "--dry-run"), bare.ok("init", "--dry-run", "--json")):
        assert "pa55" not in result.out + result.err
        assert "[clickhouse]" in result.out


def test_engines_that_are_not_installed_are_noted(
    bare: Bare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brokle_migrate.project.lacking.find_spec", lambda _: None)
    (note,) = command.init(bare.path, write=False).notes
    assert "pip install 'brokle-migrate[embedded]'" in note
    assert command.init(bare.path, write=False, environments=()).notes == (note,)


def test_the_wheel_carries_the_files(tmp_path: Path) -> None:
    from hatchling.builders.wheel import WheelBuilder

    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    names = set(zipfile.ZipFile(wheel).namelist())
    own = ROOT / "brokle_migrate" / "project" / "files"
    files = {p.relative_to(ROOT).as_posix() for p in own.rglob("*.*") if p.suffix != ".pyc"}
    assert len(files) == 6
    assert files <= names


def test_this_projects_own_files_are_those_of_a_new_one() -> None:
    own, new = ROOT / "migrations_clickhouse", ROOT / "brokle_migrate/project/files/clickhouse"
    for path in new.glob("*.*"):
        assert (own / path.name).read_text().replace("spans", "events") == path.read_text()


def test_as_data(bare: Bare) -> None:
    planned = json.loads(bare.ok("init", "--dry-run", "--json").out)["data"]
    assert not planned["written"]
    assert all(each["diff"].startswith("diff --git") for each in planned["files"])
    done = json.loads(bare.ok("init", "--json").out)["data"]
    assert {each["path"] for each in done["files"]} == {str(bare.path / name) for name in NEW}
    assert {each["state"] for each in done["files"]} == {"new"}
