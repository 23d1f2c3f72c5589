"""A password reaches the drivers and nobody else."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokle_migrate.errors import ConfigError
from brokle_migrate.redact import Redactor

if TYPE_CHECKING:
    from .conftest import Place

SECRET = "qux/zyx@42"
WRITTEN = "qux%2Fzyx%4042"

SOURCES = [
    {"DATABASE_URL": f"postgres://u:{SECRET}@h/db", "CLICKHOUSE_URL": f"tcp://u:{WRITTEN}@h/db"},
    {"DATABASE_URL": f"postgres://h/db?password={WRITTEN}&sslpassword={WRITTEN}"},
    {"CLICKHOUSE_URL": f"clickhouse://h?username=u&password={WRITTEN}"},
    {"DB_HOST": "h", "DB_PASSWORD": SECRET, "CLICKHOUSE_HOST": "h", "CLICKHOUSE_PASSWORD": SECRET},
    {"DB_PASSWORD": SECRET, "CLICKHOUSE_PASSWORD": SECRET},
]


def no_secret(text: str) -> None:
    for part in (SECRET, WRITTEN, "qux", "zyx"):
        assert part not in text


@pytest.mark.parametrize("environ", SOURCES)
def test_no_secret_is_shown(place: Place, environ: dict[str, str]) -> None:
    place.env(**environ)
    config = place.load(x=[f"password={SECRET}", f"url=postgres://u:{SECRET}@h/db"])
    no_secret(repr(config).replace(str(place.path), ""))
    no_secret(" ".join(s.display for s in config.settings))
    for part in (config.postgres, config.clickhouse):
        if part is not None:
            no_secret(f"{part!r} {part.url} {part.url!r}".replace(str(place.path), ""))
            assert part.url is not None
            no_secret(part.url.label)


@pytest.mark.parametrize("environ", SOURCES)
def test_the_redactor_learns_every_secret(place: Place, environ: dict[str, str]) -> None:
    place.env(**environ)
    config = place.load()
    assert {SECRET, WRITTEN} <= config.secrets
    text = f"could not log in with {SECRET!r} or {WRITTEN}"
    hidden = Redactor(config.secrets, config.public).hide(text)
    assert hidden == "could not log in with '***' or ***"


def test_secrets_of_every_source_even_when_another_one_counts(place: Place) -> None:
    place.env(DATABASE_URL="postgres://u:first1@h/db", DB_PASSWORD="second2")
    place.write("config.yaml", "database: {password: third3}\nclickhouse: {password: fourth4}\n")
    place.write("alembic.ini", "[alembic]\nsqlalchemy.url = postgresql://u:fifth5@h/db\n")
    config = place.load(x=["token=sixth6", "url=clickhouse://u:seventh7@h", "name=eighth8"])
    expected = {"first1", "second2", "third3", "fourth4", "fifth5", "sixth6", "seventh7"}
    assert config.secrets == expected


def test_the_password_that_libpq_reads(place: Place) -> None:
    place.env(DATABASE_URL="postgres://u@h/db", PGPASSWORD="ninth9", PGPASSFILE="/file", PATH="x")
    assert place.load().secrets == {"ninth9"}


def test_names_are_public(place: Place) -> None:
    place.env(DATABASE_URL="postgres://me:p@h1,h2/db", CLICKHOUSE_URL="tcp://you@ch:9000/metrics")
    assert place.load().public == {"me", "h1:5432,h2:5432", "db", "you", "ch", "metrics"}


@given(password=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None
)
def test_any_password_is_hidden_in_what_a_driver_may_say(place: Place, password: str) -> None:
    password = f"Zq7{password}"  # so that it is no common word
    place.environ = {"DB_HOST": "h", "DB_USER": "u", "DB_PASSWORD": password}
    config = place.load()
    url = config.require_postgres().url
    assert url is not None
    hide = Redactor(config.secrets).hide
    assert hide(url.render()) == "postgresql+psycopg://u:***@h:5432"
    assert hide(f"<{password}>") == "<***>"
    assert str(url) == "postgresql+psycopg://u:***@h:5432"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.yaml", f"database: {{url: 'postgers://u:{SECRET}@h/db'}}"),
        ("config.yaml", f"database:\n  password: '{SECRET}\n"),
        ("config.yaml", f"database:\n  password: *{SECRET}\n"),
        ("config.yaml", f"database:\n  password: [{SECRET}]\n"),
        ("alembic.ini", f"[alembic]\nsqlalchemy.url = postgresql://u:{WRITTEN}@h/db\n"),
        ("alembic.ini", f"[alembic]\n{SECRET}\n"),
        ("pyproject.toml", f"[tool.alembic]\nsqlalchemy.url = 'postgresql://u:{SECRET}@h/db\n"),
    ],
)
def test_no_secret_is_in_an_error(place: Place, name: str, text: str) -> None:
    place.write(name, text)
    with pytest.raises(ConfigError) as caught:
        place.load()
    report = "".join(traceback.format_exception(caught.value, chain=True))
    report = report.replace(str(place.path), "")
    assert SECRET not in report
    assert WRITTEN not in report
    no_secret(f"{caught.value} {caught.value.hint}".replace(str(place.path), ""))
