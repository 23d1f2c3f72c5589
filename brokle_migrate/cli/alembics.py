"""What a group of Alembic's verbs is: options before the verb or after it, and ``-1`` a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from .argv import Names, hoisted
from .options import CONFIG, NO_COLOR, SECTION, TIMES, X, together

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Given:
    """What the options of the group say; durations in seconds."""

    config: Path | None
    name: str
    x: tuple[str, ...]
    raiseerr: bool
    quiet: bool
    no_color: bool
    lock_timeout: float
    timeout: float | None
    statement_timeout: float | None


_OPTIONS = [
    CONFIG,
    click.option(
        "-n",
        "--name",
        default=SECTION,
        show_default=True,
        help="Alembic's section of the .ini file: the lock is in its database.",
    ),
    X,
    click.option("--raiseerr", is_flag=True, help="Show the whole stack of an error."),
    click.option("-q", "--quiet", is_flag=True, help="Print errors and SQL only."),
    NO_COLOR,
    *TIMES,
]
given = together(Given, _OPTIONS)
"""Gives a group its options, as one :class:`Given` value."""


class Verbs(click.Group):
    """A group whose options may stand anywhere, and that says why a verb of Alembic is not here."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the group's part of a command line."""
        verbs = {name: _names(command) for name, command in self.commands.items()}
        return super().parse_args(ctx, hoisted(args, _names(self), verbs))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that was typed."""
        if args[0] not in self.commands:
            from ..clickhouse.command import LEFT_OUT

            if args[0] in LEFT_OUT:
                ctx.fail(f"{args[0]} is not here: {LEFT_OUT[args[0]]}")
        return super().resolve_command(ctx, args)


def _names(command: click.Command) -> Names:
    return Names.of(p for p in command.params if isinstance(p, click.Option))
