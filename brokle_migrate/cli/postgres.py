"""``postgres …``: Alembic's own command line."""

from __future__ import annotations

import click

from .commands import group
from .options import Common, common


@group.command("postgres", short_help="Run Alembic's own command line, under the lock.")
@common
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def postgres(options: Common, arguments: tuple[str, ...]) -> int:
    """Run Alembic's own command line, with the resolved configuration and under the lock.

    What stands behind the word postgres goes to Alembic as it is: postgres upgrade head, postgres
    history -v, postgres --help. Options of brokle-migrate stand before it: -c, -x, -q, -n,
    --lock-timeout, --no-color.
    """
    from .passing import pass_on

    return pass_on(options, arguments)
