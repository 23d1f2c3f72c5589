"""What the README says and what the program says are the same."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from brokle_migrate import errors
from brokle_migrate.checks.catalogue import RULES
from brokle_migrate.cli.commands import group
from brokle_migrate.config.schema import KEYS, Key

if TYPE_CHECKING:
    from brokle_migrate.checks.rule import Rule

README = (Path(__file__).parents[2] / "README.md").read_text()
OPTIONS = [
    (name, option)
    for name, command in group.commands.items()
    for option in command.params
    if isinstance(option, click.Option)
]


@pytest.mark.parametrize("name", group.commands)
def test_every_command_has_help_and_a_row(name: str) -> None:
    assert group.commands[name].get_short_help_str(limit=200)
    assert re.search(rf"^\| `{name}[ `]", README, re.MULTILINE)


@pytest.mark.parametrize(("command", "option"), OPTIONS, ids=str)
def test_every_option_has_help_and_is_in_the_readme(command: str, option: click.Option) -> None:
    assert option.help
    assert any(f"`{name}" in README or f"{name} " in README for name in option.opts), option.opts


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_every_setting_is_in_the_readme(key: Key) -> None:
    for name in (*key.env, *key.yaml, *filter(None, [key.ini])):
        assert re.search(rf"`(\w+\.)?(\[\w+\] )?{re.escape(name)}`", README), name


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_in_the_readme(rule: Rule) -> None:
    assert f"| `{rule.id}` | {rule.level} | {rule.title} |" in README


def test_every_exit_code_is_in_the_readme() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = {kind.exit_code for kind in kinds if issubclass(kind, errors.MigrateError)}
    for code in codes | {0, 3, 6}:
        assert re.search(rf"^\| {code} \|", README, re.MULTILINE), code


def test_nothing_but_click_is_imported_before_a_command_is_known() -> None:
    program = (
        "import sys; from brokle_migrate.__main__ import main; main(['--help']);"
        "print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(re.findall(r"'(\w+)'", result.stderr))
    assert not loaded & {"alembic", "sqlalchemy", "rich", "yaml", "chdb", "psycopg", "requests"}
