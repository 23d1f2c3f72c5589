"""The gateway's memory of queries, and the system tables that are made from it.

The embedded engine has no ``system.query_log`` and gives its own query ids to
``system.processes``, so both are answered from here.
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .engine import TAG, Call, literal

if TYPE_CHECKING:
    from .engine import Engine

TEXT_LIMIT = 100_000

_PROCESSES = re.compile(r"`?\bsystem\b`?\s*\.\s*`?\bprocesses\b`?", re.IGNORECASE)
_QUERY_LOG = re.compile(r"\bsystem\b`?\s*\.\s*`?query_log\b", re.IGNORECASE)
_KILL = re.compile(r"^\s*KILL\s+QUERY\b", re.IGNORECASE)
_READS_OR_INSERTS = re.compile(r"[\s(]*(?:SELECT|WITH|INSERT|SHOW|DESC)", re.IGNORECASE)
_QUERY_ID = re.compile(r"\bquery_id\b", re.IGNORECASE)

PROCESSES = (
    "is_initial_query UInt8, user String, address String, query_id String, "
    "initial_query_id String, elapsed Float64, is_cancelled UInt8, "
    "read_rows UInt64, read_bytes UInt64, "
    "total_rows_approx UInt64, written_rows UInt64, written_bytes UInt64, memory_usage Int64, "
    "query String, current_database String"
)
QUERY_LOG = """CREATE TABLE IF NOT EXISTS system.query_log (
    type Enum8('QueryStart' = 1, 'QueryFinish' = 2, 'ExceptionBeforeStart' = 3,
               'ExceptionWhileProcessing' = 4),
    event_date Date, event_time DateTime, event_time_microseconds DateTime64(6),
    query_start_time DateTime, query_start_time_microseconds DateTime64(6),
    query_duration_ms UInt64, read_rows UInt64, written_rows UInt64, current_database String,
    query String, exception_code Int32, exception String, is_initial_query UInt8, user String,
    query_id String, initial_query_id String, log_comment String, Settings Map(String, String)
) ENGINE = Memory"""


@dataclass
class Record:
    """One query that arrived.

    :ivar state: ``running`` (also while held), ``done``, or ``lost`` when it never ran.
    :ivar executed: whether the server did what was asked, whatever it answered.
    :ivar error: the server's words, or why it never ran; None after success.
    """

    number: int
    query_id: str
    text: str
    database: str
    user: str
    settings: dict[str, str]
    started: float
    finished: float | None = None
    error: str | None = None
    code: int = 0
    state: str = "running"
    executed: bool = False
    cancelled: bool = False
    read_rows: int = 0
    written_rows: int = 0


class Records:
    """Every query since the last reset, in order of arrival."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._logging = threading.Lock()
        self._records: list[Record] = []
        self._running: dict[str, Record] = {}
        self._events: list[dict[str, Any]] = []
        self._idle = threading.Condition(self._lock)

    def start(self, call: Call, user: str) -> Record | None:
        """Note an arrival; None when a query with this id is still running."""
        with self._lock:
            if call.query_id in self._running:
                return None
            record = Record(
                number=len(self._records) + 1,
                query_id=call.query_id,
                text=call.text[:TEXT_LIMIT].decode(errors="replace"),
                database=call.database or "default",
                user=user,
                settings=dict(call.settings),
                started=time.time(),
            )
            self._records.append(record)
            self._running[record.query_id] = record
            return record

    def begin(self, record: Record) -> None:
        """The server has the query and works on it."""
        if _READS_OR_INSERTS.match(record.text):
            self._event(record, "QueryStart")

    def finish(self, record: Record, error: str | None = None, code: int = 0) -> None:
        """Note how the query ended on the server.

        Like a server's, the log learns of the start of a DDL statement only when it is over.
        """
        record.finished = time.time()
        record.error, record.code, record.state = error, code, "done"
        streams = _READS_OR_INSERTS.match(record.text)
        if not streams and not error:
            self._event(record, "QueryStart")
        failure = "ExceptionWhileProcessing" if streams else "ExceptionBeforeStart"
        self._event(record, failure if error else "QueryFinish")
        self._forget(record)

    def refuse(self, record: Record, why: str, code: int) -> None:
        """Note that the server refused the query before it did anything; its log knows that."""
        record.error, record.code = why, code
        self._event(record, "ExceptionBeforeStart")
        self.lose(record, f"refused before it ran: {why}")

    def lose(self, record: Record, why: str) -> None:
        """Note that the query never ran: a log that nobody has read knows nothing of it."""
        if not record.code:
            with self._lock:
                self._events = [e for e in self._events if e["query_id"] != record.query_id]
        record.finished = time.time()
        record.error, record.state = why, "lost"
        self._forget(record)

    def cancel(self, query_id: str) -> None:
        """Mark a running query as killed."""
        with self._lock:
            if query_id in self._running:
                self._running[query_id].cancelled = True

    def dump(self, since: int = 0, database: str | None = None) -> list[dict[str, Any]]:
        """The records as values, oldest first: of one database, or of all."""
        with self._lock:
            records = self._records[since:]
        return [asdict(each) for each in records if database in {None, each.database}]

    def clear(self, timeout: float) -> bool:
        """Forget everything once nothing runs any more; whether that came about in time."""
        with self._idle:
            idle = self._idle.wait_for(lambda: not self._running, timeout)
            self._records.clear()
            self._events.clear()
        self._internal("DROP TABLE IF EXISTS system.query_log SYNC")
        return idle

    def rewrite(self, text: bytes) -> bytes:
        """The statement as the engine has to see it, so that it answers with our ids."""
        if _QUERY_LOG.search(readable := text.decode(errors="surrogateescape")):
            self._flush()
        if _KILL.match(readable):
            readable = _QUERY_ID.sub(f"Settings['{TAG}']", readable)
        elif _PROCESSES.search(readable):
            readable = _PROCESSES.sub(lambda _: self._processes(), readable)
        else:
            return text
        return readable.encode(errors="surrogateescape")

    @staticmethod
    def killed_by(text: bytes) -> list[str]:
        """The query ids that a KILL QUERY names."""
        readable = text.decode(errors="replace")
        if not _KILL.match(readable) or not _QUERY_ID.search(readable):
            return []
        return re.findall(r"'([^']*)'", readable)

    def _forget(self, record: Record) -> None:
        with self._idle:
            self._running.pop(record.query_id, None)
            self._idle.notify_all()

    def _processes(self) -> str:
        now = time.time()
        with self._lock:
            running = list(self._running.values())
        rows = ", ".join(
            f"(1, {literal(row.user)}, '::ffff:127.0.0.1', {literal(row.query_id)}, "
            f"{literal(row.query_id)}, "
            f"{now - row.started:.6f}, {int(row.cancelled)}, 0, 0, 0, 0, 0, 0, "
            f"{literal(row.text)}, {literal(row.database)})"
            for row in running
        )
        return f"(SELECT * FROM values({literal(PROCESSES)}, {rows}))"

    def _event(self, record: Record, kind: str) -> None:
        now = time.time()
        event = {
            "type": kind,
            "event_date": int(now) // 86400,
            "event_time": int(now),
            "event_time_microseconds": f"{now:.6f}",
            "query_start_time": int(record.started),
            "query_start_time_microseconds": f"{record.started:.6f}",
            "query_duration_ms": int((now - record.started) * 1000),
            "read_rows": record.read_rows,
            "written_rows": record.written_rows,
            "current_database": record.database,
            "query": record.text,
            "exception_code": record.code,
            "exception": record.error or "",
            "is_initial_query": 1,
            "user": record.user,
            "query_id": record.query_id,
            "initial_query_id": record.query_id,
            "log_comment": record.settings.get("log_comment", ""),
            "Settings": record.settings,
        }
        with self._lock:
            self._events.append(event)

    def _flush(self) -> None:
        """Bring ``system.query_log`` up to date; done only when somebody looks at it."""
        with self._logging:
            with self._lock:
                events, self._events = self._events, []
            self._internal(QUERY_LOG)
            if events:
                lines = "\n".join(json.dumps(event) for event in events)
                self._internal(f"INSERT INTO system.query_log FORMAT JSONEachRow\n{lines}\n")

    def _internal(self, text: str) -> None:
        self._engine.run(Call(text=text.encode(), query_id=""))
