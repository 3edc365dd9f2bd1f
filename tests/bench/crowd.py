"""The stand-ins of the watching bench: many jobs, many channels, and a way to change and to count.

Run as a process of its own: ``python crowd.py JOBS CHANNELS [unlimited]``. Once it listens it writes a line
with ``ready:`` and its addresses to stderr, and it lives until it is terminated. With ``unlimited``, Slack
takes messages at any pace.
"""

import asyncio
import json
import signal
import sys
import time

from aiohttp import web

from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.records import BOT_USER
from bot.simulators.slack.workspace import SLACKS_LIMITS, SlackWorkspace
from tests.bench.standins import job_id, voice

STATES = ("PROCESSING", "RESULT_REVIEW")
"""Jobs are in the first one, and change to and fro."""
MINUTE = 60


class Crowd:
    """What the bench asks of the stand-ins while the bot runs."""

    def __init__(self, metastudio: MetaStudioSimulator, slack: SlackWorkspace) -> None:
        self._metastudio = metastudio
        self._slack = slack

    async def jobs(self, _request: web.Request) -> web.Response:
        """Give every job as the API writes it."""
        return web.json_response(list(self._metastudio.jobs.values()))

    async def change(self, request: web.Request) -> web.Response:
        """Let the jobs with these numbers change, and say when that was, in epoch seconds."""
        for number in await request.json():
            state = self._metastudio.jobs[job_id(number)]["state"]
            self._metastudio.set_state(job_id(number), STATES[1 - STATES.index(state)])
        return web.json_response(time.time())

    async def post_cards(self, request: web.Request) -> web.Response:
        """Post a card in each of these channels, as the bot would have, and give their ``ts``."""
        cards = [
            self._slack.add_message(channel, "A card.", user=BOT_USER).ts for channel in await request.json()
        ]
        return web.json_response(cards)

    async def count(self, _request: web.Request) -> web.Response:
        """Count the requests that MetaStudio saw since the last time."""
        counts = {api: self._metastudio.requests_to(api) for api in ("show", "list")}
        self._metastudio.requests.clear()
        return web.json_response(counts)

    async def told(self, _request: web.Request) -> web.Response:
        """Give when each notice came, and each edit of a card was asked for, and how many were too many."""
        notices = [float(seen.ts) for seen in self._slack.history if seen.thread_ts]
        edits = [call.at for call in self._slack.calls if call.method == "chat.update"]
        limited = [call.method for call in self._slack.limited]
        return web.json_response(
            {"notices": notices, "edits": edits, "limited": limited, "wrong": self._slack.violations}
        )


async def serve(jobs: int, channels: int, *, limited: bool) -> None:
    """Run the stand-ins until this process is told to end."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    limits = SLACKS_LIMITS if limited else None
    async with MetaStudioSimulator() as metastudio, SlackWorkspace(limits=limits) as slack:
        now = int(time.time())
        for number in range(jobs):
            changed = now - MINUTE * (number + 10)
            metastudio.add_job(
                job_id=job_id(number),
                state=STATES[0],
                voice_name=voice(number),
                create_time=changed - MINUTE,
                lastupdate_time=changed,
            )
        ids = [slack.add_channel(f"voices-{number}") for number in range(channels)]
        runner = await _listening(Crowd(metastudio, slack))
        host, port = runner.addresses[0]
        addresses = {"metastudio": metastudio.url, "slack": slack.api_url, "control": f"http://{host}:{port}"}
        print("ready:", json.dumps(addresses | {"channels": ids}), file=sys.stderr, flush=True)
        await stop.wait()
        await runner.cleanup()


async def _listening(crowd: Crowd) -> web.AppRunner:
    application = web.Application(client_max_size=2**24)
    application.router.add_get("/jobs", crowd.jobs)
    application.router.add_post("/change", crowd.change)
    application.router.add_post("/cards", crowd.post_cards)
    application.router.add_post("/count", crowd.count)
    application.router.add_get("/told", crowd.told)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), limited="unlimited" not in sys.argv))
