"""Every way in which the old tool's flags were typed comes out the same."""

from __future__ import annotations

import pytest

from brokle_migrate.cli import VERBATIM, _options
from brokle_migrate.cli.argv import normalise


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("up", "up"),
        ("-db postgres up", "up --db postgres"),
        ("--db postgres up", "up --db postgres"),
        ("up -db postgres", "up --db postgres"),
        ("up -db=postgres", "up --db=postgres"),
        ("-db=clickhouse -dry-run up", "up --db=clickhouse --dry-run"),
        ("-dry-run up", "up --dry-run"),
        ("-dry-run=true up", "up --dry-run"),
        ("-dry-run=false up", "up"),
        ("-steps 2 down", "down --steps 2"),
        ("steps -steps 2", "steps --steps 2"),
        ("steps -steps -1", "steps --steps -1"),
        ("-steps -1 steps", "steps --steps -1"),
        ("goto -version 5", "goto --version 5"),
        ("-version 5 goto", "goto --version 5"),
        ("-db postgres goto -version 3", "goto --db postgres --version 3"),
        ("force -version 0", "force --version 0"),
        ("create -name add_users_table", "create --name add_users_table"),
        ("-name up create", "create --name up"),
        ("-y -q down", "down -y -q"),
        ("-c config.yaml -x a=b status", "status -c config.yaml -x a=b"),
        ("postgres upgrade head", "postgres -- upgrade head"),
        ("-db postgres -y postgres -dry-run=true", "postgres --db postgres -y -- -dry-run=true"),
        ("postgres -name x", "postgres -- -name x"),
        ("postgres", "postgres --"),
        ("--help postgres", "postgres --help --"),
        ("--version", "--version"),
        ("-version", "--version"),
        ("--help", "--help"),
        ("", ""),
    ],
)
def test_command_lines_are_put_into_one_form(typed: str, read: str) -> None:
    valued, switches = _options()
    assert (
        normalise(typed.split(), valued=valued, switches=switches, verbatim=VERBATIM)
        == read.split()
    )
