"""A FastAPI application that brings its databases to head before it serves.

::

    DB_AUTO_MIGRATE=true uvicorn fastapi_app:app
    curl http://127.0.0.1:8000/migrations/health
"""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI

from brokle_migrate import auto_migrate_async
from brokle_migrate.asgi import HealthApp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# uvicorn sets up its own loggers alone; what is migrated goes to the logger "brokle_migrate".
logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
logging.getLogger("brokle_migrate").setLevel(logging.INFO)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Start only when everything on disk is applied: what is raised here ends uvicorn."""
    await auto_migrate_async(timeout=600)
    yield


app = FastAPI(lifespan=lifespan)
app.mount("/migrations", HealthApp())  # /migrations/health, /migrations/ready, /migrations/metrics


@app.get("/live")
async def live() -> dict[str, str]:
    """For liveness probes: asks no database, so that a dead one restarts nothing."""
    return {"status": "alive"}
