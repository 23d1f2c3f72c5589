"""A proxy before a Postgres server that holds, drops and freezes what a test asks it to.

It listens on this machine and passes every byte on.  A statement is what a simple query says, or
what an execution of a parsed one says: psycopg sends both kinds.  ``before`` is before the server
gets it; ``after`` is when the server is ready for the next one, and its answer has not been
passed on yet.  A session that ends counts as the statement :data:`~tests.support.postgres_wire.
GOODBYE`.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit, urlunsplit

from . import postgres_wire as wire
from .faults import Dropped, Fault, Faults, Frozen

if TYPE_CHECKING:
    from .postgres_wire import Message

WAIT_SECONDS = 30.0


class PostgresProxy:
    """One proxy, on a thread for each direction of each connection.

    :param url: SQLAlchemy's URL of some database of the server.
    """

    def __init__(self, url: str) -> None:
        self._upstream = _address(url)
        self.faults = Faults()
        self._lock = threading.Lock()
        self._sent: list[tuple[float, str]] = []
        self._sessions: set[Session] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, url: str) -> str:
        """The way to a database of the server through here."""
        parts = urlsplit(url)
        secret = parts.netloc.rpartition("@")[0]
        place = f"{secret}@127.0.0.1:{self.port}" if secret else f"127.0.0.1:{self.port}"
        return urlunsplit(parts._replace(netloc=place, query=""))

    def fault(self, match: str = "", **options: Any) -> ArmedProxyFault:
        """Arm a fault; the options are those of :class:`tests.support.faults.Fault`."""
        return ArmedProxyFault(self.faults, self.faults.arm({"match": match, **options}))

    def sent(self) -> list[tuple[float, str]]:
        """Every statement that a client sent since the last reset, and when, oldest first."""
        with self._lock:
            return list(self._sent)

    def texts(self, since: int = 0) -> list[str]:
        """The texts of :meth:`sent`."""
        return [text for _, text in self.sent()[since:]]

    def reset(self) -> None:
        """Disarm everything, forget everything, and end every session."""
        self.faults.clear()
        with self._lock:
            sessions = list(self._sessions)
            self._sent.clear()
        for session in sessions:
            session.close()

    def close(self) -> None:
        """Let nobody in any more, and end every session."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.reset()

    def note(self, text: str) -> None:
        """Keep a statement's text."""
        with self._lock:
            self._sent.append((time.time(), text))

    def leave(self, session: Session) -> None:
        """Forget a session that has ended."""
        with self._lock:
            self._sessions.discard(session)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                session = Session(self, client)
                with self._lock:
                    self._sessions.add(session)
                threading.Thread(target=session.serve, args=(self._upstream,), daemon=True).start()


class ArmedProxyFault:
    """A fault that waits for its statement."""

    def __init__(self, faults: Faults, fault: Fault) -> None:
        if fault.action == "error":
            raise ValueError("the proxy passes errors on, and makes none")
        self._faults = faults
        self.id = fault.id

    def wait(self, hits: int = 1, timeout: float = WAIT_SECONDS) -> None:
        """Wait until it has hit.

        :raises TimeoutError: it has not, within the time.
        """
        if self._faults.wait(self.id, hits, timeout) is None:
            raise TimeoutError(f"fault {self.id}: not {hits} hits within {timeout:g} s")

    def release(self, then: str = "continue") -> None:
        """Let held statements ``continue``, or ``drop`` their connections."""
        self._faults.release(self.id, then)

    @property
    def state(self) -> dict[str, Any]:
        """How many statements it has seen, and which it hit and holds."""
        return next(state for state in self._faults.states() if state["id"] == self.id)


@dataclass
class Exchange:
    """What a client sends until the server is ready again, and what is armed for its answer.

    :ivar chosen: the faults that hit one of its statements.
    """

    chosen: list[tuple[str, list[Fault]]] = field(default_factory=list)

    @property
    def answer_is_awaited(self) -> bool:
        """Whether something happens once the server has answered."""
        return any(fault.when == "after" for _, faults in self.chosen for fault in faults)


