"""A Slack, a MetaStudio, people, bad weather, and a bot between them that is killed again and again.

All decisions come from a seed; how they meet the bot depends on the machine. At the end, what the channels
hold is judged against what the jobs went through: see ``told``.
"""

import asyncio
import random
import re
import signal
import time
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from bot.domain.jobs import GONE, STATES
from bot.domain.rates import RateLimits
from bot.domain.subscriptions import next_step
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.faults import Fault as SlackFault
from bot.simulators.slack.workspace import Message, SlackWorkspace
from bot.store import open_store
from tests.bot_process import Life
from tests.delivery_judge import Repeat, Verdict, is_important, is_over, judge, path_in
from tests.scenarios.kill_records import Heard, Outcome, Plan, Told, Trap, Wanted

RATE_LIMITS: Final = RateLimits(channel=0.05, posts=0.02, edits=0.02, requests=0.05, gone=0.3, unheard=0)
POLL: Final = 0.15
START_SECONDS: Final = 30.0
END_SECONDS: Final = 20.0
NEAR: Final = 1.0
"""Seconds, at most, between a message that comes again and the kill or the lost answer that explains it."""
SLOWEST: Final = 0.3
"""Seconds that Slack takes on a good day, at most."""
LONGEST_LAG: Final = 1.5
"""Seconds that MetaStudio's list may lag behind."""
SETTLED: Final = 1.5
"""Seconds in which a message too many would still come."""
MOST_TIMES: Final = 8
"""A state does not come back more often: MetaStudio counts to 10."""
RUNNING: Final = tuple(state for state in STATES if not is_over(state))
ENDS: Final = ("SUCCEED", "FAILED", GONE)
KEPT_SAYS: Final = ("subscribed", "is kept", "told of")
"""What an answer says when a subscription is on disk, or was until its job ended."""
OVER_SAYS: Final = ("This job is over", "MetaStudio has no job")


