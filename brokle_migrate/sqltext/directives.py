"""``-- migrate: …`` comments: what a file says to the migrator rather than to the server.

The top of a file is everything before its first statement.  ``requires`` and ``irreversible``
stand there and speak for the file.  ``settings``, ``timeout`` and ``wait`` speak for the
statement below them; at the top of the file with a blank line between, for every statement that
does not say otherwise itself.  ``allow`` can stand in either place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from . import values
from .grammar import SPACES
from .lexer import LexError, comments, comments_between, skip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..model import Link
    from .lexer import Heredocs

_T = TypeVar("_T")

_MARK = "migrate:"
_DIRECTIVE = re.compile(rf"(--|//|\#[ !]|/\*)\s*{_MARK}\s*(\w*)(.*)", re.DOTALL)
_USAGE = {
    "requires": "requires postgres@REVISION",
    "irreversible": "irreversible REASON",
    "settings": "settings NAME=VALUE, NAME='VALUE'",
    "timeout": "timeout 90s (or 5m, or 1h30m)",
    "wait": "wait none (or: wait mutations)",
    "allow": "allow ID because REASON",
}
_FOR_THE_FILE = frozenset(("requires", "irreversible"))
_PLACE = "directives stand at the top of the file or directly above a statement"


class _Directive(NamedTuple):
    position: int
    name: str
    value: str


@dataclass(slots=True)
class Options:
    """How to run a statement; None where nothing was said.

    :ivar allowed: rule, reason and position of each finding that is meant to be there.
    """

    settings: dict[str, str] = field(default_factory=dict)
    timeout: float | None = None
    wait: bool | None = None
    allowed: tuple[tuple[str, str, int], ...] = ()

    def over(self, other: Options) -> Options:
        """These, and the other's where these say nothing."""
        return Options(
            other.settings | self.settings,
            other.timeout if self.timeout is None else self.timeout,
            other.wait if self.wait is None else self.wait,
            other.allowed + self.allowed,
        )


NO_OPTIONS = Options()


class Directives:
    """The directives of one file; the top is read at once, the others as they are asked for.

    :ivar present: False when there are none for certain.
    :ivar requires: revisions of the other history that must be applied first.
    :ivar irreversible: why there is no way back.
    :raises LexError: a directive at the top is unknown, malformed or contradicts another.
    """

    def __init__(self, text: str) -> None:
        self.requires: tuple[Link, ...] = ()
        self.irreversible: str | None = None
        self._text = text
        self.present = _MARK in text
        if self.present:
            self._read_top()

    def _read_top(self) -> None:
        self._for_all = Options()
        self._for_first = Options()
        found, self._first = _top(self._text)
        border = _last_blank_line(self._text, found, self._first)
        for directive in _directives(self._text, found):
            if directive.name in _FOR_THE_FILE:
                self._apply_to_file(directive)
            else:
                apart = directive.position < border
                _apply(directive, self._for_all if apart else self._for_first)

    def _apply_to_file(self, directive: _Directive) -> None:
        if directive.name == "requires":
            self.requires += _value(directive, values.links)
        else:
            _refuse_second(directive, self.irreversible)
            self.irreversible = _value(directive, values.reason)

    def above(self, before: int, start: int, *, followed: bool) -> Options:
        """The options of one statement.

        :param before: where the text above it begins.
        :param start: its first token.
        :param followed: False when no statement stands there after all.
        :raises LexError: a directive is unknown, malformed, contradicts another or is misplaced.
        """
        own = Options()
        if start == self._first:
            own = self._for_first
        elif start > self._first and self._text.find(_MARK, before, start) >= 0:
            self._read_above(before, start, own, followed=followed)
        return own.over(self._for_all)

    def _read_above(self, before: int, start: int, own: Options, *, followed: bool) -> None:
        found = list(comments(self._text, before))
        border = _last_blank_line(self._text, found, start)
        for directive in _directives(self._text, found):
            if directive.name in _FOR_THE_FILE:
                raise _misplaced(directive, "does not stand at the top of the file")
            if not followed:
                raise _misplaced(directive, "has no statement below it")
            if directive.position < border:
                raise _misplaced(directive, "is separated from its statement by a blank line")
            _apply(directive, own)

    def refuse_between(self, start: int, stop: int, heredocs: Heredocs) -> None:
        """Refuse directives from the first token of a statement up to its ``;``.

        :raises LexError: there is one.
        """
        if self._text.find(_MARK, start, stop) < 0:
            return
        inside = comments_between(self._text, start, stop, heredocs)
        for directive in _directives(self._text, inside):
            last = skip(self._text, directive.position) == len(self._text)
            where = "has no statement below it" if last else "stands inside a statement"
            raise _misplaced(directive, where)


def _top(text: str) -> tuple[list[tuple[int, int]], int]:
    """The comments before the first statement, and where that begins."""
    found: list[tuple[int, int]] = []
    position = 0
    while True:
        found.extend(comments(text, position))
        position = skip(text, position)
        if not text.startswith(";", position):
            return found, position
        position += 1


def _last_blank_line(text: str, found: list[tuple[int, int]], start: int) -> int:
    """Where the last comment ends that a blank line separates from what begins at ``start``."""
    if start == len(text):
        return start
    following = [*(first for first, _ in found), start][1:]
    apart = (
        end
        for (_, end), after in zip(found, following, strict=False)
        if text.count("\n", end, after) > 1
    )
    return max(apart, default=0)


def _directives(text: str, found: Iterable[tuple[int, int]]) -> Iterator[_Directive]:
    for start, end in found:
        match = _DIRECTIVE.match(text, start, end)
        if match is None:
            continue
        opening, name, value = match.groups()
        if opening == "--":
            yield _known(text, _Directive(start, name, value.strip()))
        elif name in _USAGE:
            raise LexError(start, f"a directive in a {opening.strip()} comment", _usage(name))


def _known(text: str, directive: _Directive) -> _Directive:
    if directive.name not in _USAGE:
        import difflib

        near = difflib.get_close_matches(directive.name, _USAGE, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(_USAGE)}"
        raise LexError(directive.position, f"unknown directive {directive.name!r}", hint)
    line = text.rfind("\n", 0, directive.position) + 1
    if text[line : directive.position].strip(SPACES):
        raise _misplaced(directive, "does not stand on a line of its own")
    return directive


def _apply(directive: _Directive, options: Options) -> None:
    if directive.name == "settings":
        new = _value(directive, values.setting_values)
        for name in sorted(new.keys() & options.settings.keys()):
            raise LexError(directive.position, f"settings: {name} is set twice", "set it once")
        options.settings.update(new)
    elif directive.name == "timeout":
        _refuse_second(directive, options.timeout)
        options.timeout = _value(directive, values.duration)
    elif directive.name == "wait":
        _refuse_second(directive, options.wait)
        options.wait = _value(directive, values.waits)
    else:
        options.allowed += ((*_value(directive, values.allowance), directive.position),)


def _value(directive: _Directive, parse: Callable[[str], _T]) -> _T:
    try:
        return parse(directive.value)
    except ValueError as error:
        message = f"{directive.name}: {error}"
        raise LexError(directive.position, message, _usage(directive.name)) from None


def _usage(name: str) -> str:
    return f"write -- {_MARK} {_USAGE[name]}"


def _refuse_second(directive: _Directive, given: object) -> None:
    if given is not None:
        raise LexError(directive.position, f"{directive.name} is given twice", "give it once")


def _misplaced(directive: _Directive, where: str) -> LexError:
    message = f"the directive {directive.name!r} {where}"
    return LexError(directive.position, message, _PLACE)
