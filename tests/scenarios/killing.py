"""A Slack, a MetaStudio, people, many failures, and a bot between them that is killed again and again.

All decisions come from a seed; how they meet the bot depends on the machine. At the end, the messages in the
channels are judged against the states that the jobs had.
"""

import asyncio
import random
import re
import signal
import time
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from bot.domain.deliveries import next_step
from bot.domain.jobs import GONE, STATES, Phase, meaning_of
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.faults import Fault as SlackFault
from bot.simulators.slack.workspace import SlackWorkspace
from bot.store import open_store
from tests.bot_process import FAST, Life
from tests.delivery_judge import Said, Verdict, is_over, judge, path_in

RATE_LIMITS: Final = replace(FAST, gone=0.3)
POLL: Final = 0.15
START_SECONDS, END_SECONDS = 30.0, 20.0
LONGEST_LIFE: Final = 2.0
"""Seconds from ready to the next kill, at most."""
PATIENCE: Final = 60.0
"""Seconds, at most, until all has been delivered when nothing goes wrong any more."""
NEAR: Final = 1.0
"""Seconds, at most, between a message that is repeated and the kill or the lost answer that explains it."""
SETTLED: Final = 1.5
"""Seconds in which a message too many would still come."""
CHANNELS, JOBS = 3, 6
"""Jobs that run at any one time: one that ends is followed by another."""
MOST_TIMES: Final = 8
"""A state does not come back more often: MetaStudio counts to 10."""
RUNNING: Final = tuple(state for state in STATES if not is_over(state))
IS_KEPT: Final = re.compile("Following|is kept|already follows|: Posting")
"""In an answer when a subscription is on disk, or was until its job ended."""
IS_OVER: Final = re.compile("This job has finished|No job")
SLACK_FAULTS: Final[list[SlackFault]] = [
    {"status": 503, "body": "<html>oh</html>"},
    {"error": "internal_error"},
    {"retry_after": 1},
    {"drop": True},
]
LOST_ANSWERS: Final[list[SlackFault]] = [{"drop": True, "after": True}, {"status": 502, "after": True}]
METASTUDIO_FAULTS: Final = [
    *(Fault.error(500, "MSS.00000001"), Fault.error(503, "APIGW.0201"), Fault.throttled(1)),
    *(Fault.throttled(), Fault.html(), Fault.cut(), Fault.cut_midway(), Fault.slow(0.4)),
]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run does. ``lost_answers``: whether Slack now and then takes a message and does not say so."""

    seed: int
    kills: int
    how: signal.Signals = signal.SIGKILL
    lost_answers: bool = True
    hangs: bool = False
    """Whether MetaStudio may leave a request without an answer: that costs 10 seconds each time."""


@dataclass(kw_only=True)
class Outcome:
    """What a run came to. ``lost_answers``: messages that Slack took without saying so, which may repeat."""

    subscriptions: int = 0
    changes: int = 0
    told: int = 0
    faults: int = 0
    lost_answers: int = 0
    repeats: int = 0
    repeats_allowed: int = 0
    lost: list[str] = field(default_factory=list)
    disorder: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """What else went wrong: a bot that ended by itself, a breach of Slack's rules, a wrong broadcast."""
    timeline: str = ""

    @property
    def breaches(self) -> list[str]:
        """Everything that must not be."""
        return [*self.lost, *self.disorder, *self.others]


@dataclass(eq=False)
class Wanted:
    """A subscription that a person asks for until they get an answer."""

    channel: str
    job_id: str
    level: str
    is_answered: bool = False
    is_promised: bool = False
    """Whether an answer ever said that the subscription is kept."""
    said: list[Said] = field(default_factory=list)
    """The messages about it, as they came first."""
    shown: tuple[str, ...] = ()
    """The states that the newest card shows."""

    def __str__(self) -> str:
        return f"{self.channel} {self.job_id} ({self.level})"

    def wrongly_shown(self, message: Said) -> bool:
        """Whether a notice is in the channel although it is to be in the thread alone, or the reverse."""
        is_important = meaning_of(message.path[-1]).phase is not Phase.IN_PROGRESS
        return not message.is_card and message.is_broadcast != (self.level == "all" or is_important)


