"""Elements of an SVG document, and how wide a text is before anybody has drawn it."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

if TYPE_CHECKING:
    from collections.abc import Mapping

# Widths in units of the font size, those of the widest font that the pictures are likely to be
# drawn with (DejaVu Sans): what fits with these fits everywhere.
_NARROW = dict.fromkeys("iljI.,:;'|![](){}`/\\ -", 0.4) | dict.fromkeys('ftrJ"*', 0.45)
_WIDE = dict.fromkeys("mM%@", 0.98) | dict.fromkeys("wW", 0.95)
_WIDTHS: Mapping[str, float] = _NARROW | _WIDE
_LOWER, _UPPER, _FULL, _MONO, _BOLD = 0.64, 0.76, 1.05, 0.62, 1.12
ELLIPSIS = "…"


def element(parent: Element | None, tag: str, text: str = "", /, **attributes: object) -> Element:
    """A new element below ``parent``.

    :param attributes: their names with ``_`` for ``-``; numbers are rounded to a tenth of a pixel;
        ``class_`` stands for ``class``.
    """
    values = {k.rstrip("_").replace("_", "-"): _value(v) for k, v in attributes.items()}
    made = Element(tag, values) if parent is None else SubElement(parent, tag, values)
    if text:
        made.text = text
    return made


def _value(value: object) -> str:
    return f"{round(value, 1):g}" if isinstance(value, float) else str(value)


def width(text: str, size: float, *, bold: bool = False, mono: bool = False) -> float:
    """How wide a text is at most, in pixels.

    :param size: of the font, in pixels.
    """
    ems = sum(_MONO if mono and _is_narrow(each) else _em(each) for each in text)
    return ems * size * (_BOLD if bold else 1)


def cut(text: str, room: float, size: float, *, bold: bool = False, mono: bool = False) -> str:
    """As much of a text as fits, with an ellipsis for the rest.

    :param room: in pixels.
    """
    if width(text, size, bold=bold, mono=mono) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = width(text[:middle] + ELLIPSIS, size, bold=bold, mono=mono) <= room
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[:low].rstrip() + ELLIPSIS


def cut_inside(text: str, room: float, size: float, *, tail: int) -> str:
    """A text in a fixed-width font with an ellipsis in its middle where it does not fit.

    :param room: in pixels.
    :param tail: how many characters of its end stay at most.
    """
    if width(text, size, mono=True) <= room:
        return text
    end = text[-tail:]
    start = cut(text[:-tail] + " ", room - width(end, size, mono=True), size, mono=True)
    return f"{start.removesuffix(ELLIPSIS)}{ELLIPSIS}{end}"


def wrapped(text: str, room: float, size: float, lines: int) -> list[str]:
    """A text on a few lines, the last one cut where there is more.

    :param text: what may be broken at its spaces, and only there.
    :param room: the width of a line, in pixels.
    :param lines: how many there may be.
    """
    broken: list[str] = []
    for word in filter(None, text.split(" ")):
        longer = f"{broken[-1]} {word}" if broken else word
        if broken and (len(broken) == lines or width(longer, size) <= room):
            broken[-1] = longer
        else:
            broken.append(word)
    return [cut(line, room, size) for line in broken]


def _em(each: str) -> float:
    if each in _WIDTHS:
        return _WIDTHS[each]
    if unicodedata.combining(each):
        return 0.0
    if not _is_narrow(each):
        return _FULL
    return _UPPER if each.isupper() else _LOWER


def _is_narrow(each: str) -> bool:
    # Beyond the alphabets of Europe letters can be as wide as they are high, or wider.
    return ord(each) < 0x530 and unicodedata.east_asian_width(each) not in "WF"
