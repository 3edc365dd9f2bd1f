"""``voicejob check``: each fault, really caused, has its line with the right remedy, and spoils no other."""

import asyncio
import json
import re
import signal
import socket
from collections.abc import Collection
from typing import Any

import aiohttp
import aiohttp.web
import pytest
from aiohttp.test_utils import RawTestServer

from bot.checks import check as checks
from bot.checks.listening import try_listening
from bot.checks.slack import HELLO_SECONDS
from bot.config import INIT, Settings
from bot.simulators.metastudio.simulator import Fault
from bot.simulators.slack.workspace import APP_TOKEN, BOT_TOKEN
from bot.simulators.world import settings_for
from tests.checks.checking import (
    ADDRESS,
    APP,
    BOT,
    BY_USER,
    JOBS,
    LISTENING,
    METASTUDIO,
    NAMES,
    OPEN,
    PROJECT,
    SCOPES,
    SIGN_IN,
    SIGNING_SECRET,
    SLACK,
    SOCKET,
    STORE,
    Checked,
    CheckSetup,
    answering,
)
from tests.store.test_store_faults import another_user
from tests.support import HTTP_MODE, started
from tests.test_cli import read_until, voicejob

NOWHERE = "http://127.0.0.1:1"


async def test_all_is_well(setup: CheckSetup) -> None:
    """Each item has what was found, in a fixed order; nothing is left open, posted or made."""
    setup.metastudio.add_job()
    found = await setup.check()

    assert [(item.name, item.ok) for item in found.items] == [(name, True) for name in NAMES]
    assert found["settings"].says == "all are there: Socket Mode, region “cn-north-4”"
    says = [found[name].says for name in (BOT, SOCKET, JOBS)]
    assert says == [
        "workspace “voicejob”, bot “voicejob”",
        "connected",
        "the list has 1; the access key may list and show them",
    ]
    assert "is not there yet" in found[STORE].says
    assert setup.slack.connections == 0
    methods = sorted(call.method for call in setup.slack.calls)
    assert methods == ["apps.connections.open", "auth.test", "views.publish"]
    assert list(setup.store.parent.iterdir()) == []


async def test_http_mode_needs_a_signing_secret_instead(setup: CheckSetup) -> None:
    """No WebSocket is opened there."""
    changes: dict[str, Any] = HTTP_MODE
    found = await setup.check(**changes)

    assert [item.name for item in found.items if item.ok] == [*NAMES[:3], SIGNING_SECRET, *NAMES[5:]]
    assert "SLACK_SIGNING_SECRET is set" in found[SIGNING_SECRET].says
    assert {call.method for call in setup.slack.calls} == {"auth.test", "views.publish"}


async def test_json_is_for_machines_and_has_no_secret(setup: CheckSetup) -> None:
    """Name, ok and says of each, and one word on all; whatever is refused, and whatever the answers quote."""
    secrets = {"SLACK_BOT_TOKEN": "xoxb-hush-bot", "SLACK_APP_TOKEN": "xapp-hush-app"}
    secrets |= {"HUAWEICLOUD_SDK_AK": "HUSHACCESSKEY", "HUAWEICLOUD_SDK_SK": "HUSHSECRETKEY"}
    quoted = " ".join(secrets.values())
    setup.slack.fail("auth.test", error=quoted)
    setup.metastudio.fail(Fault.error(401, secrets["HUAWEICLOUD_SDK_SK"], quoted), on="list")
    ended = await voicejob("check", "--json", **setup.environment(**secrets))
    told = json.loads(ended.out)

    assert (ended.code, ended.err, told["ok"]) == (1, "", False)
    assert [item["name"] for item in told["items"]] == NAMES
    assert {frozenset(item) for item in told["items"]} == {frozenset({"name", "ok", "says"})}
    assert [item["ok"] for item in told["items"]][:4] == [True, False, None, False]
    assert "hush" not in ended.out.lower()


async def test_a_first_try_of_the_command() -> None:
    """What is missing, what works, and what next, without colours; what an encoding has not is replaced."""
    ended = await voicejob("check", PORT="0", PYTHONIOENCODING="ascii")
    printed = ended.out.splitlines()

    assert (ended.code, ended.err, "\x1b" in ended.out) == (1, "", False)
    assert [line.partition(":")[0] for line in printed if line and line[0] != " "] == [
        *("failed settings", "-      9 checks skipped until the settings are fixed"),
        *("ok     store", "ok     listening", "4 problems. Fix them, then run `voicejob check` again."),
    ]
    assert (printed[0], printed[5]) == ("failed settings: 4 missing or wrong:", f"  {INIT}")
    assert (
        "  SLACK_BOT_TOKEN: not set, and needed: copy it from OAuth & Permissions, on your app's page"
        in ended.out
    )
    assert (
        "ok     store: ?voicejob.sqlite? is not there yet: the bot makes its store when it starts" in printed
    )


