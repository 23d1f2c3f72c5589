"""Which renderer, and which screen for which stream."""

from __future__ import annotations

import io

import pytest

from brokle_migrate.errors import UsageError
from brokle_migrate.render import choose
from brokle_migrate.render.console import ConsoleScreen
from brokle_migrate.render.json import JsonRenderer
from brokle_migrate.render.plain import PlainScreen
from brokle_migrate.render.text import TextRenderer


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("out", [Terminal, io.StringIO])
@pytest.mark.parametrize("err", [Terminal, io.StringIO])
def test_each_stream_is_what_it_is(out: type, err: type) -> None:
    screens = {Terminal: ConsoleScreen, io.StringIO: PlainScreen}
    renderer = choose(out=out(), err=err())
    assert isinstance(renderer, TextRenderer)
    assert type(renderer._out) is screens[out]
    assert type(renderer._err) is screens[err]


def test_json_is_json_on_a_terminal_too() -> None:
    out, err = Terminal(), Terminal()
    renderer = choose(json=True, out=out, err=err)
    assert isinstance(renderer, JsonRenderer)
    renderer.message("waiting")
    assert err.getvalue() == "waiting\n"


def test_quiet_json_has_no_messages() -> None:
    err = Terminal()
    choose(json=True, quiet=True, out=io.StringIO(), err=err).message("waiting")
    assert err.getvalue() == ""


def test_the_standard_streams_are_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    renderer = choose()
    renderer.message("waiting")
    assert capsys.readouterr().err == "waiting\n"


@pytest.mark.parametrize(("color", "escapes"), [(None, True), (True, True), (False, False)])
def test_colour(color: bool | None, escapes: bool) -> None:
    err = Terminal()
    renderer = choose(color=color, out=io.StringIO(), err=err)
    renderer.error(UsageError("no"))
    assert ("\x1b[" in err.getvalue()) is escapes
