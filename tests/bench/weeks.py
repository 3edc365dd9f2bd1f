"""Simulated weeks: jobs that move, people who look at Slack, and the bot's own decisions between them."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Final, NamedTuple

from bot.domain.jobs import Job
from bot.domain.reminders import NEVER, ReminderTimes, Window
from bot.domain.waiting import is_ours
from tests.bench import people
from tests.bench.journeys import next_move
from tests.bench.people import DAY, START, ZONE, Person, Way, worked
from tests.bench.pure_bot import MEMBERS, THE_BATCH, PureBot, Sent

TIMES: Final = ReminderTimes(24, Window.parse("mon-fri 09:00-18:00"), ZONE)
AT_ONCE: Final = 0.8
"""The share of jobs for which whoever creates them uploads within the hour; the others wait for somebody."""
ARRIVING: Final = 0.7
"""The share of the time in which jobs are created, so that most are over at the end."""


class Variant(NamedTuple):
    """What of the bot is on."""

    reminders: bool
    claims: bool


@dataclass(eq=False)
class Turn:
    """One time that a job waits for us."""

    job_id: str
    number: int
    """Counted over all turns of the job."""
    state: str
    began: int
    is_creators: bool
    """Whether who created the job uploads at once, so that it waits for nobody."""
    taken: int | None = None
    """When the first person decided to see to it."""
    moved: int | None = None
    said: tuple[str, int] | None = None
    """Who told in the thread that they see to it, and since when."""
    busy: set[str] = field(default_factory=set)
    """Who has decided to see to it."""
    forgot: set[str] = field(default_factory=set)
    """Who of them does not think of it any more."""
    starts: int = 0
    """How many people began the work."""


@dataclass(eq=False)
class Message:
    """What one person has not read yet."""

    way: Way
    turns: Sequence[Turn]
    about: tuple[object, ...]


class Outcome(NamedTuple):
    """What was counted."""

    turns: Sequence[Turn]
    sent: Sent
    end: int
    """When the run ended, in epoch seconds."""


class Weeks:
    """A run of one variant."""

    def __init__(self, variant: Variant, *, seed: int, jobs: int, weeks: int) -> None:
        self._variant = variant
        self._seed = seed
        self._now = START
        self._end = START + 7 * DAY * weeks
        self._jobs: dict[str, Job] = {}
        self._turns: list[Turn] = []
        self._open: dict[str, Turn] = {}
        """The turns that are not over, by job."""
        self._times: Counter[tuple[str, str]] = Counter()
        """How often each job came into each state."""
        self._people = {each: Person(each, seed) for each in MEMBERS}
        self._unread: dict[str, list[Message]] = {each: [] for each in MEMBERS}
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._bot = PureBot(TIMES if variant.reminders else NEVER, at=self._at, tell=self._tell)
        arriving = 7 * DAY * weeks * ARRIVING
        for number in range(jobs):
            created = START + int(arriving * self._chance("created", number).random())
            self._at(worked(created, 60), partial(self._create, number))
        for person in self._people.values():
            for look in person.looks(7 * weeks):
                self._at(look, partial(self._look, person))

    def run(self) -> Outcome:
        """Let the time pass, and return what was counted."""
        self._bot.begin(self._now)
        while self._events and self._events[0][0] < self._end:
            self._now, _, event = heappop(self._events)
            event()
            self._bot.deliver(self._now)
        return Outcome(self._turns, self._bot.sent, self._end)

    def _at(self, time: int, event: Callable[[], None]) -> None:
        heappush(self._events, (time, next(self._order), event))

    def _chance(self, *about: object) -> Random:
        return Random(f"{self._seed} {about}")  # noqa: S311

    # Jobs

    def _create(self, number: int) -> None:
        job_id, kind = f"job-{number:03}", number % 3
        batch = THE_BATCH.value if kind == 1 else None
        self._jobs[job_id] = Job(job_id=job_id, voice_name=f"Voice {number}", batch_name=batch)
        self._move(job_id, "CREATING")
        if kind == 0:
            self._bot.follow(self._jobs[job_id], self._now)

    def _move(self, job_id: str, state: str) -> None:
        """Let a job come into a state, and plan how it goes on: by itself, or by what people do."""
        if turn := self._open.pop(job_id, None):
            turn.moved = self._now
        times = self._times[job_id, state] = self._times[job_id, state] + 1
        changed = {"state": state, "reject_times": times, "lastupdate_time": self._now}
        self._jobs[job_id] = self._jobs[job_id].model_copy(update=changed)
        self._bot.moved(self._jobs[job_id], self._now)
        chance = self._chance(job_id, state, times)
        if not is_ours(state):
            self._work(job_id, state, chance)
            return
        is_creators = state == "CREATING" and chance.random() < AT_ONCE
        number = sum(turn.job_id == job_id for turn in self._turns)
        turn = Turn(job_id, number, state, self._now, is_creators)
        self._open[job_id] = turn
        self._turns.append(turn)
        if is_creators:
            turn.taken, turn.said = self._now, ("creator", self._now)
            self._at(self._now + chance.randrange(300, 3600), partial(self._finish, turn, "SYSTEM_AUDITING"))

    def _work(self, job_id: str, state: str, chance: Random) -> None:
        if move := next_move(state, self._now, chance):
            self._at(move[0], partial(self._move, job_id, move[1]))

    # People

    def _tell(self, person_id: str, way: Way, jobs: Iterable[str], about: tuple[object, ...]) -> None:
        """Let a message reach a person: at their next look, or sooner if it is to them."""
        person, turns = self._people[person_id], [self._open[each] for each in jobs if each in self._open]
        message = Message(way, turns, about)
        self._unread[person_id].append(message)
        if way in {people.MENTIONED, people.DIRECT}:
            delay = person.chance("notices", self._now).expovariate(1 / people.NOTICES_AFTER)
            self._at(worked(self._now, delay), partial(self._notice, person, message))

    def _notice(self, person: Person, message: Message) -> None:
        if message in self._unread[person.id] and person.is_in(self._now):
            self._unread[person.id].remove(message)
            self._read(person, message)

    def _look(self, person: Person) -> None:
        unread, self._unread[person.id] = self._unread[person.id], []
        for message in unread:
            self._read(person, message)
        if person.chance("round", self._now).random() < people.ROUNDS:
            old = [each for each in self._open.values() if self._now - each.began > people.OLD]
            self._read(person, Message(people.GOING_THROUGH, old, ("round", self._now)))

    def _read(self, person: Person, message: Message) -> None:
        for turn in message.turns:
            chance = person.chance(turn.job_id, turn.number, *message.about)
            reads, acts = chance.random() < message.way.reads, chance.random() < message.way.acts
            if turn.moved is not None or not reads:
                continue
            if person.id in turn.forgot:
                self._plan(person, turn, chance)
            elif person.id not in turn.busy and acts and self._is_free(turn, person, message.way):
                self._take(person, turn, chance)

    def _is_free(self, turn: Turn, person: Person, way: Way | None = None) -> bool:
        """Whether nobody else is known to see to it, or to somebody who goes through all: not for long."""
        if not (holder := self._bot.claim(turn.job_id) or turn.said) or holder[0] == person.id:
            return True
        return way is people.GOING_THROUGH and self._now - holder[1] > people.ABANDONED

    def _take(self, person: Person, turn: Turn, chance: Random) -> None:
        turn.taken = self._now if turn.taken is None else turn.taken
        turn.busy.add(person.id)
        says = chance.random()
        if self._variant.claims and says < people.PRESSES:
            self._bot.press(self._jobs[turn.job_id], person.id, self._now)
        elif not self._variant.claims and says < people.SAYS_SO:
            turn.said = person.id, self._now
        self._plan(person, turn, chance)

    def _plan(self, person: Person, turn: Turn, chance: Random) -> None:
        turn.forgot.add(person.id)
        if chance.random() >= people.FORGETS:
            turn.forgot.remove(person.id)
            start = worked(self._now, chance.expovariate(1 / people.STARTS_AFTER))
            self._at(start, partial(self._start, person, turn))

    def _start(self, person: Person, turn: Turn) -> None:
        """Begin the work, unless the card or the thread says by now that somebody else does."""
        if turn.moved is not None or not self._is_free(turn, person):
            return
        turn.starts += 1
        if move := next_move(turn.state, self._now, self._chance(turn.job_id, turn.number, person.id)):
            self._at(move[0], partial(self._finish, turn, move[1]))

    def _finish(self, turn: Turn, then: str) -> None:
        if turn.moved is None:
            self._move(turn.job_id, then)
