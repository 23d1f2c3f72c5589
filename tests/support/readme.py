"""The SQL that the README gives to paste, by the name in each block's first line."""

from __future__ import annotations

import re

from .process import ROOT

_BLOCK = re.compile(
    r"^```sql\n-- (?P<name>[\w ]+: [\w ,]+)\n(?P<sql>.*?)^```$", re.DOTALL | re.MULTILINE
)


def readme_sql(name: str) -> list[str]:
    """The statements of one block, without their comments.

    :raises KeyError: the README has no such block.
    """
    readme = (ROOT / "README.md").read_text()
    blocks = {match["name"]: match["sql"] for match in _BLOCK.finditer(readme)}
    text = re.sub(r"--[^\n]*", "", blocks[name])
    return [" ".join(part.split()) for part in text.split(";") if part.strip()]
