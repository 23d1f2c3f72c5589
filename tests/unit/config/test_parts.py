"""A URL, parts beside it and parts above it: which database is meant."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

from brokle_migrate.errors import ConfigError

if TYPE_CHECKING:
    from .conftest import Place

POSTGRES = [
    # parts alone, then a URL with parts beside it, then with parts above it
    ({"DB_HOST": "h"}, "", "postgresql+psycopg://h:5432"),
    ({"DB_NAME": "db"}, "", "postgresql+psycopg://localhost:5432/db"),
    ({"DB_PORT": "6000"}, "", "postgresql+psycopg://localhost:6000"),
    (
        {
            "DB_HOST": "h",
            "DB_PORT": "6000",
            "DB_USER": "u",
            "DB_PASSWORD": "p@/ ",
            "DB_NAME": "db",
            "DB_SSL_MODE": "require",
        },
        "",
        "postgresql+psycopg://u:p%40%2F%20@h:6000/db?sslmode=require",
    ),
    ({"DB_HOST": "h:7000", "DB_NAME": "db"}, "", "postgresql+psycopg://h:7000/db"),
    ({"DB_HOST": "h:7000", "DB_PORT": "7001"}, "", "postgresql+psycopg://h:7001"),
    ({"DB_HOST": "/run/pg", "DB_NAME": "db"}, "", "postgresql+psycopg://:5432/db?host=%2Frun%2Fpg"),
    (
        {"DB_HOST": "h1,h2:7000"},
        "",
        "postgresql+psycopg://?host=h1%2Ch2&port=5432%2C7000",
    ),
    ({"DB_HOST": "h", "DB_USERNAME": "m"}, "user: u", "postgresql+psycopg://m@h:5432"),
    ({}, "{url: 'postgres://h/db', host: other, port: 1}", "postgresql+psycopg://h/db"),
    ({}, "{url: 'postgres://u:p@h/db', user: x, password: y}", "postgresql+psycopg://u:p@h/db"),
    ({}, "{url: 'postgres://h/db', user: x, password: y}", "postgresql+psycopg://x:y@h/db"),
    ({}, "{url: 'postgres://h', database: db}", "postgresql+psycopg://h/db"),
    ({}, "{url: 'postgres:///db', host: h, port: 1}", "postgresql+psycopg://h:1/db"),
    (
        {},
        "{url: 'postgres://h/db?sslmode=disable', ssl_mode: require}",
        "postgresql+psycopg://h/db?sslmode=disable",
    ),
    (
        {},
        "{url: 'postgres://h/db', ssl_mode: require}",
        "postgresql+psycopg://h/db?sslmode=require",
    ),
    (
        {},
        "{url: 'postgresql+asyncpg://h/db', ssl_mode: require}",
        "postgresql+asyncpg://h/db?ssl=require",
    ),
    ({}, "{url: 'postgres://u:p@h/db', username: m}", "postgresql+psycopg://m:p@h/db"),
    (
        {"DATABASE_URL": "postgres://h/db"},
        "{host: other, user: x, password: y}",
        "postgresql+psycopg://h/db",
    ),
    ({"DATABASE_URL": "postgres://u@h/db"}, "username: m", "postgresql+psycopg://m@h/db"),
    (
        {"DB_HOST": "other", "DB_PASSWORD": "new"},
        "url: postgres://u:p@h:1/db",
        "postgresql+psycopg://u:new@other:1/db",
    ),
    ({"DB_HOST": "other:2"}, "url: postgres://h:1/db", "postgresql+psycopg://other:2/db"),
    (
        {"DB_HOST": "/run/pg"},
        "{url: 'postgres://h1:1,h2:2/db'}",
        "postgresql+psycopg:///db?host=%2Frun%2Fpg",
    ),
    (
        {"DB_SSL_MODE": "require"},
        "url: postgres://h/db?sslmode=disable",
        "postgresql+psycopg://h/db?sslmode=require",
    ),
    # an embedded engine
    (
        {"DB_USERNAME": "m", "DB_PASSWORD": "p"},
        "{url: 'postgresql+embedded:////data', user: u, host: h}",
        "postgresql+embedded:////data",
    ),
    (
        {"DB_HOST": "h", "DB_USER": "u"},
        "{url: 'postgresql+embedded:////data', password: p}",
        "postgresql+psycopg://u@h:5432",
    ),
]

CLICKHOUSE = [
    ({"CLICKHOUSE_HOST": "h"}, "", "clickhouse+native://h:9000"),
    (
        {"CLICKHOUSE_HOST": "h", "CLICKHOUSE_SECURE": "yes"},
        "",
        "clickhouse+native://h:9440?secure=true",
    ),
    ({"CLICKHOUSE_PORT": "8123"}, "", "clickhouse+http://default:@localhost:8123"),
    ({"CLICKHOUSE_PORT": "8443"}, "", "clickhouse+http://default:@localhost:8443?protocol=https"),
    (
        {
            "CLICKHOUSE_HOST": "h",
            "CLICKHOUSE_PORT": "9440",
            "CLICKHOUSE_USER": "u",
            "CLICKHOUSE_PASSWORD": "p",
            "CLICKHOUSE_DATABASE": "db",
        },
        "",
        "clickhouse+native://u:p@h:9440/db?secure=true",
    ),
    ({}, "{url: 'clickhouse://a:p@h/db', user: brokle}", "clickhouse+native://brokle:p@h:9000/db"),
    (
        {"CLICKHOUSE_URL": "clickhouse://a:p@h/db"},
        "user: brokle",
        "clickhouse+native://a:p@h:9000/db",
    ),
    (
        {"CLICKHOUSE_URL": "clickhouse://h/db"},
        "user: brokle",
        "clickhouse+native://brokle@h:9000/db",
    ),
    (
        {"CLICKHOUSE_USER": "brokle"},
        "url: clickhouse://a:p@h/db",
        "clickhouse+native://brokle:p@h:9000/db",
    ),
    ({"CLICKHOUSE_PORT": "8123"}, "url: clickhouse://h:9000", "clickhouse+http://default:@h:8123"),
    ({"CLICKHOUSE_PORT": "8123"}, "url: tcp://h:9000", "clickhouse+native://h:8123"),
    ({"CLICKHOUSE_SECURE": "1"}, "url: clickhouse://h", "clickhouse+native://h:9440?secure=true"),
    (
        {"CLICKHOUSE_SECURE": "false"},
        "url: https://h",
        "clickhouse+http://default:@h:8123",
    ),
    ({}, "{url: 'clickhouse://h', secure: true}", "clickhouse+native://h:9440?secure=true"),
    ({}, "{url: 'http://h', secure: false}", "clickhouse+http://default:@h:8123"),
    ({"CLICKHOUSE_HOST": "x"}, "{url: 'clickhouse://h1,h2'}", "clickhouse+native://x:9000"),
    (
        {"CLICKHOUSE_USER": "brokle"},
        "url: clickhouse+embedded:////data",
        "clickhouse+embedded:////data",
    ),
]


def given(place: Place, section: str, environ: dict[str, str], yaml: str) -> None:
    place.env(**environ)
    if yaml:
        text = yaml if yaml.startswith("{") else f"{{{yaml.replace(': ', ': !!str ', 1)}}}"
        place.write("config.yaml", f"{section}: {text}\n")


@pytest.mark.parametrize(("environ", "yaml", "rendered"), POSTGRES)
def test_which_postgres(place: Place, environ: dict[str, str], yaml: str, rendered: str) -> None:
    given(place, "database", environ, yaml)
    url = place.load().require_postgres().url
    assert url is not None
    assert url.render() == rendered


@pytest.mark.parametrize(("environ", "yaml", "rendered"), CLICKHOUSE)
def test_which_clickhouse(place: Place, environ: dict[str, str], yaml: str, rendered: str) -> None:
    given(place, "clickhouse", environ, yaml)
    assert place.load().require_clickhouse().url.render() == rendered


@pytest.mark.parametrize(
    "environ",
    [
        {"DB_USER": "u", "DB_PASSWORD": "hunter22", "DB_USERNAME": "m", "DB_SSL_MODE": "require"},
        {"DB_MIGRATIONS_PATH": "migrations", "DB_MIGRATIONS_TABLE": "m", "DB_AUTO_MIGRATE": "1"},
        {"CLICKHOUSE_USER": "u", "CLICKHOUSE_PASSWORD": "hunter22", "CLICKHOUSE_SECURE": "1"},
        {"CLICKHOUSE_MIGRATIONS_ENGINE": "Log", "CLICKHOUSE_CLUSTER": "c"},
    ],
)
def test_these_alone_locate_nothing(place: Place, environ: dict[str, str]) -> None:
    place.env(**environ)
    config = place.load()
    assert (config.postgres, config.clickhouse) == (None, None)


def test_variables_that_kubernetes_makes_of_a_service_are_not_ours(place: Place) -> None:
    place.env(CLICKHOUSE_PORT="tcp://10.0.0.11:9000", DB_PORT="udp://[fd00::1]:5432")
    config = place.load()
    assert (config.postgres, config.clickhouse) == (None, None)


@pytest.mark.parametrize("port", ["abc", "0", "70000", "-1", "5432x", "²", "1.5"])
def test_a_part_that_is_no_port(place: Place, port: str) -> None:
    place.env(DB_HOST="h", DB_PORT=port)
    with pytest.raises(ConfigError) as caught:
        place.load()
    assert str(caught.value) == (
        f"environment DB_PORT: {port!r} is not a port: a number from 1 to 65535"
    )


def test_one_port_for_several_hosts(place: Place) -> None:
    place.write("config.yaml", "database: {url: 'postgres://h1:1,h2:2/db'}\n")
    place.env(DB_PORT="6000")
    with pytest.raises(ConfigError) as caught:
        place.load()
    assert str(caught.value) == ("environment DB_PORT: each of several hosts has a port of its own")


def test_a_part_that_is_no_host(place: Place) -> None:
    place.env(DB_HOST="postgres://h")
    with pytest.raises(ConfigError, match=r"^environment DB_HOST: that is no host$"):
        place.load()


def test_a_part_that_is_no_flag(place: Place) -> None:
    place.write("config.yaml", "clickhouse: {host: h, secure: sometimes}\n")
    with pytest.raises(ConfigError) as caught:
        place.load()
    assert str(caught.value) == (
        "config.yaml clickhouse.secure: 'sometimes' is neither true nor false"
    )


def test_a_bad_value_that_does_not_count_is_no_error(place: Place) -> None:
    place.write("alembic.ini", "[alembic]\nsqlalchemy.url = sqlite:///x.db\n")
    place.write("config.yaml", "database: {host: h, port: many}\n")
    place.env(DATABASE_URL="postgres://h/db")
    assert place.load().require_postgres().url is not None


def test_what_does_not_count_is_shown_as_such(place: Place) -> None:
    place.write("config.yaml", "database: {host: h, user: u, password: hunter22}\n")
    place.env(DATABASE_URL="postgres://h/db", DB_USER="u", DB_USERNAME="m")
    shown = {s.name: (s.display, s.source) for s in place.load().settings}
    assert shown["database.url"] == ("postgres://h/db", "environment DATABASE_URL")
    assert shown["database.host"] == ("", "config.yaml database.host (not used)")
    assert shown["database.password"] == ("", "config.yaml database.password (not used)")
    assert shown["database.user"] == ("", "environment DB_USER (not used)")
    assert shown["database.username"] == ("m", "environment DB_USERNAME")


INI = "[alembic]\nsqlalchemy.url = {}\n"


@pytest.mark.parametrize(
    ("url", "psycopg2", "driver", "overridden"),
    [
        ("postgresql://u:p%%40x@h:5432/db", True, "psycopg2", False),
        ("postgresql://h/db", False, "psycopg", True),
        ("postgres://h/db", True, "psycopg2", True),
        ("postgresql+psycopg://h/db?sslmode=disable", False, "psycopg", False),
        ("postgresql+asyncpg://h/db", True, "asyncpg", False),
        ("postgresql+psycopg://u:p/w@h/db", False, "psycopg", True),
        ("postgresql+embedded:///%(here)s/data", False, "embedded", False),
        ("postgresql+embedded:///data", False, "embedded", True),
    ],
)
def test_a_url_that_alembic_can_use_stays_as_it_is(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    psycopg2: bool,
    driver: str,
    overridden: bool,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: psycopg2 or None)
    place.write("alembic.ini", INI.format(url))
    postgres = place.load().require_postgres()
    assert postgres.url is not None
    assert (postgres.url.driver, postgres.url_overridden) == (driver, overridden)


@pytest.mark.parametrize("variable", ["DATABASE_URL", "DB_HOST", "DB_USERNAME"])
def test_alembic_is_told_what_comes_from_elsewhere(place: Place, variable: str) -> None:
    place.write("alembic.ini", INI.format("postgresql+psycopg://h/db"))
    place.env(**{variable: "postgresql+psycopg://h/db" if variable == "DATABASE_URL" else "x"})
    assert place.load().require_postgres().url_overridden


def test_alembic_is_told_a_url_of_pyproject_toml(place: Place) -> None:
    place.write("pyproject.toml", '[tool.alembic]\nsqlalchemy.url = "postgresql+psycopg://h/db"\n')
    assert place.load().require_postgres().url_overridden


@pytest.mark.parametrize(
    "url", ["driver://user:pass@localhost/dbname", "", "postgresql://%(DB)s/x"]
)
def test_a_url_that_only_env_py_knows(place: Place, url: str) -> None:
    place.write("alembic/env.py", "")
    place.write("alembic.ini", f"[alembic]\nscript_location = alembic\nsqlalchemy.url = {url}\n")
    postgres = place.load().require_postgres()
    assert (postgres.url, postgres.url_overridden) == (None, False)
    assert postgres.script_location == place.path / "alembic"


def test_a_database_that_is_not_configured(place: Place) -> None:
    place.env(CLICKHOUSE_USER="brokle")
    with pytest.raises(ConfigError) as caught:
        place.load().require("clickhouse")
    assert str(caught.value) == (
        "ClickHouse is not configured: nothing says where it is (only environment CLICKHOUSE_USER)"
    )
    assert caught.value.hint == (
        "set CLICKHOUSE_URL, clickhouse.url in config.yaml, or sqlalchemy.url in the [clickhouse]"
        f" section of alembic.ini; looked for {place.path}/config.yaml, {place.path}/config.yml,"
        f" {place.path}/alembic.ini, {place.path}/pyproject.toml"
    )
    with pytest.raises(
        ConfigError, match=r"^Postgres is not configured: nothing says where it is$"
    ):
        place.load().require_postgres()


def test_a_database_that_does_not_exist(place: Place) -> None:
    with pytest.raises(ConfigError) as caught:
        place.load().require("postgers")
    assert str(caught.value) == "there is no database 'postgers', did you mean 'postgres'?"
