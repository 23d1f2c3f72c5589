"""Values of the library without secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from brokle_migrate.cleaning import clean, clean_error
from brokle_migrate.errors import InvalidScripts, MigrateError, MigrationFailed
from brokle_migrate.redact import Redactor

hide = Redactor(["hunter22"]).hide


class Kind(StrEnum):
    HUNTER = "hunter22"


class Pair(NamedTuple):
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Leaf:
    text: str
    number: int = 0
    made: str = field(default="", init=False)


@dataclass(frozen=True)
class Tree:
    leaves: tuple[Leaf, ...]
    names: dict[str, str]
    pair: Pair
    kind: Kind = Kind.HUNTER
    error: MigrateError | None = None


def tree(word: str, error: MigrateError | None = None) -> Tree:
    return Tree((Leaf("a"), Leaf(f"b {word}", 2)), {"key": word}, Pair("n", word), error=error)


def test_every_text_in_a_value() -> None:
    assert clean(tree("hunter22"), hide) == tree("***")


def test_what_has_no_secret_is_the_same_object() -> None:
    value = tree("harmless")
    assert clean(value, hide) is value
    assert clean(value.leaves, hide) is value.leaves


def test_an_error_is_changed_in_its_place() -> None:
    cause = ValueError("hunter22")
    error = InvalidScripts("at hunter22", problems=("hunter22!",), hint="try hunter22")
    error.__cause__ = cause
    value = clean(tree("x", error), hide)
    assert value.error is error
    assert (str(error), error.args, error.hint) == ("at ***", ("at ***",), "try ***")
    assert error.problems == ("***!",)
    assert error.__cause__ is None


def test_errors_within_errors() -> None:
    inner = MigrateError("hunter22")
    outer = MigrationFailed("hunter22", error=inner)
    inner.other = outer  # type: ignore[attr-defined]
    assert clean_error(outer, hide) is outer
    assert (str(outer), str(inner)) == ("***", "***")
