"""ClickHouse's own parser, asked about many statements at once, in a process of its own.

In one process chDB has one data directory for good, so asking it here would keep the embedded
database from being opened afterwards.  ``python -m brokle_migrate.embedded.formatting FILE`` is
that process: FILE has a JSON object with a number and a statement on each line.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

# No limits: a migration may be larger and deeper than a query that somebody types.
_QUERY = """
SELECT number, formatQuerySingleLineOrNull(statement)
FROM file('{path}', 'JSONEachRow', 'number UInt64, statement String')
SETTINGS max_query_size = 0, max_parser_backtracks = 0, max_parser_depth = 10000
"""


class NotAnswered(Exception):
    """The parser could not be asked; the message says why."""


def is_available() -> bool:
    """Whether chDB is installed."""
    return importlib.util.find_spec("chdb") is not None


def formatted(statements: Sequence[str]) -> list[str | None]:
    """Each statement as the server would write it, on one line; None where it can't be parsed.

    What formatQuerySingleLineOrNull gives: keywords in capitals, no comments, no rows of an INSERT.

    :raises NotAnswered: chDB failed.
    """
    found: list[str | None] = [None] * len(statements)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "statements.json"
        lines = (json.dumps({"number": n, "statement": s}) for n, s in enumerate(statements))
        path.write_text("\n".join(lines), encoding="utf-8")
        command = [sys.executable, "-m", __name__, str(path)]
        asked = subprocess.run(command, capture_output=True, check=False)
    if asked.returncode:
        words = asked.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise NotAnswered(words or f"it ended with {asked.returncode}")
    for line in asked.stdout.decode().splitlines():
        number, text = json.loads(line)
        found[int(number)] = text
    return found


def main(path: str) -> None:
    """Print number and text of each statement of a file, as JSON."""
    import chdb

    quoted = path.replace("\\", "\\\\").replace("'", "\\'")
    query: Any = chdb.query
    answer = query(_QUERY.format(path=quoted), "JSONCompactEachRow")
    sys.stdout.buffer.write(answer.bytes())


if __name__ == "__main__":
    main(sys.argv[1])
