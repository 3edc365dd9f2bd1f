"""The yardstick: a Bolt app as Bolt's documents write it, that acknowledges ``/voicejob`` and does no more.

Run as a process of its own, with the bot's environment. Once it listens it writes a line with ``ready:`` and
its address to stderr, and it lives until it is terminated.
"""

import os
import socket
import sys

from aiohttp import web
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


async def acknowledge(ack: AsyncAck) -> None:
    """Do the least that Slack asks of an app."""
    await ack()


if __name__ == "__main__":
    client = AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    app = AsyncApp(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])
    app.command("/voicejob")(acknowledge)
    listener = socket.create_server(("127.0.0.1", 0))
    ready = "ready: http://{}:{}/slack/events".format(*listener.getsockname())
    web.run_app(app.web_app(), sock=listener, access_log=None, print=lambda _: print(ready, file=sys.stderr))
