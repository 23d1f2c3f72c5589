"""Every way a password can be given, with every character that can be typed, up to the driver."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from brokle_migrate.config.password_files import LONGEST
from brokle_migrate.errors import ConfigError
from brokle_migrate.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

    from brokle_migrate.config import Config

    from .conftest import Place

PRINTABLE = "".join(map(chr, range(32, 127)))
PREFIXES = {"postgres": "DB", "clickhouse": "CLICKHOUSE"}
SECTIONS = {"postgres": "database", "clickhouse": "clickhouse"}
URLS = {"postgres": "DATABASE_URL", "clickhouse": "CLICKHOUSE_URL"}


def by_url(place: Place, backend: str, password: str) -> None:
    place.env(**{URLS[backend]: f"{backend}://u:{quote(password, safe='')}@h/db"})


def by_url_in_yaml(place: Place, backend: str, password: str) -> None:
    url = json.dumps(f"{backend}://u:{quote(password, safe='')}@h/db")
    place.write("config.yaml", f"{SECTIONS[backend]}:\n  url: {url}\n")


def by_variable(place: Place, backend: str, password: str) -> None:
    prefix = PREFIXES[backend]
    place.env(**{f"{prefix}_HOST": "h", f"{prefix}_USER": "u", f"{prefix}_PASSWORD": password})


def by_yaml(place: Place, backend: str, password: str) -> None:
    written = json.dumps(password)
    text = f"{SECTIONS[backend]}:\n  host: h\n  user: u\n  password: {written}\n"
    place.write("config.yaml", text)


def by_file(place: Place, backend: str, password: str) -> None:
    place.write("secret", f"{password}\n")
    prefix = PREFIXES[backend]
    place.env(**{f"{prefix}_HOST": "h", f"{prefix}_USER": "u", f"{prefix}_PASSWORD_FILE": "secret"})


def by_file_in_yaml(place: Place, backend: str, password: str) -> None:
    place.write("secret", password)
    text = f"{SECTIONS[backend]}: {{host: h, user: u, password_file: secret}}\n"
    place.write("config.yaml", text)


WAYS = [by_url, by_url_in_yaml, by_variable, by_yaml, by_file, by_file_in_yaml]


def handed_over(config: Config, backend: str) -> Any:
    """The password that the driver logs in with."""
    url = config.require_postgres().url if backend == "postgres" else config.clickhouse.url  # type: ignore[union-attr]
    assert url is not None
    target = make_url(url.render())
    arguments, options = create_engine(target).dialect.create_connect_args(target)
    if backend == "postgres":
        return options["password"]
    from clickhouse_driver import Client

    return Client.from_url(*arguments).connection.password


@pytest.mark.parametrize("backend", ["postgres", "clickhouse"])
@pytest.mark.parametrize("way", WAYS)
def test_every_printable_character_reaches_the_driver(
    place: Place, way: Callable[[Place, str, str], None], backend: str
) -> None:
    passwords = [PRINTABLE, PRINTABLE[::-1], *(f"{c}x{c}" for c in PRINTABLE)]
    for password in passwords:
        way(place, backend, password)
        assert handed_over(place.load(), backend) == password


@pytest.mark.parametrize(
    ("content", "password"),
    [
        ("word", "word"),
        ("word\n", "word"),
        ("word\r\n", "word"),
        ("word\n\n", "word\n"),
        ("wo\nrd\n", "wo\nrd"),
        (" word ", " word "),
        ("pässwörd 🔑\n", "pässwörd 🔑"),
    ],
)
def test_one_newline_at_the_end_is_none_of_the_password(
    place: Place, content: str, password: str
) -> None:
    place.write("secret", content)
    place.env(DB_HOST="h", DB_PASSWORD_FILE="secret")
    url = place.load().require_postgres().url
    assert url is not None
    assert url.password == password


def nothing(place: Place) -> None:
    assert not (place.path / "secret").exists()


def a_loop(place: Place) -> None:
    (place.path / "secret").symlink_to(place.path / "secret")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (nothing, "can't be read: No such file or directory"),
        (lambda place: (place.path / "secret").mkdir(), "can't be read: Is a directory"),
        (lambda place: place.write("secret", ""), "is empty"),
        (lambda place: place.write("secret", "\n"), "is empty"),
        (lambda place: place.write("secret", b"hidden\xff"), "is not UTF-8"),
        (lambda place: place.write("secret", "hidden\0"), "holds a null byte"),
        (lambda place: place.write("secret", "hidden" * LONGEST), "so it holds no password"),
        (a_loop, "can't be read: Too many levels of symbolic links"),
    ],
)
@pytest.mark.parametrize("backend", ["postgres", "clickhouse"])
def test_a_file_without_a_password_is_refused(
    place: Place, backend: str, make: Callable[[Place], object], reason: str
) -> None:
    make(place)
    prefix = PREFIXES[backend]
    place.env(**{f"{prefix}_HOST": "h", f"{prefix}_PASSWORD_FILE": "secret"})
    with pytest.raises(ConfigError) as caught:
        place.load()
    said = f"{caught.value}"
    assert said.startswith(f"environment {prefix}_PASSWORD_FILE: the password file ")
    assert str(place.path / "secret") in said
    assert reason in said
    assert "hidden" not in said
    assert caught.value.hint


def test_a_path_in_config_yaml_is_relative_to_it(place: Place) -> None:
    place.write("deploy/secrets/word", "right\n")
    place.write("secrets/word", "wrong\n")
    named = place.write("deploy/config.yaml", "database: {host: h, password_file: secrets/word}\n")
    url = place.load(config_file=named).require_postgres().url
    assert url is not None
    assert url.password == "right"


@pytest.mark.parametrize(
    ("environ", "yaml"),
    [
        ({"DB_PASSWORD": "one", "DB_PASSWORD_FILE": "secret"}, "database: {host: h}"),
        ({"CLICKHOUSE_PASSWORD": "one", "CLICKHOUSE_PASSWORD_FILE": "secret"}, ""),
        ({}, "database: {host: h, password: one, password_file: secret}"),
        ({}, "clickhouse: {password: one, password_file: secret}"),
    ],
)
def test_a_password_and_a_file_in_one_source(
    place: Place, environ: dict[str, str], yaml: str
) -> None:
    place.write("secret", "two\n")
    place.write("config.yaml", yaml)
    place.env(**environ)
    with pytest.raises(ConfigError, match="a password and a file that holds one"):
        place.load()


@pytest.mark.parametrize(
    ("environ", "yaml", "password"),
    [
        ({"DB_PASSWORD_FILE": "secret"}, "{host: h, password: low}", "filed"),
        ({"DB_PASSWORD": "high"}, "{host: h, password_file: nowhere}", "high"),
        ({"DB_PASSWORD_FILE": "secret"}, "{url: 'postgres://u:low@h/db'}", "filed"),
        ({}, "{url: 'postgres://u:low@h/db', password_file: nowhere}", "low"),
        ({}, "{url: 'postgres://u@h/db', password_file: secret}", "filed"),
        ({"DATABASE_URL": "postgres://u@h/db"}, "{password_file: nowhere}", None),
        (
            {"DATABASE_URL": "postgres://u@h/db", "DB_PASSWORD_FILE": "secret"},
            "{password_file: nowhere}",
            "filed",
        ),
        ({"DATABASE_URL": "postgresql+embedded:///d"}, "{password_file: nowhere}", None),
    ],
)
def test_a_file_counts_as_a_password_of_its_source_would(
    place: Place, environ: dict[str, str], yaml: str, password: str | None
) -> None:
    place.write("secret", "filed\n")
    place.write("config.yaml", f"database: {yaml}\n")
    place.env(**environ)
    url = place.load().require_postgres().url
    assert url is not None
    assert url.password == password


def test_the_file_is_shown_and_its_content_is_not(place: Place) -> None:
    path = place.write("secret", "s3same\n")
    place.env(DB_HOST="h", DB_PASSWORD_FILE="secret")
    config = place.load()
    shown = place.setting("database.password")
    assert shown.display == "***"
    assert shown.source == f"{path} (environment DB_PASSWORD_FILE)"
    assert place.setting("database.password_file").display == "secret"
    assert "s3same" not in repr(config)
    assert "s3same" in config.secrets
    assert Redactor(config.secrets).hide("no s3same here") == "no *** here"


def test_a_file_that_does_not_count_is_shown_as_such(place: Place) -> None:
    place.write("config.yaml", "database: {host: h, password_file: nowhere}\n")
    place.env(DB_PASSWORD="high")
    shown = place.setting("database.password_file")
    assert shown.display == ""
    assert shown.source == "config.yaml database.password_file (not used)"
    place.environ = {"DATABASE_URL": "postgres://u:p@h/db"}
    assert place.setting("database.password").source.endswith("(not used)")
    assert place.setting("database.password_file").source.endswith("(not used)")
