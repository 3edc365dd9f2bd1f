"""``voicejob check``: each fault, really caused, has its line with the right remedy, and spoils no other."""

# ruff: noqa: ASYNC240  some of these tests are about files, and nothing else waits meanwhile

import json
import os
import re
import signal
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import aiohttp.web
import pytest

from bot.checks import check as checks
from bot.checks.item import Item
from bot.checks.listening import try_listening
from bot.checks.settings import Read, read
from bot.checks.slack import HELLO_SECONDS
from bot.domain.subscriptions import Pause
from bot.simulators.metastudio.account import ACCESS_KEY, IAM_DOMAIN, IAM_PASSWORD, IAM_USER, SECRET_KEY
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.workspace import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SlackWorkspace
from bot.simulators.world import settings_for
from bot.store.files import claim
from bot.store.sqlite import SqliteStore
from tests.store.processes import a_subscription, add_and_wait, process
from tests.store.test_store_faults import another_user, largest_file
from tests.test_cli import Ended, environment, read_until, started, voicejob

BOT, SCOPES, APP, SOCKET = "Slack bot token", "Slack scopes", "Slack app token", "Socket Mode"
ADDRESS, CLOCK = "MetaStudio address", "clock"
SIGN_IN, PROJECT, JOBS = "MetaStudio credentials", "MetaStudio project", "MetaStudio jobs"
LISTENING = "listening"
Surrounded = Callable[..., Awaitable["Checked"]]
NAMES = ["settings", BOT, SCOPES, APP, SOCKET, ADDRESS, CLOCK, SIGN_IN, PROJECT, JOBS, "store", LISTENING]
SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-hush-bot",
    "SLACK_APP_TOKEN": "xapp-hush-app",
    "SLACK_SIGNING_SECRET": "hush-signing",
    "HUAWEICLOUD_SDK_AK": "HUSHACCESSKEY",
    "HUAWEICLOUD_SDK_SK": "HUSHSECRETKEY",
}
_UNPRIVILEGED = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
LOWEST_PORT = int(_UNPRIVILEGED.read_text()) if _UNPRIVILEGED.exists() else 1024
"""The lowest port that any user may listen on."""
not_as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


@dataclass
class Checked:
    """What a check found."""

    items: list[Item]

    def __getitem__(self, name: str) -> Item:
        (found,) = [item for item in self.items if item.name == name]
        return found

    def only_fails(self, *, failed: str, untried: Collection[str] = ()) -> str:
        """See that this one fails and takes only those with it that need it; give what it says."""
        assert [item.name for item in self.items if item.ok is False] == [failed], self.items
        assert {item.name for item in self.items if item.ok is None} == set(untried), self.items
        return self[failed].says


@dataclass
class Desk:
    """The two stand-ins, and the check between them."""

    slack: SlackWorkspace
    metastudio: MetaStudioSimulator
    store: Path

    async def check(self, *, seconds: float = checks.SECONDS, **changes: Any) -> Checked:
        """Check with the right settings, but for changes; it ends in time."""
        settings = settings_for(self.slack, self.metastudio, voicejob_store=self.store, **changes)
        begun = time.monotonic()
        found = Checked(await checks.check(Read(settings), seconds=seconds))
        assert time.monotonic() - begun < checks.SECONDS
        assert not re.search("stand-in|Traceback|ticket|SKEXAMPLE|open-sesame", str(found.items))
        return found

    def environment(self, **changes: str) -> dict[str, str]:
        """Give the environment of a process that checks the same."""
        mode = {"SLACK_APP_TOKEN": APP_TOKEN, "VOICEJOB_STORE": str(self.store)}
        where = {"VOICEJOB_HOST": "127.0.0.1", "PORT": "0"}
        return environment(self.slack, self.metastudio) | mode | where | changes


@pytest.fixture
def desk(slack: SlackWorkspace, metastudio: MetaStudioSimulator, tmp_path: Path) -> Desk:
    return Desk(slack, metastudio, tmp_path / "kept.sqlite")


def lines(ended: Ended) -> dict[str, str]:
    """Read the mark of each line, by its item; an item's further lines are indented."""
    first = [line for line in ended.out.splitlines() if not line.startswith("  ")]
    marked = [re.fullmatch(r"(ok|failed|-) +([A-Za-z ]+): .+", line) for line in first]
    assert all(marked), ended.out
    return {found[2]: found[1] for found in marked if found}


