"""Values for placeholders: every source, the order among them, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brokle_migrate.errors import ConfigError

if TYPE_CHECKING:
    from brokle_migrate.config.variables import Placeholders

    from .conftest import Place

SERVER = "[clickhouse]\nsqlalchemy.url = clickhouse://h/shop\n"
INI = SERVER + "[clickhouse.vars]\nTTL = 30\n"


def found(place: Place, *x: str) -> Placeholders | None:
    return place.load(x=x).require_clickhouse().placeholders


def value(place: Place, name: str, *x: str) -> str | None:
    own = found(place, *x)
    assert own is not None
    return own.value(name)


def test_off_unless_something_turns_them_on(place: Place) -> None:
    place.write("alembic.ini", SERVER)
    assert found(place, "ttl=1") is None
    place.env(CLICKHOUSE_CLUSTER="main")
    assert value(place, "ttl", "ttl=1") == "1"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("alembic.ini", SERVER + "[clickhouse.vars]\n"),
        ("config.yaml", "clickhouse:\n  host: h\n  vars:\n"),
        ("config.yaml", "clickhouse:\n  host: h\n  vars: {}\n"),
        ("pyproject.toml", "[tool.brokle-migrate.clickhouse.vars]\n"),
    ],
)
def test_an_empty_section_turns_them_on(place: Place, name: str, text: str) -> None:
    place.env(CLICKHOUSE_HOST="h", DAYS="7")
    place.write(name, text)
    assert value(place, "DAYS") == "7"
    assert value(place, "days") is None


def test_x_wins_over_the_environment_and_that_over_the_files(place: Place) -> None:
    place.write("alembic.ini", INI + "only_ini = %(here)s 100%%\n")
    place.write("config.yaml", "clickhouse:\n  vars:\n    yaml: 01\n    TTL: '31'\n")
    place.write("pyproject.toml", "[tool.brokle-migrate.clickhouse.vars]\nTTL = 29\ntoml = 5\n")
    assert value(place, "only_ini") == f"{place.path} 100%"
    assert (value(place, "yaml"), value(place, "toml")) == ("01", "5")
    assert value(place, "TTL") == "31"
    place.env(TTL="32")
    assert value(place, "TTL") == "32"
    assert value(place, "TTL", "TTL=a=b") == "a=b"
    assert value(place, "TTL", "TTL=") == ""


def test_names_keep_their_case_and_defaults_are_no_placeholders(place: Place) -> None:
    place.write("alembic.ini", "[DEFAULT]\nteam = x\n" + INI + "team_name = %(team)s\n")
    assert (value(place, "TTL"), value(place, "ttl")) == ("30", None)
    assert (value(place, "team_name"), value(place, "team")) == ("x", None)


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("alembic.ini", INI + "database = x\n", "alembic.ini [clickhouse.vars]"),
        (
            "config.yaml",
            "clickhouse:\n  vars:\n    database: x\n",
            "config.yaml:3 clickhouse.vars",
        ),
        (
            "pyproject.toml",
            "[tool.brokle-migrate.clickhouse.vars]\ndatabase = 'x'\n",
            "pyproject.toml [tool.brokle-migrate.clickhouse.vars]",
        ),
    ],
)
def test_a_built_in_name_takes_no_value(place: Place, name: str, text: str, where: str) -> None:
    place.write(name, text)
    with pytest.raises(ConfigError) as caught:
        place.load()
    message = f"{where}: database is built in, and can't be given a value; use another name"
    assert caught.value.message == message


def test_what_can_be_no_name_is_refused(place: Place) -> None:
    place.write("alembic.ini", INI + "a-b = 1\n")
    with pytest.raises(ConfigError, match=r"'a-b' is no name for a placeholder"):
        place.load()


def test_no_value_is_shown_and_secrets_are_known(place: Place) -> None:
    place.write("alembic.ini", INI + "s3_secret = hush-ini\n")
    place.env(S3_TOKEN="hush-env", GIT_ASKPASS="/bin/echo", S3_TOKEN_FILE="/run/x")
    place.env(PWD="/srv/here", OLDPWD="/srv/there")
    config = place.load(x=("S3_PASSWORD=hush-x",))
    assert {"hush-ini", "hush-env", "hush-x"} <= config.secrets
    assert not {"/bin/echo", "/run/x", "/srv/here", "/srv/there"} & config.secrets
    assert "hush" not in repr(config)
    assert "hush" not in repr(config.require_clickhouse().placeholders)
