"""Which files are read, and what is said about those that can't be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from brokle_migrate.errors import ConfigError

if TYPE_CHECKING:
    from .conftest import Place

POSTGRES_INI = "[alembic]\nsqlalchemy.url = postgresql+psycopg://{}/db\n"
POSTGRES_TOML = '[tool.alembic]\n"sqlalchemy.url" = "postgresql+psycopg://{}/db"\n'


def error(place: Place, **options: object) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        place.load(**options)
    assert "hunter22" not in f"{caught.value!r} {caught.value.hint}"
    return caught.value


def host(place: Place, **options: object) -> str:
    url = place.load(**options).require_postgres().url
    assert url is not None
    return url.host


def test_no_files(place: Place) -> None:
    config = place.load()
    assert (config.config_file, config.ini_file, config.toml_file) == (None, None, None)
    assert config.alembic_file is None


def test_the_usual_files(place: Place) -> None:
    yaml = place.write("config.yaml", "database: {migrations_table: a}\n")
    place.write("config.yml", "database: {migrations_table: b}\n")
    ini = place.write("alembic.ini", "[alembic]\n")
    toml = place.write("pyproject.toml", "[tool.alembic]\n")
    config = place.load()
    assert (config.config_file, config.ini_file, config.toml_file) == (yaml, ini, toml)
    assert config.alembic_file == ini
    ini.unlink()
    assert place.load().alembic_file == toml
    yaml.unlink()
    assert place.setting("database.migrations_table").source == (
        "config.yml database.migrations_table"
    )


def test_a_pyproject_toml_of_other_tools_is_not_ours(place: Place) -> None:
    place.write("pyproject.toml", "[tool.ruff]\n")
    assert place.load().toml_file is None


@pytest.mark.parametrize(
    "name", ["other.yaml", "other.yml", "other.ini", "other.cfg", "other.toml"]
)
def test_a_named_file_replaces_the_usual_one_of_its_kind(place: Place, name: str) -> None:
    texts = {
        "yaml": "database: {{url: postgresql+psycopg://{}/db}}\n",
        "ini": POSTGRES_INI,
        "toml": POSTGRES_TOML,
    }
    kind = {".yml": "yaml", ".cfg": "ini"}.get(Path(name).suffix, Path(name).suffix[1:])
    usual = {"yaml": "config.yaml", "ini": "alembic.ini", "toml": "pyproject.toml"}[kind]
    place.write(usual, texts[kind].format("usual"))
    place.write(f"sub/{name}", texts[kind].format("named"))
    assert host(place) == "usual"
    assert host(place, config_file=Path("sub") / name) == "named"
    assert host(place, config_file=place.path / "sub" / name) == "named"


def test_alembics_own_variable(place: Place) -> None:
    place.write("alembic.ini", POSTGRES_INI.format("usual"))
    place.write("sub/some.conf", POSTGRES_INI.format("chosen"))
    place.write("named.ini", POSTGRES_INI.format("named"))
    place.env(ALEMBIC_CONFIG="sub/some.conf")
    assert host(place) == "chosen"
    assert host(place, config_file=Path("named.ini")) == "named"
    (place.path / "alembic.ini").unlink()
    place.write("sub/pyproject.toml", POSTGRES_TOML.format("toml"))
    place.env(ALEMBIC_CONFIG="sub/pyproject.toml")
    assert host(place) == "toml"


def test_a_named_file_that_is_not_there(place: Place) -> None:
    assert str(error(place, config_file=Path("no.yaml"))) == (
        f"--config no.yaml: there is no file {place.path}/no.yaml"
    )
    place.env(ALEMBIC_CONFIG="no.ini")
    assert str(error(place)) == (
        f"environment ALEMBIC_CONFIG: there is no file {place.path}/no.ini"
    )


def test_a_named_file_of_an_unknown_kind(place: Place) -> None:
    found = error(place, config_file=Path("settings.json"))
    assert str(found) == "--config settings.json: the name does not say what kind of file it is"
    assert found.hint == "known endings: .yaml, .yml, .ini, .cfg, .toml"


def test_a_file_elsewhere_is_called_by_its_whole_path(place: Place, tmp_path: Path) -> None:
    other = place.write("elsewhere/bad.yaml", "a: [")
    (place.path / "work").mkdir()
    place.path /= "work"
    assert str(error(place, config_file=other)) == f"{other}:1: this is not valid YAML"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("config.yaml", "database:\n  url: 'hunter22\n", "config.yaml:2: this is not valid YAML"),
        ("config.yaml", "database:\n\turl: hunter22\n", "config.yaml:2: this is not valid YAML"),
        ("config.yaml", "password: *hunter22\n", "config.yaml:1: this is not valid YAML"),
        ("config.yaml", "a: 1\n---\nb: 2\n", "config.yaml:2: this is not valid YAML"),
        ("config.yaml", "a: b\nc: \x01\n", "config.yaml:2: this is not valid YAML"),
        ("config.yaml", b"a: b\nc: \xff\n", "config.yaml:2: this is not UTF-8"),
        (
            "config.yaml",
            "# no sections\n- hunter22\n",
            "config.yaml:2: sections such as database: and clickhouse: are expected here",
        ),
        ("config.yaml", "database: &a\n  <<: *a\n", "config.yaml: a mapping is merged into itself"),
        ("alembic.ini", "url = hunter22\n", "alembic.ini:1: a [section] has to come first"),
        (
            "alembic.ini",
            "[alembic]\nhunter22\n",
            "alembic.ini:2: neither a [section] nor key = value",
        ),
        ("alembic.ini", "[alembic]\n[x]\n[alembic]\n", "alembic.ini:3: a second section [alembic]"),
        ("alembic.ini", "[x]\na = 1\na = hunter22\n", "alembic.ini:3: a second a in [x]"),
        (
            "alembic.ini",
            "[alembic]\nsqlalchemy.url = postgresql://u:hunter22%@h/db\n",
            "alembic.ini [alembic] sqlalchemy.url: a % has to be written as %%",
        ),
        (
            "alembic.ini",
            "[alembic]\nscript_location = %(no)s/x\n",
            "alembic.ini [alembic] script_location: a %(name)s that the file does not define",
        ),
        (
            "alembic.ini",
            "[clickhouse]\nsqlalchemy.url = clickhouse://%(no)s/hunter22\n",
            "alembic.ini [clickhouse] sqlalchemy.url: a %(name)s that the file does not define",
        ),
        ("alembic.ini", b"[a]\nb = \xff\n", "alembic.ini:2: this is not UTF-8"),
        ("pyproject.toml", "[tool\nx = 'hunter22'\n", "pyproject.toml:1: this is not valid TOML"),
        ("pyproject.toml", "[x]\na = 'hunter22", "pyproject.toml:2: this is not valid TOML"),
        (
            "pyproject.toml",
            "[tool.alembic]\nscript_location = '%(no)s/x'\n",
            "pyproject.toml [tool.alembic] script_location: a %(name)s that is not %(here)s",
        ),
        (
            "pyproject.toml",
            "[tool.alembic]\nscript_location = ['x']\n",
            "pyproject.toml [tool.alembic] script_location has to be a single value",
        ),
        (
            "pyproject.toml",
            "[tool]\nbrokle-migrate = 1\n",
            "pyproject.toml [tool.brokle-migrate] has to be a table",
        ),
    ],
)
def test_a_file_that_does_not_parse(
    place: Place, name: str, text: str | bytes, message: str
) -> None:
    place.write(name, text)
    assert str(error(place)) == message


def test_a_file_that_can_not_be_read(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    place.write("config.yaml", "")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert str(error(place)) == "config.yaml can't be read: Permission denied"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "config.yaml",
            "other: {hots: x}\ndatabase:\n  hots: x\n",
            "config.yaml:3 database: unknown key 'hots', did you mean 'host'?",
        ),
        (
            "alembic.ini",
            "[clickhouse]\nzzz = x\n",
            (
                "alembic.ini [clickhouse]: unknown key 'zzz'; known are sqlalchemy.url,"
                " script_location, version_table, engine, headers, cluster"
            ),
        ),
        ("config.yaml", "database: postgres://h\n", "config.yaml:1: database has to be a mapping"),
        (
            "config.yaml",
            "clickhouse:\n  ? [a]\n  : b\n",
            (
                "config.yaml:2 clickhouse: unknown key '?'; known are url, host, port, user,"
                " username, password, password_file, database, name, secure, migrations_path,"
                " migrations_table, migrations_engine, schema_file, headers, cluster"
            ),
        ),
        ("config.yaml", "database: [a]\n", "config.yaml:1: database has to be a mapping"),
        (
            "config.yaml",
            "database:\n  host: [a, b]\n",
            "config.yaml:2: database.host has to be a single value",
        ),
        (
            "config.yaml",
            "database:\n  url: {a: b}\n",
            "config.yaml:2: database.url has to be a single value",
        ),
        (
            "alembic.ini",
            "[clickhouse]\nscript_locaton = x\n",
            (
                "alembic.ini [clickhouse]: unknown key 'script_locaton', did you mean"
                " 'script_location'?"
            ),
        ),
        (
            "alembic.ini",
            "[ClickHouse]\n",
            "alembic.ini: unknown key '[ClickHouse]', did you mean '[clickhouse]'?",
        ),
        (
            "alembic.ini",
            "[clickhouse.var]\n",
            "alembic.ini: unknown key '[clickhouse.var]', did you mean '[clickhouse.vars]'?",
        ),
        (
            "pyproject.toml",
            "[tool.brokle-migrate.clickhuose]\n",
            (
                "pyproject.toml [tool.brokle-migrate]: unknown key 'clickhuose', did you mean"
                " 'clickhouse'?"
            ),
        ),
        (
            "pyproject.toml",
            "[tool.brokle-migrate.clickhouse]\nsqlalchemy.ulr = 'x'\n",
            (
                "pyproject.toml [tool.brokle-migrate.clickhouse]: unknown key 'sqlalchemy.ulr', did"
                " you mean 'sqlalchemy.url'?"
            ),
        ),
    ],
)
def test_an_unknown_key(place: Place, name: str, text: str, message: str) -> None:
    place.write(name, text)
    assert str(error(place)) == message


def test_all_unknown_keys_at_once(place: Place) -> None:
    place.write("config.yaml", "database:\n  hots: x\n  user: {}\nclickhouse:\n  prot: 1\n")
    place.write("alembic.ini", "[clickhouse]\nengin = x\n")
    assert str(error(place)).splitlines() == [
        "4 problems:",
        "config.yaml:2 database: unknown key 'hots', did you mean 'host'?",
        "config.yaml:3: database.user has to be a single value",
        "config.yaml:5 clickhouse: unknown key 'prot', did you mean 'port'?",
        "alembic.ini [clickhouse]: unknown key 'engin', did you mean 'engine'?",
    ]


def test_what_belongs_to_the_application_is_ignored(place: Place) -> None:
    place.write(
        "config.yaml",
        "server: {port: [1, 2]}\nsecret: !vault abc\n42: x\n[a, b]: y\n"
        "database: {max_open_conns: 100, conn_max_lifetime: [1h], debug: true, host: h}\n"
        "clickhouse:\n  dial_timeout: 5s\n",
    )
    assert host(place) == "h"


def test_variables_of_the_clickhouse_files_are_the_teams_own(place: Place) -> None:
    place.write(
        "alembic.ini",
        "[DEFAULT]\nteam = x\n[clickhouse]\nversion_table = %(team)s\n[clickhouse.vars]\na = 1\n",
    )
    assert place.setting("clickhouse.migrations_table").value == "x"
    place.write("pyproject.toml", "[tool.brokle-migrate.clickhouse.vars]\na = 1\n")
    place.load()


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "database:\n", "database: ~\n"])
def test_an_empty_config_yaml(place: Place, text: str) -> None:
    place.write("config.yaml", text)
    assert place.load().postgres is None


@pytest.mark.parametrize(
    ("written", "password"),
    [
        ("0123", "0123"),
        ("1e5", "1e5"),
        ("yes", "yes"),
        ("0x1F", "0x1F"),
        ("2024-01-01", "2024-01-01"),
        ("'null'", "null"),
        ("' x '", " x "),
        ("null", None),
        ("~", None),
        ("''", None),
    ],
)
def test_a_yaml_value_is_what_was_written(place: Place, written: str, password: str | None) -> None:
    place.write("config.yaml", f"database:\n  host: h\n  password: {written}\n")
    url = place.load().require_postgres().url
    assert url is not None
    assert url.password == password


def test_yaml_anchors_and_a_byte_order_mark(place: Place) -> None:
    place.write(
        "config.yaml",
        "\ufeffx: &x {host: one, port: 1}\ny: &y {port: 2, user: u}\n"
        "database:\n  host: h\n  <<: [*x, *y]\n",
    )
    url = place.load().require_postgres().url
    assert url is not None
    assert (url.host, url.port, url.user) == ("h", 1, "u")


def test_here_and_doubled_percent_signs(place: Place) -> None:
    place.write("sub/alembic.ini", "[alembic]\nscript_location = %(here)s/100%%\n")
    place.write(
        "sub/pyproject.toml", '[tool.brokle-migrate.clickhouse]\ncluster = "%(here)s/a%%b%c"\n'
    )
    place.write("sub/100%/env.py", "")
    place.path /= "sub"
    assert place.load().require_postgres().script_location == place.path / "100%"
    assert place.setting("clickhouse.cluster").value == f"{place.path}/a%b%c"


def test_alembic_ini_and_pyproject_toml_together(place: Place) -> None:
    """As Alembic's own template for pyproject.toml lays them out."""
    place.write("migrations/env.py", "")
    place.write("pyproject.toml", "[tool.alembic]\nscript_location = '%(here)s/migrations'\n")
    place.write("alembic.ini", POSTGRES_INI.format("h"))
    postgres = place.load().require_postgres()
    assert postgres.script_location == place.path / "migrations"
    assert postgres.url is not None
    assert (postgres.url.host, postgres.url_overridden) == ("h", False)


def test_the_files_of_alembics_own_option(place: Place) -> None:
    place.write("alembic.ini", "[alembic]\nsqlalchemy.url = postgresql://usual/db\n")
    other = place.write("other.cfg", "[alembic]\nsqlalchemy.url = postgresql://other/db\n")
    toml = place.write("sub/pyproject.toml", '[tool.alembic]\nscript_location = "a"\n')
    place.write("named.ini", "[alembic]\n")
    found = place.load(
        alembic_files=("other.cfg", "sub/pyproject.toml"), config_file=Path("named.ini")
    )
    assert (found.ini_file, found.toml_file) == (other, toml)
    assert "other" in found.require_postgres().url.label


def test_a_file_of_alembics_own_option_that_is_not_there_counts_as_empty(place: Place) -> None:
    place.write("alembic.ini", "[alembic]\nsqlalchemy.url = postgresql://usual/db\n")
    found = place.load(alembic_files=("nonesuch.ini",))
    assert found.ini_file is None
    assert found.postgres is None
