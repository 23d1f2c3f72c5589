"""How the picture looks: colours for light and dark, and the style sheet made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .blocks import Tone

if TYPE_CHECKING:
    from collections.abc import Mapping

SANS = "-apple-system, BlinkMacSystemFont, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace"

TONES = {
    Tone.GOOD: "good",
    Tone.WARN: "warn",
    Tone.BAD: "bad",
    Tone.NEXT: "next",
    Tone.QUIET: "quiet",
}
"""The class of what is printed in a tone."""

# In both, texts and marks have a contrast of 4.5 : 1 or more with every ground they stand on, and
# lines of 3 : 1 (WCAG 2.1, 1.4.3 and 1.4.11).
LIGHT = {
    "ground": "#ffffff",
    "card": "#f6f8fa",
    "edge": "#d1d9e0",
    "text": "#1f2328",
    "muted": "#59636e",
    "todo": "#8a939c",
    "link": "#8250df",
    "good": "#1a7f37 #e3f6e8",
    "warn": "#8a5a00 #fff3cd",
    "bad": "#c11f2c #ffe9e7",
    "next": "#0860c4 #e2f0ff",
    "quiet": "#59636e #e9edf1",
}
DARK = {
    "ground": "#0d1117",
    "card": "#151b23",
    "edge": "#3d444d",
    "text": "#f0f6fc",
    "muted": "#9aa4af",
    "todo": "#5b6570",
    "link": "#b392f0",
    "good": "#3fb950 #12301c",
    "warn": "#d8a12c #35280c",
    "bad": "#ff7b72 #3d1719",
    "next": "#6cb2ff #12283f",
    "quiet": "#9aa4af #262d36",
}
_SHAPES = f"""
.bm text {{ font-family: {SANS}; font-size: 13px; }}
.bm .mono {{ font-family: {MONO}; font-size: 11px; }}
.bm .name {{ font-size: 14px; font-weight: 600; }}
.bm .place {{ font-size: 16.5px; font-weight: 600; }}
.bm .small {{ font-size: 12px; }}
.bm .strong {{ font-weight: 600; }}
.bm .tag {{ font-size: 10.5px; font-weight: 600; }}
.bm .wire, .bm .link {{ fill: none; stroke-width: 2; stroke-linecap: round; }}
.bm .link {{ stroke-width: 1.6; }}
.bm .todo {{ stroke-dasharray: 2 5; }}
.bm .depends {{ stroke-dasharray: 7 5; stroke-width: 1.5; }}
.bm .dot {{ stroke-width: 2.2; }}
.bm .card {{ stroke-width: 1; }}
.bm .band {{ stroke-width: 1.5; }}
"""


def style_sheet() -> str:
    """The style sheet of a picture; it follows the reader's light or dark mode."""
    dark = f"@media (prefers-color-scheme: dark) {{\n{_colours(DARK)}}}\n"
    return _SHAPES + _colours(LIGHT) + dark


def _colours(palette: Mapping[str, str]) -> str:
    rules = {
        ".ground": f"fill: {palette['ground']}",
        ".card": f"fill: {palette['card']}; stroke: {palette['edge']}",
        ".track": f"fill: {palette['edge']}",
        "text": f"fill: {palette['text']}",
        "text.muted": f"fill: {palette['muted']}",
        ".wire": f"stroke: {palette['good'].split()[0]}",
        ".wire.todo": f"stroke: {palette['todo']}",
        ".link": f"stroke: {palette['link']}",
        ".arrow": f"fill: {palette['link']}",
        ".more": f"fill: {palette['muted']}",
    }
    for tone in TONES.values():
        strong, soft = palette[tone].split()
        rules |= {
            f"text.{tone}": f"fill: {strong}",
            f".dot.{tone}": f"fill: {strong}; stroke: {strong}",
            f".hollow.{tone}": f"fill: {palette['ground']}; stroke: {strong}",
            f".band.{tone}": f"fill: {soft}; stroke: {strong}",
            f".soft.{tone}": f"fill: {soft}",
            f".full.{tone}": f"fill: {strong}",
            f"text.on.{tone}": f"fill: {palette['ground']}",
        }
    return "".join(f".bm {selector} {{ {rule} }}\n" for selector, rule in rules.items())
