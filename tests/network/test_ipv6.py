"""IPv6: what the bot listens on, what it calls, and how both are written."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.checks.listening import LISTENING
from bot.errors import AddressTaken
from bot.network.servers import listening, with_port
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import SlackWorkspace
from bot.simulators.world import running, settings_for
from tests.checks.checking import CheckSetup
from tests.servers import Proxy
from tests.support import AT_ONCE


def here(host: str) -> bool:
    """Say whether it is an address of this machine."""
    try:
        address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0][4]
        with socket.socket(socket.AF_INET6) as one:
            one.bind(address)
    except OSError:
        return False
    return True


def link_local() -> Iterator[str]:
    """Find the link-local addresses of this machine, with their zones."""
    table = Path("/proc/net/if_inet6")
    for line in table.read_text().splitlines() if table.exists() else ():
        digits, *_, name = line.split()
        if digits.startswith("fe80"):
            yield f"{':'.join(re.findall('....', digits))}%{name}"


pytestmark = pytest.mark.skipif(not here("::1"), reason="there is no IPv6 here")
HOSTS = ["::1", "::", *filter(here, link_local())]


@pytest.mark.parametrize("host", HOSTS)
async def test_an_address_that_is_told_can_be_asked(host: str) -> None:
    """Whoever copies it reaches the bot; where it is taken, it is told in the same way."""
    assert with_port("host", 80) == "host:80"
    async with listening(web.Application(), host, 0) as address:
        assert re.fullmatch(rf"http://\[{re.escape(host)}\]:\d+", address)
        async with aiohttp.ClientSession() as session, session.get(address) as answer:
            assert answer.status == 404
        with pytest.raises(AddressTaken, match=re.escape(address.removeprefix("http://"))):
            async with listening(web.Application(), host, int(address.rpartition(":")[2])):
                pass


async def test_check_writes_it_so(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, tmp_path: Path
) -> None:
    """Where it is free, taken by another program, or by a bot."""
    setup = CheckSetup(slack, metastudio, tmp_path / "kept.sqlite")
    host = "::1"
    async with listening(web.Application(), host, 0) as address:
        port = int(address.rpartition(":")[2])
        taken = await setup.check(voicejob_host=host, port=port)
    async with running(settings_for(slack, metastudio, voicejob_host=host, port=port)):
        ours = await setup.check(voicejob_host=host, port=port)
    free = await setup.check(voicejob_host=host, port=port)

    where = f"“[{host}]:{port}”"
    assert taken[LISTENING].says.startswith(f"{where} is taken by another program")
    assert ours[LISTENING].says == f"a bot listens at {where} already"
    assert free[LISTENING].says == f"{where} is free"


@pytest.mark.parametrize("host", [host for host in HOSTS if host != "::"])
async def test_a_bot_between_servers_of_ipv6(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, host: str
) -> None:
    """It signs in, signs what it sends with the host as it is sent, and answers."""
    job = metastudio.add_job(voice_name="Over IPv6")
    at_slack = Proxy(slack.api_url.removesuffix("/api/"))
    async with Proxy(metastudio.url).running(host=host) as url, at_slack.running(host=host) as api:
        there = {"metastudio_endpoint": url, "slack_api_url": f"{api}/api/"}
        async with running(settings_for(slack, metastudio, **there), rates=AT_ONCE):
            card = await (await slack.command("/voicejob", job["job_id"], channel=channel)).message()

    assert "Over IPv6" in card.text
    assert {request.headers["Host"] for request in metastudio.requests} == {url.removeprefix("http://")}
    assert at_slack.connections > 0
