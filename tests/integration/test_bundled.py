"""The bundled histories, through the command, on the embedded engines and over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.project import Project
from tests.support.schema import clickhouse_schema, postgres_schema

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.terminal import Result


@pytest.fixture
def bundled(project: Project) -> Project:
    return project.with_bundled_histories()


def schemas(project: Project) -> tuple[Any, ...]:
    return (
        postgres_schema(project.postgres_url or ""),
        clickhouse_schema(project.clickhouse_url or ""),
    )


def succeeded(result: Result) -> str:
    assert result.code == 0, result.out + result.err
    return result.out


def test_up_down_up_leave_the_same_schemas(bundled: Project) -> None:
    succeeded(bundled.run("up"))
    first = schemas(bundled)
    succeeded(bundled.run("down", "--all", "-y"))
    assert "CREATE TABLE public.users" not in schemas(bundled)[0]
    succeeded(bundled.run("up"))
    assert schemas(bundled) == first


def test_every_step_down_and_up_again(bundled: Project) -> None:
    succeeded(bundled.run("up"))
    before = schemas(bundled)
    for _ in range(3):
        succeeded(bundled.run("down", "-y"))
    for _ in range(3):
        succeeded(bundled.run("steps", "--steps", "1"))
    assert schemas(bundled) == before


def test_the_embedded_engines(tmp_path: Path) -> None:
    where = tmp_path / "embedded"
    project = Project(
        where,
        f"postgresql+embedded:///{where}/data/postgres",
        f"clickhouse+embedded:///{where}/data/clickhouse",
    ).with_bundled_histories()
    assert succeeded(project.run("up", "--dump")).count("(new)") == 2
    assert "nothing to do" in (again := project.run("up")).out + again.err
    succeeded(project.run("status", "--exit-code"))
    succeeded(project.run("down", "--all", "-y"))
    assert succeeded(project.run("up", "--dump")).count("is unchanged") == 2
    succeeded(project.run("drop", "-y"))
    assert project.run("status", "--exit-code").code == 3


def test_drop_takes_everything(bundled: Project) -> None:
    succeeded(bundled.run("up"))
    succeeded(bundled.run("drop", "-y"))
    postgres, clickhouse = schemas(bundled)
    assert "CREATE" not in postgres
    assert clickhouse == []
    succeeded(bundled.run("up"))
