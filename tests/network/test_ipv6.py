"""IPv6: what the bot listens on, what it calls, and how both are written."""

import socket

import aiohttp
import pytest
from aiohttp import web

from bot.errors import AddressTaken
from bot.network.servers import listening, with_port
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import SlackWorkspace
from bot.simulators.world import running, settings_for
from tests.servers import Proxy
from tests.support import AT_ONCE


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True


pytestmark = pytest.mark.skipif(not has_ipv6(), reason="there is no IPv6 here")


async def test_a_bot_between_servers_of_ipv6(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """It signs in, signs what it sends with the host as it is sent, and answers."""
    job = metastudio.add_job(voice_name="Over IPv6")
    at_slack = Proxy(slack.api_url.removesuffix("/api/"))
    async with Proxy(metastudio.url).running(host="::1") as url, at_slack.running(host="::1") as api:
        there = {"metastudio_endpoint": url, "slack_api_url": f"{api}/api/"}
        async with running(settings_for(slack, metastudio, **there), rates=AT_ONCE):
            card = await (await slack.command("/voicejob", job["job_id"], channel=channel)).message()

    assert "Over IPv6" in card.text
    assert {request.headers["Host"] for request in metastudio.requests} == {url.removeprefix("http://")}
    assert at_slack.connections > 0


async def test_what_the_bot_listens_on() -> None:
    """Whoever copies its address reaches the bot; where it is taken, it is told in the same way."""
    assert [with_port(each, 80) for each in ("host", "fe80::1%eth0")] == ["host:80", "[fe80::1%eth0]:80"]
    async with listening(web.Application(), "::1", 0) as address, aiohttp.ClientSession() as session:
        async with session.get(address) as answer:
            assert answer.status == 404
        with pytest.raises(AddressTaken) as taken:
            await listening(web.Application(), "::1", int(address.rpartition(":")[2])).__aenter__()
    assert taken.value.values["address"] == address.removeprefix("http://")
