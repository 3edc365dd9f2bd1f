"""The gateway's request throttling in the MetaStudio simulator, page "Before You Start"."""

from collections import deque


class Throttle:
    """Admits so many requests in any one second; those it refuses do not count. Times are epoch seconds."""

    def __init__(self) -> None:
        self._admitted: deque[float] = deque()

    def admits(self, most: int, now: float) -> bool:
        """Tell whether a request that comes now is one of at most so many in the second up to now."""
        # A time ahead of now is left over from before the clock was put back.
        while self._admitted and not now - 1 < self._admitted[0] <= now:
            self._admitted.popleft()
        if len(self._admitted) >= most:
            return False
        self._admitted.append(now)
        return True
