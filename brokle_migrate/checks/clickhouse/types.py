"""Whether every value of one ClickHouse type fits another.

The types are those of https://clickhouse.com/docs/sql-reference/data-types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...sqltext.tokens import unquoted
from ...sqltext.words import Words

if TYPE_CHECKING:
    from collections.abc import Sequence

_ALIASES = {
    "BOOL": "UINT8",
    "BOOLEAN": "UINT8",
    "TINYINT": "INT8",
    "SMALLINT": "INT16",
    "INT": "INT32",
    "INTEGER": "INT32",
    "BIGINT": "INT64",
    "FLOAT": "FLOAT32",
    "REAL": "FLOAT32",
    "DOUBLE": "FLOAT64",
    "TEXT": "STRING",
    "VARCHAR": "STRING",
    "CHAR": "STRING",
    "BLOB": "STRING",
    "TIMESTAMP": "DATETIME",
    "NUMERIC": "DECIMAL",
    "DEC": "DECIMAL",
}
_DECIMALS = {"DECIMAL32": 9, "DECIMAL64": 18, "DECIMAL128": 38, "DECIMAL256": 76}
_EXACT_BITS = {"FLOAT32": 24, "FLOAT64": 53, "BFLOAT16": 8}
_DATES = ("DATE", "DATE32", "DATETIME", "DATETIME64")
_OTHERS = frozenset(("STRING", "FIXEDSTRING", "UUID", "IPV4", "IPV6", "ENUM8", "ENUM16", *_DATES))
_WRAPPERS = frozenset(("NULLABLE", "LOWCARDINALITY"))
_NESTING = frozenset(("ARRAY", "MAP", "TUPLE"))


def narrows(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether some value of a type does not fit another.

    :param old: the tokens of the type.
    :param new: likewise.
    :return: False for types that nothing is known of here.
    """
    if list(old) == list(new):
        return False
    before, nullable = _bare(old)
    after, stays_nullable = _bare(new)
    return (nullable and not stays_nullable) or _loses(before, after)


def is_nullable(type_: Sequence[str]) -> bool:
    """Whether a column of this type may hold NULL."""
    return _bare(type_)[1]


def enum_values(type_: Sequence[str]) -> dict[str, int] | None:
    """The values of an Enum with their numbers; None for another type."""
    name, arguments = _parts(_bare(type_)[0])
    if name not in {"ENUM", "ENUM8", "ENUM16"}:
        return None
    found: dict[str, int] = {}
    number = 0
    for argument in arguments:
        number = _number("".join(argument[2:])) if "=" in argument else number + 1
        found[unquoted(argument[0])] = number
    return found


def _number(written: str) -> int:
    """A number as people write it, also a hexadecimal one; 0 for what is none."""
    try:
        return int(written, 0)
    except ValueError:
        return 0


def _bare(type_: Sequence[str]) -> tuple[list[str], bool]:
    """A type without what is around it, and whether that has a Nullable."""
    found, nullable = list(type_), False
    while found and found[0].upper() in _WRAPPERS and found[1:2] == ["("]:
        nullable = nullable or found[0].upper() == "NULLABLE"
        found = found[2:-1]
    return found, nullable


def _parts(type_: Sequence[str]) -> tuple[str, list[list[str]]]:
    """The name of a type in capitals, and its arguments."""
    if not type_:
        return "", []
    name = type_[0].upper()
    arguments = [part.tokens for part in Words(list(type_[2:-1])).parts() if part.tokens]
    return _ALIASES.get(name, name), arguments


def _loses(old: Sequence[str], new: Sequence[str]) -> bool:
    (before, old_arguments), (after, new_arguments) = _parts(old), _parts(new)
    if after == "STRING" or not before or not after:
        return False
    if before == after and before in _NESTING:
        return len(old_arguments) != len(new_arguments) or any(
            map(narrows, map(_unnamed, old_arguments), map(_unnamed, new_arguments))
        )
    for measure in _FAMILIES:
        needs, has = measure(before, old_arguments), measure(after, new_arguments)
        if needs is not None and has is not None:
            return needs[0] > has[0] or needs[1] > has[1]
    return before != after and _is_scalar(before) and _is_scalar(after)


def _unnamed(argument: list[str]) -> list[str]:
    """The type of an element of a Tuple, which may have a name before it."""
    return argument[1:] if len(argument) > 1 and argument[1] != "(" else argument


def _is_scalar(name: str) -> bool:
    return name in _OTHERS or any(measure(name, [["9"], ["0"]]) for measure in _FAMILIES)


Size = tuple[int, int]


def _range(name: str, _: list[list[str]]) -> Size | None:
    """Bits below and above nought of a whole number."""
    unsigned = name.startswith("U")
    bits = name.removeprefix("U").removeprefix("INT")
    if not bits.isdigit() or "INT" not in name:
        return None
    return (0, int(bits)) if unsigned else (int(bits) - 1, int(bits) - 1)


def _digits(name: str, arguments: list[list[str]]) -> Size | None:
    """Digits before and behind the point of a Decimal, or of a whole number."""
    size = _range(name, arguments)
    if size is not None:
        return len(str(1 << max(size))), 0
    numbers = [int(each[0]) for each in arguments if each[0].isdigit()]
    if name in _DECIMALS and numbers:
        return _DECIMALS[name] - numbers[0], numbers[0]
    if name == "DECIMAL":
        precision, scale = (*numbers, *(10, 0)[len(numbers) :])[:2]
        return precision - scale, scale
    return None


def _whole_or_float(name: str, arguments: list[list[str]]) -> Size | None:
    """Bits that a number needs, or keeps exactly."""
    bits = _EXACT_BITS.get(name)
    if bits is not None:
        return 1, bits
    size = _range(name, arguments)
    return None if size is None else (0, max(size))


def _instants(name: str, arguments: list[list[str]]) -> Size | None:
    """How wide the range of a date is, and how fine its steps are."""
    if name not in _DATES:
        return None
    digits = [int(each[0]) for each in arguments if each[0].isdigit()]
    fine = (digits[0] if digits else 3) + 1 if name == "DATETIME64" else int(name == "DATETIME")
    # What DateTime can't hold, Date can: they are taken to be dates of our time.
    return int(name in {"DATE32", "DATETIME64"}), fine


def _text(name: str, arguments: list[list[str]]) -> Size | None:
    if name == "FIXEDSTRING" and arguments and arguments[0][0].isdigit():
        return int(arguments[0][0]), 0
    return (1 << 62, 0) if name == "STRING" else None


def _addresses(name: str, _: list[list[str]]) -> Size | None:
    return {"IPV4": (4, 0), "IPV6": (16, 0)}.get(name)


def _enums(name: str, _: list[list[str]]) -> Size | None:
    """Which values an Enum has is a matter of a rule of its own."""
    return (0, 0) if name in {"ENUM", "ENUM8", "ENUM16"} else None


_FAMILIES = (_range, _digits, _whole_or_float, _instants, _text, _addresses, _enums)
