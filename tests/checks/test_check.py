"""``voicejob check``: each fault, really caused, has its line with the right remedy, and spoils no other."""

import asyncio
import json
import re
import signal
import socket
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import aiohttp.web
import pytest
from aiohttp.test_utils import RawTestServer

from bot.checks import check as checks
from bot.checks.listening import try_listening
from bot.checks.metastudio import without_list
from bot.checks.slack import HELLO_SECONDS, first_frame_item
from bot.config import Settings
from bot.errors import UnreadableAnswer
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.workspace import APP_TOKEN, BOT_TOKEN, SlackWorkspace
from bot.simulators.world import settings_for
from tests.checks.checking import Checked, CheckSetup, answering
from tests.faults import ANSWERS
from tests.sign_ins import WRONG, settings_of
from tests.store.test_store_faults import another_user
from tests.support import HTTP_MODE, started
from tests.test_cli import read_until, voicejob

BOT, SCOPES, APP, SOCKET = "Slack bot token", "Slack scopes", "Slack app token", "Socket Mode"
SIGNING_SECRET, ADDRESS, CLOCK = "Slack signing secret", "MetaStudio address", "clock"
SIGN_IN, PROJECT, JOBS = "MetaStudio credentials", "MetaStudio project", "MetaStudio jobs"
STORE, LISTENING = "store", "listening"
METASTUDIO, SLACK = (ADDRESS, CLOCK, SIGN_IN, PROJECT, JOBS), (BOT, SCOPES, APP, SOCKET)
NAMES = ["settings", *SLACK, *METASTUDIO, STORE, LISTENING]
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def setup(slack: SlackWorkspace, metastudio: MetaStudioSimulator, tmp_path: Path) -> CheckSetup:
    return CheckSetup(slack, metastudio, tmp_path / "kept.sqlite")


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
    assert sorted(call.method for call in setup.slack.calls) == ["apps.connections.open", "auth.test"]
    assert list(setup.store.parent.iterdir()) == []


async def test_http_mode_needs_a_signing_secret_instead(setup: CheckSetup) -> None:
    """No WebSocket is opened there."""
    changes: dict[str, Any] = HTTP_MODE
    found = await setup.check(**changes)

    assert [item.name for item in found.items if item.ok] == [*NAMES[:3], SIGNING_SECRET, *NAMES[5:]]
    assert "SLACK_SIGNING_SECRET is set" in found[SIGNING_SECRET].says
    assert {call.method for call in setup.slack.calls} == {"auth.test"}


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
    assert printed[0] == "failed settings: 4 missing or wrong:"
    assert "  SLACK_BOT_TOKEN: not set, and needed" in printed
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
    (SLIPPED | {"VOICEJOB_CONSOLE_URL": "x"}, ["settings"], [], SLIPS),
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


def fails(method: str, **how: Any) -> Callable[[SlackWorkspace], None]:
    return lambda slack: slack.fail(method, **{"times": 9} | how)


OPEN = "apps.connections.open"
LINK = json.dumps({"ok": True, "url": "ws://127.0.0.1:1/link?ticket=hush"})
REVOKED = "refuses “SLACK_BOT_TOKEN” with the error “token_revoked”. Copy .*under OAuth & Permissions"
NO_SCOPE = "lacks the scope connections:write.* App-Level Tokens"
NO_API = "answers at “http://.* is not Slack's API .*Check SLACK_API_URL and the proxy"
REFUSALS: list[tuple[Callable[[SlackWorkspace], None], str, str]] = [
    (lambda slack: slack.revoke(), BOT, REVOKED),
    (fails("auth.test", error="ratelimited"), BOT, "can't serve just now \\(“ratelimited”\\)"),
    (fails("auth.test", status=503, body="<html>"), BOT, NO_API),
    (fails(OPEN, error="invalid_auth"), APP, "SLACK_APP_TOKEN.* again.*App-Level.*allowed IP addresses"),
    (fails(OPEN, error="missing_scope", needed="connections:write"), APP, NO_SCOPE),
    (lambda slack: setattr(slack, "refuse_handshakes", 1), SOCKET, "with HTTP 503.*WebSockets \\(wss\\)"),
    (fails(OPEN, body=LINK), SOCKET, "no connection \\(Client"),
]
"""What Slack does: the item that fails, and what that says."""


@pytest.mark.parametrize(("cause", "failed", "says"), REFUSALS)
async def test_slack(
    setup: CheckSetup, cause: Callable[[SlackWorkspace], None], failed: str, says: str
) -> None:
    """Each refusal has its line and its remedy, and spoils no other."""
    cause(setup.slack)
    untried = {BOT: [SCOPES], APP: [SOCKET], SOCKET: []}[failed]

    assert re.search(says, (await setup.check()).only_fails(failed, untried=untried))


