"""What goes wrong for a while, told twice: when it begins, and when it is over."""

import logging


class Edge:
    """Logs the first of many failures in a row, and that they are over."""

    def __init__(self, logger: logging.Logger) -> None:
        self._log = logger
        self._told = ""

    def fails(self, what: str, *values: object) -> None:
        """Log a failure, unless the one before was of the same kind: ``what`` tells kinds apart."""
        if what != self._told:
            self._log.warning(what, *values)
        self._told = what

    def works(self, what: str) -> None:
        """Log that it works again, if it did not."""
        if self._told and what:
            self._log.info(what)
        self._told = ""
