"""The health of the databases over HTTP: an ASGI application without a framework.

::

    uvicorn brokle_migrate.asgi:app                     # by itself, or brokle-migrate serve-health
    application.mount("/migrations", HealthApp(config)) # inside of a FastAPI application

``/health`` answers 200, or 503 when something is unhealthy; ``/ready`` 503 until everything on disk
is applied; ``/metrics`` in Prometheus's text format.  However often they are asked, the databases
are asked once in a while (:class:`.monitor.Monitor`).

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from .applications import log
from .conditions import Condition
from .errors import MigrateError
from .monitor import Monitor
from .render import data

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from .conditions import Health
    from .config import Config

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Answer = tuple[int, str, bytes]

_JSON = "application/json"
_UNHEALTHY = {"status": Condition.UNHEALTHY.value, "ready": False}
_PATHS = ("/health", "/ready", "/metrics")


class HealthApp:
    """The application.

    :param config: read from the current directory and the environment, with the first request,
        when left out.
    :param cache: seconds for which a look at the databases counts; None leaves it to the
        configuration.
    """

    def __init__(self, config: Config | None = None, *, cache: float | None = None) -> None:
        self._monitor = Monitor(config, cache)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await _respond(send, await self._answer(scope), with_body=scope["method"] != "HEAD")
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, scope: Message) -> Answer:
        path = scope["path"].removeprefix(scope.get("root_path", "")).rstrip("/")
        if path not in _PATHS:
            return _json(404, {"error": f"there are {', '.join(_PATHS)}"})
        if scope["method"] not in {"GET", "HEAD"}:
            return _json(405, {"error": "GET or HEAD"})
        try:
            # Shielded: who hangs up ends nobody else's look.
            health = await asyncio.shield(asyncio.wrap_future(self._monitor.current()))
            return self._page(path, health)
        except MigrateError as error:
            return _json(503, self._shown({**_UNHEALTHY, "error": data.error_data(error)}))
        except Exception:
            log.exception("the health of the databases could not be told")
            return _json(503, _UNHEALTHY)

    def _page(self, path: str, health: Health) -> Answer:
        if path == "/metrics":
            from .metrics import CONTENT_TYPE, metrics

            return 200, CONTENT_TYPE, metrics(health)
        well = health.is_ready if path == "/ready" else health.condition is not Condition.UNHEALTHY
        return _json(200 if well else 503, self._shown(data.health_data(health)))

    def _shown(self, value: Any) -> Any:
        return data.hidden(value, self._monitor.hide)


app = HealthApp()


def _json(status: int, value: Any) -> Answer:
    return status, _JSON, json.dumps(value).encode()


async def _live(receive: Receive, send: Send) -> None:
    """Take part in the server's start and stop; there is nothing to prepare."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _respond(send: Send, answer: Answer, *, with_body: bool) -> None:
    status, kind, body = answer
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body if with_body else b""})
