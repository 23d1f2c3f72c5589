"""Whether the server takes the settings of the statements, asked before the first one runs.

A misspelled setting in the fifth statement of a file would leave four of them done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .drivers import ServerError
from .drivers.base import CANNOT_PARSE_NUMBER, UNKNOWN_SETTING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .drivers import Driver

# What is wrong with a setting itself: its name, its value, or that this user may not change it
# (numbers: system.errors of ClickHouse 26.9).  Anything else, such as a limit that even the
# question exceeds, is left to the statement.
_ABOUT_SETTINGS = frozenset({UNKNOWN_SETTING, CANNOT_PARSE_NUMBER, 27, 452, 467})


class SettingsCheck:
    """Asks the server about each set of settings once.

    :param driver: the open connection.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._answers: dict[frozenset[tuple[str, str]], str | None] = {}

    def refusal(self, settings: Mapping[str, str]) -> str | None:
        """Why a statement with these settings can't run, None when nothing is known against it.

        :raises ConnectionLost: the server could not be asked.
        """
        key = frozenset(settings.items())
        if key and key not in self._answers:
            self._answers[key] = self._asked(settings)
        return self._answers.get(key)

    def _asked(self, settings: Mapping[str, str]) -> str | None:
        try:
            self._driver.execute("SELECT 1", settings=settings)
        except ServerError as error:
            if error.code not in _ABOUT_SETTINGS:
                return None
            return f"the server does not take the settings of this statement: {error.message}"
        return None
