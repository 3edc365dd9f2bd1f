"""The yardstick: a Bolt app as Bolt's documents write it, that acknowledges ``/voicejob`` and does no more.

Run as a process of its own, with the bot's environment. Once it listens it writes a line with ``ready:`` and
its address to stderr, and it lives until it is terminated.
"""

import asyncio
import os
import signal
import sys

from aiohttp import web
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


async def acknowledge(ack: AsyncAck) -> None:
    """Do the least that Slack asks of an app."""
    await ack()


async def serve() -> None:
    """Serve the app, which checks each request's signature, until this process is terminated."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    client = AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    app = AsyncApp(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])
    app.command("/voicejob")(acknowledge)
    runner = web.AppRunner(app.web_app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    print(f"ready: http://{host}:{port}/slack/events", file=sys.stderr, flush=True)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve())
