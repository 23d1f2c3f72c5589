"""A TCP proxy that can swallow everything, or cut the line."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self

_SIZE = 65536


class TcpProxy:
    """Forwards a port of this machine to another address; a context manager.

    :param target: host and port, or the path of a Unix socket.
    :ivar carried: bytes that went through, both ways together.
    """

    def __init__(self, target: tuple[str, int] | str) -> None:
        self._target = target
        self._flowing = threading.Event()
        self._flowing.set()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stopped = False
        self.carried = 0
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Take connections."""
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        """Close everything."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._stopped = True
        self._flowing.set()
        self.cut()

    def freeze(self) -> None:
        """Forward nothing more, and close nothing: what a hung network looks like."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Forward again, also what was held back."""
        self._flowing.set()

    def cut(self) -> None:
        """Close every connection that is open now."""
        while self._pairs:
            for end in self._pairs.pop():
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._flowing.wait()
        if self._stopped:
            client.close()
            return
        family = socket.AF_UNIX if isinstance(self._target, str) else socket.AF_INET
        server = socket.socket(family)
        server.connect(self._target)
        self._pairs.append((client, server))
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_SIZE):
                self._flowing.wait()
                sink.sendall(data)
                self.carried += len(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
