"""Split a text of so many megabytes and print the seconds that it took.

Arguments: ``ours`` or ``sqlglot``, and how many.
"""

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def text_of(megabytes: int) -> str:
    """The bundled ClickHouse history over and over, up to that length.

    Its directives become plain comments: they may stand at the top of a file only.  Its
    placeholders go: only one of the two knows them.
    """
    files = sorted((ROOT / "migrations_clickhouse" / "versions").glob("*.up.sql"))
    once = "".join(f"{file.read_text().rstrip().rstrip(';')};\n\n" for file in files)
    once = re.sub(r"\$\{\w+\}", "", once.replace("migrate:", "migrates"))
    return once * (megabytes * 1_000_000 // len(once) + 1)


def ours() -> Callable[[str], object]:
    """Our splitter."""
    from brokle_migrate.sqltext import split

    return lambda text: split(text, Path("benchmark.sql"))


def sqlglot() -> Callable[[str], object]:
    """sqlglot's tokenizer of ClickHouse's SQL."""
    from sqlglot.dialects.clickhouse import ClickHouse

    return ClickHouse().tokenize


def main(splitter: str, megabytes: int) -> None:
    """Measure the split alone."""
    split = {"ours": ours, "sqlglot": sqlglot}[splitter]()
    text = text_of(megabytes)
    split(text_of(0))  # compile, cache
    began = time.perf_counter()
    split(text)
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
