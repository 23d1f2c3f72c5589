"""Values become text here: for a terminal, for a pipe, or as JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from .base import Lines, Renderer, Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from .base import Hide, Screen

__all__ = ["Renderer", "choose", "to_log"]


def choose(
    *,
    json: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    color: bool | None = None,
    out: TextIO | None = None,
    err: TextIO | None = None,
    hide: Hide = str,
    failure: str = "error",
) -> Renderer:
    """The renderer for a command; each stream is printed to as what it is.

    :param color: False for none; otherwise whatever a terminal can show.
    :param out: standard output when left out.
    :param err: standard error when left out.
    :param hide: takes secrets out of a text.
    :param failure: the word that an error begins with, for people.
    """
    from .text import TextRenderer

    data, rest = Writer(out or sys.stdout), Writer(err or sys.stderr)
    if json:
        return _json(data, rest, hide, quiet=quiet, verbose=verbose)
    screens = [_screen(stream, hide, color is not False) for stream in (data, rest)]
    return TextRenderer(*screens, quiet=quiet, verbose=verbose, failure=failure)


def to_log(write: Callable[[str], None], hide: Hide) -> Renderer:
    """The renderer for an application: every line goes to its log.

    :param write: called with each line, without its end.
    :param hide: takes secrets out of a text.
    """
    from .plain import PlainScreen
    from .text import TextRenderer

    screen = PlainScreen(Lines(write), hide)
    return TextRenderer(screen, screen)


def _json(out: Writer, err: Writer, hide: Hide, *, quiet: bool, verbose: bool) -> Renderer:
    from .json import JsonRenderer
    from .plain import PlainScreen
    from .text import TextRenderer

    screen = PlainScreen(err, hide)
    people = TextRenderer(screen, screen, quiet=quiet, verbose=verbose)
    return JsonRenderer(out, hide, people)


def _screen(stream: Writer, hide: Hide, color: bool) -> Screen:
    if not stream.isatty():
        from .plain import PlainScreen

        return PlainScreen(stream, hide)
    from .console import ConsoleScreen  # a pipe should not wait for rich

    return ConsoleScreen(stream, hide, color=color)
