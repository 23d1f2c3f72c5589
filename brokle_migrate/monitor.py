"""The health of the databases for whoever asks often: one look in a while serves them all."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from .applications import hiding
from .aside import aside
from .config import load
from .examination import TIMEOUT, health
from .redact import Redactor

if TYPE_CHECKING:
    from concurrent.futures import Future

    from .conditions import Health
    from .config import Config


class Monitor:
    """Keeps what was seen last; safe for any number of threads and event loops.

    :param config: read from the current directory and the environment, with the first look, when
        left out.
    :param cache: seconds for which a look counts; None leaves it to the configuration
        (``database.health_cache``).
    :param timeout: seconds that a database may take to answer.
    """

    def __init__(
        self, config: Config | None = None, cache: float | None = None, timeout: float = TIMEOUT
    ) -> None:
        self._config = config
        self._cache = cache
        self._timeout = timeout
        self._process = os.getpid()
        self._guard = threading.Lock()
        self._look: Future[Health] | None = None
        self._until = 0.0

    def current(self) -> Future[Health]:
        """What was seen last, or is being looked at; a new look where that is too old.

        The future raises ConfigError where there is no usable configuration.
        """
        if self._process != os.getpid():  # a fork inherits no thread that would finish a look
            self._process, self._guard, self._look = os.getpid(), threading.Lock(), None
        with self._guard:
            if self._look is None or (self._look.done() and time.monotonic() >= self._until):
                self._look = aside(self._examine)
            return self._look

    def hide(self, text: str) -> str:
        """A text without the passwords of the configuration."""
        return Redactor(()).hide(text) if self._config is None else hiding(self._config)(text)

    def _examine(self) -> Health:
        try:
            self._config = self._config or load()
            return health(self._config, self._timeout)
        finally:
            self._until = time.monotonic() + self._seconds()

    def _seconds(self) -> float:
        if self._cache is not None:
            return self._cache
        return 5.0 if self._config is None else self._config.health_cache
