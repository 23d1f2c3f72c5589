"""A Flask application that brings its databases to head before it serves.

::

    DB_AUTO_MIGRATE=true gunicorn --preload --workers 4 flask_app:app
    curl http://127.0.0.1:8000/migrations/health
"""

from __future__ import annotations

import logging

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from brokle_migrate import auto_migrate
from brokle_migrate.wsgi import HealthApp

# Nobody sets up logging; what is migrated goes to the logger "brokle_migrate".
logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
logging.getLogger("brokle_migrate").setLevel(logging.INFO)


def create_app() -> Flask:
    """The application, over databases that are at head: what is raised here ends the server."""
    auto_migrate(timeout=600)
    flask = Flask(__name__)
    flask.wsgi_app = DispatcherMiddleware(  # type: ignore[method-assign]
        flask.wsgi_app, {"/migrations": HealthApp()}
    )

    @flask.get("/live")
    def live() -> dict[str, str]:
        """For liveness probes: asks no database, so that a dead one restarts nothing."""
        return {"status": "alive"}

    return flask


app = create_app()
