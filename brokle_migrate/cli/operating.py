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

    _refuse_wait(options, "auto waits in any case; --timeout says for how long")
    return execute(options, "auto", run, opens=False)


@group.command()
@common
@click.option("--at-head", is_flag=True, help="Wait until everything is applied, too.")
def wait(options: Common, at_head: bool) -> int:
    """Wait until the databases answer.

    For 5 minutes, unless --timeout says otherwise.
    """
    from .starting import wait as run

    _refuse_wait(options, "the command wait takes its duration from --timeout")
    return execute(options, "wait", lambda session: run(session, at_head=at_head), opens=False)


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

    _refuse_wait(options, "serve-health serves at once, and says what does not answer")
    return execute(
        options,
        "serve-health",
        lambda session: serve(session, host, port, cache),
        opens=False,
    )


def _refuse_wait(options: Common, why: str) -> None:
    """Refuse ``--wait`` where it has no meaning.

    :raises click.UsageError: it was given.
    """
    if options.wait is not None:
        raise click.UsageError(f"--wait: {why}")
