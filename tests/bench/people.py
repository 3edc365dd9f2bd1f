"""PURE. People who look at Slack now and then: when they do, and what they make of what they read.

The model is simple on purpose, and its numbers are assumed, not measured. A chance is drawn by what it is
about, not by the order of events: so people who read the same do the same, with and without reminders.
"""

from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

HOUR: Final = 60 * 60
DAY: Final = 24 * HOUR
WORKING_DAYS: Final = 5
ZONE: Final = ZoneInfo("Asia/Shanghai")
START: Final = int(datetime(2026, 6, 1, tzinfo=ZONE).timestamp())
"""A Monday, midnight; clocks never change there."""
OPENS, CLOSES = 9 * HOUR, 18 * HOUR
"""When people work, by the clock; so do those at Huawei who review."""

LOOKS: Final = (2, 6)
"""How often a person looks at Slack on a day, at random moments."""
ABSENT: Final = 0.1
"""The share of working days on which a person does not look at all: holidays, illness, a day of meetings."""
NOTICES_AFTER: Final = HOUR / 3
"""Working seconds until a person sees that they were mentioned or written to, on average."""
STARTS_AFTER: Final = 3 * HOUR
"""Working seconds from the decision to see to a job until that begins, on average."""
FORGETS: Final = 0.2
"""The share of decisions of which nothing comes, until something reminds of them."""
SAYS_SO: Final = 0.4
"""The share of decisions that are told in the thread, where there is no button for that."""
PRESSES: Final = 0.8
"""The share of decisions that are told by the button, where there is one: it is nearer than writing."""
ROUNDS: Final = 0.04
"""The share of looks with which a person goes through all that waits: on the board, or in the console."""
OLD: Final = DAY
"""How long a job has waited, in seconds, when somebody who goes through all of them minds it."""
ABANDONED: Final = 2 * DAY
"""For how long somebody has had it, in seconds, when such a person takes it over."""


class Way(NamedTuple):
    """How something reaches a person: the share of which they take note, and act on if nobody else does."""

    reads: float
    acts: float


IN_CHANNEL: Final = Way(0.6, 0.12)
"""It is said to everybody, which is nobody: some is scrolled past, and mostly somebody else will do it."""
IN_THREAD: Final = Way(0.5, 0.4)
"""It is among the threads that they follow, which has to be opened."""
MENTIONED: Final = Way(0.9, 0.5)
DIRECT: Final = Way(0.95, 0.7)
GOING_THROUGH: Final = Way(1.0, 0.3)


def worked(at: int, seconds: float) -> int:
    """Return when so many seconds of working hours have passed."""
    while True:
        day, clock = divmod(at - START, DAY)
        begins, ends = at - clock + max(clock, OPENS), at - clock + CLOSES
        if day % 7 < WORKING_DAYS and begins < ends:
            if seconds <= ends - begins:
                return int(begins + seconds)
            seconds -= ends - begins
        at += DAY - clock


@dataclass(frozen=True)
class Person:
    """One of the people, by Slack's id."""

    id: str
    seed: int

    def chance(self, *about: object) -> Random:
        """Return random numbers that depend on nothing but the person, the seed, and this."""
        return Random(f"{self.seed} {self.id} {about}")  # noqa: S311

    def is_in(self, at: int) -> bool:
        """Whether they look at Slack at all on that day."""
        day = (at - START) // DAY
        return day % 7 < WORKING_DAYS and self.chance("in", day).random() >= ABSENT

    def looks(self, days: int) -> list[int]:
        """Return when they look at Slack."""
        mornings = (START + DAY * day + OPENS for day in range(days))
        return [at for morning in mornings if self.is_in(morning) for at in self._looks(morning)]

    def _looks(self, morning: int) -> list[int]:
        chance = self.chance("looks", morning)
        return sorted(morning + chance.randrange(CLOSES - OPENS) for _ in range(chance.randint(*LOOKS)))
