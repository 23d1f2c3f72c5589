"""Each setting, from each source, over each lower one."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from brokle_migrate.config.schema import DATABASE, KEYS, Key

if TYPE_CHECKING:
    from .conftest import Place

SOURCES = ("environment", "yaml", "ini", "toml")
EVERY_KEY = pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)


def value(key: Key, which: int) -> str:
    """Two values for a setting."""
    name = key.name.partition(".")[2]
    scheme = "postgresql" if key.section == DATABASE else "clickhouse"
    special = {
        "url": (f"{scheme}://one/x", f"{scheme}://two/x"),
        "port": ("1111", "2222"),
        "secure": ("true", "false"),
        "headers": ("A:one", "A:two"),
        "auto_migrate": ("true", "false"),
        "health_cache": ("1s", "2s"),
        "levels": ("CH001=off", "CH001=error"),
    }
    return special.get(name, (f"one_{name}", f"two_{name}"))[which]


def sources(key: Key) -> tuple[str, ...]:
    """The sources that have such a setting, the highest first."""
    return SOURCES if key.ini is not None else SOURCES[:2]


def put(place: Place, key: Key, sources: dict[str, str], variant: int = 0) -> dict[str, str]:
    """Write one setting into several sources; what each source is called."""
    section = "alembic" if key.section == DATABASE else key.section
    table = "tool.alembic" if key.section == DATABASE else f"tool.brokle-migrate.{key.section}"
    yaml = key.yaml[min(variant, len(key.yaml) - 1)]
    env = key.env[min(variant, len(key.env) - 1)]
    if "environment" in sources:
        place.env(**{env: sources["environment"]})
    if "yaml" in sources:
        place.write("config.yaml", f"{key.section}:\n  {yaml}: {sources['yaml']}\n")
    if "ini" in sources:
        place.write("alembic.ini", f"[{section}]\n{key.ini} = {sources['ini']}\n")
    if "toml" in sources:
        place.write("pyproject.toml", f'[{table}]\n"{key.ini}" = "{sources["toml"]}"\n')
    return {
        "environment": f"environment {env}",
        "yaml": f"config.yaml {key.section}.{yaml}",
        "ini": f"alembic.ini [{section}] {key.ini}",
        "toml": f"pyproject.toml [{table}] {key.ini}",
    }


@pytest.mark.parametrize(
    ("key", "upper", "lower"),
    [
        pytest.param(key, upper, lower, id=f"{key.name}-{upper}-{lower}")
        for key in KEYS
        for upper, lower in itertools.pairwise(sources(key))
    ],
)
def test_the_upper_source_wins(place: Place, key: Key, upper: str, lower: str) -> None:
    names = put(place, key, {upper: value(key, 0), lower: value(key, 1)})
    found = place.setting(key.name)
    assert (found.value, found.source) == (value(key, 0), names[upper])


@pytest.mark.parametrize(
    ("key", "source"),
    [pytest.param(key, one, id=f"{key.name}-{one}") for key in KEYS for one in sources(key)],
)
def test_every_source_wins_over_the_default(place: Place, key: Key, source: str) -> None:
    for variant in range(2):
        place.environ.clear()
        names = put(place, key, {source: value(key, 0)}, variant)
        found = place.setting(key.name)
        assert (found.value, found.source) == (value(key, 0), names[source])


@EVERY_KEY
def test_an_empty_value_is_not_set(place: Place, key: Key) -> None:
    put(place, key, {"environment": "  ", "yaml": '""', "ini": "", "toml": ""} if key.ini else {})
    put(place, key, {"environment": "", "yaml": "~"})
    found = place.setting(key.name)
    assert (found.value, found.source) == (key.default, "default")


def test_every_setting_is_listed_in_the_order_of_the_table(place: Place) -> None:
    assert [s.name for s in place.load().settings] == [key.name for key in KEYS]


def test_the_real_environment_and_the_current_directory_are_the_default(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from brokle_migrate.config import load, no_color

    monkeypatch.chdir(place.path)
    monkeypatch.setenv("DATABASE_URL", "postgres://h/db")
    monkeypatch.setenv("NO_COLOR", "1")
    assert load().require_postgres().url is not None
    assert load().directory == place.path
    assert no_color()
    assert not no_color({"NO_COLOR": ""})


@pytest.mark.parametrize(
    "text", ["true", "True", "1", "yes", "on", "false", "FALSE", "0", "no", "off"]
)
def test_auto_migrate_takes_yes_and_no_in_every_spelling(place: Place, text: str) -> None:
    place.env(DB_AUTO_MIGRATE=text)
    assert place.load().auto_migrate is (text.lower() in {"true", "1", "yes", "on"})


def test_clickhouse_values_reach_the_configuration(place: Place) -> None:
    place.env(CLICKHOUSE_URL="clickhouse://h", CLICKHOUSE_CLUSTER="main")
    place.write("config.yaml", "clickhouse: {migrations_table: ledger, migrations_engine: Log}\n")
    config = place.load().require_clickhouse()
    assert (config.version_table, config.engine, config.cluster) == ("ledger", "Log", "main")


def test_defaults(place: Place) -> None:
    place.env(CLICKHOUSE_URL="clickhouse://h", DATABASE_URL="postgres://h/db")
    config = place.load()
    clickhouse, postgres = config.require_clickhouse(), config.require_postgres()
    assert (clickhouse.version_table, clickhouse.engine) == ("schema_migrations", "MergeTree")
    assert (clickhouse.cluster, postgres.version_table) == (None, None)
    assert (config.auto_migrate, config.x, config.alembic_section) == (False, (), "alembic")


def test_x_is_carried_along(place: Place) -> None:
    assert place.load(x=["tenant=a", "b"]).x == ("tenant=a", "b")


def test_an_alembic_section_of_another_name(place: Place) -> None:
    place.write("alembic.ini", "[other]\nsqlalchemy.url = postgresql+psycopg://h/db\n")
    assert place.load().postgres is None
    config = place.load(alembic_section="other")
    assert config.alembic_section == "other"
    assert config.require_postgres().url_overridden is False