class TestAllIsWell:
    async def test_every_item_is_ok(self, desk: Desk) -> None:
        """In a fixed order, each with what was found."""
        desk.metastudio.add_job()

        found = await desk.check()

        assert [item.name for item in found.items] == NAMES
        assert {item.ok for item in found.items} == {True}, found.items
        assert "workspace “voicejob”, for the bot “voicejob”" in found[BOT].says
        assert found[SCOPES].says == "chat:write, commands"
        assert found[SOCKET].says == "connected"
        assert found[JOBS].says == "the list has 1"
        assert found["settings"].says == "all are there: Socket Mode, region “cn-north-4”"

    async def test_each_line_is_printed_and_it_ends_with_0(self, desk: Desk) -> None:
        """A line an item, without colours where there is no terminal, and nothing on stderr."""
        ended = await voicejob("check", **desk.environment())

        assert lines(ended) == dict.fromkeys(NAMES, "ok")
        assert (ended.code, ended.err) == (0, "")
        assert "\x1b" not in ended.out

    async def test_json_is_for_machines(self, desk: Desk) -> None:
        """``--json`` has name, ok and says of each, and one word on all."""
        good = json.loads((await voicejob("check", "--json", **desk.environment())).out)
        desk.slack.revoke()
        bad = await voicejob("check", "--json", **desk.environment())

        assert good["ok"] is True
        assert [item["name"] for item in good["items"]] == NAMES
        assert {frozenset(item) for item in good["items"]} == {frozenset({"name", "ok", "says"})}
        assert bad.code == 1
        assert json.loads(bad.out)["ok"] is False
        assert [item["ok"] for item in json.loads(bad.out)["items"]][:4] == [True, False, None, True]

    async def test_nothing_is_left_behind(self, desk: Desk) -> None:
        """No connection stays open, nothing was posted or acknowledged, and no store was made."""
        found = await desk.check()

        assert desk.slack.connections == 0
        assert {call.method for call in desk.slack.calls} == {"auth.test", "apps.connections.open"}
        assert list(desk.store.parent.iterdir()) == []
        assert "there is no" in found["store"].says

    async def test_http_mode_needs_a_signing_secret_instead(self, desk: Desk) -> None:
        """No WebSocket is opened there."""
        found = await desk.check(slack_app_token=None, slack_signing_secret=SIGNING_SECRET)

        assert [item.name for item in found.items] == [*NAMES[:3], "Slack signing secret", *NAMES[5:]]
        assert {item.ok for item in found.items} == {True}
        assert "SLACK_SIGNING_SECRET is set" in found["Slack signing secret"].says
        assert {call.method for call in desk.slack.calls} == {"auth.test"}

    @pytest.mark.parametrize("way", ["IAM user", "token", "temporary key"])
    async def test_every_way_to_sign_in_is_tried(self, desk: Desk, way: str) -> None:
        """The line names the way."""
        token, _ = desk.metastudio.issue_token()
        desk.metastudio.temporary_keys = {"TEMP": ("SECRET", "ticket-of-it")}
        ways: dict[str, dict[str, Any]] = {
            "IAM user": IAM,
            "token": no_key(metastudio_auth_token=token),
            "temporary key": {
                "huaweicloud_sdk_ak": "TEMP",
                "huaweicloud_sdk_sk": "SECRET",
                "huaweicloud_sdk_security_token": "ticket-of-it",
            },
        }

        found = await desk.check(**ways[way])

        assert {item.ok for item in found.items} == {True}, found.items
        assert way.rsplit(maxsplit=1)[-1] in found[SIGN_IN].says


def no_key(**other: Any) -> dict[str, Any]:
    return {"huaweicloud_sdk_ak": None, "huaweicloud_sdk_sk": None} | other


IAM = no_key(
    huaweicloud_iam_user=IAM_USER, huaweicloud_iam_password=IAM_PASSWORD, huaweicloud_iam_domain=IAM_DOMAIN
)


