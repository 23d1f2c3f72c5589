"""A proposal as JSON with a digest, and back.  Pure."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

from .errors import InvalidPlan
from .proposal import SCHEMA, Proposal

if TYPE_CHECKING:
    from collections.abc import Callable

    Data = dict[str, Any]

T = TypeVar("T")
_SURROGATE = re.compile("[\ud800-\udfff]")  # what a path may hold, and no encoding of a file
_AGAIN = "make it again: brokle-migrate plan --out FILE"


def hidden(proposal: Proposal, hide: Callable[[str], str]) -> Proposal:
    """The same without secrets, which have no place in a file."""
    return _built(Proposal, _changed(_plain(proposal), hide))


def proposal_data(proposal: Proposal) -> Data:
    """A proposal as the content of its file."""
    return {"schema": SCHEMA, "digest": digest(proposal), **_plain(proposal)}


def digest(proposal: Proposal) -> str:
    """What tells this plan from every other: SHA-256 of all that it says, in hexadecimal."""
    return _digest({"schema": SCHEMA, **_plain(proposal)})


def dumps(proposal: Proposal) -> str:
    """A proposal as the text of its file."""
    text = json.dumps(proposal_data(proposal), indent=2, ensure_ascii=False) + "\n"
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def loads(text: str | bytes) -> Proposal:
    """What the text of a file says.

    :raises InvalidPlan: it is none that :func:`dumps` wrote, or it was changed since.
    """
    content = _content(text)
    if content.get("schema") != SCHEMA:
        raise InvalidPlan(
            f"it has version {content.get('schema')!r}, and this brokle-migrate reads {SCHEMA}",
            hint=_AGAIN,
        )
    if content.pop("digest") != _digest(content):
        raise InvalidPlan(
            "it was edited after it was made: its digest does not fit what it says", hint=_AGAIN
        )
    del content["schema"]
    try:
        return _built(Proposal, content)
    except (TypeError, ValueError) as error:
        raise InvalidPlan(f"it is not the plan of a run: {error}", hint=_AGAIN) from error


def _content(text: str | bytes) -> Data:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidPlan(f"it is no JSON: {error}", hint=_AGAIN) from error
    if not isinstance(content, dict) or "digest" not in content:
        raise InvalidPlan("it is JSON, but no plan that --out has written", hint=_AGAIN)
    return content


def _digest(content: Data) -> str:
    """SHA-256 of the content as JSON with sorted names and no spaces, in ASCII."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(proposal: Proposal) -> Data:
    """As JSON would give it back: a dictionary for a dataclass, a list for a tuple."""
    found: Data = _plain_value(proposal)
    return found


def _plain_value(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return [_plain_value(each) for each in value]
    if not is_dataclass(value):
        return value
    return {name: _plain_value(getattr(value, name)) for name in _hints(type(value))}


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    match value:
        case str():
            return change(value)
        case dict():
            return {name: _changed(each, change) for name, each in value.items()}
        case list():
            return [_changed(each, change) for each in value]
        case _:
            return value


def _built(kind: type[T], data: Any) -> T:
    """A dataclass of plain data.

    :raises ValueError: the data has another shape.
    """
    hints = _hints(kind)
    if not isinstance(data, dict) or data.keys() != hints.keys():
        raise ValueError(f"{kind.__name__} has {', '.join(hints)}")
    return kind(**{name: _value(hint, data[name], name) for name, hint in hints.items()})


def _hints(kind: Any) -> dict[str, Any]:
    """The types of a dataclass's fields, by name."""
    return _HINTS(kind)


_HINTS = cache(get_type_hints)


def _value(hint: Any, value: Any, name: str) -> Any:
    if is_dataclass(hint):
        assert isinstance(hint, type)
        return _built(hint, value)
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{name} is a list")
        return tuple(_value(get_args(hint)[0], each, name) for each in value)
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if float in kinds and type(value) is int:
        return float(value)
    if type(value) not in kinds:
        names = " or ".join("null" if kind is NoneType else kind.__name__ for kind in kinds)
        raise ValueError(f"{name} is {names}")
    return value
