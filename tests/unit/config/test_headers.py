"""HTTP headers for ClickHouse, from each source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brokle_migrate.config import headers
from brokle_migrate.errors import ConfigError
from brokle_migrate.redact import Redactor

if TYPE_CHECKING:
    from .conftest import Place

URL = "clickhouse+http://h/db"
EXPECTED = {"A-Id": "one: two=3", "B-Secret": "four five;six"}
LINES = "A-Id: one: two=3\n  B-Secret:four five;six\n"
MAPPING = "{A-Id: 'one: two=3', B-Secret: four five;six}"
QUOTED = f'"""\n{LINES}"""'
INDENTED = LINES.replace("\n", "\n    ")


def found(place: Place) -> dict[str, str]:
    config = place.load().require_clickhouse()
    return headers(config.url)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.yaml", f"clickhouse:\n  url: {URL}\n  headers: |\n    {INDENTED}\n"),
        (
            "config.yaml",
            f"clickhouse:\n  url: {URL}\n  headers: {MAPPING}\n",
        ),
        ("alembic.ini", f"[clickhouse]\nsqlalchemy.url = {URL}\nheaders =\n    {INDENTED}\n"),
        (
            "pyproject.toml",
            f"[tool.brokle-migrate.clickhouse]\nsqlalchemy.url = '{URL}'\nheaders = {QUOTED}",
        ),
    ],
)
def test_headers_in_a_file(place: Place, name: str, text: str) -> None:
    place.write(name, text)
    assert found(place) == EXPECTED


def test_headers_in_a_variable_and_in_the_url(place: Place) -> None:
    place.env(CLICKHOUSE_URL=f"{URL}?header__b-secret=own", CLICKHOUSE_HEADERS=LINES)
    assert found(place) == {"A-Id": "one: two=3", "b-secret": "own"}


def test_values_are_secrets(place: Place) -> None:
    text = "A: Bearer the-token-1\nB: second-word-2"
    place.env(CLICKHOUSE_URL=f"{URL}?header__C=third-word-3", CLICKHOUSE_HEADERS=text)
    config = place.load()
    assert place.setting("clickhouse.headers").display == "***"
    said = "the-token-1 Bearer the-token-1 second-word-2 third-word-3"
    assert Redactor(config.secrets).hide(said) == "*** *** *** ***"
    url = config.require_clickhouse().url
    shown = f"{config!r} {url} {place.setting('clickhouse.url').display}"
    assert not any(word in shown for word in ("the-token", "second-word", "third-word"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("A: secret-1\nsecret-2", "line 2 is no header"),
        ("A b: secret-1", "no name of a header"),
        (": secret-1", "no name of a header"),
        ("A: secret-1\x07", "value of A"),
        ("A: secret-1€", "value of A"),
    ],
)
def test_what_is_no_header(place: Place, text: str, reason: str) -> None:
    place.env(CLICKHOUSE_URL=URL, CLICKHOUSE_HEADERS=text)
    with pytest.raises(ConfigError, match=reason) as raised:
        place.load()
    assert "environment CLICKHOUSE_HEADERS" in str(raised.value)
    assert "secret-" not in f"{raised.value}{raised.value.hint}"


def test_a_mapping_within_the_mapping(place: Place) -> None:
    place.write("config.yaml", f"clickhouse:\n  url: {URL}\n  headers:\n    A: [1]\n")
    with pytest.raises(ConfigError, match="A has to be a single value"):
        place.load()


def test_an_embedded_engine_gets_none(place: Place) -> None:
    place.env(CLICKHOUSE_URL="clickhouse+embedded:///data", CLICKHOUSE_HEADERS=LINES)
    assert found(place) == {}
