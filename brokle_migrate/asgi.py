"""The health of the databases over HTTP: an ASGI application without a framework.

::

    uvicorn brokle_migrate.asgi:app                     # by itself, or brokle-migrate serve-health
    application.mount("/migrations", HealthApp(config)) # inside of a FastAPI application

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .pages import Pages

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from .config import Config
    from .pages import Page

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]


class HealthApp:
    """The application: ``/health``, ``/ready`` and ``/metrics``, as :mod:`.pages` has them.

    :param config: read from the current directory and the environment, with the first request,
        when left out.
    :param cache: seconds for which a look at the databases counts; None leaves it to the
        configuration.
    """

    def __init__(self, config: Config | None = None, *, cache: float | None = None) -> None:
        self._pages = Pages(config, cache)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await _respond(send, await self._answer(scope), with_body=scope["method"] != "HEAD")
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, scope: Message) -> Page:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        refusal = self._pages.refusal(scope["method"], path)
        if refusal is not None:
            return refusal
        try:
            # Shielded: who hangs up ends nobody else's look.
            health = await asyncio.shield(asyncio.wrap_future(self._pages.look()))
            return self._pages.page(path, health)
        except Exception as error:
            return self._pages.trouble(error)


app = HealthApp()


async def _live(receive: Receive, send: Send) -> None:
    """Take part in the server's start and stop; there is nothing to prepare."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _respond(send: Send, page: Page, *, with_body: bool) -> None:
    headers = [(name.encode(), value.encode()) for name, value in page.headers]
    await send({"type": "http.response.start", "status": page.status, "headers": headers})
    await send({"type": "http.response.body", "body": page.body if with_body else b""})
