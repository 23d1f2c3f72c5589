"""A command line that goes to Alembic: its output, its exit codes, no secrets."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

from ..config import load, no_color
from ..environments import open_environments
from ..environments.alembic_line import AlembicLine
from ..errors import MigrateError, UsageError
from ..model import POSTGRES
from ..redact import Redactor
from ..render import choose
from ..veil import Veil, veiled_log
from .connecting import await_answers
from .options import SECTION
from .session import Session, told
from .signals import terminable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from ..config import Config
    from ..render import Renderer
    from .options import Common

_PROGRAM = "brokle-migrate postgres"
_OWN = Path(__file__).parents[1]


def pass_on(options: Common, arguments: Sequence[str]) -> int:
    """Run Alembic's command line.

    :return: the exit code: Alembic's, or ours where Alembic was not run, or was stopped.
    """
    hide = Redactor(()).hide
    try:
        _require_fitting(options)
        with _streams(hide, hide):
            line = AlembicLine(_PROGRAM, [*_ours(options), *arguments])
        config = load(
            config_file=options.config,
            x=line.x,
            alembic_section=line.section,
            alembic_files=line.files,
        )
        redactor = Redactor(config.secrets, public=config.public)
        hide = redactor.hide
        _await_answers(options, config, hide)
        # Standard output is data, as SQL is: only what is known to be secret is taken out.
        with terminable(), _streams(redactor.hide_known, hide):
            line.run(
                config,
                tell=_renderer(options, hide).message,
                timeout=options.lock_timeout,
                hide=hide,
            )
    except SystemExit as stop:
        return _code(stop, hide)
    except (MigrateError, KeyboardInterrupt) as error:
        return _told(error, options, hide)
    except Exception as error:
        print(hide(_traceback(error)), end="", file=sys.stderr)  # noqa: T201 - as Python would
        return 1
    return 0


def _require_fitting(options: Common) -> None:
    """Refuse what Alembic has no counterpart for, rather than pass it over.

    :raises UsageError: there is such an option.
    """
    up = "brokle-migrate --db postgres up has it"
    unfit = {
        "--db clickhouse": (options.db == "clickhouse", "see brokle-migrate clickhouse"),
        "--dry-run": (options.dry_run, f"Alembic has upgrade --sql, and {up}"),
        "--json": (
            options.json,
            "Alembic prints text; see brokle-migrate --json status",
        ),
        "--timeout": (options.timeout is not None, up),
        "--statement-timeout": (options.statement_timeout is not None, up),
        "--on-failure rollback": (options.on_failure != "stop", up),
        "--atomic": (options.atomic, up),
    }
    for name, (given, instead) in unfit.items():
        if given:
            raise UsageError(f"{name} does not go with Alembic's command line", hint=instead)


def _ours(options: Common) -> list[str]:
    """Options that stood before the command, as Alembic has them."""
    words = [word for argument in options.x for word in ("-x", argument)]
    words += ["-n", options.section] if options.section != SECTION else []
    return [*words, "-q"] if options.quiet else words


def _await_answers(options: Common, config: Config, hide: Callable[[str], str]) -> None:
    """``--wait``, where Postgres is configured."""
    if options.wait is None or config.postgres is None:
        return
    with terminable(), open_environments(config) as environments:
        renderer = _renderer(options, hide)
        session = Session(options, config, environments, renderer, (POSTGRES,))
        await_answers(session, locks=False)


def _told(error: BaseException, options: Common, hide: Callable[[str], str]) -> int:
    renderer = _renderer(options, hide)
    code = told(renderer, error)
    renderer.finish("postgres", code)
    return code


def _renderer(options: Common, hide: Callable[[str], str]) -> Renderer:
    color = False if options.no_color or no_color() else None
    return choose(json=options.json, quiet=options.quiet, color=color, hide=hide)


def _code(stop: SystemExit, hide: Callable[[str], str]) -> int:
    """The exit code, as the interpreter makes it of ``sys.exit``'s argument."""
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return stop.code & 0xFF
    print(hide(str(stop.code)), file=sys.stderr)  # noqa: T201 - as Python would
    return 1


def _traceback(error: Exception) -> str:
    """The traceback as Alembic's own command would show it: without what is ours at its top."""
    place = error.__traceback__
    while place is not None and _is_ours(place):
        place = place.tb_next
    return "".join(traceback.format_exception(type(error), error, place or error.__traceback__))


def _is_ours(place: TracebackType) -> bool:
    return _OWN in Path(place.tb_frame.f_code.co_filename).parents


@contextmanager
def _streams(out: Callable[[str], str], err: Callable[[str], str]) -> Iterator[None]:
    """Let nothing secret through on either stream.

    :param out: takes the secrets out of what goes to standard output.
    :param err: likewise for standard error.
    """
    veils = [Veil(sys.stdout, out), Veil(sys.stderr, err)]
    stdout, stderr = (cast("TextIO", veil) for veil in veils)
    with redirect_stdout(stdout), redirect_stderr(stderr), veiled_log(err):
        try:
            yield
        finally:
            for veil in veils:
                _flush(veil)


def _flush(veil: Veil) -> None:
    try:
        veil.flush()
    except BrokenPipeError:
        # Somebody's `| head` has read enough: nothing is left to tell, nor to flush at exit.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), veil.fileno())
