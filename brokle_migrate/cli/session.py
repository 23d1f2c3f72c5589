"""What every command needs around it: configuration, environments, a renderer, a way to ask."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from ..config import load, no_color
from ..environments import Environments, open_environments, selected
from ..environments.base import Log
from ..errors import MigrateError, NotConfirmed, interrupted
from ..redact import Redactor
from ..render import choose
from ..veil import veiled
from .connecting import await_answers
from .signals import terminable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..config import Config
    from ..model import Request
    from ..render import Renderer
    from .options import Common


@dataclass(slots=True)
class Session:
    """One command while it runs.

    :ivar names: the selected environments, Postgres first.
    :ivar exit_code: what is known of the outcome, should nobody read the output to its end.
    """

    options: Common
    config: Config
    environments: Environments
    renderer: Renderer
    names: tuple[str, ...]
    exit_code: int = 0

    def confirm(self, question: str) -> None:
        """Ask before something that can't be taken back.

        :raises NotConfirmed: the answer was not yes, or there is nobody to ask.
        """
        if self.options.yes:
            return
        _require_terminal(question)
        with _given_up():
            if not click.confirm(question, err=True):
                raise NotConfirmed

    def request(self, operation: str, *, settle: str | None = None, **values: Any) -> Request:
        """A request for the selected environments, with what the common options say."""
        from ..interruption import Settle
        from ..model import OnFailure, Operation, Request

        return Request(
            Operation[operation],
            self.names,
            settle=None if settle is None else Settle(settle),
            on_failure=OnFailure(self.options.on_failure),
            atomic=self.options.atomic,
            **values,
        )

    def choose(self, question: str, choices: Mapping[str, str]) -> str:
        """Let one of several ways be chosen.

        :param choices: what each means, by its name.
        :raises NotConfirmed: none was chosen, or there is nobody to ask.
        """
        _require_terminal(question, hint="say which: --" + ", --".join(choices))
        for name, meaning in choices.items():
            self.renderer.message(f"{name}: {meaning}")
        with _given_up():
            chosen = click.prompt(question, type=click.Choice([*choices, "nothing"]), err=True)
        if chosen == "nothing":
            raise NotConfirmed
        return str(chosen)

    def waiting(self, holder: str) -> None:
        """Say who holds the lock."""
        self.renderer.message(f"waiting for the lock, which is held by {holder}")

    def confirm_name(self, question: str, name: str) -> None:
        """Have a name typed before something that destroys data.

        :raises NotConfirmed: another name was typed, or there is nobody to ask.
        """
        if self.options.yes:
            return
        _require_terminal(question)
        with _given_up():
            typed = click.prompt(
                f"{question} Type its name ({name})", default="", show_default=False, err=True
            )
        if typed.strip() != name:
            raise NotConfirmed(f"{typed!r} is not {name!r}: nothing was dropped")


@contextmanager
def _given_up() -> Iterator[None]:
    """Ctrl-C and end of input at a question mean no."""
    try:
        yield
    except click.Abort:
        raise NotConfirmed from None


def _require_terminal(question: str, hint: str = "pass --yes to answer it") -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise NotConfirmed(
            f"this asks first ({question}), and there is no terminal to ask on; nothing was run",
            hint=hint,
        )


def execute(
    options: Common,
    command: str,
    work: Callable[[Session], int],
    *,
    opens: bool = True,
    locks: bool = False,
) -> int:
    """Run a command's work; its errors become messages and its result an exit code.

    :param command: the command's name, for the JSON envelope.
    :param opens: it opens the selected databases, so that ``--wait`` waits for them.
    :param locks: it takes the lock, so that ``--wait`` waits for the lock's database, too.
    """
    renderer = _renderer(options, Redactor(()).hide)
    try:
        config = load(config_file=options.config, x=options.x)
        hide = Redactor(config.secrets, public=config.public).hide
        renderer = _renderer(options, hide)
        with terminable(), veiled(hide), _session(options, config, renderer) as session:
            if opens:
                await_answers(session, locks=locks)
            code = _outcome(session, work)
    except (Exception, KeyboardInterrupt) as error:
        code = told(renderer, error)
    with suppress(BrokenPipeError):
        renderer.finish(command, code)
    return code


def told(renderer: Renderer, error: BaseException) -> int:
    """Say what went wrong.

    :return: the exit code.
    """
    if isinstance(error, KeyboardInterrupt):
        error = interrupted(*error.args[:1] or (signal.SIGINT,))
    elif not isinstance(error, MigrateError):
        # A bug: it still has to pass the redactor, and end the output.
        trace = "".join(traceback.format_exception(error))
        error = MigrateError(f"this is a bug in brokle-migrate:\n{trace}")
    renderer.error(error)
    return error.exit_code


def let_go() -> None:
    """Somebody's `| head` has read enough: nothing is left to tell, nor to flush at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _outcome(session: Session, work: Callable[[Session], int]) -> int:
    try:
        return work(session)
    except BrokenPipeError:
        let_go()
        return session.exit_code


@contextmanager
def _session(options: Common, config: Config, renderer: Renderer) -> Iterator[Session]:
    names = selected(config, () if options.db == "all" else (options.db,))
    with open_environments(
        config, log=Log.SHOWN if options.verbose else Log.HIDDEN
    ) as environments:
        yield Session(options, config, environments, renderer, names)


def _renderer(options: Common, hide: Callable[[str], str]) -> Renderer:
    return choose(
        json=options.json,
        quiet=options.quiet,
        verbose=options.verbose,
        color=False if options.no_color or no_color() else None,
        hide=hide,
    )
