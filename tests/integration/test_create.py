"""``create``: templates and hooks are the project's own, and files stay whatever a hook does."""

from __future__ import annotations

import json
import py_compile
import sys
from typing import TYPE_CHECKING

import pytest

from brokle_migrate import command, load
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

MARK = """
import sys
from pathlib import Path

path = Path(sys.argv[1])
path.write_text(path.read_text() + f"{sys.argv[2]} marked\\n")
print("marked", path.suffix, "secret-word")
sys.exit(int(sys.argv[3]))
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose databases nobody needs."""
    password = "postgresql+psycopg://me:secret-word@localhost:1/db"
    made = Project(tmp_path / "shop", password, "clickhouse+embedded:////nowhere/at/all")
    made.write("mark.py", MARK)
    return made


def add_ini(project: Project, text: str) -> None:
    with (project.path / "alembic.ini").open("a") as file:
        file.write(text)


def hook(section: str, comment: str, code: int = 0, type_: str = "exec") -> str:
    return (
        f"\n[{section}]\nhooks = mark\nmark.type = {type_}\nmark.executable = {sys.executable}\n"
        f"mark.options = %(here)s/mark.py REVISION_SCRIPT_FILENAME '{comment}' {code}\n"
    )


def created(project: Project, *argv: str) -> dict[str, str]:
    """The files of a new revision by their suffix, and what they hold."""
    result = project.run("create", "--name", "one", *argv)
    assert result.code == 0, result
    paths = [project.path / line for line in result.out.splitlines()]
    return {"".join(path.suffixes): path.read_text() for path in paths}


def test_each_history_has_hooks_of_its_own(project: Project) -> None:
    add_ini(project, hook("post_write_hooks", "#") + hook("clickhouse.post_write_hooks", "--"))
    files = created(project)
    assert files[".py"].endswith("# marked\n")
    assert files[".up.sql"].endswith("-- marked\n")
    assert files[".down.sql"].endswith("-- marked\n")


def test_alembics_hooks_leave_sql_alone(project: Project) -> None:
    add_ini(project, hook("post_write_hooks", "#"))
    files = created(project, "--sql")
    assert files[".py"].endswith("# marked\n")
    assert files[".py"].count("marked") == 1
    assert not any("marked" in text for suffix, text in files.items() if suffix != ".py")


def test_what_a_hook_prints_is_no_data_and_holds_no_secret(project: Project) -> None:
    add_ini(project, hook("post_write_hooks", "#"))
    result = project.run("create", "--name", "one")
    assert "marked" not in result.out
    assert "mark: marked .py ***" in result.err
    data = json.loads(project.run("create", "--name", "two", "--json").out)["data"]
    assert [run["output"] for run in data["hooks"]] == ["marked .py ***\n"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (hook("clickhouse.post_write_hooks", "--", 3), "ended with exit code 3"),
        (hook("post_write_hooks", "#", 3), "ended with exit code 3"),
        (
            "[post_write_hooks]\nhooks = x\nx.type = exec\nx.executable = no-such-program\n",
            "no-such-program: No such file",
        ),
        (
            "[post_write_hooks]\nhooks = x\nx.type = console_scripts\nx.entrypoint = nobody\n",
            "Could not find entrypoint console_scripts.nobody",
        ),
        (hook("post_write_hooks", "#", type_="strange"), "'strange'"),
        ("[post_write_hooks]\nhooks = x\n", "it has no type"),
    ],
)
def test_a_hook_that_fails_is_said_and_the_files_stay(
    project: Project, text: str, says: str
) -> None:
    add_ini(project, text)
    result = project.run("create", "--name", "one")
    assert result.code == 1
    assert says in result.err
    assert "the files are written" in result.err
    assert len(result.out.splitlines()) == 3
    assert all((project.path / line).is_file() for line in result.out.splitlines())


def test_a_dry_run_runs_no_hook(project: Project) -> None:
    add_ini(project, hook("post_write_hooks", "#", 3))
    assert project.run("create", "--name", "one", "--dry-run").code == 0


def test_hooks_in_pyproject(project: Project) -> None:
    project.write(
        "pyproject.toml",
        f"""
[[tool.alembic.post_write_hooks]]
name = "mark"
type = "exec"
executable = "{sys.executable}"
options = "%(here)s/mark.py REVISION_SCRIPT_FILENAME '#' 0"

[[tool.brokle-migrate.clickhouse.post_write_hooks]]
name = "mark"
type = "exec"
executable = "{sys.executable}"
options = "%(here)s/mark.py REVISION_SCRIPT_FILENAME -- 0"
""",
    )
    files = created(project)
    assert [text.endswith(" marked\n") for text in files.values()] == [True] * 3


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (
            "alembic.ini",
            "[clickhouse.post_write_hooks]\nhooks = x\n",
            "[clickhouse.post_write_hooks]: the hook 'x' has no type",
        ),
        (
            "pyproject.toml",
            "[tool.brokle-migrate.clickhouse]\npost_write_hooks = 3\n",
            "has to be an array of tables",
        ),
        (
            "pyproject.toml",
            "[[tool.brokle-migrate.clickhouse.post_write_hooks]]\ntype = 'exec'\n",
            "a hook has no name",
        ),
    ],
)
def test_hooks_that_are_not_complete(project: Project, name: str, text: str, says: str) -> None:
    with (project.path / name).open("a") as file:
        file.write(text)
    result = project.run("create", "--name", "one")
    assert result.code == 2
    assert says in result.err


