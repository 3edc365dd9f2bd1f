"""What the bot talks to in the benches: MetaStudio, Slack's Web API, and a place that takes the cards.

Run as a process of its own: ``python standins.py LATENCY JOBS``. Once it listens it writes a line with
``ready:`` and its addresses to stderr, and it lives until it is terminated.
"""

import asyncio
import json
import signal
import sys
import time
from collections import Counter

from aiohttp import web

from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import SlackWorkspace

STOP_SECONDS = 0.2


def job_id(number: int) -> str:
    """Name the job with this number, as MetaStudio names jobs."""
    return f"{number:08x}-be9c-4000-8000-000000000000"


def voice(number: int) -> str:
    """Name the voice of a job, by which its card is known."""
    return f"voice-{number:06d}"


class Cards:
    """Takes what the bot posts to a ``response_url``; counts the answers, and tells when each card came.

    Lean on purpose: the workspace of the demo checks each message, which would cost more than the bot does.
    """

    def __init__(self, metastudio: MetaStudioSimulator) -> None:
        self._metastudio = metastudio
        self._came: dict[str, float] = {}
        self._answers: Counter[str] = Counter()

    async def take(self, request: web.Request) -> web.Response:
        """Take an answer; note the time, in seconds of the monotonic clock, if it is the right job's card."""
        self._answers[request.match_info["command"]] += 1
        if request.match_info["voice"].encode() in await request.read():
            self._came[request.match_info["command"]] = time.monotonic()
        return web.Response(text="ok")

    async def hand_over(self, _request: web.Request) -> web.Response:
        """Tell what came since the last time, and how many requests MetaStudio saw; forget both."""
        told = {
            "cards": self._came,
            "answers": self._answers,
            "requests": len(self._metastudio.requests),
        }
        self._came, self._answers = {}, Counter()
        self._metastudio.requests.clear()
        return web.json_response(told)


async def serve(latency: float, jobs: int) -> None:
    """Run the stand-ins until this process is told to end."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with MetaStudioSimulator(latency=latency) as metastudio, SlackWorkspace() as slack:
        for number in range(jobs):
            metastudio.add_job(job_id=job_id(number), voice_name=voice(number))
        runner = await _listening(Cards(metastudio))
        host, port = runner.addresses[0]
        addresses = {
            "metastudio": metastudio.url,
            "slack": slack.api_url,
            "cards": f"http://{host}:{port}/cards",
        }
        print("ready:", json.dumps(addresses), file=sys.stderr, flush=True)
        await stop.wait()
        await runner.cleanup()


async def _listening(cards: Cards) -> web.AppRunner:
    application = web.Application()
    application.router.add_post("/cards/{command}/{voice}", cards.take)
    application.router.add_post("/cards", cards.hand_over)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    return runner


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]), int(sys.argv[2])))
