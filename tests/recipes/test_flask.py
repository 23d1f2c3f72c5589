"""The Flask recipe behind a real WSGI server."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import httpx
import pytest

from brokle_migrate import MigrationFailed
from tests.support.served import werkzeug_of

from .conftest import ON

if TYPE_CHECKING:
    from typing import Any

    from tests.support.project import Project


def _application(project: Project, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module as ``gunicorn flask_app:app`` imports it."""
    monkeypatch.chdir(project.path)
    for name, value in ON.items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("flask_app", project.path / "flask_app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.app


def test_it_migrates_and_serves(filled: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    app = _application(filled, monkeypatch)
    assert filled.invoke("status", "--exit-code").code == 0
    with werkzeug_of(app) as url:
        assert httpx.get(f"{url}/live").json() == {"status": "alive"}
        health = httpx.get(f"{url}/migrations/health", timeout=30)
        assert health.status_code == 200
        assert health.json()["status"] == "healthy"
        assert httpx.get(f"{url}/migrations/ready").status_code == 200
        assert "brokle_migrate_ready 1.0" in httpx.get(f"{url}/migrations/metrics").text
        assert httpx.get(f"{url}/health").status_code == 404


def test_it_does_not_start_over_a_failed_migration(
    filled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.add_pair(200, "wrong", "SELECT no_such_function()", "SELECT 1")
    with pytest.raises(MigrationFailed, match="no_such_function"):
        _application(filled, monkeypatch)
