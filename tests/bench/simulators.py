"""MetaStudio and Slack in a process of their own, with many jobs and channels, controlled over HTTP.

Run as ``python -m tests.bench.simulators JOBS CHANNELS LATENCY LIMITED``. Once it listens it writes a line
with ``ready:`` and its addresses to stderr, and it lives until it is terminated.
"""

import asyncio
import inspect
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from bot.domain.languages import Language
from bot.messages.home import REFRESH
from bot.messages.texts import words_in
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.records import BOT_USER, View
from bot.simulators.slack.workspace import ALICE, SLACKS_LIMITS, SlackWorkspace
from bot.slack.manifest import SHORTCUT

LONGEST_WAIT = 30.0
LOOK_EVERY = 0.001
"""Seconds that a view is waited for, and between two looks at it."""
NOTHING_WAITS = words_in(Language.EN)("home-nothing-waits")
STATES = ("PROCESSING", "RESULT_REVIEW")
"""Jobs are in the first one, and change to and fro."""


def job_id(number: int) -> str:
    """Return the id of a job, in the form of MetaStudio's ids."""
    return f"{number:08x}-be9c-4000-8000-000000000000"


def voice(number: int) -> str:
    """Return the name of a job's voice, by which its card is recognised."""
    return f"voice-{number:06d}"


class Control:
    """What a bench asks of the simulators: ``POST /NAME`` with a JSON array of arguments calls the method."""

    def __init__(self, metastudio: MetaStudioSimulator, slack: SlackWorkspace) -> None:
        self._metastudio, self._slack = metastudio, slack
        self._channel = slack.add_channel("messages")
        self._cards: dict[str, float] = {}
        self._answers: Counter[str] = Counter()

    async def receive(self, request: web.Request) -> web.Response:
        """Receive an answer at a ``response_url``; note the monotonic time if it is the right job's card.

        Lean on purpose: the simulated workspace checks each message, which would cost more than the bot.
        """
        command = request.match_info["command"]
        self._answers[command] += 1
        if request.match_info["voice"].encode() in await request.read():
            self._cards[command] = time.monotonic()
        return web.Response(text="ok")

    async def call(self, request: web.Request) -> web.Response:
        """Call a method, and wait for what it does."""
        result = getattr(self, request.match_info["name"])(*await request.json())
        return web.json_response(await result if inspect.isawaitable(result) else result)

    def received(self) -> dict[str, Any]:
        """Return and forget when each card came, the answers to each command, and MetaStudio's requests."""
        received = {"cards": self._cards, "answers": self._answers, "requests": sum(self.count().values())}
        self._cards, self._answers = {}, Counter()
        return received

    def count(self) -> dict[str, int]:
        """Count and forget the requests to MetaStudio."""
        counts = {api: self._metastudio.requests_to(api) for api in ("show", "list")}
        self._metastudio.requests.clear()
        return counts

    def jobs(self) -> list[Any]:
        """Return every job as the API does."""
        return list(self._metastudio.jobs.values())

    def change(self, numbers: list[int]) -> float:
        """Change the state of these jobs, and return when that was, in epoch seconds."""
        for number in numbers:
            state = self._metastudio.jobs[job_id(number)]["state"]
            self._metastudio.set_state(job_id(number), STATES[1 - STATES.index(state)])
        return time.time()

    def post_cards(self, channels: list[str]) -> list[str]:
        """Post a card in each of these channels, as the bot would have, and return their ``ts``."""
        return [self._slack.add_message(channel, "A card.", user=BOT_USER).ts for channel in channels]

    async def open_modal(self, app: str, numbers: list[int]) -> list[float]:
        """Use the shortcut on a message that names these jobs, as an app with this request URL takes it.

        Return the seconds until a modal is open, and until it has a card; of an app that shows no job, only
        the first. The modal is closed again.
        """
        self._slack.events_url = app
        message = self._slack.add_message(self._channel, " ".join(map(job_id, numbers)))
        started = time.monotonic()
        await self._slack.shortcut(SHORTCUT, message)
        seconds = [await _until(lambda: ALICE in self._slack.modals, started)]
        if numbers:
            shown = [voice(number) for number in numbers]
            seconds.append(await _until(lambda: _shows(self._slack.modals, shown), started))
        self._slack.close_modal(ALICE)
        return seconds

    async def open_home(self, app: str) -> float:
        """Open the App Home for the first time, and return the seconds until it says what waits."""
        self._slack.events_url = app
        self._slack.homes.pop(ALICE, None)
        started = time.monotonic()
        await self._slack.open_home()
        return await _until(lambda: _shows(self._slack.homes, [NOTHING_WAITS]), started)

    async def refresh_home(self) -> float:
        """Press Refresh in the App Home, and return the seconds until there is a newer version."""
        old, started = self._slack.homes[ALICE], time.monotonic()
        await self._slack.press(old, REFRESH)
        return await _until(lambda: self._slack.homes[ALICE].hash != old.hash, started)

    def sent(self) -> dict[str, Any]:
        """Return when each notice came and each edit of a card was asked for, and what Slack did not like."""
        return {
            "notices": [float(each.ts) for each in self._slack.history if each.thread_ts],
            "edits": [call.at for call in self._slack.calls if call.method == "chat.update"],
            "limited": [call.method for call in self._slack.limited],
            "violations": self._slack.violations,
        }


def _shows(views: Mapping[str, View], every: Sequence[str]) -> bool:
    """Whether the person's view has all of these texts."""
    content = json.dumps(views[ALICE].blocks) if ALICE in views else ""
    return all(each in content for each in every)


async def _until(is_so: Callable[[], bool], started: float) -> float:
    """Wait until something is so, and return how many seconds after ``started``. Raises TimeoutError."""
    async with asyncio.timeout(LONGEST_WAIT):
        while not is_so():  # noqa: ASYNC110  the simulator tells of no event
            await asyncio.sleep(LOOK_EVERY)
    return time.monotonic() - started


async def serve(jobs: int, channels: int, latency: float, *, limited: bool) -> None:
    """Run the simulators until this process is terminated."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    limits = SLACKS_LIMITS if limited else None
    async with MetaStudioSimulator(latency=latency) as metastudio, SlackWorkspace(limits=limits) as slack:
        for number in range(jobs):
            changed = int(time.time()) - 60 * (number + 10)
            times: dict[str, Any] = {"create_time": changed - 60, "lastupdate_time": changed}
            metastudio.add_job(job_id=job_id(number), state=STATES[0], voice_name=voice(number), **times)
        control = Control(metastudio, slack)
        application = web.Application(client_max_size=2**24)
        application.router.add_post("/received/{command}/{voice}", control.receive)
        application.router.add_post("/{name}", control.call)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        host, port = runner.addresses[0]
        addresses = {"metastudio": metastudio.url, "slack": slack.api_url, "control": f"http://{host}:{port}"}
        ids = [slack.add_channel(f"voices-{number}") for number in range(channels)]
        print("ready:", json.dumps(addresses | {"channels": ids}), file=sys.stderr, flush=True)
        await stop.wait()
        await runner.cleanup()


if __name__ == "__main__":
    jobs, channels, latency, limited = sys.argv[1:]
    asyncio.run(serve(int(jobs), int(channels), float(latency), limited=limited == "True"))
