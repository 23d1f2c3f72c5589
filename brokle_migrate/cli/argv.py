"""Command lines as people have them in their fingers, rewritten to the one form that click reads.

The tool that this one replaces took its flags before or after the command, with one dash or two,
as ``-steps 2`` or ``-steps=2``, and switches as ``-dry-run`` or ``-dry-run=true`` (Go's ``flag``
package).  All of that becomes ``COMMAND --steps 2 --dry-run``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_ONE_DASH = re.compile(r"-(?P<name>[a-z][a-z-]+)(?P<value>=.*)?$")
_TRUE = {"true", "1", "t"}
_FALSE = {"false", "0", "f"}


def normalise(
    argv: Sequence[str],
    *,
    valued: Collection[str],
    switches: Collection[str],
    verbatim: Collection[str] = (),
) -> list[str]:
    """Put the command first and every option into its long form.

    :param argv: the arguments as typed.
    :param valued: options that take a value, such as ``--steps`` and ``-c``.
    :param switches: options that take none, such as ``--dry-run`` and ``-y``.
    :param verbatim: commands that take everything behind them as it was typed.
    :return: the command, then everything else in the order given.
    """
    known = {*valued, *switches}
    before: list[str] = []
    rest = [_spelled(word, known) for word in argv]
    while rest:
        word = rest.pop(0)
        if word in verbatim:
            typed = argv[len(argv) - len(rest) :]
            return [word, *_plain_switches(before, switches), "--", *typed]
        if word == "--" or not word.startswith("-"):
            return [word, *_plain_switches([*before, *rest], switches)]
        before.append(word)
        if word in valued and rest and not _is_tool_version(word, rest[0], known):
            before.append(rest.pop(0))
    return before


def _spelled(word: str, known: Collection[str]) -> str:
    """``-steps`` as ``--steps``, where that is an option and ``-s teps`` can't be meant."""
    match = _ONE_DASH.match(word)
    if match and f"--{match['name']}" in known:
        return f"-{word}"
    return word


def _is_tool_version(word: str, following: str, known: Collection[str]) -> bool:
    """``brokle-migrate --version`` alone asks for the tool's own version."""
    return word == "--version" and following in known


def _plain_switches(words: Sequence[str], switches: Collection[str]) -> list[str]:
    """``--dry-run=true`` as ``--dry-run``, and ``--dry-run=false`` as nothing."""
    kept = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in switches:
            kept.append(word)
        elif value.lower() in _TRUE:
            kept.append(name)
        elif value.lower() not in _FALSE:
            kept.append(word)
    return kept
