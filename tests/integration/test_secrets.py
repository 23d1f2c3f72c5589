"""A password never appears in any output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.gateway_process import GatewayProcess
    from tests.support.project import Project

SECRET = "s3same%/@:#?pw"
ENCODED = "s3same%25%2F%40%3A%23%3Fpw"


@pytest.fixture
def locked(project: Project, gateway: GatewayProcess) -> Project:
    """A project whose ClickHouse wants the password, in the file and in the environment."""
    project.add_revision("20250101000000", "CREATE TABLE t (id int)", "DROP TABLE t")
    project.add_pair(
        "20250101000000", "t", "CREATE TABLE t (id UInt8) ENGINE = Log", "DROP TABLE t"
    )
    project.add_pair("20250102000000", "bad", "SELECT nothing", "SELECT 1")
    gateway.require("default", SECRET)
    return project


@pytest.mark.parametrize(
    "argv",
    [
        "status",
        "info",
        "info --json",
        "up --dry-run",
        "up -v",
        "up --json",
        "down -y",
        "goto --version nowhere -y",
        "force --version 0 -y",
        "drop --dry-run",
        "drop -y",
    ],
)
@pytest.mark.parametrize("broken", [False, True], ids=["works", "refused"])
def test_no_command_prints_a_password(locked: Project, argv: str, broken: bool) -> None:
    wrong = "wr0ng" if broken else ""
    clickhouse = (locked.clickhouse_url or "").replace(":@", f":{ENCODED}{wrong}@")
    postgres = (locked.postgres_url or "").replace("postgres@", f"postgres:{ENCODED}@")
    if broken:
        postgres = f"postgresql://postgres:{ENCODED}@127.0.0.1:1/db"
    env = {"CLICKHOUSE_URL": clickhouse, "DATABASE_URL": postgres}
    result = locked.run(*argv.split(), env=env)
    assert result.code in {0, 2, 5, 6}, result.err
    said = result.out + result.err
    for form in (SECRET, ENCODED, f"{SECRET}{wrong}", "s3same"):
        assert form not in said
