"""Logging the first failure and the recovery, instead of every retry."""

import logging
from typing import Any


class LogOnce:
    """Logs the first failure of each kind, and that they are over."""

    def __init__(self, logger: logging.Logger) -> None:
        self._log = logger
        self._logged: set[str] = set()

    def failed(self, what: str, *values: object, about: dict[str, Any] | None = None) -> None:
        """Log a failure, unless one of its kind, which is its ``what``, was logged since the last recovery.

        ``about`` has the line's fields, see bot.telemetry.logs.
        """
        if what not in self._logged:
            self._log.warning(what, *values, extra=about)
        self._logged.add(what)

    def recovered(self, what: str = "") -> None:
        """Log ``what``, if not empty, if a failure was logged since the last recovery."""
        if self._logged and what:
            self._log.info(what)
        self._logged.clear()
