"""The bot's pure parts in simulated time: its records and their index, what is due, what is recorded of it.

Slack accepts each message at once, and there is nothing between the bot and it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from math import ceil
from typing import Any, Final

from bot.deliver.changes import after_ok
from bot.deliver.schedule import Task, next_due, next_task, tasks
from bot.domain.boards import board_started, keys_of_board
from bot.domain.claims import Turn, claimed
from bot.domain.deliveries import NEWS, REMINDERS, Step
from bot.domain.following import Following
from bot.domain.job_records import observed, with_answer
from bot.domain.jobs import Job
from bot.domain.keys import Address, BoardKey, JobRef, Key, Selector, SelectorKind
from bot.domain.records import Change, Level, Posted
from bot.domain.reminders import ReminderTimes
from bot.domain.subscriptions import key_of, keys_of, started
from bot.domain.taking_in import keys_to_take_in, taken_in
from bot.store.index import Index
from tests.bench.people import DAY, DIRECT, IN_CHANNEL, IN_THREAD, MENTIONED, START, Way

TEAM: Final = "T1"
SINGLE, BATCH, PROJECT = "CSINGLE", "CBATCH", "CPROJECT"
"""The channels: one follows a third of the jobs by themselves, one a third as a batch, one the project."""
MEMBERS: Final = {
    "U1": (SINGLE, PROJECT),
    "U2": (SINGLE,),
    "U3": (SINGLE,),
    "U4": (SINGLE, BATCH),
    "U5": (BATCH,),
    "U6": (BATCH,),
    "U7": (BATCH, PROJECT),
    "U8": (PROJECT,),
}
"""The people, and the channels that each is in."""
MENTIONS: Final[dict[str, tuple[str, ...]]] = {SINGLE: ("U2",), BATCH: ("U5", "U6"), PROJECT: ()}
"""Whom the subscriptions of a channel name: one person, two, nobody."""
THE_BATCH: Final = Selector(SelectorKind.BATCH, "June")
BOARDS: Final = {BATCH: THE_BATCH, PROJECT: Selector(SelectorKind.PROJECT, "")}
CHECK: Final = 60
"""Seconds between two checks of the bot."""


def nothing(_: Task) -> int:
    """Hold no task back: Slack takes all."""
    return 0


@dataclass
class Sent:
    """What was sent."""

    posted: Counter[str] = field(default_factory=Counter)
    """Messages in each channel itself."""
    about: Counter[tuple[str, str]] = field(default_factory=Counter)
    """The same by channel and job; one that names several counts for each."""
    direct: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Direct messages by person and day."""
    edits: defaultdict[BoardKey, list[int]] = field(default_factory=lambda: defaultdict(list))
    """When each board was edited."""


