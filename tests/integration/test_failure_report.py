"""What the terminal says of a failed ClickHouse statement."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.gateway_process import GatewayProcess
    from tests.support.project import Project, Result


def _failed(project: Project, up: str) -> Result:
    project.add_pair("20250101000000", "t", up, "SELECT 1")
    return project.run("up", "--db", "clickhouse")


def test_a_syntax_error_is_marked_at_its_place(project: Project) -> None:
    result = _failed(project, "SELECT 1;\n\n  SELECT 'é',\n    1 FORM numbers(1)\n  LIMIT 1;")
    assert result.code == 6
    assert "statement 2 of 2 at " in result.out
    assert "20250101000000_t.up.sql:4:" in result.out
    lines = result.out.splitlines()
    mark = next(number for number, line in enumerate(lines) if line.strip() == "^")
    assert lines[mark - 1][lines[mark].index("^") :].startswith(("FORM", "numbers"))
    assert "put the syntax right where the mark is. Then " in result.out


def test_json_carries_the_hint(project: Project) -> None:
    project.add_pair("20250101000000", "t", "DROP TABLE nothing_here", "SELECT 1")
    result = project.run("up", "--db", "clickhouse", "--json")
    assert result.code == 1
    assert "does an earlier file create it" in json.loads(result.out)["error"]["hint"]


@pytest.mark.parametrize(
    ("code", "message", "words"),
    [
        (75, "write failed: No space left on device", "the server's disk is full"),
        (243, "Cannot reserve 1.00 MiB, not enough space", "the server's disk is full"),
        (242, "Table is in readonly mode", "system.replicas"),
        (241, "Memory limit (total) exceeded", "do it in smaller parts"),
    ],
)
def test_what_the_server_lacks_is_said(
    project: Project, gateway: GatewayProcess, code: int, message: str, words: str
) -> None:
    text = f"Code: {code}. DB::Exception: {message}"
    gateway.fault("CREATE TABLE lacking", times=0, action="error", code=code, message=text)
    result = _failed(project, "CREATE TABLE lacking (id UInt8) ENGINE = Memory")
    assert result.code == 1, "the schema shows that nothing was made"
    assert message in result.out
    assert words in result.out
