"""``graph``: both histories as a picture, on standard output or in a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import Common, common

if TYPE_CHECKING:
    from ..graph import Graph
    from ..model import Finding
    from ..render.pictures import Form
    from .session import Session


@click.command()
@common
@click.option(
    "--format",
    "form",
    type=click.Choice(["svg", "mermaid"]),
    help="The form of the picture.  [default: svg, or what the suffix of FILE says]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the picture to a file: .svg, .mmd, or .md for Mermaid in Markdown.",
)
@click.option("--all", "everything", is_flag=True, help="Show every revision of long histories.")
def graph(options: Common, form: str | None, out: Path | None, everything: bool) -> int:
    """Draw both histories, and where each database stands."""
    from .session import execute

    def work(session: Session) -> int:
        chosen = _form(form, out)
        found = _read(session, everything)
        if out is None:
            session.renderer.graph(found, chosen)
            _tell_of_files(session)
        else:
            _write(session, found, chosen, out)
        return 0

    return execute(options, "graph", work)


def _form(asked: str | None, out: Path | None) -> Form:
    """The form that the two options agree on.

    :raises UsageError: they don't, or the suffix stands for none.
    """
    from ..errors import UsageError
    from ..render.pictures import FORMS, Form

    wanted = None if asked is None else Form(asked)
    if out is None:
        return wanted or Form.SVG
    by_suffix = FORMS.get(out.suffix.lower())
    if by_suffix is None and wanted is None:
        raise UsageError(
            f"--out {out}: the suffix does not say what to write",
            hint="end it in .svg, .mmd or .md, or say --format svg or --format mermaid",
        )
    if (
        by_suffix is not None
        and wanted is not None
        and (by_suffix is Form.SVG) != (wanted is Form.SVG)
    ):
        raise UsageError(
            f"--format {asked} and --out {out} contradict each other",
            hint="leave --format out, or give the file another suffix",
        )
    return by_suffix or wanted or Form.SVG


def _tell_of_files(session: Session) -> None:
    """Say to somebody who has a screen full of markup now how to get a picture."""
    if sys.stdout.isatty() and not session.options.json:
        session.renderer.message("a file is nicer: brokle-migrate graph --out graph.svg")


def _read(session: Session, everything: bool) -> Graph:
    from ..graph_stretches import collapsed
    from ..graphing import graph as read

    found = read(session.environments, session.names)
    session.renderer.findings(_unreadable(found))
    return found if everything else collapsed(found)


def _unreadable(found: Graph) -> list[Finding]:
    from ..model import Finding, Level

    return [
        Finding(
            side.problem.code,
            Level.WARNING,
            side.environment,
            f"{side.problem.message}; the picture shows its files alone",
            side.problem.hint,
        )
        for side in found.sides
        if side.problem is not None
    ]


def _write(session: Session, found: Graph, form: Form, out: Path) -> None:
    from .files import write_out

    content = session.renderer.picture(found, form).encode()
    session.renderer.drawn(found, write_out(out, content, dry_run=session.options.dry_run))
