"""Where the history of each database is on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brokle_migrate.config import load
from brokle_migrate.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Place

SET_PATH = (
    "set database.migrations_path or DB_MIGRATIONS_PATH, or script_location in the [alembic]"
    " section of alembic.ini, to the directory that holds env.py"
)
MAKE_ENV_PY = (
    "`alembic init alembic` makes a directory with one; then set database.migrations_path or"
    " script_location in the [alembic] section of alembic.ini to it"
)


@pytest.fixture
def both(place: Place) -> Place:
    """Both databases are configured; where their files are is not."""
    place.env(DATABASE_URL="postgres://h/db", CLICKHOUSE_URL="clickhouse://h/db")
    return place


def postgres(place: Place) -> Path:
    return place.load().require_postgres().require_script_location()


def clickhouse(place: Place) -> Path:
    return place.load().require_clickhouse().require_script_location()


def refused(place: Place, name: str) -> tuple[str, str | None]:
    with pytest.raises(ConfigError) as caught:
        place.load().require(name).require_script_location()
    return str(caught.value), caught.value.hint


def test_a_directory_with_env_py(both: Place) -> None:
    both.write("db/env.py", "")
    both.env(DB_MIGRATIONS_PATH="db")
    assert postgres(both) == both.path / "db"


def test_a_directory_that_stands_for_both(both: Place) -> None:
    both.write("migrations/postgres/env.py", "")
    both.write("migrations/clickhouse/1_a.up.sql", "")
    for name in ("database", "clickhouse"):
        both.write("config.yaml", f"{name}: {{migrations_path: migrations}}\n")
        assert postgres(both) == both.path / "migrations/postgres"
        assert clickhouse(both) == both.path / "migrations/clickhouse"


def test_each_databases_own_key_wins(both: Place) -> None:
    both.write("migrations/postgres/env.py", "")
    both.write("migrations/clickhouse/1_a.up.sql", "")
    both.write("own/1_a.up.sql", "")
    both.env(DB_MIGRATIONS_PATH="migrations")
    both.write("alembic.ini", "[clickhouse]\nscript_location = own\n")
    assert clickhouse(both) == both.path / "own"
    assert postgres(both) == both.path / "migrations/postgres"


def test_a_script_location_with_such_directories_is_still_one(both: Place) -> None:
    for name in ("env.py", "postgres/x", "clickhouse/x"):
        both.write(f"db/{name}", "")
    both.env(DB_MIGRATIONS_PATH="db")
    assert postgres(both) == both.path / "db"
    assert refused(both, "clickhouse")[0] == "nothing says where the revisions for clickhouse are"


def test_clickhouses_default(both: Place) -> None:
    both.write("migrations_clickhouse/versions/1_a.up.sql", "")
    assert clickhouse(both) == both.path / "migrations_clickhouse"
    shown = both.setting("clickhouse.migrations_path")
    assert (shown.value, shown.source) == (str(both.path / "migrations_clickhouse"), "default")


def test_nothing_says_where(both: Place) -> None:
    message = "nothing says where the revisions for postgres are"
    assert refused(both, "postgres") == (message, SET_PATH)
    message = "nothing says where the revisions for clickhouse are"
    assert refused(both, "clickhouse")[0] == message


def test_a_directory_that_is_not_there(both: Place) -> None:
    both.write("config.yaml", "database:\n  migrations_path: migrations\n")
    assert refused(both, "postgres") == (
        f"config.yaml database.migrations_path: there is no directory {both.path}/migrations",
        "make it, or change database.migrations_path",
    )
    both.write("file", "")
    both.env(CLICKHOUSE_MIGRATIONS_PATH="file")
    assert refused(both, "clickhouse")[0] == (
        f"environment CLICKHOUSE_MIGRATIONS_PATH: {both.path}/file is not a directory"
    )


@pytest.mark.parametrize("directory", ["migrations", "migrations/postgres"])
def test_pairs_where_alembic_needs_env_py(both: Place, directory: str) -> None:
    both.write(f"{directory}/001_initial_schema.up.sql", "")
    both.env(DB_MIGRATIONS_PATH="migrations")
    assert refused(both, "postgres") == (
        (
            f"environment DB_MIGRATIONS_PATH: {both.path}/{directory} holds .sql pairs but no"
            " env.py, which Alembic needs there"
        ),
        (
            "to take over what golang-migrate ran: brokle-migrate adopt golang-migrate DIR; or keep"
            f" the pairs elsewhere: {MAKE_ENV_PY}"
        ),
    )


def test_no_env_py(both: Place) -> None:
    both.write("alembic/README", "")
    both.write("alembic.ini", "[alembic]\nscript_location = alembic\n")
    assert refused(both, "postgres") == (
        (
            f"alembic.ini [alembic] script_location: {both.path}/alembic has no env.py, which"
            " Alembic needs there"
        ),
        MAKE_ENV_PY,
    )


def test_one_database_can_be_used_though_the_others_files_can_not(both: Place) -> None:
    both.write("ch/1_a.up.sql", "")
    both.env(DB_MIGRATIONS_PATH="no", CLICKHOUSE_MIGRATIONS_PATH="ch")
    assert clickhouse(both) == both.path / "ch"
    both.write("pg/env.py", "")
    both.env(DB_MIGRATIONS_PATH="pg", CLICKHOUSE_MIGRATIONS_PATH="no")
    assert postgres(both) == both.path / "pg"


def test_a_directory_that_can_not_be_listed(both: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> list[str]:
        raise PermissionError(13, "Permission denied", str(path))

    (both.path / "db").mkdir()
    both.env(DB_MIGRATIONS_PATH="db")
    monkeypatch.setattr("os.listdir", refuse)
    assert refused(both, "postgres")[0] == f"{both.path}/db can't be read: Permission denied"


def test_relative_paths_are_relative_to_where_they_stand(place: Place) -> None:
    for name in ("a", "conf/a", "conf/b", "conf/c"):
        place.write(f"{name}/env.py", "")
    place.env(DATABASE_URL="postgres://h/db", DB_MIGRATIONS_PATH="a")
    yaml = place.write("conf/x.yaml", "database: {migrations_path: a}\n")
    ini = place.write("conf/x.ini", "[alembic]\nscript_location = a\n")
    assert postgres(place) == place.path / "a"
    del place.environ["DB_MIGRATIONS_PATH"]

    def location(path: Path) -> Path:
        config = place.load(config_file=path)
        return config.require_postgres().require_script_location()

    assert location(yaml) == place.path / "conf/a"
    assert location(ini) == place.path / "a"  # Alembic's rule
    ini.write_text("[alembic]\nscript_location = b\n")
    assert location(ini) == place.path / "conf/b"
    ini.write_text("[alembic]\nscript_location = %(here)s/../conf/c\n")
    assert location(ini) == place.path / "conf/c"


def test_alembics_package_resources(both: Place) -> None:
    both.write("app/__init__.py", "raise RuntimeError('imported')")
    both.write("app/db/__init__.py", "")
    both.write("app/db/migrations/env.py", "")
    for value in ("app:db:migrations", "app.db:migrations"):
        both.write("alembic.ini", f"[alembic]\nscript_location = {value}\n")
        assert postgres(both) == both.path / "app/db/migrations"
    both.write("alembic.ini", "[alembic]\nscript_location = no.such:migrations\n")
    assert refused(both, "postgres")[0] == (
        "alembic.ini [alembic] script_location: there is no package no.such"
    )


def test_relative_directories_of_embedded_engines(place: Place) -> None:
    place.env(
        CLICKHOUSE_URL="clickhouse+embedded:///data", DATABASE_URL="postgresql+embedded:////x"
    )
    config = load(directory=place.path, environ=place.environ)
    assert config.require_clickhouse().url.directory == place.path / "data"
    url = config.require_postgres().url
    assert url is not None
    assert str(url.directory) == "/x"


@pytest.mark.parametrize(
    ("ini", "path", "told"),
    [
        ("script_location = %(here)s/a", "", False),
        ("script_location = a", "", False),
        ("script_location = ./a/", "", False),
        ("script_location = nonesuch", "", False),
        ("script_location = package:a", "", False),
        ("script_location = nonesuch", "a", True),
        ("version_table = v", "a", True),
        ("version_table = v", "", False),
    ],
)
def test_alembic_is_told_only_what_it_would_not_find_by_itself(
    place: Place, ini: str, path: str, told: bool
) -> None:
    place.write("alembic.ini", f"[alembic]\n{ini}\nsqlalchemy.url = postgresql://h/db\n")
    place.write("a/env.py", "")
    place.write("package/__init__.py", "")
    place.write("package/a/env.py", "")
    place.env(DB_MIGRATIONS_PATH=path)
    assert place.load().require_postgres().location_overridden is told


def test_alembic_is_told_where_the_script_location_of_another_directorys_file_is(
    place: Place,
) -> None:
    place.write("sub/alembic.ini", "[alembic]\nscript_location = a\n")
    place.write("sub/a/env.py", "")
    found = place.load(alembic_files=("sub/alembic.ini",)).require_postgres()
    assert found.location_overridden
    assert found.script_location == place.path / "sub" / "a"
