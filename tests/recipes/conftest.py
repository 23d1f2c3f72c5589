"""A project of two histories with the recipes in it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.process import ROOT

if TYPE_CHECKING:
    from tests.support.project import Project

RECIPES = ROOT / "docs" / "recipes"
HISTORY = 3
ON = {"DB_AUTO_MIGRATE": "true"}


def fill(project: Project) -> Project:
    """Add revisions that leave a trace each time they run, and the applications."""
    project.add_revision("r0", "CREATE TABLE ran (name text)")
    project.add_pair(100, "ran", "CREATE TABLE ran (name String) ENGINE = Log", "DROP TABLE ran")
    for number in range(1, HISTORY + 1):
        name = f"t{number}"
        project.add_revision(
            f"r{number}", [f"CREATE TABLE {name} (x int)", f"INSERT INTO ran VALUES ('{name}')"]
        )
        project.add_pair(
            100 + number,
            name,
            f"CREATE TABLE {name} (x Int8) ENGINE = Log;\nINSERT INTO ran VALUES ('{name}')",
            f"DROP TABLE {name}",
        )
    for name in ("fastapi_app.py", "flask_app.py", "entrypoint.sh"):
        shutil.copy(RECIPES / name, project.path)
    return project


@pytest.fixture
def filled(project: Project) -> Project:
    """Four revisions in both histories, and the applications."""
    return fill(project)