class Run:
    """One run of a plan, with the bot's store and log in ``folder``."""

    def __init__(
        self, plan: Plan, slack: SlackWorkspace, metastudio: MetaStudioSimulator, folder: Path
    ) -> None:
        self._plan, self._slack, self._metastudio = plan, slack, metastudio
        self._store, self._log = folder / "store.sqlite", folder / "bot.log"
        addresses = {"slack": slack.api_url, "metastudio": metastudio.url, "store": str(self._store)}
        self._life = Life(**addresses, poll=POLL, rates=RATE_LIMITS)
        self._channels = [slack.add_channel(f"voices-{number}") for number in range(CHANNELS)]
        self._process: Process | None = None
        self._trap = ""
        """The kind of request at which the bot is killed next; "" for none."""
        self._sprung = asyncio.Event()
        self._storm = False
        self._wanted: list[Wanted] = []
        self._histories: dict[str, list[str]] = {}
        self._events: list[tuple[float, str]] = []
        self._excuses: list[tuple[float, str]] = []
        """When the bot was killed, and when an answer of Slack's was lost, in which channel."""
        self._outcome = Outcome()
        self._faults = self._chance("faults")

    def _chance(self, name: str) -> random.Random:
        return random.Random(f"{self._plan.seed} {name}")  # noqa: S311  no secret: a seed

    async def play(self) -> Outcome:
        """Play the plan, wait until all is quiet, and judge."""
        self._slack.chaos(self._slack_fault)
        self._metastudio.chaos = self._metastudio_fault
        async with together(self._people(), self._jobs_go_on(), self._storms()):
            await self._kill_again_and_again()
        await self._calm()
        await self._end(signal.SIGTERM)
        return await self._judged()

    def _note(self, what: str) -> None:
        self._events.append((time.time(), what))

    # The bot.

    async def _kill_again_and_again(self) -> None:
        chance = self._chance("kills")
        await self._start()
        for _ in range(self._plan.kills):
            await self._a_moment(chance)
            self._note(f"bot: {self._plan.how.name}")
            if self._plan.how is signal.SIGKILL:
                self._excuses.append((time.time(), ""))
            await self._end(self._plan.how)
            await self._start(wait=chance.random() > 0.1)

    async def _start(self, *, wait: bool = True) -> None:
        """Start the bot, and wait for it unless it is to be killed while it starts."""
        with self._log.open("a") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._life.command(), stdout=PIPE, stderr=log, cwd=self._log.parent
            )
        assert self._process.stdout
        if wait and not await asyncio.wait_for(self._process.stdout.readline(), START_SECONDS):
            raise RuntimeError(f"the bot did not start: {self._log.read_text()[-3000:]}")
        self._note(f"bot: {self._process.pid} is {'ready' if wait else 'not waited for'}")

    async def _a_moment(self, chance: random.Random) -> None:
        """Wait for the moment of the next kill: any, or one at which something is just under way."""
        kind = chance.choice(["", "chat.postMessage", "chat.postMessage", "chat.", "show", "list"])
        pause = chance.uniform(0.1, LONGEST_LIFE)
        await asyncio.sleep(pause / 2 if kind else pause)
        if kind:
            self._sprung.clear()
            self._trap = kind
            with suppress(TimeoutError):
                await asyncio.wait_for(self._sprung.wait(), LONGEST_LIFE)

    def _is_trapped(self, name: str) -> bool:
        """Whether this request is the one at, or shortly after, which the bot is killed."""
        if not self._trap or not name.startswith(self._trap):
            return False
        self._trap = ""
        loop, delay = asyncio.get_running_loop(), self._faults.choice([0, 0.001, 0.004, 0.02])
        loop.call_later(delay, self.send, self._plan.how)
        loop.call_later(delay, self._sprung.set)
        return True

    def send(self, how: signal.Signals) -> None:
        """Send the bot a signal, if it runs."""
        if self._process and self._process.returncode is None:
            self._process.send_signal(how)

    async def _end(self, how: signal.Signals) -> None:
        assert self._process
        if self._process.returncode is not None and not self._sprung.is_set():
            tail = self._log.read_text()[-1500:]
            self._outcome.others.append(f"the bot ended by itself, with {self._process.returncode}: {tail}")
        self.send(how)
        try:
            await asyncio.wait_for(self._process.communicate(), END_SECONDS)
        except TimeoutError:
            self._outcome.others.append(f"the bot did not end within {END_SECONDS:g} s of {how.name}")
            self._process.kill()
            await self._process.communicate()
        self._trap = ""
        self._sprung.clear()

    # What goes wrong.

    async def _storms(self) -> None:
        chance = self._chance("storms")
        while True:
            await asyncio.sleep(chance.uniform(0.3, 1.2))
            shut = chance.choice(self._channels) if chance.random() < 0.3 else None
            self._storm = True
            self._metastudio.list_lag = chance.choice([0, 0, chance.uniform(0.3, 1.5)])
            if shut:
                self._note(f"the bot is removed from {shut}")
                self._slack.remove(shut)
            await asyncio.sleep(chance.uniform(0.4, 1.2))
            self._storm = False
            if shut:
                self._open(shut)

    def _open(self, channel: str) -> None:
        """Let the bot into a channel again, and have people try their subscriptions there again."""
        self._note(f"the bot is invited to {channel}")
        self._slack.invite(channel)
        for wanted, verdict in self._verdicts():
            if wanted.channel == channel and verdict.breach:
                wanted.is_answered = False

    def _slack_fault(self, method: str, arguments: Mapping[str, Any]) -> SlackFault | None:
        if not method.startswith("chat."):
            return None
        if self._is_trapped(method):
            under_way: list[SlackFault | None] = [None, {"drop": True}, {"delay": 0.4}]
            return self._faults.choice(under_way)
        if not self._storm:
            return {"delay": self._faults.uniform(0, 0.3)}
        if self._faults.random() < 0.5:
            return None
        fault = self._faults.choice(SLACK_FAULTS + LOST_ANSWERS * self._plan.lost_answers)
        channel = str(arguments.get("channel"))
        self._outcome.faults += 1
        self._note(f"Slack: {method} in {channel}: {fault}")
        is_lost = method == "chat.postMessage" and fault in LOST_ANSWERS and channel in self._channels
        if is_lost and self._slack.channel(channel).bot_is_member:
            self._excuses.append((time.time(), channel))
        return fault

    def _metastudio_fault(self, api: str) -> Fault | None:
        if self._is_trapped(api) or not self._storm or self._faults.random() >= 0.4:
            return None
        self._outcome.faults += 1
        return self._faults.choice(METASTUDIO_FAULTS + [Fault.hang()] * self._plan.hangs)

    # The jobs.

    async def _jobs_go_on(self) -> None:
        chance = self._chance("jobs")
        while True:
            running = [job_id for job_id, states in self._histories.items() if not is_over(states[-1])]
            if len(running) < JOBS:
                self._new_job(chance)
            else:
                self._change(chance.choice(running), chance)
            await asyncio.sleep(chance.uniform(0.02, 0.25))

    def _new_job(self, chance: random.Random) -> None:
        job_id, state = str(UUID(int=chance.getrandbits(128), version=4)), chance.choice(RUNNING[:4])
        self._metastudio.add_job(job_id=job_id, state=state, voice_name=f"voice {len(self._histories)}")
        self._histories[job_id] = [state]
        self._note(f"{job_id}: {state}")
        for channel in chance.sample(self._channels, chance.choice([1, 1, 2])):
            self._wanted.append(Wanted(channel, job_id, chance.choice(["all", "important"])))

    def _change(self, job_id: str, chance: random.Random) -> None:
        states = self._histories[job_id]
        times = Counter(states)
        near = [state for state in RUNNING if state != states[-1] and times[state] < MOST_TIMES]
        state = chance.choice(("SUCCEED", "FAILED", GONE)) if chance.random() < 0.08 else chance.choice(near)
        if state == GONE:
            self._metastudio.delete(job_id)
        else:
            self._metastudio.set_state(job_id, state)
        states.append(state)
        self._note(f"{job_id}: {state}")
        self._outcome.changes += 1

    # The people.

    async def _people(self) -> None:
        """Ask for each subscription until an answer comes."""
        chance = self._chance("people")
        while True:
            await asyncio.sleep(chance.uniform(0.05, 0.2))
            waiting = [wanted for wanted in self._wanted if not wanted.is_answered]
            if not (waiting and self._slack.connections):
                continue
            wanted = chance.choice(waiting)
            text = f"subscribe {wanted.job_id} {wanted.level}"
            asked = await self._slack.command("/voicejob", text, channel=wanted.channel)
            with suppress(TimeoutError):
                answer = (await asked.message(timeout=2.0)).text
                is_kept = bool(IS_KEPT.search(answer))
                wanted.is_promised |= is_kept
                wanted.is_answered |= is_kept or bool(IS_OVER.search(answer))
                self._note(f"{wanted}: answer: {answer[:60]}")

    # The end.

    async def _calm(self) -> None:
        """Let nothing go wrong any more, and wait until all is delivered."""
        self._note("bot: nothing goes wrong any more")
        self._slack.chaos(None)
        self._metastudio.chaos = None
        self._metastudio.list_lag = 0
        for channel in self._channels:
            self._open(channel)
        async with together(self._people()):
            until = time.monotonic() + PATIENCE
            while time.monotonic() < until:
                verdicts = [verdict.breach for _, verdict in self._verdicts()]
                if not any(verdicts) and all(wanted.is_answered for wanted in self._wanted):
                    break
                await asyncio.sleep(0.2)
        await asyncio.sleep(SETTLED)

    def _hear(self) -> None:
        """Collect the messages in the channels."""
        wanted = {(each.channel, each.job_id): each for each in self._wanted}
        threads: dict[str, Wanted] = {}
        for each in self._wanted:
            each.said = []
        for message in self._slack.history:
            if message.user or message.channel not in self._channels:
                continue
            path, is_new = path_in(message.text), message.ts not in threads
            if not message.thread_ts:
                job_id = next(job_id for job_id in self._histories if job_id in str(message.blocks))
                threads[message.ts] = wanted[message.channel, job_id]
                threads[message.ts].shown = path
            if is_new:
                said = Said(float(message.ts), path, not message.thread_ts, message.reply_broadcast)
                threads[message.thread_ts or message.ts].said.append(said)

    def _verdicts(self) -> Iterator[tuple[Wanted, Verdict]]:
        """Judge each subscription that was promised, or of which there is a message."""
        self._hear()
        for wanted in self._wanted:
            history = self._histories[wanted.job_id]
            if wanted.said or wanted.is_promised:
                verdict = judge(history, wanted.said)
                if not verdict.breach and wanted.shown != (history[-1],):
                    verdict = Verdict(breach=f"the card shows {wanted.shown}, not {history[-1]}")
                yield wanted, verdict

    async def _judged(self) -> Outcome:
        outcome, verdicts = self._outcome, list(self._verdicts())
        outcome.subscriptions = len(verdicts)
        outcome.others += self._slack.violations
        outcome.lost_answers = sum(bool(channel) for _, channel in self._excuses)
        outcome.repeats_allowed = len(self._excuses)
        for wanted, verdict in verdicts:
            outcome.told += verdict.told
            outcome.repeats += len(verdict.repeats)
            if verdict.breach:
                breaches = outcome.disorder if verdict.is_order else outcome.lost
                breaches.append(f"{wanted}: {verdict.breach}")
            excuses = [at for at, channel in self._excuses if channel in {"", wanted.channel}]
            unexplained = [at for at in verdict.repeats if all(abs(at - each) > NEAR for each in excuses)]
            outcome.others += [f"{wanted}: repeated at {at:.3f}, for no reason" for at in unexplained]
            wrong = [message for message in wanted.said if wanted.wrongly_shown(message)]
            outcome.others += [f"{wanted}: in the channel or not, wrongly: {message}" for message in wrong]
            self._events += [(message.at, f"{wanted}: message: {message.path}") for message in wanted.said]
        if outcome.repeats > outcome.repeats_allowed:
            outcome.others.append(f"{outcome.repeats} repeats where {outcome.repeats_allowed} may be")
        outcome.timeline = "\n".join(f"{at:.3f} {what}" for at, what in sorted(self._events))
        outcome.lost += await self._wrong_in_store({(each.channel, each.job_id) for each, _ in verdicts})
        return outcome

    async def _wrong_in_store(self, judged: set[tuple[str, str]]) -> list[str]:
        """Compare the store with the subscriptions to jobs that go on, or whose card has to be edited."""
        async with open_store(self._store) as store:
            channels = [await store.channel(address) for address in await store.addresses()]
        followed = [each for channel in channels for each in channel.followings]
        kept = {(each.channel_id, each.job_id): next_step(each, int(time.time())) for each in followed}
        expected = {key for key in judged if not is_over(self._histories[key[1]][-1])}
        lost = [f"{key}: not in the store any more" for key in expected - kept.keys()]
        return lost + [f"{key}: still in the store" for key in kept.keys() - expected if not kept[key]]


@asynccontextmanager
async def together(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let this go on while the context lasts; what one of it raises ends all."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in work]
        yield
        for task in tasks:
            task.cancel()


async def play(plan: Plan, folder: Path) -> Outcome:
    """Play a plan between two simulators of its own. Raises RuntimeError when a bot does not start."""
    async with SlackWorkspace(limits=None, ack_timeout=1.5) as slack, MetaStudioSimulator() as metastudio:
        run = Run(plan, slack, metastudio, folder)
        try:
            return await run.play()
        finally:
            run.send(signal.SIGKILL)
