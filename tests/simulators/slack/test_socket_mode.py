"""The simulator keeps to the page "Using Socket Mode"."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from bot.simulators.slack.workspace import SlackWorkspace
from tests.simulators.slack.protocol import Api
from tests.support import PATIENCE

WebSocket = aiohttp.ClientWebSocketResponse


async def acknowledge(ws: WebSocket, **more: Any) -> dict[str, Any]:
    """Acknowledge the next envelope, and return it."""
    envelope = dict(await ws.receive_json(timeout=PATIENCE))
    await ws.send_json({"envelope_id": envelope["envelope_id"], **more})
    return envelope


async def processed(ws: WebSocket) -> None:
    """Wait until everything that was sent has been received and dealt with."""
    await ws.ping(b"a ping")
    answer = await ws.receive(timeout=PATIENCE)
    assert (answer.type, answer.data) == (aiohttp.WSMsgType.PONG, b"a ping")


async def test_a_new_connection_is_greeted(slack: SlackWorkspace, api: Api) -> None:
    """``hello`` has the number of connections; an eleventh connection is sent away."""
    connections = [await api.session.ws_connect(await api.link_url()) for _ in range(11)]
    frames = [await ws.receive_json() for ws in connections]

    assert frames[1] == {
        "type": "hello",
        "num_connections": 2,
        "connection_info": {"app_id": "A0VOICEJOB"},
        "debug_info": {"host": "simulator", "approximate_connection_time": 3600},
    }
    assert [frame.get("num_connections") for frame in frames] == [*range(1, 11), None]
    assert (frames[10]["type"], frames[10]["reason"]) == ("disconnect", "too_many_websockets")
    assert (slack.connections, slack.tried) == (10, 11)


async def test_a_url_is_good_for_one_connection(slack: SlackWorkspace, api: Api) -> None:
    """A used one, an invented one and one that expired are refused; a refused handshake uses up nothing."""
    slack.refuse_handshakes = 1
    url, expired = await api.link_url(), await api.link_url()
    found = []
    for each in (url, url, url, f"{expired}x", expired):
        if each == expired:
            slack.expire_tickets()
        try:
            await (await api.session.ws_connect(each)).close()
            found.append(101)
        except aiohttp.WSServerHandshakeError as error:
            found.append(error.status)

    assert found == [503, 101, 403, 403, 403]


async def test_a_payload_goes_to_one_connection(slack: SlackWorkspace, channel: str, api: Api) -> None:
    """Two commands go over two connections; the acknowledgement may carry the reply."""
    async with api.link() as first, api.link() as second:
        typed = [asyncio.create_task(slack.command("/voicejob", text, channel=channel)) for text in "ab"]
        envelopes = [await acknowledge(ws, payload={"text": "card"}) for ws in (first, second)]
        replies = await asyncio.gather(*typed)

    assert {envelope["payload"]["text"] for envelope in envelopes} == {"a", "b"}
    assert [(each["type"], each["accepts_response_payload"]) for each in envelopes] == [
        ("slash_commands", True)
    ] * 2
    assert [reply.ack_message.text for reply in replies if reply.ack_message] == ["card", "card"]


@pytest.mark.parametrize("ack_timeout", [0.05])
async def test_a_late_acknowledgement_is_lost(slack: SlackWorkspace, channel: str, api: Api) -> None:
    """The person is shown a time-out; that is no breach of the protocol."""
    async with api.link() as ws:
        typed = await slack.command("/voicejob", channel=channel)
        await acknowledge(ws, payload={"text": "late"})
        await processed(ws)

    assert (typed.acked, typed.error, typed.messages) == (False, "operation_timeout", [])
    assert slack.violations == []


async def test_an_acknowledgement_belongs_to_an_envelope(
    slack: SlackWorkspace, channel: str, api: Api
) -> None:
    """One for an envelope that Slack never sent is a violation, as is a second one: the first one counts."""
    async with api.link() as ws:
        typed = asyncio.create_task(slack.command("/voicejob", channel=channel))
        again = {"envelope_id": (await acknowledge(ws))["envelope_id"], "payload": {"text": "again"}}
        for frame in ('{"envelope_id": "invented"}', "words", json.dumps(again)):
            await ws.send_str(frame)
        await processed(ws)

    assert ((await typed).acked, (await typed).messages) == (True, [])
    assert [violation.split(": ")[1] for violation in slack.violations] == [
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
