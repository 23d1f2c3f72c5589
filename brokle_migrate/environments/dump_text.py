"""What ``pg_dump`` writes, as a file for review.  Pure.

Left out is what differs from one run or one version of ``pg_dump`` to the next, and what a server
of another version may not take.  What stands in quotes is never touched.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .base import HIDDEN, Dump

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    HideWords = Callable[[str, Collection[str]], str]

_HEADER = """\
-- The schema of the Postgres database, as `brokle-migrate dump` wrote it.
-- Into an empty database: psql --set ON_ERROR_STOP=1 --file FILE

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET search_path = '';

"""
# Lexical rules: https://www.postgresql.org/docs/current/sql-syntax-lexical.html.  pg_dump writes
# with standard_conforming_strings on.
_QUOTED = r"""
    (?P<quoted>
        (?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'
      | '(?:[^']|'')*'
      | "(?:[^"]|"")*"
      | (?<![\w$])\$(?P<tag>(?:[A-Za-z_\x80-\uffff][\w]*)?)\$.*?\$(?P=tag)\$
    )
"""
_SESSION = (
    "check_function_bodies|client_encoding|client_min_messages|default_tablespace|"
    "default_with_oids|idle_in_transaction_session_timeout|lock_timeout|row_security|"
    "standard_conforming_strings|statement_timeout|transaction_timeout|xmloption"
)
_NOISE = re.compile(
    rf"""
    ^(?:--[^\n]* | \\(?:un)?restrict[ ][^\n]* | SET[ ](?:{_SESSION})[ ]=[ ][^\n]*;
      | SELECT[ ]pg_catalog\.set_config\('search_path',[ ]'',[ ]false\);)\n
    | {_QUOTED}""",
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_LITERAL = re.compile(_QUOTED, re.VERBOSE | re.DOTALL)
_WORD = re.compile(r"\w+")
_GAP = re.compile(rf"(?<=\n)\n+ | {_QUOTED}", re.VERBOSE | re.DOTALL)
_METHOD = re.compile(r"^SET default_table_access_method = (\w+);\n", re.MULTILINE)
_FOREIGN = re.compile(
    r"^CREATE (?:USER MAPPING|SERVER|FOREIGN DATA WRAPPER|FOREIGN TABLE) "
    r"(?:[^';]++|'(?:[^']|'')*+')*+;$",
    re.MULTILINE,
)
_SECRET = re.compile(
    r"(\b\w*(?:pass|pwd|secret|token|credential)\w*\"? )'(?:[^']|'')*+'", re.IGNORECASE
)


def postgres_text(written: str, table: str, heads: Sequence[str]) -> Dump:
    """The file for a schema.

    :param written: what ``pg_dump --schema-only`` wrote.
    :param table: Alembic's version table, qualified and quoted; empty where there is none.
    :param heads: its rows, in order.
    """
    text = _NOISE.sub(_only_quoted, _without_usual_method(written))
    text = _GAP.sub(lambda found: found["quoted"] or "\n", text).strip("\n")
    text, hidden = _hide(text)
    parts = [f"{text}\n"] if text else []
    if heads:
        parts.append("".join(_row(table, head) for head in heads))
    count = "1 secret" if hidden == 1 else f"{hidden} secrets"
    warning = f"foreign servers: {count} hidden; put each in the place of {HIDDEN} before loading"
    return Dump(_HEADER + "\n".join(parts), (warning,) if hidden else ())


def without_known(text: str, hide: HideWords) -> str:
    """The schema without the passwords of the configuration.

    A password may be any word.  What is outside of strings and function bodies is never touched,
    and a name of the schema is none inside of them either: the file has to stay what it is.

    :param hide: takes them out of a text; words in small letters that it leaves.
    """
    outside = _LITERAL.sub(lambda found: found[0] if found[0][0] == '"' else " ", text)
    names = {word.lower() for word in _WORD.findall(outside)}
    return _LITERAL.sub(
        lambda found: found[0] if found[0][0] == '"' else hide(found[0], names), text
    )


def _only_quoted(found: re.Match[str]) -> str:
    return found["quoted"] or ""


def _without_usual_method(text: str) -> str:
    """Without naming the access method of tables, where there is none but Postgres's own."""
    return _METHOD.sub("", text) if set(_METHOD.findall(text)) == {"heap"} else text


def _hide(text: str) -> tuple[str, int]:
    """Text without the passwords of foreign servers, and how many there were."""
    count = 0

    def hide(statement: re.Match[str]) -> str:
        nonlocal count
        hidden, found = _SECRET.subn(rf"\1'{HIDDEN}'", statement[0])
        count += found
        return hidden

    return _FOREIGN.sub(hide, text), count


def _row(table: str, head: str) -> str:
    value = head.replace("'", "''")
    return f"INSERT INTO {table} (version_num) VALUES ('{value}');\n"
