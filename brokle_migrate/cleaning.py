"""Values of the library without secrets: what servers said is in many of their places."""

from __future__ import annotations

import copy
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import MigrateError

if TYPE_CHECKING:
    from collections.abc import Callable

    Hide = Callable[[str], str]

T = TypeVar("T")


def clean(value: T, hide: Hide) -> T:
    """The same value with every text in it hidden.

    What has no secret in it is returned as it is.  An exception of ours is changed in its place,
    because whoever raised or recorded it has it, too.

    :param value: frozen dataclasses, tuples, mappings, texts and exceptions, in any depth.
    :param hide: takes secrets out of a text.
    """
    changed: Any = _changed(value, hide)
    return changed  # type: ignore[no-any-return]


def clean_error(error: MigrateError, hide: Hide) -> MigrateError:
    """The exception without secrets, and without what caused it.

    The words of libraries are not ours to vouch for.
    """
    error.args = ()  # so that an error that is part of itself ends the search
    for name, value in vars(error).items():
        setattr(error, name, clean(value, hide))
    error.args = (error.message,)
    error.__cause__ = None
    return error


def _changed(value: Any, hide: Hide) -> Any:
    if isinstance(value, str):
        hidden = value if isinstance(value, Enum) else hide(value)
        return value if hidden == value else hidden
    if isinstance(value, MigrateError):
        return clean_error(value, hide) if value.args else value
    if isinstance(value, tuple):
        return _changed_tuple(value, hide)
    if isinstance(value, dict):
        found = {key: clean(each, hide) for key, each in value.items()}
        return found if any(found[key] is not value[key] for key in found) else value
    if is_dataclass(value) and not isinstance(value, type):
        return _changed_fields(value, hide)
    return value


def _changed_tuple(value: tuple[Any, ...], hide: Hide) -> tuple[Any, ...]:
    found = [clean(each, hide) for each in value]
    if all(new is old for new, old in zip(found, value, strict=True)):
        return value
    return type(value)(*found) if hasattr(value, "_fields") else tuple(found)


def _changed_fields(value: Any, hide: Hide) -> Any:
    found = {field.name: getattr(value, field.name) for field in fields(value)}
    cleaned = {name: clean(each, hide) for name, each in found.items()}
    different = {name: each for name, each in cleaned.items() if each is not found[name]}
    if not different:
        return value
    changed = copy.copy(value)
    for name, each in different.items():
        object.__setattr__(changed, name, each)  # frozen, and not every field is for __init__
    return changed
