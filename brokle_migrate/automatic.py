"""``auto_migrate``: what an application calls when it starts."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from . import startup
from .applications import failure, hiding, log, voice
from .aside import aside
from .cleaning import clean
from .config import load
from .environments import open_environments, selected
from .environments.base import Log
from .errors import Interrupted, MigrateError, UsageError
from .events import is_boundary
from .model import Operation, Request
from .redact import Redactor
from .waiting import TIMEOUT, Patience

if TYPE_CHECKING:
    from collections.abc import Callable

    from .config import Config
    from .events import Event
    from .model import Report


def auto_migrate(config: Config | None = None, timeout: float = TIMEOUT) -> Report | None:
    """Bring every configured database to head when an application starts.

    Does nothing unless auto-migration is enabled: ``database.auto_migrate``, ``DB_AUTO_MIGRATE``.
    Waits for databases that do not answer yet.  Where there is nothing to do it takes no lock and
    asks each database once; otherwise one of many replicas migrates, and the others wait for it.
    A database that newer code has migrated is left as it is.

    :param config: read from the current directory and the environment when left out.
    :param timeout: seconds for everything.
    :return: what was done; None when auto-migration is not enabled.
    :raises MigrationFailed: the message is the whole report, and what to type next.
    """
    return _auto_migrate(config, timeout, threading.Event())


async def auto_migrate_async(
    config: Config | None = None, timeout: float = TIMEOUT
) -> Report | None:
    """:func:`auto_migrate` for an event loop, which goes on meanwhile.

    When it is cancelled, the run stops between two statements, and its lock is released, before
    the cancellation goes on.

    :raises MigrationFailed: as there.
    """
    stop = threading.Event()
    # A thread of its own: those of the loop may all be busy.
    work = asyncio.wrap_future(aside(lambda: _auto_migrate(config, timeout, stop)))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        while not work.done():
            with suppress(asyncio.CancelledError):  # once is enough
                await asyncio.wait([work])
        if (error := work.exception()) is not None:
            log.warning("%s", error)
        raise


def _auto_migrate(config: Config | None, timeout: float, stop: threading.Event) -> Report | None:
    hide: Callable[[str], str] = Redactor(()).hide
    try:
        _require_seconds(timeout)
        config = load() if config is None else config
        hide = hiding(config)
        if not config.auto_migrate:
            log.info("auto-migration is off: DB_AUTO_MIGRATE=true turns it on")
            return None
        report = _bring_up(config, timeout, stop)
    except MigrateError as error:
        raise failure(error, hide) from None
    if report.error is not None:
        raise failure(report.error, hide, report) from None
    return clean(report, hide)


def _require_seconds(timeout: float) -> None:
    try:
        is_number = math.isfinite(timeout)
    except TypeError:
        is_number = False
    if not is_number:
        raise UsageError(f"timeout is a number of seconds, and not {timeout!r}")


def _cancelled() -> Interrupted:
    return Interrupted("the task that migrates was cancelled")


def _bring_up(config: Config, timeout: float, stop: threading.Event) -> Report:
    teller = voice(config)

    def sleep(seconds: float) -> None:
        if stop.wait(seconds):
            raise _cancelled()

    def emit(event: Event) -> None:
        if stop.is_set() and is_boundary(event):
            raise _cancelled()
        teller.event(event)

    patience = Patience(time.monotonic() + timeout, teller.message, sleep)
    with open_environments(config, log=Log.APPLICATION) as environments:
        request = Request(Operation.UP, selected(config, ()))
        report = startup.bring_up(environments, request, patience, emit)
    if report.error is None:
        teller.report(report)
    return report