class TestSettings:
    """As they are in the environment and in .env."""

    @pytest.fixture
    def surrounded(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Surrounded:
        """Check with an environment that is the right one, but for changes."""

        async def check(**changes: str) -> Checked:
            for key, value in desk.environment(**changes).items():
                monkeypatch.setenv(key, value)
            found = Checked(await checks.check(read()))
            assert "hush" not in str(found)
            return found

        return check

    async def test_all_are_read(self, surrounded: Surrounded) -> None:
        """Then all is tried; blanks around a value do no harm, as in the bot."""
        found = await surrounded(SLACK_BOT_TOKEN=f" {BOT_TOKEN} ")

        assert {item.ok for item in found.items} == {True}

    async def test_what_is_wrong_keeps_nothing_else_from_being_tried(self, surrounded: Surrounded) -> None:
        """All problems are one item; what they do not touch is tried."""
        found = await surrounded(
            SLACK_BOT_TOKEN="xapp-hush", SLACK_APP_TOKEN=f" {APP_TOKEN} ", PORT="x", METASTUDIO_REGION="?"
        )

        says = found.only_fails(
            failed="settings", untried={BOT, SCOPES, ADDRESS, CLOCK, SIGN_IN, PROJECT, JOBS, LISTENING}
        )
        for key in ("SLACK_BOT_TOKEN", "PORT", "METASTUDIO_REGION"):
            assert key in says
        assert found[BOT].says == "not tried: its settings are missing or wrong"

    async def test_metastudio_is_tried_without_slack(self, surrounded: Surrounded) -> None:
        """Whoever begins with the key sees whether it is right, with whatever is short in it."""
        found = await surrounded(SLACK_BOT_TOKEN="", SLACK_APP_TOKEN="", HUAWEICLOUD_SDK_SK="x")

        assert [item.name for item in found.items if item.ok is False] == ["settings", SIGN_IN]
        assert found[ADDRESS].ok
        assert [name for name in (BOT, SCOPES, APP, SOCKET) if found[name].ok is None] == NAMES[1:5]

    async def test_slack_is_tried_without_metastudio(self, surrounded: Surrounded) -> None:
        """And the other way round."""
        found = await surrounded(HUAWEICLOUD_SDK_AK="")
        found.only_fails(failed="settings", untried={ADDRESS, CLOCK, SIGN_IN, PROJECT, JOBS})

    async def test_no_signing_secret(self, surrounded: Surrounded) -> None:
        """Without a token for Socket Mode either, Slack has no way in."""
        says = (await surrounded(SLACK_APP_TOKEN="")).only_fails(failed="settings", untried={APP, SOCKET})

        assert "set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET" in says

    async def test_a_file_that_can_not_be_read(self, surrounded: Surrounded, tmp_path: Path) -> None:
        """A .env in another encoding is told, and nothing breaks."""
        (tmp_path / ".env").write_bytes(b"SLACK_BOT_TOKEN=\xff\xfe")
        says = (await surrounded()).only_fails(failed="settings", untried=NAMES[1:])

        assert ".env: can't be read" in says

    async def test_all_is_told_when_nothing_is_set(self) -> None:
        """A first try, by the command itself."""
        ended = await voicejob("check", PORT="0")

        assert set(lines(ended).values()) == {"failed", "-", "ok"}
        printed = ended.out.splitlines()
        assert printed[0] == "failed settings: VoiceJob can't start with these settings:"
        assert printed[1].startswith("  HUAWEICLOUD_SDK_PROJECT_ID: not set, and needed (neither in the env")
        assert "  SLACK_BOT_TOKEN: not set, and needed" in printed
        assert (ended.code, ended.err) == (1, "")

    async def test_a_proxy_that_is_none(self, surrounded: Surrounded) -> None:
        """Libraries stumble over its address, which may hold a password."""
        found = await surrounded(HTTPS_PROXY="odd://me:hush@proxy")

        assert "HTTPS_PROXY: can't be used: a proxy must be an address" in found.only_fails(
            failed="settings", untried=set(NAMES) - {"settings", "store", LISTENING}
        )
        assert "hush" not in str(found)

    async def test_a_proxy_without_its_scheme(self, surrounded: Surrounded) -> None:
        """It is one of HTTP, for Slack as for MetaStudio."""
        found = await surrounded(http_proxy="127.0.0.1:1")

        assert [item.name for item in found.items if item.ok is False] == [BOT, APP, ADDRESS]
        assert all("ClientProxyConnectionError" in found[name].says for name in (BOT, APP, ADDRESS))

    async def test_keys_that_are_no_settings(self, surrounded: Surrounded) -> None:
        """A slip in a name is told, and is no failure by itself."""
        Path(".env").write_text("METASTUDIO_ENDPIONT=x\n")
        good = await surrounded(VOICEJOB_PORT="80")
        bad = await surrounded(VOICEJOB_LOG="odd")

        slips = [
            "METASTUDIO_ENDPIONT is no setting of VoiceJob and is ignored; did you mean METASTUDIO_ENDPOINT?",
            "VOICEJOB_PORT is no setting of VoiceJob and is ignored; did you mean PORT?",
        ]
        assert good["settings"].ok
        assert good["settings"].says.split("\n  ")[1:] == slips
        assert bad.only_fails(failed="settings").split("\n  ")[2:] == slips

    async def test_a_bad_console_address(self, surrounded: Surrounded) -> None:
        """It has nothing to do with MetaStudio's answers."""
        (await surrounded(VOICEJOB_CONSOLE_URL="x")).only_fails(failed="settings")

    async def test_a_bad_signing_secret(self, surrounded: Surrounded) -> None:
        """Without an app-level token, HTTP mode is meant."""
        found = await surrounded(SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET="hush hush")

        found.only_fails(failed="settings", untried={"Slack signing secret"})
        assert APP not in {item.name for item in found.items}


class TestSlack:
    @pytest.mark.parametrize("error", ["token_revoked", "account_inactive"])
    async def test_revoked_bot_token(self, desk: Desk, error: str) -> None:
        """Slack's own word, and where to get another."""
        desk.slack.revoke(error)
        says = (await desk.check()).only_fails(failed=BOT, untried={SCOPES})

        assert f"refuses “SLACK_BOT_TOKEN” with the error “{error}”" in says
        assert "(api.slack.com/apps), under OAuth & Permissions" in says

    async def test_wrong_bot_token(self, desk: Desk) -> None:
        """The same."""
        found = await desk.check(slack_bot_token="xoxb-hush-wrong")

        assert "“invalid_auth”" in found.only_fails(failed=BOT, untried={SCOPES})
        assert "hush" not in str(found)

    async def test_missing_scope(self, metastudio: MetaStudioSimulator, tmp_path: Path) -> None:
        """It is named, and where to add it."""
        async with SlackWorkspace(limits=None, scopes=["commands"]) as slack:
            found = await Desk(slack, metastudio, tmp_path / "kept").check()

        says = found.only_fails(failed=SCOPES)
        assert "lacks chat:write. Add it under OAuth & Permissions" in says
        assert "install the app again" in says

    async def test_more_scopes_than_needed(self, metastudio: MetaStudioSimulator, tmp_path: Path) -> None:
        """That is a hint."""
        granted = ["commands", "chat:write", "users:read"]
        async with SlackWorkspace(limits=None, scopes=granted) as slack:
            found = await Desk(slack, metastudio, tmp_path / "kept").check()

        assert found[SCOPES].ok
        assert "no use for users:read" in found[SCOPES].says

    async def test_wrong_app_token(self, desk: Desk) -> None:
        """The key is named."""
        says = (await desk.check(slack_app_token="xapp-wrong")).only_fails(failed=APP, untried={SOCKET})

        assert "refuses “SLACK_APP_TOKEN” with the error “invalid_auth”" in says
        assert "under Basic Information, App-Level Tokens" in says

    @pytest.mark.parametrize("error", ["ratelimited", "internal_error"])
    @pytest.mark.parametrize("method", ["auth.test", "apps.connections.open"])
    async def test_busy_slack(self, desk: Desk, method: str, error: str) -> None:
        """It was reached, so neither network nor settings are blamed."""
        desk.slack.fail(method, times=9, error=error)
        failed, untried = (BOT, SCOPES) if method == "auth.test" else (APP, SOCKET)
        says = (await desk.check()).only_fails(failed=failed, untried={untried})

        assert f"can't serve just now (“{error}”). Try again in a minute" in says
        assert not re.search("reached|network|SLACK_API_URL", says)

    @pytest.mark.parametrize(
        ("error", "copy", "addresses"),
        [("token_expired", True, False), ("invalid_auth", True, True), ("odd_new_code", False, False)],
    )
    async def test_what_to_do_depends_on_the_code(
        self, desk: Desk, error: str, *, copy: bool, addresses: bool
    ) -> None:
        """Another token helps only where the code is about the token; an address may be barred, too."""
        desk.slack.fail("apps.connections.open", error=error)
        says = (await desk.check()).only_fails(failed=APP, untried={SOCKET})

        assert ("Copy the token again" in says) is copy
        assert ("allowed IP addresses" in says) is addresses
        assert copy or "Look for what this names on your app's page" in says

    async def test_slack_is_asked_for_one_address(self, desk: Desk) -> None:
        """The one that shows that the token is good is connected to."""
        assert (await desk.check())[SOCKET].ok
        assert [call.method for call in desk.slack.calls].count("apps.connections.open") == 1

    async def test_app_token_without_its_scope(self, desk: Desk) -> None:
        """The scope is named, and where to get a token with it."""
        desk.slack.fail("apps.connections.open", error="missing_scope", needed="connections:write")
        says = (await desk.check()).only_fails(failed=APP, untried={SOCKET})

        assert "lacks the scope connections:write" in says
        assert "App-Level Tokens" in says

    async def test_refused_handshake(self, desk: Desk) -> None:
        """The token is good; what lets no WebSocket through is elsewhere."""
        desk.slack.refuse_handshakes = 1
        says = (await desk.check()).only_fails(failed=SOCKET)

        assert "refused with HTTP 503" in says
        assert "proxy let a WebSocket (wss) through" in says

    async def test_address_that_nothing_answers(self, desk: Desk) -> None:
        """Neither address nor ticket are told."""
        body = json.dumps({"ok": True, "url": "ws://127.0.0.1:1/link?ticket=hush"})
        desk.slack.fail("apps.connections.open", times=2, body=body)
        found = await desk.check()

        assert "there was no connection" in found.only_fails(failed=SOCKET)
        assert "hush" not in str(found)

    @pytest.mark.parametrize(
        ("frame", "says"),
        [
            ({"type": "disconnect", "reason": "link_disabled"}, "Switch it on under Socket Mode"),
            ({"type": "disconnect", "reason": "refresh_requested"}, "at once (refresh_requested)"),
            ({"type": "odd"}, "something else than Slack"),
            (["no object"], "something else than Slack"),
            (None, f"did not say hello within {HELLO_SECONDS:g} s"),
        ],
    )
    async def test_what_is_no_hello(self, desk: Desk, frame: Any, says: str) -> None:
        """Slack's reason is told, where there is one."""
        async with saying(frame) as url:
            body = json.dumps({"ok": True, "url": url})
            desk.slack.fail("apps.connections.open", times=2, body=body)
            assert says in (await desk.check()).only_fails(failed=SOCKET)

    async def test_too_many_copies(self, desk: Desk) -> None:
        """Slack sends the eleventh away."""
        async with connected(desk.slack, 10):
            says = (await desk.check()).only_fails(failed=SOCKET)

        assert "ten copies" in says

    @pytest.mark.parametrize(
        ("copies", "hint"),
        [(1, "One copy of the bot is connected already: if that is not the one you run"), (2, "2 copies")],
    )
    async def test_another_copy_is_a_hint(self, desk: Desk, copies: int, hint: str) -> None:
        """It may be the bot itself, so nothing fails; that copy stays connected."""
        async with connected(desk.slack, copies):
            found = await desk.check()
            assert desk.slack.connections == copies

        assert found[SOCKET].ok
        assert hint in found[SOCKET].says

    async def test_slack_down(self, desk: Desk) -> None:
        """Both of its halves fail, and nothing else."""
        for method in ("auth.test", "apps.connections.open"):
            desk.slack.fail(method, times=9, status=503, body="<html>")
        found = await desk.check()

        assert [item.name for item in found.items if item.ok is False] == [BOT, APP]
        assert [item.name for item in found.items if item.ok is None] == [SCOPES, SOCKET]
        for name in (BOT, APP):
            assert f"answers at “{desk.slack.api_url}” is not Slack's API" in found[name].says
            assert "Check SLACK_API_URL and the proxy" in found[name].says

    async def test_nothing_at_slacks_address(self, desk: Desk) -> None:
        """The same, where there is nobody."""
        found = await desk.check(slack_api_url="http://127.0.0.1:1/api")

        assert [item.name for item in found.items if item.ok is False] == [BOT, APP]
        assert "ClientConnectorError" in found[BOT].says

    async def test_answer_without_scopes(self, desk: Desk) -> None:
        """What Slack does not tell can't be compared, and that is no failure."""
        desk.slack.fail("auth.test", body='{"ok": true, "team": "\\u001b[31m", "user": "xoxb-stand-in"}')
        found = await desk.check()

        assert found[SCOPES].ok is None
        assert found[BOT].ok
        assert "\x1b" not in found[BOT].says
        assert "for the bot “***”" in found[BOT].says

    async def test_an_answer_can_not_look_like_an_item(self, desk: Desk) -> None:
        """What follows a line break in it is indented."""
        desk.slack.fail("auth.test", body='{"ok": true, "team": "\\nfailed store: lost", "user": "x"}')

        assert "\n  failed store: lost" in (await desk.check())[BOT].says


@asynccontextmanager
async def connected(slack: SlackWorkspace, copies: int) -> AsyncIterator[None]:
    """Let so many copies of the bot be connected."""
    async with aiohttp.ClientSession() as session:
        sockets = []  # which would close if nobody held them
        for _ in range(copies):
            headers = {"Authorization": f"Bearer {APP_TOKEN}"}
            async with session.post(f"{slack.api_url}apps.connections.open", headers=headers) as opened:
                sockets.append(await session.ws_connect((await opened.json())["url"]))
            assert (await sockets[-1].receive_json())["type"] == "hello"
        yield


@asynccontextmanager
async def saying(frame: Any) -> AsyncIterator[str]:
    """Serve a WebSocket that says this first, or nothing."""

    async def serve(request: aiohttp.web.Request) -> aiohttp.web.WebSocketResponse:
        ws = aiohttp.web.WebSocketResponse()
        await ws.prepare(request)
        if frame is not None:
            await ws.send_json(frame)
        await ws.receive()
        return ws

    app = aiohttp.web.Application()
    app.router.add_get("/", serve)
    runner = aiohttp.web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"ws://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


class TestMetaStudio:
    async def test_unreachable(self, desk: Desk) -> None:
        """The address and its keys are named."""
        says = (await desk.check(metastudio_endpoint="http://127.0.0.1:1")).only_fails(
            failed=ADDRESS, untried={CLOCK, SIGN_IN, PROJECT, JOBS}
        )

        assert "“http://127.0.0.1:1” can't be reached (ConnectError" in says
        assert "Check METASTUDIO_REGION and METASTUDIO_ENDPOINT" in says

    @pytest.mark.parametrize(
        ("fault", "says"),
        [
            (Fault.html(), "has a fault (HTTP 502, no error code)"),
            (Fault.raw(b"<html>", content_type="text/html"), "is not this API"),
            (Fault.error(404, "APIGW.0101"), "Check METASTUDIO_ENDPOINT and METASTUDIO_REGION"),
            (Fault.throttled(), "limits this account's requests"),
            (Fault.error(408, "X.1"), "took too long to answer"),
            (Fault.cut(), "the connection to MetaStudio broke"),
            (Fault.error(503, "APIGW.0613"), "Try again in a few minutes"),
            (Fault.error(504, "APIGW.0201"), "(HTTP 504, APIGW.0201)"),
        ],
    )
    async def test_no_list(self, desk: Desk, fault: Fault, says: str) -> None:
        """What it says of sign-in and project is not known then."""
        desk.metastudio.fail(fault, times=3, on="list")
        assert says in (await desk.check()).only_fails(failed=JOBS, untried={SIGN_IN, PROJECT})

    @pytest.mark.parametrize("sign_in", ["access key", "IAM user"])
    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (401, "<html>Please log in</html>"),
            (403, "<html>Blocked</html>"),
            (404, '{"code": 404, "message": "Not Found"}'),
            (403, '{"error_code": "FW.0001"}'),
            (404, '{"error_code": "APIGW.0199"}'),
            (302, ""),
            (407, "<html>Proxy</html>"),
            (404, '{"message": "no Route matched"}'),
            (401, '{"error": {"code": 401, "message": "log in"}}'),
            (200, "{}"),
        ],
    )
    async def test_another_server_gives_no_verdict(
        self, desk: Desk, status: int, body: str, sign_in: str
    ) -> None:
        """What never saw the key, a firewall for one, says nothing of it, the project or permissions."""
        async with answering(status, body) as url:
            here: dict[str, Any] = {"metastudio_endpoint": url, "huaweicloud_sdk_iam_endpoint": url}
            found = await desk.check(**here, **(IAM if sign_in == "IAM user" else {}))

        if sign_in == "IAM user" and status in {401, 403} and body.startswith("{"):
            found.only_fails(failed=SIGN_IN, untried={PROJECT, JOBS})  # each such answer may be IAM's
            return
        says = found.only_fails(failed=JOBS, untried={SIGN_IN, PROJECT})
        assert f"what answers at “{url}” is not this API (HTTP {status}, " in says
        assert "proxy or firewall" in says
        assert ("HUAWEICLOUD_SDK_IAM_ENDPOINT" in says) is (sign_in == "IAM user")

    async def test_it_hangs(self, desk: Desk) -> None:
        """The check ends all the same, and knows what it knew before."""
        desk.metastudio.fail(Fault.hang(), times=9, on="list")
        found = await desk.check(seconds=1)

        says = found.only_fails(failed=SIGN_IN, untried={PROJECT, JOBS})
        assert "no answer came within 1 s" in says

    @pytest.mark.parametrize("key", ["huaweicloud_sdk_ak", "huaweicloud_sdk_sk"])
    async def test_wrong_key_is_tried_once(self, desk: Desk, key: str) -> None:
        """Several wrong tries can lock it, so there is one."""
        wrong: dict[str, Any] = {key: "HUSHWRONG"}
        found = await desk.check(**wrong)

        says = found.only_fails(failed=SIGN_IN, untried={PROJECT, JOBS})
        assert "refuses the access key (HTTP 401, APIGW.0301)" in says
        assert "HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK" in says
        assert "HUSH" not in str(found)
        assert [seen.api for seen in desk.metastudio.requests] == [None, "list"]
        assert "Authorization" not in desk.metastudio.requests[0].headers

    async def test_locked_key(self, desk: Desk) -> None:
        """It looks like a wrong one, so the line says to wait if both are right."""
        desk.metastudio.fail(Fault.error(401, "APIGW.0301", "hush"), on="list")
        found = await desk.check()

        assert "locked the key: wait" in found.only_fails(failed=SIGN_IN, untried={PROJECT, JOBS})
        assert "hush" not in str(found)

    async def test_ended_token(self, desk: Desk) -> None:
        """A new one is needed, or better a key."""
        found = await desk.check(**no_key(metastudio_auth_token="hush-ended"))

        says = found.only_fails(failed=SIGN_IN, untried={PROJECT, JOBS})
        assert "refuses the token (HTTP 401, APIGW.0307)" in says
        assert "set a new METASTUDIO_AUTH_TOKEN" in says
        assert "hush" not in str(found)

    async def test_ended_temporary_key(self, desk: Desk) -> None:
        """All three of its parts are needed anew."""
        found = await desk.check(huaweicloud_sdk_security_token="ended", huaweicloud_sdk_ak="ENDED")

        says = found.only_fails(failed=SIGN_IN, untried={PROJECT, JOBS})
        assert "HUAWEICLOUD_SDK_SECURITY_TOKEN anew" in says

    async def test_wrong_password_of_an_iam_user(self, desk: Desk) -> None:
        """The keys of the user are named; IAM was asked once."""
        found = await desk.check(**IAM | {"huaweicloud_iam_password": "hush-wrong"})

        says = found.only_fails(failed=SIGN_IN, untried={PROJECT, JOBS})
        assert "HUAWEICLOUD_IAM_USER, HUAWEICLOUD_IAM_PASSWORD and HUAWEICLOUD_IAM_DOMAIN" in says
        assert desk.metastudio.token_requests == 1
        assert "hush" not in str(found)

    async def test_iam_unreachable(self, desk: Desk) -> None:
        """IAM has an address of its own."""
        found = await desk.check(**IAM, huaweicloud_sdk_iam_endpoint="http://127.0.0.1:1")

        says = found.only_fails(failed=SIGN_IN, untried={PROJECT, JOBS})
        assert "IAM at “http://127.0.0.1:1” can't be reached" in says
        assert "HUAWEICLOUD_SDK_IAM_ENDPOINT" in says

    @pytest.mark.parametrize("sign_in", [{}, IAM], ids=["access key", "IAM user"])
    async def test_wrong_project(self, desk: Desk, sign_in: dict[str, Any]) -> None:
        """The sign-in is good; the id is not."""
        found = await desk.check(**sign_in, huaweicloud_sdk_project_id="f" * 32)

        says = found.only_fails(failed=PROJECT, untried={JOBS})
        assert "Copy HUAWEICLOUD_SDK_PROJECT_ID from My Credentials" in says

    async def test_no_permission(self, desk: Desk) -> None:
        """The user needs a policy."""
        desk.metastudio.fail(Fault.error(403, "APIGW.0302"), on="list")
        says = (await desk.check()).only_fails(failed=JOBS, untried={PROJECT})

        assert "MetaStudio FullAccess" in says

    @pytest.mark.parametrize(("off", "way"), [(1200, "20 minutes behind"), (-1200, "20 minutes ahead of")])
    async def test_clock_off(self, desk: Desk, off: float, way: str) -> None:
        """No signature counts then, so none is sent."""
        desk.metastudio.clock = lambda: time.time() + off
        says = (await desk.check()).only_fails(failed=CLOCK, untried={SIGN_IN, PROJECT, JOBS})

        assert way in says
        assert "within 15 minutes only" in says
        assert desk.metastudio.requests_to("list") == 0

    async def test_clock_off_without_signatures(self, desk: Desk) -> None:
        """Whoever signs in with a password is let in all the same."""
        desk.metastudio.clock = lambda: time.time() + 1200
        (await desk.check(**IAM)).only_fails(failed=CLOCK)

    async def test_clock_a_little_off(self, desk: Desk) -> None:
        """It is a hint, until Slack's own signatures do not count: in HTTP mode."""
        desk.metastudio.clock = lambda: time.time() - 400
        by_socket = await desk.check()
        by_http = await desk.check(slack_app_token=None, slack_signing_secret=SIGNING_SECRET)

        assert by_socket[CLOCK].ok
        assert "is 7 minutes ahead" in by_socket[CLOCK].says
        assert "within 5 minutes only" in by_http.only_fails(failed=CLOCK)

    @pytest.mark.parametrize("date", ["today", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"])
    async def test_answer_that_tells_no_time(self, desk: Desk, date: str) -> None:
        """It can't be compared then, which is no failure; all else is tried."""
        async with answering(200, '{"jobs": [], "count": 0}', Date=date) as url:
            found = await desk.check(metastudio_endpoint=url)

        assert found[CLOCK].ok is None
        assert [found[name].ok for name in (ADDRESS, SIGN_IN, PROJECT, JOBS)] == [True] * 4

    @pytest.mark.parametrize("body", ['{"count": 0}', '{"jobs": null}'])
    async def test_empty_list(self, desk: Desk, body: str) -> None:
        """A project without jobs is no failure, however its list is written; it may be the wrong one."""
        async with answering(200, body) as url:
            found = await desk.check(metastudio_endpoint=url)

        assert found[JOBS].ok
        assert found[JOBS].says.startswith("the list is empty. If it should not be, check")


@asynccontextmanager
async def answering(status: int, body: str, **headers: str) -> AsyncIterator[str]:
    """Serve something that answers everything so."""

    async def serve(_: aiohttp.web.BaseRequest) -> aiohttp.web.Response:
        kind = "text/html" if body.startswith("<") else "application/json"
        return aiohttp.web.Response(status=status, text=body, content_type=kind, headers=headers)

    runner = aiohttp.web.ServerRunner(aiohttp.web.Server(serve))
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def fill(path: Path) -> None:
    """Make a store with three subscriptions of two channels to two jobs, one paused."""
    pause = Pause(reason="is_archived", since=1, tries=1, next_try=2, person_knows=True)
    async with SqliteStore(path) as store:
        await store.add(a_subscription())
        await store.add(a_subscription(job_id="job-2"))
        await store.add(a_subscription(channel="C2", pause=pause))


def content(path: Path) -> list[Any]:
    with closing(sqlite3.connect(path)) as file:
        return list(file.execute("SELECT * FROM voicejob WHERE key NOT LIKE 'about:%' ORDER BY key"))


class TestStore:
    async def test_it_is_counted_and_stays_as_it_is(self, desk: Desk) -> None:
        """Size, subscriptions, channels and jobs."""
        await fill(desk.store)
        before = content(desk.store)
        found = await desk.check()

        assert "3 subscriptions (1 paused) of 2 channels to 2 jobs" in found["store"].says
        assert re.search(r"can be written; \d+ kB", found["store"].says)
        assert content(desk.store) == before

    async def test_a_running_bot_is_a_hint(self, desk: Desk) -> None:
        """Its process is named, it is counted, and nothing is written."""
        with process(add_and_wait, "bot.store:open_store", desk.store) as other:
            assert other.stdout is not None
            other.stdout.readline()
            before = [path.read_bytes() for path in sorted(desk.store.parent.glob("kept*[!m]"))]
            found = await desk.check()
            after = [path.read_bytes() for path in sorted(desk.store.parent.glob("kept*[!m]"))]

        assert found["store"].ok
        assert f"a running VoiceJob has it (process {other.pid})" in found["store"].says
        assert "1 subscription (0 paused) of 1 channel to 1 job" in found["store"].says
        assert before == after

    async def test_the_bot_itself_is_not_harmed(self, desk: Desk) -> None:
        """It runs, is checked, and answers."""
        channel = desk.slack.add_channel("voices")
        job = desk.metastudio.add_job()
        with socket.create_server(("127.0.0.1", 0)) as free:
            surroundings = desk.environment(PORT=str(free.getsockname()[1]))
        async with started("run", **surroundings) as bot:
            await read_until(bot.stderr, "ready")
            ended = await voicejob("check", **surroundings)
            asked = await desk.slack.command("/voicejob", job["job_id"], channel=channel)
            await asked.message()
            bot.send_signal(signal.SIGTERM)
            await bot.communicate()

        assert ended.code == 0, ended.out
        assert f"process {bot.pid}" in ended.out
        assert f"a bot listens at “127.0.0.1:{surroundings['PORT']}” already" in ended.out
        assert "One copy of the bot is connected" in ended.out
        assert bot.returncode == 0

    async def test_missing_folder(self, desk: Desk) -> None:
        """It is named, and not made."""
        desk.store = desk.store.parent / "nowhere" / "kept"
        says = (await desk.check()).only_fails(failed="store")

        assert f"there is no folder {desk.store.parent}" in says
        assert "VOICEJOB_STORE" in says
        assert not desk.store.parent.exists()

    @not_as_root
    @pytest.mark.parametrize("made", [False, True])
    async def test_not_writable(self, desk: Desk, *, made: bool) -> None:
        """Neither the file nor, where there is none, the folder."""
        if made:
            await fill(desk.store)
            desk.store.chmod(0o400)
        else:
            desk.store.parent.chmod(0o500)
        says = (await desk.check()).only_fails(failed="store")
        desk.store.parent.chmod(0o700)

        assert "Permission denied" in says

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
    async def test_store_of_another_user(self, desk: Desk) -> None:
        """It can't be tried, which is a failure; nothing is made beside it that its bot could not open."""
        await fill(desk.store)
        Path(f"{desk.store}.lock").unlink()
        os.chown(desk.store, 4242, 4242)
        found = await desk.check()

        says = found.only_fails(failed="store")
        assert "belongs to another user (number 4242). Run this as that user" in says
        assert [path.name for path in desk.store.parent.iterdir()] == ["kept.sqlite"]

    async def test_corrupt(self, desk: Desk) -> None:
        """The file stays as it is."""
        desk.store.write_bytes(b"no database" * 100)
        says = (await desk.check()).only_fails(failed="store")

        assert "put a backup in its place" in says
        assert desk.store.read_bytes() == b"no database" * 100

    @pytest.mark.parametrize("content", ["text", "database"])
    async def test_what_is_anothers_stays_as_it_is(self, desk: Desk, content: str) -> None:
        """With VOICEJOB_STORE set to it by mistake: its content and its mode, and nothing beside it."""
        if content == "text":
            desk.store.write_text("somebody's notes\n" * 100)
        else:
            with closing(sqlite3.connect(desk.store)) as file:
                file.execute("PRAGMA journal_mode=WAL")
                file.execute("CREATE TABLE recipes (name TEXT)")
        desk.store.chmod(0o644)
        before = desk.store.read_bytes()
        says = (await desk.check()).only_fails(failed="store")

        assert "no store of VoiceJob" in says
        assert desk.store.read_bytes() == before
        assert oct(desk.store.stat().st_mode)[-3:] == "644"
        assert list(desk.store.parent.iterdir()) == [desk.store]

    async def test_an_empty_file_stays_empty(self, desk: Desk) -> None:
        """The bot would make its store in it; the check only says so."""
        desk.store.touch(mode=0o644)
        found = await desk.check()

        assert found["store"].ok
        assert "is empty: the bot makes its store when it starts, and may" in found["store"].says
        assert (desk.store.stat().st_size, oct(desk.store.stat().st_mode)[-3:]) == (0, "644")
        assert list(desk.store.parent.iterdir()) == [desk.store]

    @pytest.mark.parametrize(
        ("target", "says"),
        [("nowhere/kept", "there is no folder"), (".", "it is a folder"), ("link", "symbolic links")],
    )
    async def test_a_link_that_leads_to_no_store(self, desk: Desk, target: str, says: str) -> None:
        """Where it leads counts: to a folder that is not there, to a folder, or to itself."""
        desk.store = desk.store.with_name("link")
        desk.store.symlink_to(target)

        assert says in (await desk.check()).only_fails(failed="store")

    async def test_a_link_to_a_store_that_can_be_made(self, desk: Desk) -> None:
        """There is none yet, and none is made."""
        (desk.store.parent / "folder").mkdir()
        desk.store.symlink_to("folder/kept")
        found = await desk.check()

        assert "there is no" in found["store"].says
        assert found["store"].ok
        assert not desk.store.exists()

    async def test_too_new(self, desk: Desk) -> None:
        """The version is named."""
        await fill(desk.store)
        with closing(sqlite3.connect(desk.store)) as file, file:
            file.execute("UPDATE voicejob SET value = '{\"version\": 7}' WHERE key = 'about:format'")

        assert "has format “7”" in (await desk.check()).only_fails(failed="store")

    async def test_held_by_another_program(self, desk: Desk) -> None:
        """SQLite's own word is told, in time."""
        await fill(desk.store)
        with closing(sqlite3.connect(desk.store, isolation_level=None)) as shell:
            shell.execute("BEGIN IMMEDIATE")
            says = (await desk.check()).only_fails(failed="store")

        assert "database is locked" in says

    async def test_full_disk(self, desk: Desk) -> None:
        """The system's own word is told."""
        await fill(desk.store)
        with largest_file(100):
            says = (await desk.check()).only_fails(failed="store")

        assert "can't be written" in says
        assert content(desk.store)

    async def test_what_a_running_bot_has_may_be_unreadable(self, desk: Desk) -> None:
        """Then it is not counted."""
        await fill(desk.store)
        with closing(sqlite3.connect(desk.store)) as file, file:
            file.execute("INSERT INTO voicejob VALUES ('subscription:odd', '{}')")
        lock = claim(desk.store)
        found = await desk.check()
        lock.close()

        assert found["store"].ok
        assert "could not be counted (ValueError)" in found["store"].says


class TestListening:
    """The bot listens in both modes."""

    @pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104  it listens for a moment
    @pytest.mark.parametrize("word", ["alive\n", "hello"])
    async def test_a_port_that_is_taken(self, desk: Desk, host: str, word: str) -> None:
        """By a bot, which is what it should be, or by another program."""
        async with answering(200, word) as url:
            port = int(url.rpartition(":")[2])
            found = await desk.check(voicejob_host=host, port=port)

        if word == "hello":
            says = found.only_fails(failed=LISTENING)
            assert says.startswith(f"“{host}:{port}” is taken by another program: set PORT to another one")
        else:
            assert found[LISTENING].ok
            assert found[LISTENING].says == f"a bot listens at “{host}:{port}” already"

    async def test_a_port_that_is_free(self, desk: Desk) -> None:
        """It is free afterwards, too."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        says = [(await desk.check(port=port))[LISTENING].says for _ in range(2)]

        assert says == [f"“127.0.0.1:{port}” is free"] * 2

    @pytest.mark.parametrize("host", ["192.0.2.1", "no..host"])
    async def test_an_address_of_another_machine(self, desk: Desk, host: str) -> None:
        """Or of none: the remedy is named."""
        says = (await desk.check(voicejob_host=host)).only_fails(failed=LISTENING)

        assert f"can't listen at “{host}:0”" in says
        assert "VOICEJOB_HOST must be an address of this machine, such as 0.0.0.0" in says

    @pytest.mark.skipif(LOWEST_PORT <= 1, reason="any user may take any port here")
    async def test_a_port_that_is_not_for_users(self, desk: Desk) -> None:
        """One below 1024."""
        settings = settings_for(desk.slack, desk.metastudio, port=1)
        with another_user():
            (item,) = [item async for item in try_listening(settings)]

        assert item.ok is False
        assert "this user may not listen at “127.0.0.1:1”" in item.says
        assert "set PORT to 1024 or above" in item.says


async def test_a_terminal_without_our_characters(desk: Desk) -> None:
    """Where stdout is not UTF-8, what it has not is replaced; all lines come."""
    ended = await voicejob("check", **desk.environment(PYTHONIOENCODING="ascii"))

    assert lines(ended) == dict.fromkeys(NAMES, "ok")
    assert "of the workspace ?voicejob?" in ended.out
    assert (ended.code, ended.err) == (0, "")


class TestSecrets:
    @pytest.mark.parametrize("arguments", [["check"], ["check", "--json"]], ids=" ".join)
    async def test_no_output_has_one(self, desk: Desk, arguments: list[str]) -> None:
        """Whatever is refused, and whatever the answers quote."""
        quoted = " ".join(SECRETS.values())
        desk.slack.fail("auth.test", error=quoted)
        desk.metastudio.fail(Fault.error(401, SECRETS["HUAWEICLOUD_SDK_SK"], quoted), on="list")
        ended = await voicejob(*arguments, **desk.environment(**SECRETS))

        assert ended.code == 1
        assert "hush" not in (ended.out + ended.err).lower()
        assert "Traceback" not in ended.err


async def test_it_ends_in_time_when_nothing_answers(tmp_path: Path) -> None:
    """Both sides take connections and say nothing: each line comes, and 30 seconds are not passed."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        begun = time.monotonic()
        ended = await voicejob(
            "check",
            SLACK_API_URL=address,
            SLACK_BOT_TOKEN="xoxb-x",
            SLACK_APP_TOKEN="xapp-x",
            METASTUDIO_ENDPOINT=address,
            HUAWEICLOUD_SDK_PROJECT_ID="p",
            HUAWEICLOUD_SDK_AK=ACCESS_KEY,
            HUAWEICLOUD_SDK_SK=SECRET_KEY,
            VOICEJOB_STORE=str(tmp_path / "kept"),
            PORT="0",
        )

    assert time.monotonic() - begun < 30
    assert [name for name, mark in lines(ended).items() if mark == "failed"] == [BOT, APP, ADDRESS]
    assert ended.code == 1
