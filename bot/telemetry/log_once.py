"""Logging the first failure and the recovery, instead of every retry."""

import logging
from typing import Any


class LogOnce:
    """Logs the first failure of each kind, and that they are over."""

    def __init__(self, logger: logging.Logger) -> None:
        self._log = logger
        self._told: set[str] = set()

    def fails(self, what: str, *values: object, about: dict[str, Any] | None = None) -> None:
        """Log a failure, unless one of its kind was logged since it worked: ``what`` tells kinds apart.

        ``about`` has the line's fields, see bot.telemetry.logs.
        """
        if what not in self._told:
            self._log.warning(what, *values, extra=about)
        self._told.add(what)

    def works(self, what: str = "") -> None:
        """Log that it works again, if it did not and there is a word for it."""
        if self._told and what:
            self._log.info(what)
        self._told.clear()
