"""``voicejob check`` and Slack: each refusal has its line and its remedy, and spoils no other."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.checks.slack import first_frame_item, try_signing_secret
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import SlackWorkspace
from bot.simulators.world import settings_for
from tests.checks.checking import APP, BOT, OPEN, SCOPES, SOCKET, CheckSetup


def fails(method: str, **how: Any) -> Callable[[SlackWorkspace], None]:
    return lambda slack: slack.fail(method, **{"times": 9} | how)


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
    ("answer", "is_told"),
    [
        ({"error": "not_enabled"}, True),
        ({"error": "hash_conflict"}, False),
        ({"retry_after": 1}, False),
        ({"body": "<html>", "status": 502}, False),
        ({"drop": True}, False),
    ],
)
async def test_an_app_of_an_earlier_manifest(
    setup: CheckSetup, answer: dict[str, Any], *, is_told: bool
) -> None:
    """It is told what it lacks and what to paste where, and nothing fails; other answers tell nothing."""
    fails("views.publish", **answer)(setup.slack)
    found = await setup.check()

    assert found.names(ok=False) == set()
    assert is_told == ("without the App Home and the message shortcut" in found[BOT].says)
    assert is_told == ("no new permission is needed" in found[BOT].says)


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


@pytest.mark.parametrize(("secret", "is_odd"), [("0123456789abcdefABCDEF0123456789", False), ("short", True)])
async def test_signing_secret(setup: CheckSetup, secret: str, *, is_odd: bool) -> None:
    """One that does not look like Slack's passes, with a hint."""
    settings = settings_for(setup.slack, setup.metastudio, slack_signing_secret=secret)
    (item,) = [each async for each in try_signing_secret(settings)]

    assert (item.ok, "Slack's have 32 characters" in item.says) == (True, is_odd)
