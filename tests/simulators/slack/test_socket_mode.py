"""The simulator keeps to the page "Using Socket Mode"."""

import asyncio
import json

import aiohttp
import pytest

from bot.simulators.slack.workspace import SlackWorkspace
from tests.simulators.slack.protocol import Api
from tests.support import PATIENCE


async def test_an_acknowledgement_belongs_to_an_envelope(
    slack: SlackWorkspace, channel: str, api: Api
) -> None:
    """Payloads go over the connections in turn; one acknowledgement counts, and others are violations."""
    async with api.link() as first, api.link() as second:
        typed = [asyncio.create_task(slack.command("/voicejob", text, channel=channel)) for text in "ab"]
        for ws in (first, second):
            envelope = await ws.receive_json(timeout=PATIENCE)
            assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
            answer = {"envelope_id": envelope["envelope_id"], "payload": {"text": "card"}}
            for frame in (json.dumps(answer), '{"envelope_id": "invented"}', "words", json.dumps(answer)):
                await ws.send_str(frame)
            await ws.ping(b"all was dealt with")
            assert (await ws.receive(timeout=PATIENCE)).type == aiohttp.WSMsgType.PONG
        replies = await asyncio.gather(*typed)

    assert [reply.ack_message.text for reply in replies if reply.ack_message] == ["card", "card"]
    assert [each.split(": ")[1] for each in slack.violations] == 2 * [
        *["no such envelope"] * 2,
        "acknowledged twice",
    ]


async def test_an_app_is_sent_away(slack: SlackWorkspace, api: Api) -> None:
    """The frame has the reason; no payload goes there any more; an app that stays is disconnected."""
    async with api.link() as ws:
        leaving = asyncio.create_task(slack.disconnect("warning"))
        frame = await ws.receive_json(timeout=PATIENCE)
        left_for_payloads = slack.connections
        end = await ws.receive(timeout=PATIENCE)
        await leaving

    assert frame == {"type": "disconnect", "reason": "warning", "debug_info": {"host": "simulator"}}
    assert (left_for_payloads, end.type) == (0, aiohttp.WSMsgType.CLOSE)
    with pytest.raises(ValueError, match="boredom"):
        await slack.disconnect("boredom")
