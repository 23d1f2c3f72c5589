"""One chDB engine, asked like a ClickHouse server: each call has its own database and settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chdb.state.sqlitelike import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SYNTAX_ERROR = 62
CANNOT_READ_ALL_DATA = 33

# Words that the engine's client side takes for "goodbye" and a server for SQL.
CLIENT_COMMANDS = frozenset({b"exit", b"quit", b"logout", b"q", b":q", b"\\q"})

TAG = "query_cache_tag"  # a setting without effect here; it carries the query id of a running query

_CODE = re.compile(r"Code: (\d+)\. DB::Exception: ")
_REPEATED_PREFIX = re.compile(r"^(?:Code: \d+\. DB::Exception: )+(?=Code: )")
_REPEATED_SUFFIX = re.compile(r"(\(([A-Z_0-9]+)\))(?: \(version [^)]*\)\. \(\2\))+$")
_FORMAT = re.compile(rb"\bFORMAT\s+(\w+)\s*(?:SETTINGS\b[^;]*)?;?\s*$", re.IGNORECASE)
_TOKEN = re.compile(
    rb"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
       | '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`\\]|\\.|``)*`
       | (?P<tag>\$\w*\$).*?(?P=tag)
       | (?P<end>;)
       | [^\s'"`$;/-]+
       | .""",
    re.DOTALL | re.VERBOSE,
)


class QueryError(Exception):
    """The engine refused a statement.

    :ivar code: ClickHouse's number.
    :ivar text: ``Code: N. DB::Exception: …`` as a server writes it.
    """

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.text = text
        super().__init__(text)


@dataclass(frozen=True)
class Call:
    """One statement as it came in."""

    text: bytes
    query_id: str
    database: str = ""
    output_format: str = "TabSeparated"
    settings: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    readonly: bool = False
    roles: tuple[str, ...] | None = None  # whose grants alone count; None for all grants


@dataclass(frozen=True)
class Answer:
    """What the engine said."""

    body: bytes
    output_format: str
    read_rows: int
    read_bytes: int
    written_rows: int
    written_bytes: int
    seconds: float


class Engine:
    """chDB over one directory.

    Every call gets a handle of its own: what it sets, uses or leaves behind ends with it, and
    calls run side by side, as on a server.

    :param config: a configuration file of the server's kind, for users and roles.
    """

    def __init__(self, directory: Path, config: Path | None = None) -> None:
        # Sixteen background threads, or an engine on two cores refuses mutations.
        self._path = f"{directory}?background_pool_size=16"
        if config is not None:
            self._path += f"&config-file={config}"
        self._keep = Connection(self._path)  # the engine lives as long as its last handle
        row = self._plain("SELECT version(), timezone()").decode().strip()
        self.version, self.timezone = row.split("\t")
        self._trailer = f" (version {self.version} (official build))"

    def close(self) -> None:
        """Flush and release the directory."""
        self._keep.close()

    def run(self, call: Call) -> Answer:
        """Run one statement.

        :raises QueryError: the engine, or a rule of the server's HTTP interface, refused it.
        """
        handle = Connection(self._path)
        try:
            handle.query(_settings(call))
            if call.database:
                handle.query(f"USE {identifier(call.database)}")
            self._check_single(call.text)
            if call.readonly:
                handle.query("SET readonly = 2")
            if call.roles is not None:
                handle.query(f"SET ROLE {', '.join(map(identifier, call.roles)) or 'NONE'}")
            return _answer(handle, call)
        except RuntimeError as error:
            raise self._error(str(error)) from error
        finally:
            handle.close()

    def exception(self, code: int, message: str, name: str = "") -> QueryError:
        """An error in the server's words."""
        name = f" ({name})" if name else ""
        return QueryError(code, f"Code: {code}. DB::Exception: {message}{name}{self._trailer}")

    def _error(self, text: str) -> QueryError:
        text = _REPEATED_SUFFIX.sub(r"\1", _REPEATED_PREFIX.sub("", text[text.find("Code: ") :]))
        found = _CODE.match(text)
        code = int(found[1]) if found else 1001
        return QueryError(code, f"{text}{self._trailer}")

    def _check_single(self, text: bytes) -> None:
        """Refuse what a server refuses and the embedded engine would run."""
        if _has_data(text):
            return
        statements = list(_statements(text))
        if not statements:
            raise self.exception(SYNTAX_ERROR, "Syntax error: Empty query.", "SYNTAX_ERROR")
        if len(statements) == 1:
            return
        if text.lstrip()[:6].upper() == b"INSERT":
            message = "Cannot read data after semicolon: While executing ValuesBlockInputFormat."
            raise self.exception(CANNOT_READ_ALL_DATA, message, "CANNOT_READ_ALL_DATA")
        try:
            self._plain(f"SELECT formatQuerySingleLine({literal(text.decode(errors='replace'))})")
        except RuntimeError as error:
            if "Multi-statements" in str(error):
                message = str(error).split("DB::Exception: ")[-1].split(" : In scope")[0]
                raise self.exception(SYNTAX_ERROR, message, "SYNTAX_ERROR") from error

    def _plain(self, sql: str) -> bytes:
        handle = Connection(self._path)
        try:
            return bytes(handle.query(sql, "TabSeparated").bytes())
        finally:
            handle.close()


def identifier(name: str) -> str:
    """A name in backticks."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def literal(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _settings(call: Call) -> str:
    # A server has no implicit SELECT; the embedded engine would run `1 + 1`.
    settings = {"implicit_select": "0", TAG: call.query_id, **call.settings}
    pairs = ", ".join(f"{identifier(name)} = {literal(value)}" for name, value in settings.items())
    return f"SET {pairs}"


def _answer(handle: Connection, call: Call) -> Answer:
    text = call.text
    if text.strip().rstrip(b";").strip().lower() in CLIENT_COMMANDS:
        text = b"/**/ " + text
    query: Any = handle.query  # its types know no bytes, it does
    result = query(text, call.output_format, params=call.parameters or None)
    named = _FORMAT.search(text)
    return Answer(
        body=bytes(result.bytes() or b""),
        output_format=named[1].decode() if named else call.output_format,
        read_rows=result.storage_rows_read(),
        read_bytes=result.storage_bytes_read(),
        written_rows=result.rows_written(),
        written_bytes=result.bytes_written(),
        seconds=result.elapsed(),
    )


def _statements(text: bytes) -> Iterator[int]:
    """Where each statement starts, by a rough lexer: enough to see that there is another one."""
    inside = False
    for token in _TOKEN.finditer(text):
        if token["end"]:
            inside = False
        elif not inside and not token["space"]:
            inside = True
            yield token.start()


def _has_data(text: bytes) -> bool:
    """Whether an INSERT brings its rows in a named format: anything may stand in them."""
    return bool(
        re.match(rb"\s*INSERT\b.*?\bFORMAT\s+(?!VALUES)\w", text, re.IGNORECASE | re.DOTALL)
    )
