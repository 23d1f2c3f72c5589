"""The commands of operation: what runs around an application, and looks at it."""

from __future__ import annotations

import click

from .commands import execute, group
from .options import Common, Duration, common


@group.command()
@common
def auto(options: Common) -> int:
    """Apply all pending revisions at a container's start, if that is enabled.

    Waits for databases that do not answer yet, and for another run to end, for 5 minutes unless
    --timeout says otherwise.
    """
    from .starting import auto as run

    return execute(options, "auto", run)


@group.command()
@common
@click.option("--at-head", is_flag=True, help="Wait until everything is applied, too.")
def wait(options: Common, at_head: bool) -> int:
    """Wait until the databases answer.

    For 5 minutes, unless --timeout says otherwise.
    """
    from .starting import wait as run

    return execute(options, "wait", lambda session: run(session, at_head=at_head))


@group.command("serve-health")
@common
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="0 takes any that is free.",
)
@click.option(
    "--cache", type=Duration(), help="How long a look at the databases counts.  [default: 5s]"
)
def serve_health(options: Common, host: str, port: int, cache: float | None) -> int:
    """Serve /health, /ready and /metrics."""
    from .serving import serve

    return execute(options, "serve-health", lambda session: serve(session, host, port, cache))