GRANTED: list[tuple[list[str], bool, str]] = [
    (["commands"], False, "lacks chat:write. Add it under OAuth & Permissions.* install the app again"),
    ([], False, "lacks chat:write and commands. Add them under"),
    (
        ["commands", "chat:write"],
        True,
        "chat:write, commands\n.*users:read, the bot can answer each person in",
    ),
    (["commands", "chat:write", "users:read"], True, "chat:write, commands, users:read$"),
    (["commands", "chat:write", "users:read", "im:write"], True, "\n  the bot has no use for im:write$"),
]


@pytest.mark.parametrize(("scopes", "ok", "says"), GRANTED)
async def test_scopes(
    metastudio: MetaStudioSimulator, tmp_path: Path, scopes: list[str], *, ok: bool, says: str
) -> None:
    """A missing one is named, and where to add it; of the optional one it is told what it would add."""
    async with SlackWorkspace(limits=None, scopes=scopes) as slack:
        found = await CheckSetup(slack, metastudio, tmp_path / "kept").check()

    assert found[SCOPES].ok is ok
    assert re.search(says, found[SCOPES].says)


async def test_what_slack_says_is_harmless(setup: CheckSetup) -> None:
    """No answer moves the cursor, shows a secret, or looks like an item; scopes may not be told."""
    body = '{"ok": true, "team": "\\u001b[31m\\nfailed store: x", "user": "xoxb-stand-in"}'
    setup.slack.fail("auth.test", body=body)
    found = await setup.check()

    assert (found[SCOPES].ok, found[BOT].ok, "\x1b" in found[BOT].says) == (None, True, False)
    assert re.search("\n  failed store: x”, bot “[*]{3}”", found[BOT].says)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ({"type": "disconnect", "reason": "link_disabled"}, "Turn it on under Socket Mode"),
        ({"type": "disconnect", "reason": "refresh_requested"}, "at once (refresh_requested)"),
        ({"type": "disconnect", "reason": "too_many_websockets"}, "ten copies"),
        (["no object"], "something other than Slack"),
        ({"type": "hello", "num_connections": 2}, "One copy of the bot is connected already. If it isn't"),
        ({"type": "hello", "num_connections": 3}, "2 copies"),
    ],
)
def test_first_frame(frame: Any, says: str) -> None:
    """Slack's reason is told, where there is one; other copies may be the bot itself, so they are a hint."""
    item = first_frame_item(frame)

    assert item.ok == ("num_connections" in frame)
    assert says in item.says


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


REFUSED = "refuses the access key {}. Copy HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK again"
OTHER_API = "is not MetaStudio {}. Check METASTUDIO_ENDPOINT and METASTUDIO_REGION, and any proxy or firewall"
FAULT = "has a fault {}. Try again in a few minutes"
NO_LIST = {
    "CredentialsRefused": (SIGN_IN, REFUSED),
    "PermissionDenied": (
        JOBS,
        "may not list jobs {}. In IAM, give its user the system policy MetaStudio Read",
    ),
    "Throttled": (JOBS, "limits this account's requests right now {}"),
    "TimedOut": (JOBS, "took too long to answer"),
    "Unreachable": (JOBS, "the connection to MetaStudio broke"),
    **dict.fromkeys(("WrongProject", "UnreadableAnswer"), (JOBS, OTHER_API)),
    **dict.fromkeys(("ServiceDown", "JobNotFound", "RequestRefused"), (JOBS, FAULT)),
}
"""The item that fails for each error, and what it says."""


def test_each_answer_to_the_request_for_the_list(setup: CheckSetup) -> None:
    """It blames one item, and says of the others no more than can be known; what is no API's says nothing."""
    settings = settings_for(setup.slack, setup.metastudio)
    for name, answer in ANSWERS.items():
        failed, says = NO_LIST[answer.error.__name__]
        if answer.code in {"MSS.00010009", "APIGW.0310", "APIGW.0801", "APIGW.0802"}:
            failed, says = PROJECT, "does not know “{project}” {}. Copy HUAWEI"
        found = Checked(without_list(settings, answer.error(status=answer.status, code=answer.code)))
        good = {SIGN_IN} if failed == PROJECT or "may not" in says else set()

        assert [item.name for item in found.items] == [SIGN_IN, PROJECT, JOBS]
        line = found.only_fails(failed, untried={SIGN_IN, PROJECT, JOBS} - {failed} - good)
        told = f"(HTTP {answer.status or '-'}, {answer.code or 'no error code'})"
        assert says.format(told, project=settings.huaweicloud_sdk_project_id) in line, name
        assert "HUAWEICLOUD_SDK_IAM_ENDPOINT" not in line
    of_user = settings_for(setup.slack, setup.metastudio, **settings_of("IAM user"))
    assert "HUAWEICLOUD_SDK_IAM_ENDPOINT" in without_list(of_user, UnreadableAnswer())[-1].says


