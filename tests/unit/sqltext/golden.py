"""What the splitter makes of a file, written for people.

``python -m tests.unit.sqltext.golden`` writes the ``.golden`` files anew; read the difference.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from brokle_migrate.errors import SqlSyntaxError
from brokle_migrate.sqltext import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brokle_migrate.model import Statement
    from brokle_migrate.sqltext import Script

DIRECTORY = Path(__file__).resolve().parents[2] / "golden" / "sqltext"
FILES = sorted(DIRECTORY.glob("*.sql"))


def golden_of(path: Path) -> str:
    """The golden text of a .sql file."""
    text = path.read_bytes().decode()
    try:
        script = parse(text, Path(path.name))
    except SqlSyntaxError as error:
        return f"error: {error.message}\nhint: {error.hint}\n"
    return "".join(f"{line}\n" for line in _lines(script))


def _lines(script: Script) -> Iterator[str]:
    yield from (f"requires {link}" for link in script.requires)
    if script.irreversible is not None:
        yield f"irreversible: {script.irreversible}"
    if not script.statements:
        yield "no statements"
    for statement in script.statements:
        yield from _statement(statement)


def _statement(statement: Statement) -> Iterator[str]:
    options = "".join(f" {name}={value!r}" for name, value in statement.settings.items())
    timeout = "" if statement.timeout is None else f" timeout={statement.timeout:g}s"
    waits = "" if statement.wait else " wait=none"
    place = statement.location
    yield f"{place.line}:{place.column}{options}{timeout}{waits}"
    for line in statement.text.split("\n"):
        yield f"  |{''.join(map(_visible, line))}|"


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


if __name__ == "__main__":
    for file in FILES:
        file.with_suffix(".golden").write_text(golden_of(file), encoding="utf-8", newline="\n")
