"""One of Alembic's verbs while it runs: its function, a renderer, signals, an exit code."""

from __future__ import annotations

import sys
import time
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .. import migrating
from ..clickhouse import command
from ..clickhouse.config import Config
from ..config import load, no_color
from ..model import Action, Limits
from ..redact import Redactor
from ..render import choose
from ..render.base import Writer
from ..veil import veiled
from .session import let_go, told
from .signals import stoppable, terminable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..clickhouse.config import Ask
    from ..environments import Environments
    from ..model import Report
    from ..render import Renderer
    from .alembics import Given


def call(given: Given, verb: str, values: Mapping[str, Any]) -> int:
    """Call the function of a verb; its errors become messages and its result an exit code.

    :param values: its arguments, by Alembic's names.
    """
    running = _Call(given)
    try:
        with terminable():
            config = running.config()
            with veiled(running.hide):
                code = running.outcome(lambda: getattr(command, verb)(config, **values))
    except (Exception, KeyboardInterrupt) as error:
        code = running.failed(error)
    with suppress(BrokenPipeError):
        running.renderer.finish(f"clickhouse {verb}", code)
    return code


class _Call:
    """What a verb needs around it.

    What a run has to say goes to standard error, as Alembic's log does: what is printed on
    standard output is the verb's own.
    """

    def __init__(self, given: Given) -> None:
        self._given = given
        self._started = time.monotonic()
        self.hide = Redactor(()).hide
        self.renderer = self._renderer()
        self.exit_code = 0

    def config(self) -> Config:
        """The configuration for the verb's function."""
        given = self._given
        settings = load(config_file=given.config, x=given.x, alembic_section=given.name)
        self.hide = Redactor(settings.secrets, public=settings.public).hide
        self.renderer = self._renderer()
        return Config(
            settings=settings,
            stdout=Writer(sys.stdout),
            quiet=given.quiet,
            host=self,
        )

    def run(self, environments: Environments, ask: Ask, only: Action) -> Report:
        """Bring about a request, let signals stop it, and report."""
        given, renderer = self._given, self.renderer
        deadline = None if given.timeout is None else self._started + given.timeout
        environments.hurry(deadline)
        with stoppable(renderer.event, renderer.message) as stop:
            report = migrating.migrated(
                ask,
                environments,
                only=only,
                again=only is Action.UPGRADE,
                emit=stop.event,
                tell=renderer.message,
                lock_timeout=given.lock_timeout,
                limits=Limits(deadline, given.statement_timeout or None),
            )
        self.exit_code = report.exit_code
        renderer.findings(report.plan.findings)
        if report.error is not None or not given.quiet:
            renderer.report(report)
        return report

    def outcome(self, work: Callable[[], object]) -> int:
        """Do the work; the exit code."""
        try:
            work()
            sys.stdout.flush()
        except BrokenPipeError:
            let_go()
        return self.exit_code

    def failed(self, error: BaseException) -> int:
        """Say what went wrong; the exit code."""
        if self._given.raiseerr:
            self.renderer.message(traceback.format_exc())
        return told(self.renderer, error)

    def _renderer(self) -> Renderer:
        given = self._given
        return choose(
            out=sys.stderr,
            quiet=given.quiet,
            color=False if given.no_color or no_color() else None,
            hide=self.hide,
            failure="FAILED",
        )