@pytest.mark.parametrize(
    ("way", "code", "remedy"),
    [
        ("access key", "APIGW.0301", "may have locked it: wait"),
        ("IAM user", "401", "HUAWEICLOUD_IAM_USER, HUAWEICLOUD_IAM_PASSWORD and HUAWEICLOUD_IAM_DOMAIN"),
        ("token", "APIGW.0307", "set a new METASTUDIO_AUTH_TOKEN"),
    ],
)
async def test_good_and_wrong_credentials(setup: CheckSetup, way: str, code: str, remedy: str) -> None:
    """The line names the way; wrong ones are tried once, since that may lock them, and the keys named."""
    good = await setup.check(**settings_of(way))
    setup.metastudio.requests.clear()
    says = (await setup.check(**settings_of(way, WRONG))).only_fails(SIGN_IN, untried={PROJECT, JOBS})

    assert good.names(ok=True) == set(NAMES), good.items
    assert way.rsplit(maxsplit=1)[-1] in good[SIGN_IN].says
    assert len([seen for seen in setup.metastudio.requests if seen.api]) == 1
    assert "Authorization" not in setup.metastudio.requests[0].headers
    assert f"(HTTP 401, {code})" in says
    assert remedy in says


BY_USER = settings_of("IAM user")
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


CLOCKS: list[tuple[float, dict[str, Any], bool, str]] = [
    (1200, {}, False, "20 minutes behind MetaStudio's, and signatures count within 15 minutes only"),
    (1200, BY_USER, False, "20 minutes behind"),
    (-400, {}, True, "7 minutes ahead of"),
    (-400, HTTP_MODE, False, "within 5 minutes only"),
]


@pytest.mark.parametrize(("off", "changes", "ok", "says"), CLOCKS)
async def test_clock_off(
    setup: CheckSetup, off: float, changes: dict[str, Any], *, ok: bool, says: str
) -> None:
    """Where no signature counts, none is sent; a password counts all the same. Slack's own last 5 minutes."""
    setup.metastudio.clock = lambda: time.time() + off
    found = await setup.check(**changes)
    no_signature = abs(off) > 900 and not changes

    assert found[CLOCK].ok is ok
    assert says in found[CLOCK].says
    assert found.names(ok=None) == ({SIGN_IN, PROJECT, JOBS} if no_signature else set())
    assert setup.metastudio.requests_to("list") == (0 if no_signature else 1)


@pytest.mark.parametrize(
    ("date", "ok"),
    [
        (f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S} -0000", True),  # without a zone it is UTC (RFC 9110)
        *(("today", None), ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None)),
    ],
    ids=["no zone", "no date", "no year"],
)
async def test_an_empty_list_and_no_time(setup: CheckSetup, date: str, *, ok: bool | None) -> None:
    """What tells no time can't be compared; a project without jobs may be the wrong one. Neither fails."""
    async with answering('{"count": 0}' if ok else '{"jobs": null}', Date=date) as server:
        found = await setup.check(metastudio_endpoint=str(server.make_url("/")))

    assert [found[name].ok for name in METASTUDIO] == [True, ok, True, True, True]
    assert found[JOBS].says.startswith("the list is empty, so none was shown. If it should have jobs, check")


POLICY = "may not show one (HTTP 403, MSS.00000001). In IAM, give its user the system policy"
SHOWN: list[tuple[Fault, str]] = [
    (Fault.error(404, "MSS.41000003"), ""),  # it was deleted meanwhile
    (Fault.error(403, "MSS.00000001"), POLICY),
    (
        Fault.error(401, "APIGW.0301"),
        "but then MetaStudio refused the access key (HTTP 401, APIGW.0301). Copy",
    ),
    (Fault.error(429, "APIGW.0308"), "but none could be shown: MetaStudio limits this account's requests"),
]
"""The answer to the request for one job, and what the check says of it; nothing where all is well."""


@pytest.mark.parametrize(("fault", "says"), SHOWN)
async def test_a_key_that_may_list_and_not_show(setup: CheckSetup, fault: Fault, says: str) -> None:
    """One job of the list is looked up, and only one."""
    setup.metastudio.add_job()
    setup.metastudio.add_job()
    setup.metastudio.fail(fault, times=9, on="show")
    found = await setup.check()

    assert says in found.only_fails(*([JOBS] if says else []))
    assert "the list has 2" in found[JOBS].says
    assert len({seen.path for seen in setup.metastudio.requests if seen.api == "show"}) == 1


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
