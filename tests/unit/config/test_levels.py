"""What the team takes the findings of ``check`` for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brokle_migrate.config import load
from brokle_migrate.errors import ConfigError

if TYPE_CHECKING:
    from .conftest import Place


def test_levels_by_rule(place: Place) -> None:
    place.write("alembic.ini", "[check]\nlevels =\n  CH001 = off,\n  squawk/ban-drop-column=info\n")
    found = load(directory=place.path, environ={})
    assert found.levels == {"CH001": "off", "squawk/ban-drop-column": "info"}
    assert found.lock_file == place.path / "migrations.lock"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CH001", "'CH001' is not ID=LEVEL"),
        ("=off", "'=off' is not ID=LEVEL"),
        ("CH001=warn", "CH001 can't be 'warn', did you mean warning?"),
    ],
)
def test_what_is_no_level(place: Place, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("?", r"\?")):
        load(directory=place.path, environ={"CHECK_LEVELS": text})
