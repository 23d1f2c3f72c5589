"""The ClickHouse group and its functions have what Alembic's have, name for name."""

from __future__ import annotations

import argparse
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING

import alembic.command
import click
import pytest
from alembic.config import CommandLine

from brokle_migrate.cli.clickhouse import clickhouse
from brokle_migrate.clickhouse import command

if TYPE_CHECKING:
    from collections.abc import Callable

README = (Path(__file__).parents[2] / "README.md").read_text()
THEIRS = {
    name: function
    for name, function in vars(alembic.command).items()
    if inspect.isfunction(function)
    and function.__module__ == "alembic.command"
    and not name.startswith("_")
}
HERE = sorted(THEIRS.keys() - command.LEFT_OUT.keys())


def _parameters(function: Callable[..., object]) -> list[tuple[str, object, object]]:
    found = inspect.signature(function).parameters.values()
    return [(each.name, each.kind, each.default) for each in found]


def _parsers() -> dict[str, argparse.ArgumentParser]:
    (verbs,) = (
        action
        for action in CommandLine().parser._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return dict(verbs.choices)


PARSERS = _parsers()


@pytest.mark.parametrize("name", HERE)
def test_a_function_has_the_parameters_of_alembics(name: str) -> None:
    assert _parameters(getattr(command, name)) == _parameters(THEIRS[name])


def test_there_is_no_function_besides() -> None:
    functions = {name for name in command.__all__ if callable(getattr(command, name))}
    assert functions == set(HERE)


@pytest.mark.parametrize("name", HERE)
def test_a_command_has_the_options_of_alembics(name: str) -> None:
    theirs = {o for action in PARSERS[name]._actions for o in action.option_strings}
    ours = {o for param in clickhouse.commands[name].params for o in param.opts if o[0] == "-"}
    assert ours | {"-h", "--help"} == theirs


@pytest.mark.parametrize("name", HERE)
def test_a_command_hands_on_exactly_what_the_function_takes(name: str) -> None:
    taken = set(inspect.signature(getattr(command, name)).parameters)
    given = {param.name for param in clickhouse.commands[name].params}
    assert given <= taken
    assert clickhouse.commands[name].get_short_help_str()
    assert all(
        param.help for param in clickhouse.commands[name].params if isinstance(param, click.Option)
    )


@pytest.mark.parametrize("name", THEIRS)
def test_every_command_of_alembic_is_in_the_readmes_table(name: str) -> None:
    table = README[README.index("## Alembic's commands for ClickHouse") :]
    assert re.search(rf"^\| `{name}`|^\| .*, `{name}` \|", table, re.MULTILINE)
