"""A proxy before a database that lets in only who shows the right headers."""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}


class AccessProxy(ThreadingHTTPServer):
    """Forwards HTTP to a port of this machine; a context manager.

    :param port: the port behind it.
    :param required: headers without which it answers 403.
    :ivar seen: the headers of each request, names in lower case.
    """

    daemon_threads = True

    def __init__(self, port: int, required: Mapping[str, str]) -> None:
        self.target = port
        self.required = dict(required)
        self.seen: list[dict[str, str]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: AccessProxy

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def do_GET(self) -> None:
        self._forward(b"")

    def do_POST(self) -> None:
        self._forward(self.rfile.read(int(self.headers["Content-Length"])))

    def _forward(self, body: bytes) -> None:
        self.server.seen.append({name.lower(): value for name, value in self.headers.items()})
        if any(self.headers.get(name) != value for name, value in self.server.required.items()):
            self._answer(403, b"<html>access denied</html>", {})
            return
        behind = http.client.HTTPConnection("127.0.0.1", self.server.target)
        behind.request(self.command, self.path, body, dict(self.headers.items()))
        answer = behind.getresponse()
        self._answer(answer.status, answer.read(), dict(answer.getheaders()))
        behind.close()

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
