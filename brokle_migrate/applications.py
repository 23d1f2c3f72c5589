"""How the library behaves in somebody else's program: it logs, and keeps secrets to itself."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .cleaning import clean, clean_error
from .environments import open_environments
from .environments.base import Log
from .errors import MigrateError, MigrationFailed
from .redact import Redactor
from .render import to_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .config import Config
    from .environments import Environments
    from .model import Report
    from .render import Renderer

log = logging.getLogger("brokle_migrate")


def hiding(config: Config) -> Callable[[str], str]:
    """What takes the passwords of a configuration out of a text."""
    return Redactor(config.secrets, public=config.public).hide


def voice(config: Config) -> Renderer:
    """What tells of a run: to the logger ``brokle_migrate``, at level INFO."""
    return to_log(_note, hiding(config))


def _note(line: str) -> None:
    if line:
        log.info(line)


@contextmanager
def opened(config: Config) -> Iterator[Environments]:
    """The environments of a configuration, closed at the end.

    :raises MigrateError: whatever was raised inside, without secrets.
    """
    try:
        with open_environments(config, log=Log.APPLICATION) as environments:
            yield environments
    except MigrateError as error:
        raise clean_error(error, hiding(config)) from None


def failure(
    error: MigrateError, hide: Callable[[str], str], report: Report | None = None
) -> MigrationFailed:
    """The exception whose message is what the command line would have printed.

    :param report: of the run that failed; None when nothing was run.
    """
    lines: list[str] = []
    page = to_log(lines.append, hide)
    if report is None:
        page.error(error)
    else:
        page.report(report)
    message = "\n".join(lines)
    return MigrationFailed(message, error=clean_error(error, hide), report=clean(report, hide))
