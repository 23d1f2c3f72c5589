"""An application behind a real HTTP server, in a thread of the test."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .process import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 20.0


@contextmanager
def uvicorn_of(app: Any) -> Iterator[str]:
    """Serve an ASGI application, which has to know its lifespan; the URL."""
    import uvicorn

    config = uvicorn.Config(
        app, port=0, http="h11", ws="none", lifespan="on", log_config=None, backlog=512
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started or not thread.is_alive(), START_SECONDS, "the server")
    assert server.started, "the application did not start"
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def werkzeug_of(app: Any) -> Iterator[str]:
    """Serve a WSGI application; the URL."""
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