class Run:
    """One run of a plan, with the bot's store and log in ``folder``."""

    def __init__(
        self, plan: Plan, slack: SlackWorkspace, metastudio: MetaStudioSimulator, folder: Path
    ) -> None:
        self._plan = plan
        self._slack = slack
        self._metastudio = metastudio
        self._store = folder / "store.sqlite"
        self._log = folder / "bot.log"
        self._life = Life(
            slack=slack.api_url,
            metastudio=metastudio.url,
            store=str(self._store),
            poll=POLL,
            rates=RATE_LIMITS,
        )
        self._channels = [slack.add_channel(f"voices-{number}") for number in range(plan.channels)]
        self._process: Process | None = None
        self._trap = Trap()
        self._storm = False
        self._wanted: list[Wanted] = []
        self._histories: dict[str, list[tuple[float, str]]] = {}
        self._events: list[tuple[float, str]] = []
        self._excuses: list[tuple[float, str]] = []
        """When the bot was killed, and when an answer of Slack's was lost, in which channel."""
        self._outcome = Outcome(seed=plan.seed, how=plan.how)
        self._sky = self._chance("sky")

    def _chance(self, name: str) -> random.Random:
        return random.Random(f"{self._plan.seed} {name}")  # noqa: S311  no secret: a seed

    async def play(self) -> Outcome:
        """Play the plan, wait until all is quiet, and judge."""
        self._slack.chaos(self._slack_fault)
        self._metastudio.chaos = self._metastudio_fault
        async with _together(self._people(), self._jobs_go_on(), self._weather()):
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
        for number in range(self._plan.kills):
            await self._a_moment(chance)
            self._note(f"--- {self._plan.how.name} number {number + 1}")
            if self._plan.how is signal.SIGKILL:
                self._excuses.append((time.time(), ""))
            await self._end(self._plan.how)
            self._outcome.kills += 1
            await self._start(wait=chance.random() > 0.1)

    async def _start(self, *, wait: bool = True) -> None:
        """Start the bot, and wait for it unless it is to be killed while it starts."""
        with self._log.open("a") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._life.command(), stdout=PIPE, stderr=log, cwd=self._log.parent
            )
        self._outcome.starts += 1
        self._note(f"start {self._process.pid}")
        if wait:
            await self._until_ready(self._process)

    async def _until_ready(self, process: Process) -> None:
        assert process.stdout
        ready = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        if not ready:
            raise RuntimeError(f"the bot did not start: {self._log.read_text()[-3000:]}")
        self._note("ready")

    async def _a_moment(self, chance: random.Random) -> None:
        """Wait for the moment of the next kill: any, or one at which something is just under way."""
        kind = chance.choice(["", "chat.postMessage", "chat.postMessage", "chat.", "show", "list"])
        pause, delay = chance.uniform(0.1, self._plan.longest_life), chance.choice([0, 0.001, 0.004, 0.02])
        if not kind:
            await asyncio.sleep(pause)
            return
        await asyncio.sleep(pause / 2)
        self._trap.set(kind, delay)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._trap.sprung.wait(), self._plan.longest_life)

    def _signal(self, how: signal.Signals) -> None:
        if self._process and self._process.returncode is None:
            self._process.send_signal(how)

    async def _end(self, how: signal.Signals) -> None:
        assert self._process
        if self._process.returncode is not None and not self._trap.sprung.is_set():
            tail = self._log.read_text()[-1500:]
            self._outcome.others.append(f"the bot ended by itself, with {self._process.returncode}: {tail}")
        self._signal(how)
        try:
            await asyncio.wait_for(self._process.communicate(), END_SECONDS)
        except TimeoutError:
            self._outcome.others.append(f"the bot did not end within {END_SECONDS:g} s of {how.name}")
            self._process.kill()
            await self._process.communicate()
        self._trap.set("", 0)

    def leave_nothing(self) -> None:
        """Kill the bot if it still runs: the run itself went wrong."""
        self._signal(signal.SIGKILL)

    # What goes wrong.

    async def _weather(self) -> None:
        chance = self._chance("weather")
        while True:
            await asyncio.sleep(chance.uniform(0.3, 1.2))
            shut = chance.choice(self._channels) if chance.random() < 0.3 else None
            self._storm = True
            self._metastudio.list_lag = chance.choice([0, 0, chance.uniform(0.3, LONGEST_LAG)])
            if shut:
                self._note(f"the bot is removed from {shut}")
                self._slack.remove(shut)
            await asyncio.sleep(chance.uniform(0.4, 1.2))
            self._storm = False
            if shut:
                await self._open(shut)

    async def _open(self, channel: str) -> None:
        """Let the bot into a channel again, and have people try their subscriptions there again."""
        self._note(f"the bot is invited to {channel}")
        self._slack.invite(channel)
        untold = {wanted.key for wanted, verdict in self._verdicts(self._heard()) if verdict.breach}
        for wanted in self._wanted:
            if wanted.channel == channel and wanted.key in untold:
                wanted.is_answered = False

    def _slack_fault(self, method: str, arguments: Mapping[str, Any]) -> SlackFault | None:
        if not method.startswith("chat."):
            return None
        if self._trap.met(method, partial(self._signal, self._plan.how)):
            under_way: list[SlackFault | None] = [None, {"drop": True}, {"delay": 0.4}]
            return self._sky.choice(under_way)
        if not self._storm:
            return {"delay": self._sky.uniform(0, SLOWEST)}
        faults: list[SlackFault] = [
            {"status": 500, "body": "<html>oh</html>"},
            {"status": 503},
            {"error": "internal_error"},
            {"retry_after": 1},
            {"drop": True},
            {"delay": 0.7},
            {"delay": 0.7},
        ]
        if self._plan.lost_answers:
            faults += [{"drop": True, "after": True}, {"status": 502, "after": True}]
        fault = self._sky.choice(faults) if self._sky.random() < 0.5 else None
        if fault:
            self._outcome.faults += 1
            self._note_fault(method, str(arguments.get("channel")), fault)
        return fault

    def _note_fault(self, method: str, channel: str, fault: SlackFault) -> None:
        is_lost = method == "chat.postMessage" and bool(fault.get("after")) and channel in self._channels
        if is_lost and self._slack.channel(channel).bot_is_member:
            self._outcome.lost_answers += 1
            self._excuses.append((time.time(), channel))
        self._note(f"Slack: {method} in {channel}: {fault}")

    def _metastudio_fault(self, api: str) -> Fault | None:
        if self._trap.met(api, partial(self._signal, self._plan.how)) or not self._storm:
            return None
        faults = [
            Fault.error(500, "MSS.00000001"),
            Fault.error(503, "APIGW.0201"),
            Fault.throttled(1),
            Fault.throttled(),
            Fault.html(),
            Fault.cut(),
            Fault.cut_midway(),
            Fault.slow(0.4),
        ] + [Fault.hang()] * self._plan.hangs
        fault = self._sky.choice(faults) if self._sky.random() < 0.4 else None
        self._outcome.faults += fault is not None
        return fault

    # The jobs.

    async def _jobs_go_on(self) -> None:
        chance = self._chance("jobs")
        while True:
            running = [job_id for job_id in self._histories if not is_over(self._state(job_id))]
            if len(running) < self._plan.jobs:
                self._new_job(chance)
            else:
                self._change(chance.choice(running), chance)
            await asyncio.sleep(chance.uniform(0.02, 0.25))

    def _new_job(self, chance: random.Random) -> None:
        name = f"voice {len(self._histories)}"
        job_id = str(UUID(int=chance.getrandbits(128), version=4))
        job = self._metastudio.add_job(job_id=job_id, state=chance.choice(RUNNING[:4]), voice_name=name)
        self._histories[job["job_id"]] = []
        self._went(job["job_id"], job["state"])
        for channel in chance.sample(self._channels, chance.choice([1, 1, 2])):
            level = chance.choice(["all", "important"])
            self._wanted.append(Wanted(channel=channel, job_id=job["job_id"], level=level))

    def _change(self, job_id: str, chance: random.Random) -> None:
        state = self._next_state(job_id, chance)
        if state == GONE:
            self._metastudio.delete(job_id)
        else:
            self._metastudio.set_state(job_id, state)
        self._went(job_id, state)
        self._outcome.changes += 1

    def _next_state(self, job_id: str, chance: random.Random) -> str:
        if chance.random() < 0.08:
            return chance.choice(ENDS)
        times = Counter(self._states(job_id))
        near = [state for state in RUNNING if state != self._state(job_id) and times[state] < MOST_TIMES]
        return chance.choice(near)

    def _went(self, job_id: str, state: str) -> None:
        self._histories[job_id].append((time.time(), state))

    def _states(self, job_id: str) -> list[str]:
        return [state for _, state in self._histories[job_id]]

    def _state(self, job_id: str) -> str:
        return self._histories[job_id][-1][1]

    # The people.

    async def _people(self) -> None:
        """Ask for each subscription until an answer comes."""
        chance = self._chance("people")
        while True:
            waiting = [wanted for wanted in self._wanted if not wanted.is_answered]
            if waiting and self._slack.connections:
                await self._ask(chance.choice(waiting))
            await asyncio.sleep(chance.uniform(0.05, 0.2))

    async def _ask(self, wanted: Wanted) -> None:
        text = f"subscribe {wanted.job_id} {wanted.level}"
        asked = await self._slack.command("/voicejob", text, channel=wanted.channel)
        try:
            said = (await asked.message(timeout=2.0)).text
        except TimeoutError:
            return
        is_kept = any(words in said for words in KEPT_SAYS)
        wanted.is_promised |= is_kept
        wanted.is_answered |= is_kept or any(words in said for words in OVER_SAYS)
        self._note(f"{wanted.channel} {wanted.job_id}: subscribe: {said[:60]}")

    # The end.

    async def _calm(self) -> None:
        """Let nothing go wrong any more, and wait until all is told."""
        self._note("=== calm")
        self._slack.chaos(None)
        self._metastudio.chaos = None
        self._metastudio.list_lag = 0
        for channel in self._channels:
            await self._open(channel)
        async with _together(self._people()):
            until = time.monotonic() + self._plan.patience
            while self._unsettled() and time.monotonic() < until:  # noqa: ASYNC110  no event tells
                await asyncio.sleep(0.2)
        await asyncio.sleep(SETTLED)

    def _unsettled(self) -> bool:
        unanswered = any(not wanted.is_answered for wanted in self._wanted)
        return unanswered or any(verdict.breach for _, verdict in self._verdicts(self._heard()))

    def _heard(self) -> Heard:
        """Collect what the channels hold."""
        heard: Heard = {}
        threads: dict[str, Told] = {}
        for message in self._slack.history:
            if message.user or message.channel not in self._channels:
                continue
            if message.ts in threads:
                threads[message.ts].shown = path_in(message.text)
                continue
            if not message.thread_ts:
                job_id = next(job_id for job_id in _ids_in(message) if job_id in self._histories)
                threads[message.ts] = heard.setdefault((message.channel, job_id), Told())
            threads[message.thread_ts or message.ts].take(message)
        return heard

    def _verdicts(self, heard: Heard) -> Iterator[tuple[Wanted, Verdict]]:
        for wanted in self._wanted:
            told = heard.get(wanted.key, Told())
            if told.said or wanted.is_promised:
                yield wanted, self._verdict(wanted, told)

    def _verdict(self, wanted: Wanted, told: Told) -> Verdict:
        verdict, state = judge(self._states(wanted.job_id), told.said), self._state(wanted.job_id)
        if not verdict.breach and told.shown != (state,):
            return replace(verdict, breach=f"the card shows {told.shown}, not {state}")
        return verdict

    async def _judged(self) -> Outcome:
        outcome, heard = self._outcome, self._heard()
        verdicts = list(self._verdicts(heard))
        for wanted, verdict in verdicts:
            outcome.told += verdict.told
            outcome.repeats += len(verdict.repeats)
            outcome.others += [
                f"{wanted}: said again at {repeat.second:.3f}, for no reason"
                for repeat in verdict.repeats
                if not self._is_explained(repeat, wanted.channel)
            ]
            if verdict.breach:
                breaches = outcome.disorder if verdict.is_order else outcome.lost
                breaches.append(f"{wanted}: {verdict.breach}")
        outcome.subscriptions, outcome.jobs = len(verdicts), len(self._histories)
        outcome.others += [*self._slack.violations, *self._wrong_broadcasts(heard)]
        outcome.lost += await self._wrong_in_store({wanted.key for wanted, _ in verdicts})
        outcome.repeats_allowed = outcome.lost_answers
        outcome.repeats_allowed += outcome.kills if self._plan.how is signal.SIGKILL else 0
        guilty = [wanted for wanted, verdict in verdicts if verdict.breach or verdict.repeats]
        outcome.timeline = "\n\n".join(self._timeline(wanted, heard) for wanted in guilty)
        return outcome

    def _is_explained(self, repeat: Repeat, channel: str) -> bool:
        """Say whether the bot was killed, or an answer got lost, when the first of two messages came."""
        return any(abs(at - repeat.first) <= NEAR and where in {"", channel} for at, where in self._excuses)

    def _wrong_broadcasts(self, heard: Heard) -> list[str]:
        return [
            f"{wanted}: shown in the channel: {said.is_broadcast}, {said.path}"
            for wanted in self._wanted
            for said in heard.get(wanted.key, Told()).said
            if not said.is_card
            and said.is_broadcast != (wanted.level == "all" or is_important(said.path[-1]))
        ]

    async def _wrong_in_store(self, judged: set[tuple[str, str]]) -> list[str]:
        """Compare what the store holds now with what was asked for and has not ended.

        One that has ended may be there while its card is still to be edited: the answer to that may be lost.
        """
        async with open_store(self._store) as store:
            followed = [each for all_ in (await store.followed()).values() for each in all_]
        kept = {(each.channel_id, each.job_id) for each in followed}
        at_rest = {(each.channel_id, each.job_id) for each in followed if not next_step(each)}
        expected = {key for key in judged if not is_over(self._state(key[1]))}
        lost = [f"{key}: not in the store any more" for key in sorted(expected - kept)]
        return lost + [f"{key}: still in the store" for key in sorted(at_rest - expected)]

    def _timeline(self, wanted: Wanted, heard: Heard) -> str:
        """Write what happened around one subscription, a line each, in order."""
        lines = [(at, f"job: {state}") for at, state in self._histories[wanted.job_id]]
        lines += [(said.at, str(said)) for said in heard.get(wanted.key, Told()).said]
        start, end = min(lines)[0], max(lines)[0] + NEAR
        events = [(at, what) for at, what in self._events if start <= at <= end]
        lines += [(at, what) for at, what in events if _concerns(what, wanted)]
        rows = (f"{at - start:9.3f} {what}" for at, what in sorted(lines))
        return "\n".join([f"{wanted}, seed {self._plan.seed}", *rows])


def _ids_in(message: Message) -> list[str]:
    return re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(message.blocks))


def _concerns(what: str, wanted: Wanted) -> bool:
    is_about_all = what.startswith(("---", "===", "start", "ready"))
    is_about_channel = wanted.channel in what and "subscribe" not in what
    return is_about_all or is_about_channel or (wanted.channel in what and wanted.job_id in what)


@asynccontextmanager
async def _together(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let this go on while the context lasts; what one of it raises ends all."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each) for each in work]
        yield
        for task in tasks:
            task.cancel()


async def play(plan: Plan, folder: Path) -> Outcome:
    """Play a plan in a world of its own. Raises RuntimeError when a bot does not start."""
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackWorkspace(limits=None, ack_timeout=1.5))
        metastudio = await stack.enter_async_context(MetaStudioSimulator())
        run = Run(plan, slack, metastudio, folder)
        stack.callback(run.leave_nothing)
        return await run.play()
