"""PURE. When reminders of a job that waits for the customer are due, and until when they can be put off.

Waiting counts on certain days of the week only, and reminders are sent in certain hours of these days, by the
clocks of the team's time zone. All times are epoch seconds.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final, NamedTuple, Self
from zoneinfo import ZoneInfo

_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK: Final = len(_NAMES)
_FORM: Final = re.compile(r"([a-z,-]+)\s+(\d\d?):([0-5]\d)-(\d\d?):([0-5]\d)", re.ASCII)
_WHOLE_DAY: Final = 24 * 60
_HOUR: Final = 60 * 60
_MOST: Final = 40
"""Reminders of a turn: by then, even pauses that begin with a second have grown to thousands of years."""
_LONGEST: Final = 200 * 366 * 24 * _HOUR
"""The longest wait that is counted, in seconds, so that no time is later than a calendar goes."""
_LIKE_THIS: Final = "days and hours, such as mon-fri 09:00-18:00, mon,wed,fri 9:00-17:30 or daily 00:00-24:00"


@dataclass(frozen=True, slots=True)
class Window:
    """The same hours on certain days of the week."""

    days: frozenset[int]
    """At least one; 0 is Monday."""
    opens: int
    closes: int
    """In minutes of the day, at most 1440; later than ``opens``, and outside itself."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the window that a text such as ``mon-fri 09:00-18:00`` means. Raises ValueError."""
        found = _FORM.fullmatch(re.sub(r"\s*([,-])\s*", r"\1", text.strip().lower()))
        if not found:
            raise ValueError(f"must be {_LIKE_THIS}")
        days, *times = found.groups()
        hour, minute, last_hour, last_minute = map(int, times)
        opens, closes = hour * 60 + minute, last_hour * 60 + last_minute
        if max(opens, closes) > _WHOLE_DAY:
            raise ValueError(f"has a time after 24:00: it must be {_LIKE_THIS}")
        if opens >= closes:
            raise ValueError("must end later than it begins, on the same day: it can't go over midnight")
        return cls(frozenset(day for part in days.split(",") for day in _days(part)), opens, closes)

    def __str__(self) -> str:
        """Write it as ``parse`` reads it."""
        hours = "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (self.opens, self.closes))
        firsts = [day for day in self.days if (day - 1) % _WEEK not in self.days]
        days = ",".join(_NAMES[day] for day in sorted(self.days))
        if not firsts:
            days = "daily"
        elif len(firsts) == 1 and len(self.days) > 1:
            days = f"{_NAMES[firsts[0]]}-{_NAMES[(firsts[0] + len(self.days) - 1) % _WEEK]}"
        return f"{days} {hours}"


def _days(part: str) -> list[int]:
    """Return the days that one of the parts between commas means. Raises ValueError."""
    if part == "daily":
        return list(range(_WEEK))
    names = part.split("-")
    if len(names) > 2 or not set(names) <= set(_NAMES):  # noqa: PLR2004  from one day to another
        raise ValueError(f"has a day that is none of {', '.join(_NAMES)}: it must be {_LIKE_THIS}")
    first, last = _NAMES.index(names[0]), _NAMES.index(names[-1])
    return [(first + ahead) % _WEEK for ahead in range((last - first) % _WEEK + 1)]


class Later(StrEnum):
    """Until when a person may put the next reminder off."""

    TOMORROW = "tomorrow"
    IN_TWO_DAYS = "in_two_days"
    NEXT_MONDAY = "next_monday"


def put_off(choice: Later, now: int, zone: ZoneInfo, window: Window) -> int:
    """Return the opening time on the chosen day; the window's days need not have it, see ``nth_after``."""
    day = datetime.fromtimestamp(now, zone).date()
    ahead = {Later.TOMORROW: 1, Later.IN_TWO_DAYS: 2, Later.NEXT_MONDAY: _WEEK - day.weekday()}
    return _epoch(day + timedelta(days=ahead[choice]), window.opens, zone)