async def test_a_running_bot_is_not_harmed(setup: CheckSetup) -> None:
    """It runs, is checked, and answers."""
    channel, job = setup.slack.add_channel("voices"), setup.metastudio.add_job()
    with socket.create_server(("127.0.0.1", 0)) as free:
        surroundings = setup.environment(PORT=str(free.getsockname()[1]))
    async with started("run", settings=surroundings) as bot:
        await read_until(bot.stderr, "ready")
        ended = await voicejob("check", "--json", **surroundings)
        asked = await setup.slack.command("/voicejob", job["job_id"], channel=channel)
        await asked.message()
        bot.send_signal(signal.SIGTERM)
        await bot.communicate()

    assert (ended.code, json.loads(ended.out)["ok"], bot.returncode) == (0, True, 0), ended.out
    assert f"process {bot.pid}" in ended.out
    assert f"127.0.0.1:{surroundings['PORT']}\\u201d already" in ended.out
    assert "One copy of the bot is connected" in ended.out


SLIPS = "VOICEJOB_PORT is no setting of VoiceJob and is ignored; did you mean PORT?"
SLIPPED = {"VOICEJOB_PORT": "80"}
SEVERAL = {"SLACK_BOT_TOKEN": "xapp-hush", "SLACK_APP_TOKEN": f" {APP_TOKEN} ", "PORT": "x"}
NO_SLACK = {"SLACK_BOT_TOKEN": "", "SLACK_APP_TOKEN": "", "HUAWEICLOUD_SDK_SK": "x"}
IN_HTTP_MODE = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "hush hush"}
NO_SECRET_FILE = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET_FILE": "/no/file"}
BAD_PROXY, NO_PROXY = {"HTTPS_PROXY": "odd://me:hush@it"}, {"http_proxy": "127.0.0.1:1"}
SURROUNDINGS: list[tuple[dict[str, str], Collection[str], Collection[str], str]] = [
    ({"SLACK_BOT_TOKEN": f" {BOT_TOKEN} "}, (), (), "all are there"),
    (SLIPPED, (), (), SLIPS),
    (SEVERAL, ["settings"], [BOT, SCOPES, LISTENING], "SLACK_BOT_TOKEN"),
    ({"METASTUDIO_REGION": "?"}, ["settings"], METASTUDIO, "METASTUDIO_REGION"),
    (SLIPPED | {"VOICEJOB_CONSOLE_URL": "x"}, ["settings"], [], "1 missing or wrong, 1 unknown:"),
    ({"VOICEJOB_LANGUAGE": "fr"}, ["settings"], [], "must be en or zh"),
    (NO_SLACK, ["settings", SIGN_IN], [*SLACK, PROJECT, JOBS], ""),
    ({"SLACK_APP_TOKEN": ""}, ["settings"], [APP, SOCKET], "set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGN"),
    (IN_HTTP_MODE, ["settings"], [SIGNING_SECRET], ""),  # without an app-level token, that mode is meant
    (NO_SECRET_FILE, ["settings"], [SIGNING_SECRET], "SLACK_SIGNING_SECRET_FILE: the file"),
    (BAD_PROXY, ["settings"], [*SLACK, *METASTUDIO], "HTTPS_PROXY: can't be used: a"),
    (NO_PROXY, [BOT, APP, ADDRESS], [SCOPES, SOCKET, *METASTUDIO[1:]], "ClientProxyConn"),
]
"""What is set: the items that fail, those that are not tried, and what the first one says."""


@pytest.mark.parametrize(("changes", "failed", "untried", "says"), SURROUNDINGS)
async def test_settings(
    setup: CheckSetup, monkeypatch: pytest.MonkeyPatch, changes: Any, failed: Any, untried: Any, says: str
) -> None:
    """What is wrong is one item, without a secret; it keeps nothing from being tried that needs it not."""
    for key, value in setup.environment(**changes).items():
        monkeypatch.setenv(key, value)
    found = Checked(await checks.check(Settings.read()))

    assert says in (found.only_fails(*failed, untried=untried) or found["settings"].says)
    assert "hush" not in str(found)
    assert BOT not in untried or found[BOT].says == "skipped until the settings are fixed"


async def no_hello(request: aiohttp.web.BaseRequest) -> aiohttp.web.WebSocketResponse:
    """Take a WebSocket, and say nothing."""
    ws = aiohttp.web.WebSocketResponse()
    await ws.prepare(request)
    await ws.receive()
    return ws