class PureBot:
    """The bot. ``at`` lets it do something later; ``tell`` lets a message about jobs reach a person."""

    def __init__(
        self,
        times: ReminderTimes,
        *,
        at: Callable[[int, Callable[[], None]], None],
        tell: Callable[[str, Way, Collection[str], tuple[Any, ...]], None],
    ) -> None:
        self.sent = Sent()
        self._times = times
        self._at = at
        self._tell = tell
        self._index = Index()
        self._moved: dict[str, Job] = {}
        """What the next check finds."""
        self._changed: set[Address] = set()
        self._wakes: dict[Address, int] = {}
        self._posted = count(1)

    def begin(self, now: int) -> None:
        """Subscribe the channels that follow many jobs; the list is empty as yet."""
        for channel, selector in BOARDS.items():
            address, names = Address(TEAM, channel), MENTIONS[channel]
            wish = board_started(address, selector, level=Level.IMPORTANT, by="U1", now=now, mentions=names)
            self._change(keys_of_board(BoardKey(address, selector)), wish)
        wishes = self._index.wide()
        self._change(keys_to_take_in(wishes, []), taken_in(wishes, [], now, is_complete=True))

    def follow(self, job: Job, now: int) -> None:
        """Subscribe the channel that follows its jobs by themselves to a job."""
        key, names = key_of(TEAM, SINGLE, job.job_id or ""), MENTIONS[SINGLE]
        self._change(keys_of(key), started(key, job, level=Level.IMPORTANT, by="U1", now=now, mentions=names))

    def moved(self, job: Job, now: int) -> None:
        """Let the next check find a job in another state."""
        if not self._moved:
            check = (now // CHECK + 1) * CHECK
            self._at(check, partial(self._check, check))
        self._moved[job.job_id or ""] = job

    def _check(self, now: int) -> None:
        jobs, wishes = list(self._moved.values()), self._index.wide()
        self._moved.clear()
        refs = {JobRef.of(job.job_id or ""): job for job in jobs}
        known = self._index.get(refs)
        pairs = [(known.job(ref), job) for ref, job in refs.items()]
        changes = [(record, with_answer(record, job, now)) for record, job in pairs if record]
        self._change(list(refs), observed(changes))
        self._change(keys_to_take_in(wishes, jobs), taken_in(wishes, jobs, now))

    def press(self, job: Job, person: str, now: int) -> None:
        """Let a person say that they see to a job, even if somebody else does."""
        ref, turn = JobRef.of(job.job_id or ""), Turn.of(job)
        self._change([ref], claimed(ref, job, turn, Address(TEAM, person), now, takes_over=True))

    def claim(self, job_id: str) -> tuple[str, int] | None:
        """Return who has said so, and when; None where nobody did."""
        ref = JobRef.of(job_id)
        record = self._index.get([ref]).job(ref)
        return (record.claim.person.channel_id, record.claim.at) if record and record.claim else None

    def deliver(self, now: int) -> None:
        """Send all that is due by what changed since."""
        while self._changed:
            address = self._changed.pop()
            while task := self._next(address, now):
                self._count(address, task, now)
                posted = Posted(channel_id=address.channel_id, ts=f"{next(self._posted)}.0")
                for keys, change in after_ok(task, address, posted, now, card_is_lost=False):
                    self._change(keys, change)
            self._changed.discard(address)

    def _next(self, address: Address, now: int) -> Task | None:
        """Return what is to be sent now; or else, wake when something will be."""
        channel = self._index.channel(address)
        due = tasks(channel, self._times, now)
        wait, task = next_task(due, wait=nothing, pace=nothing, failures=nothing) or (0, None)
        if task and not wait:
            return task
        later = next_due(channel, self._times, now)
        wakes = [at for at in (later, now + ceil(wait) if task else None) if at is not None]
        if wakes and self._wakes.get(address, 0) != min(wakes):
            self._wakes[address] = min(wakes)
            self._at(min(wakes), partial(self._wake, address, min(wakes)))
        return None

    def _wake(self, address: Address, at: int) -> None:
        if self._wakes.get(address) == at:
            self._changed.add(address)

    def _change(self, keys: Iterable[Key], change: Change) -> None:
        """Do what the store does, but for the disk."""
        if changes := self._index.completed(change(self._index.get(keys))):
            self._changed |= self._index.apply(changes).addresses

    def _count(self, address: Address, task: Task, now: int) -> None:
        """Count a message, and let it reach those who see it."""
        if task.step is Step.REMIND_PERSON:
            self.sent.direct[task.user_id, (now - START) // DAY] += 1
            self._tell(task.user_id, DIRECT, [each.ref.job_id for each in task.claimed], ("direct", now))
        elif task.step is Step.EDIT_BOARD and task.board:
            self.sent.edits[task.board.board.key].append(now)
        elif task.step in NEWS | REMINDERS:
            about = task.followings or ((task.following,) if task.following else ())
            if task.thread_ts is None or task.is_broadcast:
                self.sent.posted[address.channel_id] += 1
                self.sent.about.update((address.channel_id, each.job_id) for each in about)
            self._reach(address.channel_id, task, about, now)

    def _reach(self, channel: str, task: Task, about: Collection[Following], now: int) -> None:
        """Let the people of a channel see a message, each in the way in which Slack shows it to them."""
        needy, is_news = [each for each in about if each.needs_customer], task.step in NEWS
        jobs, named = [each.job_id for each in needy], {one for each in needy for one in each.mentions}
        is_shown = task.thread_ts is None or task.is_broadcast
        for person in (one for one, channels in MEMBERS.items() if channel in channels and jobs):
            way = IN_CHANNEL if is_shown else None
            if person in named:
                # Who was named in a thread follows it; reminders name nobody.
                way = MENTIONED if is_news else IN_THREAD if task.thread_ts else way
            if way:
                self._tell(person, way, jobs, (channel, "news" if is_news else now))