def test_a_hook_of_alembics_without_a_name(project: Project) -> None:
    project.write("pyproject.toml", "[[tool.alembic.post_write_hooks]]\ntype = 'exec'\n")
    result = project.run("create", "--name", "one")
    assert result.code == 2
    assert "[[tool.alembic.post_write_hooks]]: a hook has no 'name'" in result.err


def test_a_program_gets_what_a_hook_said_without_secrets(project: Project) -> None:
    add_ini(project, hook("post_write_hooks", "#", 3))
    created = command.revision(load(directory=project.path), "one")
    assert [run.output for run in created.hooks] == ["marked .py ***\n"]
    assert created.error is not None


def test_the_templates_are_the_projects_own(project: Project) -> None:
    project.write(
        "alembic/script.py.mako",
        '"""${message}"""\nrevision = "${up_revision}"\n'
        "down_revision = ${repr(down_revision)}\nMINE = 1\n\n\ndef upgrade():\n    pass\n",
    )
    for direction in ("up", "down"):
        project.write(
            f"migrations_clickhouse/script.{direction}.sql.mako",
            "-- ${direction} of ${version} ${slug}: ${message}\nSELECT '${'${on_cluster}'}'\n",
        )
    files = created(project)
    assert "MINE = 1" in files[".py"]
    assert files[".up.sql"].startswith("-- up of 2")
    assert "one: one\nSELECT '${on_cluster}'" in files[".down.sql"]


@pytest.mark.parametrize("template", ["${on_cluster}", "${1 / 0}", "<%", "% for x in\n"])
def test_a_template_that_fails_is_named_and_leaves_no_file(project: Project, template: str) -> None:
    path = project.write("migrations_clickhouse/script.down.sql.mako", template)
    result = project.run("create", "--name", "one")
    assert result.code == 2
    assert str(path) in result.err
    assert not list(project.postgres_versions.iterdir())
    assert not list(project.clickhouse_versions.iterdir())


def test_file_template_and_timezone_are_alembics(project: Project) -> None:
    text = (project.path / "alembic.ini").read_text()
    zone = "file_template = %%(year)d_%%(slug)s_%%(rev)s\ntimezone = Asia/Kolkata\n"
    project.write("alembic.ini", text.replace("[alembic]\n", f"[alembic]\n{zone}", 1))
    planned = project.run("create", "--name", "one", "--dry-run").out.splitlines()
    made = project.run("create", "--name", "one").out.splitlines()
    assert planned[0].rpartition("_")[0] == made[0].rpartition("_")[0]
    assert made[0].startswith("alembic/versions/20")
    assert "_one_" in made[0]
    assert "+05:30" in (project.path / made[0]).read_text()
    assert made[1].endswith("_one.up.sql")


def test_revisions_without_their_source_are_built_on(project: Project) -> None:
    path = project.add_revision("20200101000000")
    py_compile.compile(str(path))
    path.unlink()
    text = (project.path / "alembic.ini").read_text()
    project.write("alembic.ini", text.replace("[alembic]\n", "[alembic]\nsourceless = true\n", 1))
    assert (
        "down_revision: Union[str, Sequence[str], None] = '20200101000000'"
        in created(project)[".py"]
    )


@pytest.mark.parametrize("options", [(), ("--sql",)])
def test_of_several_directories_the_heads_is_taken(
    project: Project, options: tuple[str, ...]
) -> None:
    path = project.add_revision("20200101000000")
    (project.path / "more").mkdir()
    path.rename(project.path / "more" / path.name)
    text = (project.path / "alembic.ini").read_text()
    both = "version_locations = %(here)s/alembic/versions:%(here)s/more\npath_separator = os\n"
    project.write("alembic.ini", text.replace("[alembic]\n", f"[alembic]\n{both}", 1))
    planned = project.run("create", "--name", "one", "--dry-run", *options).out.splitlines()
    made = project.run("create", "--name", "one", *options).out.splitlines()
    assert planned[0].startswith("more/")
    assert made[0].startswith("more/")
    assert len(planned) == len(made)


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("def (", "script.py.mako makes a file that is not valid: invalid syntax"),
        ("<%", "script.py.mako"),
        ("${nobody}", "Template rendering failed"),
    ],
)
def test_a_template_of_alembics_that_fails(project: Project, template: str, says: str) -> None:
    project.write("alembic/script.py.mako", template)
    result = project.run("create", "--name", "one")
    assert result.code == 2
    assert says in result.err
    assert "bug" not in result.err
    assert not list(project.postgres_versions.glob("*.*"))
    assert not list(project.clickhouse_versions.iterdir())


def test_no_file_is_written_over(project: Project) -> None:
    text = (project.path / "alembic.ini").read_text()
    changed = text.replace("[alembic]\n", "[alembic]\nfile_template = %%(slug)s\n", 1)
    project.write("alembic.ini", changed)
    created(project)
    before = (project.postgres_versions / "one.py").read_text()
    result = project.run("create", "--name", "one")
    assert result.code == 2
    assert "one.py is there already" in result.err
    assert (project.postgres_versions / "one.py").read_text() == before


def test_an_env_py_that_runs_for_new_revisions_and_fails(project: Project) -> None:
    text = (project.path / "alembic.ini").read_text()
    changed = text.replace("[alembic]\n", "[alembic]\nrevision_environment = true\n", 1)
    project.write("alembic.ini", changed)
    result = project.run("create", "--name", "one")
    assert result.code == 5
    assert "secret-word" not in result.err
    assert not list(project.postgres_versions.glob("*.*"))
