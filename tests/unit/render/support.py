"""Rendering into strings, as a pipe, a terminal or JSON would show it."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

from brokle_migrate.render.base import Writer
from brokle_migrate.render.console import ConsoleScreen
from brokle_migrate.render.json import JsonRenderer
from brokle_migrate.render.plain import PlainScreen
from brokle_migrate.render.text import TextRenderer

if TYPE_CHECKING:
    from collections.abc import Callable

    from brokle_migrate.render import Renderer

    Say = Callable[[Renderer], None]

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
SECRET = "s3cr3t"


def hide(text: str) -> str:
    return text.replace(SECRET, "***")


def plain(say: Say, *, quiet: bool = False, verbose: bool = False) -> tuple[str, str]:
    """What goes to the two outputs when both are pipes."""
    out, err = io.StringIO(), io.StringIO()
    screens = (PlainScreen(Writer(out), hide), PlainScreen(Writer(err), hide))
    say(TextRenderer(*screens, quiet=quiet, verbose=verbose))
    return out.getvalue(), err.getvalue()


def terminal(
    say: Say, *, width: int = 80, color: bool = False, verbose: bool = False
) -> tuple[str, str]:
    """What goes to the two outputs when both are terminals."""
    out, err = io.StringIO(), io.StringIO()
    screens = [ConsoleScreen(Writer(s), hide, color=color, width=width) for s in (out, err)]
    say(TextRenderer(*screens, verbose=verbose))
    return out.getvalue(), err.getvalue()


def visible(text: str) -> list[str]:
    """The lines of a terminal without colours, moves of the cursor and spaces at the end."""
    return [line.rstrip() for line in _CONTROL.sub("", text).split("\n")]


def envelope(say: Say, command: str = "up", exit_code: int = 0) -> tuple[dict[str, Any], str]:
    """The JSON document, and what goes to standard error meanwhile."""
    out, err = io.StringIO(), io.StringIO()
    screen = PlainScreen(Writer(err), hide)
    renderer = JsonRenderer(Writer(out), hide, TextRenderer(screen, screen))
    say(renderer)
    renderer.finish(command, exit_code)
    assert out.getvalue().count("\n") == 1
    return json.loads(out.getvalue()), err.getvalue()


def lines(text: str) -> list[str]:
    """The lines of a text, without spaces at their ends."""
    return [line.rstrip() for line in text.split("\n")]
