"""What a run of kills is made of: its plan, what people want, what they were told, and what came of it."""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.simulators.slack.workspace import Message
from tests.delivery_judge import Said, path_in


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run does. ``lost_answers``: whether Slack now and then takes a message and does not say so."""

    seed: int
    kills: int = 6
    how: signal.Signals = signal.SIGKILL
    channels: int = 3
    jobs: int = 6
    """Jobs that run at any one time: one that ends is followed by another."""
    lost_answers: bool = True
    longest_life: float = 2.0
    """Seconds from ready to the next kill, at most."""
    patience: float = 20.0
    """Seconds for which it is waited at the end, when nothing goes wrong any more, until all is told."""
    hangs: bool = False
    """Whether MetaStudio may leave a request without an answer: that costs 10 seconds each time."""


@dataclass(eq=False, kw_only=True)
class Wanted:
    """A subscription that a person asks for until they get an answer."""

    channel: str
    job_id: str
    level: str
    is_answered: bool = False
    is_promised: bool = False
    """Whether an answer ever said that the subscription is kept."""

    @property
    def key(self) -> tuple[str, str]:
        """What tells it apart."""
        return self.channel, self.job_id

    def __str__(self) -> str:
        return f"{self.channel} {self.job_id} ({self.level})"


@dataclass(eq=False)
class Told:
    """What a channel was told of a job: the messages as they came first, and what the newest card shows."""

    said: list[Said] = field(default_factory=list)
    shown: tuple[str, ...] = ()

    def take(self, message: Message) -> None:
        """Add a message that came."""
        path, is_card = path_in(message.text), not message.thread_ts
        broadcast = message.reply_broadcast
        self.said.append(Said(at=float(message.ts), path=path, is_card=is_card, is_broadcast=broadcast))
        if is_card:
            self.shown = path


Heard = dict[tuple[str, str], Told]
"""What was told, by channel and job id."""


@dataclass(kw_only=True)
class Outcome:
    """What a run came to."""

    seed: int
    how: signal.Signals
    kills: int = 0
    starts: int = 0
    subscriptions: int = 0
    jobs: int = 0
    changes: int = 0
    told: int = 0
    repeats: int = 0
    lost_answers: int = 0
    """Messages that Slack took without saying so: each of them may come twice."""
    faults: int = 0
    lost: list[str] = field(default_factory=list)
    disorder: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """What else went wrong: a bot that ended by itself, a breach of Slack's rules, a wrong broadcast."""
    repeats_allowed: int = 0
    timeline: str = ""

    @property
    def breaches(self) -> list[str]:
        """Everything that must not be."""
        many = self.repeats > self.repeats_allowed
        too_many = [f"{self.repeats} repeats where {self.repeats_allowed} may be"] if many else []
        return [*self.lost, *self.disorder, *self.others, *too_many]


class Trap:
    """Kills the bot at, or shortly after, the next request of a kind."""

    def __init__(self) -> None:
        self._kind = ""
        self._delay = 0.0
        self.sprung = asyncio.Event()

    def set(self, kind: str, delay: float) -> None:
        """Wait for a request to a method that begins with ``kind``."""
        self._kind, self._delay = kind, delay
        self.sprung.clear()

    def met(self, name: str, kill: Callable[[], None]) -> bool:
        """Say whether this request sets it off, and do so."""
        if not self._kind or not name.startswith(self._kind):
            return False
        self._kind = ""
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._spring, kill)
        else:
            self._spring(kill)
        return True

    def _spring(self, kill: Callable[[], None]) -> None:
        kill()
        self.sprung.set()
