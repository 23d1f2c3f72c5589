"""The command line: arguments in, exit code out.  No decisions about databases.

Nothing but click is imported before a command is known.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from . import (  # noqa: F401 - their commands join the group
    adopt,
    checking,
    dump,
    operating,
    postgres,
    reviewing,
)
from .argv import Names, normalise
from .clickhouse import clickhouse
from .commands import group
from .graph import graph as graph_command
from .init import init as init_command

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = "brokle-migrate"
VERBATIM = frozenset({"postgres"})
"""Commands whose arguments another program reads."""

group.add_command(graph_command)
group.add_command(init_command)
group.add_command(clickhouse)


def run(argv: list[str]) -> int:
    """Run one command line.

    :param argv: arguments without the program's name.
    :return: the exit code (README, "Exit codes").
    """
    valued, switches = _options()
    words = normalise(argv, valued=valued, switches=switches, verbatim=VERBATIM)
    try:
        code = group.main(words, prog_name=PROGRAM, standalone_mode=False)
    except click.ClickException as error:
        return _usage(error, as_json="--json" in words)
    except (click.Abort, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)  # noqa: T201 - before there is a renderer
        return 130
    return int(code or 0)


def _options() -> tuple[set[str], set[str]]:
    """The names of every command's options: those with a value, and those without."""
    names = Names.of(_every_option())
    return set(names.valued), set(names.switches)


def _every_option() -> Iterator[click.Option]:
    for command in group.commands.values():
        yield from (p for p in command.params if isinstance(p, click.Option))


def _usage(error: click.ClickException, *, as_json: bool) -> int:
    """Report a command line that click could not read."""
    from ..errors import UsageError
    from ..redact import Redactor
    from ..render import choose

    context = getattr(error, "ctx", None)
    command = context.info_name if context is not None and context.parent is not None else ""
    place = PROGRAM if context is None else context.command_path
    renderer = choose(json=as_json, hide=Redactor(()).hide)
    renderer.error(UsageError(error.format_message(), hint=f"see {place} --help"))
    renderer.finish(command or "", UsageError.exit_code)
    return UsageError.exit_code
