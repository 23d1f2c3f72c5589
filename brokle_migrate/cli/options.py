"""The options that every command takes, and their values."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..model import Limits

SECTION = "alembic"
"""Alembic's section of alembic.ini, unless ``-n`` names another."""

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?$")


class Duration(click.ParamType[float]):
    """A duration as people write it: ``90s``, ``5m``, ``1h30m``; in seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        match = _DURATION.match(value)
        if not value or match is None:
            self.fail(f"{value!r} is not a duration: write 90s, 5m or 1h30m", param, ctx)
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return hours * 3600 + minutes * 60 + seconds


@dataclass(frozen=True, slots=True)
class Common:
    """What the options of every command say."""

    db: str
    dry_run: bool
    yes: bool
    json: bool
    quiet: bool
    verbose: bool
    config: Path | None
    section: str
    x: tuple[str, ...]
    wait: float | None
    lock_timeout: float
    timeout: float | None
    statement_timeout: float | None
    on_failure: str
    atomic: bool
    no_color: bool

    def limits(self) -> Limits:
        """How long a run that begins now may take."""
        from ..model import Limits

        deadline = None if self.timeout is None else time.monotonic() + self.timeout
        return Limits(deadline, self.statement_timeout or None)


CONFIG = click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="config.yaml, alembic.ini or pyproject.toml to use.",
)
X = click.option("-x", multiple=True, metavar="KEY=VALUE", help="An argument for env.py.")
NO_COLOR = click.option("--no-color", is_flag=True, help="No colours; NO_COLOR does the same.")

TIMES = (
    click.option(
        "--lock-timeout",
        type=Duration(),
        default="15s",
        show_default=True,
        help="How long to wait for another run to end.",
    ),
    click.option(
        "--timeout", type=Duration(), help="How long the whole run may take.  [default: no limit]"
    ),
    click.option(
        "--statement-timeout",
        type=Duration(),
        help="How long one statement may take.  [default: no limit]",
    ),
)
"""How long things may take."""

_COMMON = [
    click.option(
        "--db",
        default="all",
        type=click.Choice(["all", "postgres", "clickhouse"]),
        show_default=True,
        help="The database to work on.",
    ),
    click.option("--dry-run", is_flag=True, help="Show what would happen; change nothing."),
    click.option("-y", "--yes", is_flag=True, help="Answer every confirmation with yes."),
    click.option("--json", is_flag=True, help="Print one JSON document on standard output."),
    click.option("-q", "--quiet", is_flag=True, help="Print data and errors only."),
    click.option("-v", "--verbose", is_flag=True, help="Print every statement, and Alembic's log."),
    CONFIG,
    click.option(
        "-n",
        "--section",
        default=SECTION,
        show_default=True,
        metavar="NAME",
        help="Alembic's section of alembic.ini.",
    ),
    X,
    click.option(
        "--wait",
        type=Duration(),
        help="How long to wait for databases that do not answer yet.  [default: not at all]",
    ),
    *TIMES,
    click.option(
        "--on-failure",
        type=click.Choice(["stop", "rollback"]),
        default="stop",
        show_default=True,
        help="What a run that fails does with what it has applied.",
    ),
    click.option(
        "--atomic",
        is_flag=True,
        help="Commit Postgres only once ClickHouse is done; on failure undo both.",
    ),
    NO_COLOR,
]


def together(
    kind: type[Any], options: Sequence[Callable[..., Any]]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """What gives a command options, whose values it takes as one.

    :param kind: a dataclass with a field for each option; its value is the first argument.
    """
    names = tuple(kind.__dataclass_fields__)

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def collected(**values: Any) -> Any:
            return function(kind(**{name: values.pop(name) for name in names}), **values)

        for option in reversed(options):
            collected = option(collected)
        return collected

    return decorate


common = together(Common, _COMMON)
"""Gives a command the options of every command, as one :class:`Common` value."""
