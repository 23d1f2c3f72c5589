"""``serve-health``: the health endpoint as a small server."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from ..asgi import HealthApp
from ..errors import ConfigError

if TYPE_CHECKING:
    from uvicorn import Server

    from .session import Session


def serve(session: Session, host: str, port: int, cache: float | None) -> int:
    """Serve until a signal ends it, or ``--timeout``.

    :param cache: seconds for which a look at the databases counts; None leaves it to the
        configuration.
    :return: the exit code.
    :raises ConfigError: uvicorn is not installed, or the address can't be listened on.
    """
    try:
        import uvicorn
    except ImportError as error:
        hint = "pip install 'brokle-migrate[health]'"
        raise ConfigError("serve-health needs uvicorn", hint=hint) from error
    app = HealthApp(session.config, cache=cache)
    level = "info" if session.options.verbose else "warning"
    server = uvicorn.Server(uvicorn.Config(app, log_level=level, access_log=False))
    with _listening(host, port) as listener:
        where = "[{}]:{}" if listener.family is socket.AF_INET6 else "{}:{}"
        address = where.format(*listener.getsockname()[:2])
        session.renderer.message(f"serving /health, /ready and /metrics on http://{address}")
        _serve(server, listener, session.options.timeout)
    return 0


def _serve(server: Server, listener: socket.socket, timeout: float | None) -> None:
    """Serve until something ends it; for a server a signal is the usual end."""

    def end() -> None:
        server.should_exit = True

    timer = threading.Timer(timeout or 0.0, end)
    timer.daemon = True
    if timeout is not None:
        timer.start()
    try:
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    finally:
        timer.cancel()


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigError(
            f"can't listen on {host} port {port}: {error.strerror or error}",
            hint="choose others: --host, --port; port 0 takes any that is free",
        ) from error
