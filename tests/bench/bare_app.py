"""The yardstick: a Bolt app as Bolt's documents write it, that does no more than Slack asks of an app.

It acknowledges ``/voicejob``, and opens an empty modal for the message shortcut.

Run as a process of its own, with the bot's environment. Once it listens it writes a line with ``ready:`` and
its address to stderr, and it lives until it is terminated.
"""

import os
import socket
import sys
from typing import Any

from aiohttp import web
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

EMPTY = {"type": "modal", "title": {"type": "plain_text", "text": "Jobs"}, "blocks": []}


async def acknowledge(ack: AsyncAck) -> None:
    """Acknowledge a command."""
    await ack()


async def open_modal(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
    """Open an empty modal."""
    await ack()
    await client.views_open(trigger_id=body["trigger_id"], view=EMPTY)


if __name__ == "__main__":
    client = AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    app = AsyncApp(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])
    app.command("/voicejob")(acknowledge)
    app.message_shortcut("look_up_voice_job")(open_modal)
    listener = socket.create_server(("127.0.0.1", 0))
    ready = "ready: http://{}:{}/slack/events".format(*listener.getsockname())
    web.run_app(app.web_app(), sock=listener, access_log=None, print=lambda _: print(ready, file=sys.stderr))