async def test_it_ends_in_time_when_nothing_answers(setup: CheckSetup) -> None:
    """Both sides take connections and say nothing, or the WebSocket alone, or the list of jobs."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        async with RawTestServer(no_hello) as server:
            link = {"ok": True, "url": f"ws://127.0.0.1:{server.port}/"}
            setup.slack.fail(OPEN, body=json.dumps(link))
            all_hangs, not_greeted = await asyncio.gather(
                setup.check(slack_api_url=f"{address}/api", metastudio_endpoint=address), setup.check()
            )

    setup.metastudio.fail(Fault.hang(), times=9, on="list")
    says = (await setup.check(seconds=1)).only_fails(SIGN_IN, untried={PROJECT, JOBS})

    assert "no answer within 1 s" in says
    all_hangs.only_fails(BOT, APP, ADDRESS, untried=[SCOPES, SOCKET, *METASTUDIO[1:]])
    assert not [item for item in all_hangs.items if "within 25 s" in item.says]
    assert f"did not say hello within {HELLO_SECONDS:g} s" in not_greeted.only_fails(SOCKET)


ENDED = {"huaweicloud_sdk_ak": "TEMP", "huaweicloud_sdk_sk": "S", "huaweicloud_sdk_security_token": "ended"}
GET_ANEW = (
    "It may have expired: get HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK and HUAWEICLOUD_SDK_SECURITY_TOKEN"
)
NO_PROJECT = "Copy HUAWEICLOUD_SDK_PROJECT_ID from My Credentials"  # IAM has no code of its own for it
UNREACHABLE = (
    f"“{NOWHERE}” can't be reached (ConnectError: ClientConnectorError). Check METASTUDIO_REGION and"
)
NO_IAM = f"IAM at {UNREACHABLE} HUAWEICLOUD_SDK_IAM_ENDPOINT, the network and its proxy."
WRONG_VALUES: list[tuple[dict[str, Any], str, Collection[str], str]] = [
    ({"metastudio_endpoint": NOWHERE}, ADDRESS, METASTUDIO[1:], f"{UNREACHABLE} METASTUDIO_ENDPOINT, the"),
    (BY_USER | {"huaweicloud_sdk_iam_endpoint": NOWHERE}, SIGN_IN, [PROJECT, JOBS], NO_IAM),
    (BY_USER | {"huaweicloud_sdk_project_id": "f" * 32}, PROJECT, [JOBS], NO_PROJECT),
    (ENDED, SIGN_IN, [PROJECT, JOBS], GET_ANEW),
    ({"voicejob_host": "192.0.2.1"}, LISTENING, [], "can't listen at “192.0.2.1:0” (Cannot assign"),
    ({"voicejob_host": "no..host"}, LISTENING, [], "VOICEJOB_HOST must be an address of this machine, such"),
]
"""What is set: the item that fails, those that are not tried, and what the failed one says."""


@pytest.mark.parametrize(("changes", "failed", "untried", "says"), WRONG_VALUES)
async def test_a_wrong_value(
    setup: CheckSetup, changes: dict[str, Any], failed: str, untried: Collection[str], says: str
) -> None:
    """It is one line, which names the keys to correct."""
    setup.metastudio.temporary_keys = {"TEMP": ("SECRET", "ticket-of-it")}

    assert says in (await setup.check(**changes)).only_fails(failed, untried=untried)


async def test_a_port_that_is_taken(setup: CheckSetup) -> None:
    """By a bot, which is what it should be, or by another program; a free one is free afterwards, too."""
    async with answering("hello") as other, answering("alive\n") as bot:
        port = other.port
        taken = await setup.check(port=port)
        running = await setup.check(port=bot.port, voicejob_host="0.0.0.0")  # noqa: S104  for a moment
    free = [(await setup.check(port=port))[LISTENING].says for _ in range(2)]

    assert f"“127.0.0.1:{port}” is taken by another program: set PORT to" in taken.only_fails(LISTENING)
    assert free == [f"“127.0.0.1:{port}” is free"] * 2
    assert running[LISTENING].ok
    assert "a running bot listens at “0.0.0.0:" in running[LISTENING].says


async def test_a_port_that_is_not_for_users(setup: CheckSetup) -> None:
    """One below 1024, unless the machine allows any user any port."""
    with another_user():
        (item,) = [item async for item in try_listening(settings_for(setup.slack, setup.metastudio, port=1))]

    assert item.ok or re.search("this user may not listen at “127.0.0.1:1”.* set PORT to 1024", item.says)
