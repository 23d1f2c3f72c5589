"""The text that ``init`` adds to a file, and how hooks are read."""

from __future__ import annotations

import configparser
import tomllib
from pathlib import Path

import pytest

from brokle_migrate.config import hooks
from brokle_migrate.errors import ConfigError
from brokle_migrate.project import section

HERE = Path("/shop")
PAIRS = HERE / "ch"


def appended(before: bytes, name: str = "alembic.ini", *, embedded: bool = True) -> bytes:
    after = section.appended(before, HERE / name, PAIRS, embedded=embedded)
    assert after.startswith(before)
    return after


@pytest.mark.parametrize(
    ("before", "between"),
    [
        (b"", b""),
        (b"[alembic]", b"\n\n"),
        (b"[alembic]\n", b"\n"),
        (b"[alembic]\n\n", b""),
        (b"[alembic]\r\nx = 1\r\n", b"\r\n"),
        (b"[alembic]\r\nx = 1", b"\r\n\r\n"),
        (b"\xef\xbb\xbf[alembic]\nx =\n  1\n  2", b"\n\n"),
    ],
)
def test_an_empty_line_comes_before_the_section(before: bytes, between: bytes) -> None:
    after = appended(before)
    assert after.removeprefix(before).startswith(between + b"[clickhouse]")
    parser = configparser.ConfigParser({"here": "/x"})
    parser.read_string(after.decode("utf-8-sig"))
    assert parser.get("clickhouse", "script_location") == "/x/ch"
    assert (
        parser.get("clickhouse", "sqlalchemy.url") == "clickhouse+embedded:////x/.data/clickhouse"
    )


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"[tool.alembic]\nscript_location = 'a'",
        b"[[tool.alembic.post_write_hooks]]\nname = 'x'\n",
        b"[tool.brokle-migrate.clickhouse.vars]\ndays = 7\n",
    ],
)
def test_a_table_at_the_end_of_a_pyproject(before: bytes) -> None:
    tables = tomllib.loads(appended(before, "pyproject.toml").decode())
    table = tables["tool"]["brokle-migrate"]["clickhouse"]
    assert table["script_location"] == "%(here)s/ch"
    assert table["sqlalchemy.url"].startswith("clickhouse+embedded:///%(here)s/")


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("pyproject.toml", b"[tool]\nbrokle-migrate = {}\n"),
        ("pyproject.toml", b"[tool.brokle-migrate]\nclickhouse.cluster = 'main'\n"),
        ("alembic.ini", b"[clickhouse]\n"),
    ],
)
def test_where_it_does_not_fit_the_error_has_the_lines(name: str, before: bytes) -> None:
    with pytest.raises(ConfigError, match="can't be put at the end") as caught:
        appended(before, name)
    assert "script_location = " in (caught.value.hint or "")


def test_a_url_is_left_out() -> None:
    assert b"sqlalchemy.url" not in appended(b"[alembic]\n", embedded=False)


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/shop/ch", "%(here)s/ch"),
        ("/ch", "%(here)s/../ch"),
        ("/shop/50%/ch", "%(here)s/50%%/ch"),
    ],
)
def test_a_path_as_the_file_writes_it(path: str, written: str) -> None:
    assert section.here(Path(path), HERE) == written


def test_hooks_of_an_ini() -> None:
    found = hooks.from_ini(
        {"hooks": "b, a  c", "a.type": "exec", "a.executable": "x", "b.type": "module"}
    )
    assert [hook.name for hook in found] == ["b", "a", "c"]
    assert found[1].options == {"type": "exec", "executable": "x"}
    assert list(hooks.incomplete(found, "there")) == [
        "there: the hook 'c' has no type, such as exec or module"
    ]
