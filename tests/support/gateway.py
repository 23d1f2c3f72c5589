"""ClickHouse's HTTP interface over one chDB engine, with a back door for tests.

``python -m tests.support.gateway --directory DIR`` prints its URL as its first line and serves
until SIGTERM, or until its standard input closes.  Everything a client needs to feel at home is
there: query, database, settings, parameters and formats by URL, both kinds of authentication,
compressed and chunked requests, the server's status codes and headers.  Sessions are not kept:
``session_id`` is accepted and means nothing.

The back door, JSON in and out, needs no authentication:

- ``POST /_admin/fault``: arm a :class:`~tests.support.faults.Fault`; answers with its id
- ``POST /_admin/wait``: ``{id, hits, timeout}``; answers when it has hit, 408 when it has not
- ``POST /_admin/release``: ``{id, then}``, then is ``continue`` or ``drop``
- ``GET /_admin/faults`` and ``GET /_admin/log?since=N&database=NAME``: what happened
- ``POST /_admin/auth``: ``{user, password}``; from now on required
- ``POST /_admin/roles``: ``{user: [role, …]}``; what each of them may do, of the roles in the file
  that ``--config`` names; anybody else may do everything
- ``POST /_admin/disarm``: no faults, and an end to what they hold; the log stays
- ``POST /_admin/reset``: no faults, no password, an empty log, nothing running
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import signal
import socket
import stat
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from . import wire
from .engine import Call, Engine, QueryError
from .faults import Cancelled, Dropped, Faults, Frozen, Refused
from .records import Records

if TYPE_CHECKING:
    from collections.abc import Callable

    from .engine import Answer
    from .faults import Fault
    from .records import Record

RESET_SECONDS = 30.0
QUERY_WAS_CANCELLED = 394
QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING = 216
AUTHENTICATION_FAILED = 516
_REFUSED = ": default: Not"


class Gateway(ThreadingHTTPServer):
    """The server: one engine, one memory of queries, one set of faults."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, directory: Path, port: int = 0, config: Path | None = None) -> None:
        self.engine = Engine(directory, config)
        self.roles: dict[str, tuple[str, ...]] = {}
        self.records = Records(self.engine)
        self.faults = Faults()
        self.credentials: tuple[str, str] | None = None
        self._frozen: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is not worth a traceback."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def answer(self, call: Call, user: str) -> Answer:
        """Run one statement with the faults that are armed for it."""
        record = self.records.start(call, user)
        if record is None:
            code, name = (
                QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING,
                "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING",
            )
            raise self.engine.exception(
                code, f"Query with id = {call.query_id} is already running.", name
            )
        chosen = self.faults.choose(record.text, record.query_id)
        if all(fault.action == "hold" or fault.when == "after" for fault in chosen):
            self.records.begin(record)
        try:
            self.faults.strike(chosen, "before", record.query_id)
        except (Dropped, Frozen):
            self.records.lose(record, "dropped before it ran")
            raise
        except Refused as refusal:
            self.records.refuse(record, refusal.message, refusal.code)
            raise
        except Cancelled:
            raise self._cancelled(record) from None
        if user in self.roles:
            call = replace(call, roles=self.roles[user])
        try:
            answer = self._run(call, record, refusal_of(chosen))
        except QueryError as error:  # the engine has one user, by the name of default
            raise QueryError(error.code, error.text.replace(_REFUSED, f": {user}: Not")) from error
        self.faults.strike(chosen, "after", record.query_id)
        return answer

    def _run(self, call: Call, record: Record, refusal: Fault | None) -> Answer:
        for query_id in self.records.killed_by(call.text):
            self.records.cancel(query_id)
            self.faults.cancel(query_id)
        try:
            text = self.records.rewrite(call.text)
            answer = self.engine.run(Call(**{**vars(call), "text": text}))
        except QueryError as error:
            self.records.finish(record, error.text, error.code)
            raise
        except BaseException as error:
            self.records.lose(record, f"the gateway failed: {error!r}")
            raise
        record.executed = True
        record.read_rows, record.written_rows = answer.read_rows, answer.written_rows
        if refusal is None:
            self.records.finish(record)
        else:  # the server did something, and then failed: its log knows the failure
            self.records.finish(record, refusal.message, refusal.code)
        return answer

    def freeze(self, connection: socket.socket, fault: Fault) -> None:
        """Keep a connection open, without an answer, until its client gives up or a reset."""
        self._frozen.add(connection)
        with contextlib.suppress(OSError):
            while not fault.released and connection.recv(4096):
                pass
        self._frozen.discard(connection)

    def disarm(self) -> None:
        """Forget the faults; what they hold is dropped, and what they froze is closed."""
        self.faults.clear()
        for connection in list(self._frozen):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _cancelled(self, record: Record) -> QueryError:
        error = self.engine.exception(
            QUERY_WAS_CANCELLED, "Query was cancelled.", "QUERY_WAS_CANCELLED"
        )
        self.records.finish(record, error.text, error.code)
        return error

    def reset(self) -> bool:
        """Back to how it started, the databases apart; False when something still runs."""
        self.credentials = None
        self.roles = {}
        self.disarm()
        return self.records.clear(RESET_SECONDS)


