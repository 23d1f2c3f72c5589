"""``init``: a new project, or what an Alembic project lacks."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import Common, common

if TYPE_CHECKING:
    from ..redact import Redactor
    from ..render import Renderer


@click.command()
@common
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--clickhouse-dir",
    "pairs",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the ClickHouse files are to be.  [default: migrations_clickhouse]",
)
def init(options: Common, directory: Path | None, pairs: Path | None) -> int:
    """Make a project, or add what an Alembic project lacks."""
    from ..config.layout import read_layout
    from ..environments import ORDER
    from ..project import initialise
    from ..redact import Redactor
    from .session import let_go, told

    renderer = _renderer(options, Redactor(()))
    code = 0
    try:
        layout = read_layout(directory or Path(), options.config)
        renderer = _renderer(options, Redactor(layout.secrets, public=layout.public))
        names = ORDER if options.db == "all" else (options.db,)
        renderer.initialised(initialise(layout, names, pairs=pairs, write=not options.dry_run))
    except BrokenPipeError:
        let_go()
    except (Exception, KeyboardInterrupt) as error:
        code = told(renderer, error)
    with suppress(BrokenPipeError):
        renderer.finish("init", code)
    return code


def _renderer(options: Common, redactor: Redactor) -> Renderer:
    from ..config import no_color
    from ..render import choose

    color = False if options.no_color or no_color() else None
    return choose(json=options.json, quiet=options.quiet, color=color, hide=redactor.hide)
