"""Command lines as people have them in their fingers, rewritten to the one form that click reads.

The tool that this one replaces took its flags before or after the command, with one dash or two,
as ``-steps 2`` or ``-steps=2``, and switches as ``-dry-run`` or ``-dry-run=true`` (Go's ``flag``
package).  All of that becomes ``COMMAND --steps 2 --dry-run``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import click

_ONE_DASH = re.compile(r"-(?P<name>[a-z][a-z-]+)(?P<value>=.*)?$")
_NEGATIVE = re.compile(r"-\d+$")
_TRUE = {"true", "1", "t"}
_FALSE = {"false", "0", "f"}


def normalise(
    argv: Sequence[str], *, valued: Collection[str], switches: Collection[str]
) -> list[str]:
    """Put the command first and every option into its long form.

    :param argv: the arguments as typed.
    :param valued: options that take a value, such as ``--steps`` and ``-c``.
    :param switches: options that take none, such as ``--dry-run`` and ``-y``.
    :return: the command, then everything else in the order given.
    """
    known = {*valued, *switches}
    before: list[str] = []
    rest = [_spelled(word, known) for word in argv]
    while rest:
        word = rest.pop(0)
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


@dataclass(frozen=True, slots=True)
class Names:
    """The options of a command, as they are typed.

    :ivar valued: those that take a value, such as ``--tag`` and ``-r``.
    :ivar switches: those that take none.
    """

    valued: frozenset[str]
    switches: frozenset[str]

    @classmethod
    def of(cls, options: Iterable[click.Option]) -> Names:
        """The names of some options, and of the help."""
        valued: set[str] = set()
        switches = {"--help", "-h"}
        for option in options:
            names = {*option.opts, *option.secondary_opts}
            (switches if option.is_flag else valued).update(names)
        return cls(frozenset(valued), frozenset(switches))

    @property
    def all(self) -> frozenset[str]:
        """Every name."""
        return self.valued | self.switches

    def has(self, word: str) -> bool:
        """Whether a word is one of them, also with its value attached."""
        name = word.partition("=")[0]
        return name in self.all or (not word.startswith("--") and word[:2] in self.valued)


def hoisted(words: Sequence[str], group: Names, verbs: Mapping[str, Names]) -> list[str]:
    """Put each option before or behind the verb, as it is the group's or the verb's.

    Numbers such as ``-1`` come last, behind ``--``: they are no options.

    :param words: what follows the group's name.
    :param verbs: the options of each verb; before the verb the group's win, and behind it these.
    """
    early, rest = _up_to_verb(words, group, verbs.values())
    if not rest or rest[0] not in verbs:
        return [*(word for option in early for word in option), *rest]
    name = rest.pop(0)
    verb = verbs[name]
    front: list[str] = []
    kept: list[str] = []
    numbers: list[str] = []
    for option in early:
        (front if group.has(option[0]) or not verb.has(option[0]) else kept).extend(option)
    while rest and rest[0] != "--":
        word = _spelled(rest.pop(0), group.all | verb.all)
        names = verb if verb.has(word) or not group.has(word) else group
        taken = numbers if _NEGATIVE.match(word) else kept if names is verb else front
        taken.append(word)
        if rest and word in names.valued:
            taken.append(rest.pop(0))
    return [*front, name, *kept, *rest, *(["--", *numbers] if numbers else [])]


def _up_to_verb(
    words: Sequence[str], group: Names, verbs: Iterable[Names]
) -> tuple[list[list[str]], list[str]]:
    """The options before a verb, each with its value, and everything else."""
    every = [group, *verbs]
    known = frozenset().union(*(names.all for names in every))
    valued = frozenset().union(*(names.valued for names in every[1:])) - group.all | group.valued
    options: list[list[str]] = []
    rest = list(words)
    while rest and rest[0].startswith("-") and rest[0] != "--":
        options.append([_spelled(rest.pop(0), known)])
        if rest and options[-1][0] in valued:
            options[-1].append(rest.pop(0))
    return options, rest