class Session:
    """One client's connection, and the one to the server that belongs to it."""

    def __init__(self, proxy: PostgresProxy, client: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server: socket.socket | None = None
        self._statements = wire.Statements()
        self._exchanges: deque[Exchange] = deque()
        self._open: Exchange | None = None
        self._closed = threading.Event()
        self._frozen: Frozen | None = None

    def serve(self, upstream: tuple[int, Any]) -> None:
        """Pass on in both directions until one side ends."""
        try:
            startup = self._startup()
            if startup is None:
                return
            self._server = socket.socket(upstream[0])
            self._server.connect(upstream[1])
            self._server.sendall(startup.raw)
            if wire.request_code(startup) == wire.CANCEL_REQUEST:
                wire.read_exactly(self._server, 1)  # it says nothing, and closes when it is done
                return
            self._exchanges.append(Exchange())  # ends when the session is ready
            threading.Thread(target=self._pump, args=(self._answers,), daemon=True).start()
            self._guarded(self._requests)
        except OSError:  # the server is down
            return
        finally:
            self.close()
            self._proxy.leave(self)

    def close(self) -> None:
        """End both connections."""
        self._closed.set()
        for connection in (self._client, self._server):
            if connection is not None:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()

    def _startup(self) -> Message | None:
        """The client's first message that is for the server; encryption is not offered."""
        while True:
            message = wire.read_startup(self._client)
            if message is None or wire.request_code(message) not in {
                wire.SSL_REQUEST,
                wire.GSS_REQUEST,
            }:
                return message
            self._client.sendall(b"N")

    def _pump(self, work: Any) -> None:
        self._guarded(work)
        self.close()

    def _guarded(self, work: Any) -> None:
        """Run one direction until it ends, or is to pass nothing more on."""
        try:
            work()
        except Frozen as frozen:
            self._frozen = frozen
            self._closed.wait()
        except (Dropped, OSError):
            pass

    def _requests(self) -> None:
        assert self._server is not None
        while (message := wire.read_message(self._client)) is not None:
            self._hang_if_frozen()
            self._begin(message)
            self._server.sendall(message.raw)
            if message.kind in {wire.QUERY, wire.SYNC, wire.FUNCTION_CALL}:
                self._open = None
            elif message.kind == wire.TERMINATE:
                self._strike(self._exchanges.pop(), "after")

    def _begin(self, message: Message) -> None:
        """Note what a message of the client begins, and let happen what is armed before it."""
        if self._open is None:
            self._open = Exchange()
            self._exchanges.append(self._open)
        text = self._statements.text_of(message)
        if text is None:
            return
        self._proxy.note(text)
        chosen = (text, self._proxy.faults.choose(text, text))
        self._open.chosen.append(chosen)
        self._proxy.faults.strike(chosen[1], "before", text)

    def _answers(self) -> None:
        assert self._server is not None
        kept: list[bytes] = []
        while (message := wire.read_message(self._server)) is not None:
            self._hang_if_frozen()
            kept.append(message.raw)
            exchange = self._exchanges[0] if self._exchanges else None
            if message.kind == wire.READY and exchange is not None:
                self._strike(exchange, "after")
                self._exchanges.popleft()
            elif exchange is not None and exchange.answer_is_awaited:
                continue
            self._client.sendall(b"".join(kept))
            kept.clear()

    def _strike(self, exchange: Exchange, when: str) -> None:
        for text, faults in exchange.chosen:
            self._proxy.faults.strike(faults, when, text)

    def _hang_if_frozen(self) -> None:
        if self._frozen is not None:
            raise self._frozen


def _address(url: str) -> tuple[int, Any]:
    """Where the server listens, as a socket wants it."""
    parts = urlsplit(url)
    options = parse_qs(parts.query)
    host = options.get("host", [parts.hostname or "127.0.0.1"])[0]
    port = parts.port or int(options.get("port", ["5432"])[0])
    if host.startswith("/"):
        return socket.AF_UNIX, f"{host}/.s.PGSQL.{port}"
    return socket.AF_INET, (host, port)
