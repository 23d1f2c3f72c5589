"""How the page of a plan looks: light, dark, and on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .graph_style import DARK, LIGHT, MONO, SANS

if TYPE_CHECKING:
    from collections.abc import Mapping

_RULES = f"""
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; max-width: 68rem; padding: 1.5rem; background: var(--ground);
  color: var(--text); font: 15px/1.5 {SANS}; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }}
h2 {{ font-size: 1.15rem; margin: 2rem 0 .6rem; }}
h3 {{ font-size: 1rem; margin: 0; line-height: 1.4; }}
p {{ margin: .3rem 0; }}
a {{ color: var(--next); }}
code, pre {{ font-family: {MONO}; font-size: .87em; }}
.muted {{ color: var(--muted); }}
.verdict {{ border: 1px solid; border-left-width: 6px; border-radius: 6px; font-weight: 600;
  margin: 1rem 0; padding: .7rem 1rem; }}
.good {{ color: var(--good); }}
.warn {{ color: var(--warn); }}
.bad {{ color: var(--bad); }}
.box-good {{ background: var(--good-soft); border-color: var(--good); color: var(--good); }}
.box-warn {{ background: var(--warn-soft); border-color: var(--warn); color: var(--warn); }}
.box-bad {{ background: var(--bad-soft); border-color: var(--bad); color: var(--bad); }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; }}
th {{ color: var(--muted); font-size: .85em; font-weight: 600; text-align: left; }}
th, td {{ border-bottom: 1px solid var(--edge); padding: .4rem .8rem .4rem 0;
  min-width: 10rem; vertical-align: top; }}
td.tight, th.tight {{ min-width: 0; overflow-wrap: normal; white-space: nowrap; }}
ul {{ margin: 0; padding: 0; list-style: none; }}
.tag {{ border-radius: 4px; display: inline-block; font-size: .8em; font-weight: 600;
  padding: .05rem .45rem; white-space: nowrap; }}
.tag.postgres {{ background: var(--next-soft); color: var(--next); }}
.tag.clickhouse {{ background: var(--warn-soft); color: var(--warn); }}
.tag.error {{ background: var(--bad-soft); color: var(--bad); }}
.tag.warning {{ background: var(--warn-soft); color: var(--warn); }}
.tag.info {{ background: var(--quiet-soft); color: var(--quiet); }}
.step {{ background: var(--card); border: 1px solid var(--edge); border-radius: 8px;
  margin: .8rem 0; padding: .8rem 1rem; }}
.step.loses {{ border-left: 6px solid var(--bad); }}
.step > * + * {{ margin-top: .45rem; }}
.step ul.said > li {{ margin: .15rem 0; }}
.place {{ color: var(--muted); display: inline-block; min-width: 1.6rem; }}
details > summary {{ color: var(--muted); cursor: pointer; }}
.statement {{ margin: .6rem 0; }}
.statement p {{ color: var(--muted); font-size: .87em; }}
pre {{ background: var(--ground); border: 1px solid var(--edge); border-radius: 6px;
  margin: .2rem 0; max-height: 30rem; overflow: auto; padding: .6rem .8rem; tab-size: 4;
  white-space: pre-wrap; }}
footer {{ border-top: 1px solid var(--edge); color: var(--muted); font-size: .87em;
  margin-top: 2rem; padding-top: .8rem; }}
@media (max-width: 40rem) {{ body {{ padding: .8rem; }} }}
@media print {{
  body {{ font-size: 11px; max-width: none; padding: 0; }}
  pre {{ max-height: none; overflow: visible; }}
  .wide {{ overflow: visible; }}
  h2, h3 {{ break-after: avoid; }}
  tr, .verdict, .statement p {{ break-inside: avoid; }}
  details::details-content {{ content-visibility: visible; }}
}}
"""


def style_sheet() -> str:
    """The style sheet of the page; it follows the reader's light or dark mode, and prints light."""
    dark = f"@media screen and (prefers-color-scheme: dark) {{\n:root {{ {_variables(DARK)} }}\n}}"
    return f":root {{ color-scheme: light dark; {_variables(LIGHT)} }}\n{dark}{_RULES}"


def _variables(palette: Mapping[str, str]) -> str:
    found = []
    for name, value in palette.items():
        strong, _, soft = value.partition(" ")
        found.append(f"--{name}: {strong};")
        found += [f"--{name}-soft: {soft};"] if soft else []
    return " ".join(found)
