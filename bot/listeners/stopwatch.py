"""How long Slack waits for the bot: from a request's arrival to its acknowledgement."""

import time

from bot.metrics import Metrics


class Stopwatch:
    """Runs from when it is made, for one request; what it measures goes to ``metrics``."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._started = time.monotonic()

    def acknowledged(self, kind: str) -> None:
        """Note that the request, TYPED or PRESSED, is acknowledged."""
        self._metrics.acknowledged(kind, time.monotonic() - self._started)

    def answered(self, kind: str, name: str, outcome: str) -> None:
        """Note that the acknowledgement was all that there is to say."""
        self.acknowledged(kind)
        self._metrics.interaction(kind, name, outcome, seconds=time.monotonic() - self._started)
