"""MetaStudio and Slack in a process of their own, with many jobs and channels, controlled over HTTP.

Run as ``python -m tests.bench.simulators JOBS CHANNELS LATENCY LIMITED``. Once it listens it writes a line
with ``ready:`` and its addresses to stderr, and it lives until it is terminated.
"""

import asyncio
import json
import signal
import sys
import time
from collections import Counter
from typing import Any

from aiohttp import web

from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.records import BOT_USER
from bot.simulators.slack.workspace import SLACKS_LIMITS, SlackWorkspace

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
        """Call a method."""
        return web.json_response(getattr(self, request.match_info["name"])(*await request.json()))

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

    def sent(self) -> dict[str, Any]:
        """Return when each notice came and each edit of a card was asked for, and what Slack did not like."""
        return {
            "notices": [float(each.ts) for each in self._slack.history if each.thread_ts],
            "edits": [call.at for call in self._slack.calls if call.method == "chat.update"],
            "limited": [call.method for call in self._slack.limited],
            "violations": self._slack.violations,
        }


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