def refusal_of(chosen: list[Fault]) -> Fault | None:
    """The fault that answers with an error after the statement ran."""
    refusals = (fault for fault in chosen if (fault.action, fault.when) == ("error", "after"))
    return next(refusals, None)


class Handler(BaseHTTPRequestHandler):
    """One connection of one client."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Gateway

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def do_GET(self) -> None:
        """A probe, or a query that may only read."""
        self._route(b"")

    def do_POST(self) -> None:
        """A query; its text is the URL parameter ``query``, a line feed, and the body."""
        self._route(wire.read_body(self.headers, self.rfile))

    def _route(self, body: bytes) -> None:
        url = urlsplit(self.path)
        options = dict(parse_qsl(url.query, keep_blank_values=True))
        if url.path.startswith("/_admin/"):
            self._admin(url.path.removeprefix("/_admin/"), options, body)
        elif url.path in {"/ping", "/replicas_status"}:
            self._send(200, b"Ok.\n")
        elif url.path != "/":
            self._send(404, f"There is no handle {self.path}\n".encode())
        elif self.command == "GET" and "query" not in options:
            self._send(200, b"Ok.\n")
        else:
            self._query(options, body)

    def _query(self, options: dict[str, str], body: bytes) -> None:
        call = wire.call_of(options, body, self.headers, readonly=self.command == "GET")
        identity = {"X-ClickHouse-Query-Id": call.query_id}
        try:
            user = self._authenticate(options)
            answer = self.server.answer(call, user)
        except Dropped:
            self._drop()
        except Frozen as frozen:
            self.close_connection = True
            self.server.freeze(self.connection, frozen.fault)
        except Refused as refusal:
            error = self.server.engine.exception(refusal.code, refusal.message)
            self._send_error_text(error, refusal.status, identity)
        except QueryError as error:
            self._send_error_text(error, wire.status_of(error.code), identity)
        else:
            headers = identity | wire.headers_of(answer, self.server.engine.timezone)
            content, encoding = wire.encode(answer.body, options, self.headers)
            self._send(200, content, headers | encoding)

    def _authenticate(self, options: dict[str, str]) -> str:
        user, password = "default", ""
        header = self.headers.get("Authorization", "")
        if header.startswith("Basic "):
            user, _, password = base64.b64decode(header[6:]).decode().partition(":")
        user = self.headers.get("X-ClickHouse-User") or options.get("user") or user
        password = self.headers.get("X-ClickHouse-Key") or options.get("password") or password
        required = self.server.credentials
        if required is not None and (user, password) != required:
            message = (
                f"{user}: Authentication failed: password is incorrect, "
                "or there is no user with such name."
            )
            raise self.server.engine.exception(
                AUTHENTICATION_FAILED, message, "AUTHENTICATION_FAILED"
            )
        return user

    def _admin(self, verb: str, options: dict[str, str], body: bytes) -> None:
        given = json.loads(body or b"{}")
        server = self.server
        status = 200
        value: Any = None
        if verb == "fault":
            value = server.faults.arm(given).state()
        elif verb == "wait":
            value = server.faults.wait(given["id"], given["hits"], given["timeout"])
            status = 408 if value is None else 200
        elif verb == "release":
            server.faults.release(given["id"], given["then"])
        elif verb == "faults":
            value = server.faults.states()
        elif verb == "log":
            value = server.records.dump(int(options.get("since", 0)), options.get("database"))
        elif verb == "auth":
            server.credentials = (given["user"], given["password"])
        elif verb == "roles":
            server.roles = {user: tuple(roles) for user, roles in given.items()}
        elif verb == "disarm":
            server.disarm()
        elif verb == "reset":
            status = 200 if server.reset() else 500
        else:
            status = 404
        self._send(status, json.dumps(value).encode())

    def _send_error_text(self, error: QueryError, status: int, headers: dict[str, str]) -> None:
        headers = headers | {"X-ClickHouse-Exception-Code": str(error.code)}
        self._send(status, error.text.encode() + b"\n", headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {"Content-Type": "text/plain; charset=UTF-8", **(headers or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.gateway")
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    gateway = Gateway(options.directory, options.port, options.config)
    if options.user:
        gateway.credentials = (options.user, options.password)

    def stop(*_: object) -> None:
        threading.Thread(target=gateway.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    if _has_parent(0):
        threading.Thread(target=_at_end, args=(0, stop), daemon=True).start()
    print(gateway.url, flush=True)
    gateway.serve_forever(poll_interval=0.05)
    gateway.faults.clear()
    gateway.engine.close()


def _has_parent(descriptor: int) -> bool:
    """Whether somebody holds the other end; nobody does where it is a terminal or /dev/null."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _at_end(descriptor: int, stop: Callable[[], None]) -> None:
    # Not through sys.stdin: its lock, held by a daemon thread, breaks the interpreter's end.
    while os.read(descriptor, 4096):
        pass
    stop()


if __name__ == "__main__":
    main()