@dataclass(frozen=True, slots=True)
class ReminderTimes:
    """When the operator wants reminders: after ``hours`` first, 0 for never, and in a window."""

    hours: float
    window: Window
    zone: ZoneInfo

    def nth(self, began: int, n: int) -> int:
        """Return when the n-th reminder, from 1, of a turn that began then is due.

        Pauses double, and the first of them is ``hours``. Only the window's days count, each from midnight to
        midnight; what then falls outside the window is due when it opens next. So several may fall together.
        """
        return self._after(began, 2 ** min(n, _MOST) - 1)

    def nth_after(self, later: int, n: int) -> int:
        """Return the same where the first was put off until ``later``: the second is two pauses behind it."""
        return self._after(self._in_window(later), 2 ** min(n, _MOST) - 2)

    def last_due(self, began: int, later: int | None, after: int, now: int) -> tuple[int, int] | None:
        """Return the number and the time of the last reminder until now; None unless it is ``after`` then.

        ``later`` says until when the first was put off; where the turn began after that, it has no meaning.
        """
        last = None
        for n, due in enumerate(self._times(began, later), 1):
            if due > now:
                break
            last = n, due
        return last if last and last[1] > after else None

    def next_due(self, began: int, later: int | None, after: int, now: int) -> int | None:
        """Return the time of the first reminder that is later than both; None where none will come."""
        return next((due for due in self._times(began, later) if due > max(after, now)), None)

    def _times(self, began: int, later: int | None) -> Iterator[int]:
        for n in range(1, _MOST + 1 if self.hours else 1):
            yield self.nth(began, n) if later is None or later < began else self.nth_after(later, n)

    def _after(self, start: int, pauses: int) -> int:
        """Return the first time in the window when as many times ``hours`` have passed on its days."""
        seconds = int(min(pauses * self.hours * _HOUR, _LONGEST))
        year, table = self._year_of(start)
        day = bisect_right(table.starts, start) - 1
        seconds += min(table.counted[day] + start - table.starts[day], table.counted[day + 1])
        while seconds >= table.counted[-1]:
            seconds -= table.counted[-1]
            year += 1
            table = _year(year, self.zone, self.window)
        day = bisect_right(table.counted, seconds) - 1
        return self._in_window(table.starts[day] + seconds - table.counted[day])

    def _in_window(self, at: int) -> int:
        """Return a time itself where it is inside the window, otherwise when that opens next."""
        year, table = self._year_of(at)
        number = bisect_right(table.closes, at)
        if number == len(table.closes):
            return _year(year + 1, self.zone, self.window).opens[0]
        return max(at, table.opens[number])

    def _year_of(self, at: int) -> tuple[int, "_Year"]:
        year = datetime.fromtimestamp(at, self.zone).year
        return year, _year(year, self.zone, self.window)


NEVER: Final = ReminderTimes(0, Window.parse("daily 00:00-24:00"), ZoneInfo("UTC"))


class _Year(NamedTuple):
    """The days of a year, each as long as it really is: on some, clocks go forward or back."""

    starts: list[int]
    """When they begin, and the next year."""
    counted: list[int]
    """How many seconds of the year have passed by then on the window's days."""
    opens: list[int]
    """When the window opens."""
    closes: list[int]
    """When it closes next."""


@lru_cache(maxsize=256)
def _year(year: int, zone: ZoneInfo, window: Window) -> _Year:
    first = date(year, 1, 1)
    days = [first + timedelta(days=ahead) for ahead in range((date(year + 1, 1, 1) - first).days)]
    starts = [_epoch(day, 0, zone) for day in [*days, date(year + 1, 1, 1)]]
    lengths, hours = [], []
    for day, (start, end) in zip(days, pairwise(starts), strict=True):
        is_counted = day.weekday() in window.days
        lengths.append(end - start if is_counted else 0)
        opens, closes = _epoch(day, window.opens, zone), min(_epoch(day, window.closes, zone), end)
        # Clocks may skip all hours of the window, or the day.
        if is_counted and opens < closes:
            hours.append((opens, closes))
    return _Year(starts, [*accumulate(lengths, initial=0)], *map(list, zip(*hours, strict=True)))


def _epoch(day: date, minutes: int, zone: ZoneInfo) -> int:
    """Return when clocks show that minute of a day first; where they skip it, as if they did not.

    So an opening at 02:30 is 03:30 where clocks go from 02:00 to 03:00.
    """
    local = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return int(local.replace(tzinfo=zone).timestamp())
