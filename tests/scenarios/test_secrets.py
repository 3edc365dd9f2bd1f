"""Nothing secret comes out: every path is driven with recognisable secrets, and all output is searched."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from bot.domain.jobs import PERSONAL_FIELDS
from bot.messages import channel as notices
from bot.messages import job_card
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.payloads import VERIFICATION_TOKEN
from bot.simulators.slack.records import Interaction
from bot.simulators.slack.workspace import SCOPES, SlackWorkspace
from bot.simulators.world import running, settings_for
from bot.telemetry import logs
from bot.telemetry.logs import QUIET, LogFormat
from tests import test_cli
from tests.support import AT_ONCE, disk_held, eventually, started
from tests.telemetry.test_logs import LINE
from tests.test_cli import read_until, voicejob

MARK: Final = "ZQX"
"""Is in every secret that can be chosen, and in nothing else."""
BOT, APP, SIGNING = f"xoxb-{MARK}-bot-token", f"xapp-{MARK}-app-token", f"{MARK}-signing-secret"
KEY, SECRET_KEY, SECURITY = f"{MARK}AK", f"{MARK}-secret-key", f"{MARK}-security-token"
TEMPORARY, PASSWORD, TOKEN = f"{MARK}AK2", f"{MARK}-iam-password", f"{MARK}-given-token"
PERSON: Final = "U0SOMEPERSON"
TYPED: Final = f"what {MARK} typed"
PERSONAL: Final = {name: f"https://{MARK}.example/{name}?{MARK}" for name in sorted(PERSONAL_FIELDS)}
ERROR_TEXT: Final = f"an error with {MARK}"
"""A service may quote in it what it was sent."""
PATTERNS: Final = (MARK, MARK.lower(), "Signature=", "ticket", "/commands/", "/actions/", ".stand-in")
"""In secrets, and in what is as good as one, that the simulators make themselves."""
UNKNOWN: Final = "00000000-0000-4000-8000-000000000000"
SIGN_INS: Final[dict[str, dict[str, str]]] = {
    "access key": {"huaweicloud_sdk_ak": KEY, "huaweicloud_sdk_sk": SECRET_KEY},
    "temporary key": {"huaweicloud_sdk_ak": TEMPORARY, "huaweicloud_sdk_sk": SECRET_KEY}
    | {"huaweicloud_sdk_security_token": SECURITY},
    "user": {"huaweicloud_iam_user": "operator", "huaweicloud_iam_domain": "account"}
    | {"huaweicloud_iam_password": PASSWORD},
    "token": {"metastudio_auth_token": TOKEN},
}
PAGE: Final = f"<html>{ERROR_TEXT}: {BOT} {SECRET_KEY}</html>"
METASTUDIO_FAULTS: Final = (
    *(Fault.error(500, "APIGW.0601", ERROR_TEXT), Fault.error(401, "APIGW.0301", ERROR_TEXT)),
    *(Fault.raw(PAGE.encode(), content_type="text/html"), Fault.raw(b'{"jobs": "' + PAGE.encode())),
    *(Fault.raw(f'["{ERROR_TEXT}"]'.encode()), Fault.cut_midway()),
)
SLACK_FAULTS: Final[tuple[dict[str, Any], ...]] = (
    *({"error": "not_in_channel"}, {"error": "invalid_auth"}, {"error": ERROR_TEXT}),
    {"error": "invalid_blocks", "response_metadata": {"messages": [ERROR_TEXT]}},
    {"error": "missing_scope", "needed": ERROR_TEXT, "provided": ERROR_TEXT},
    *({"status": 500, "body": PAGE}, {"status": 200, "body": '{"ok": "' + ERROR_TEXT}, {"drop": True}),
)
RESPONSE_URL_BODIES: Final = ("expired_url", f'{{"error": "used_url", "detail": "{ERROR_TEXT}"}}', PAGE)
LOGGED: Final = (
    *("look-up", "subscribe", "change", "told", "jobs can't be checked", "Slack refuses a message"),
    *("goes as plain text", "Slack does not take", "Slack refuses the bot", "did not take an answer"),
    *("can't be written", "Unhandled request"),
)
"""Must be in the log, or not every path was driven."""


@dataclass
class World:
    """The two simulators with their secrets."""

    slack: SlackWorkspace
    metastudio: MetaStudioSimulator
    channel: str
    log: pytest.LogCaptureFixture

    async def ask(self, text: str) -> Interaction:
        """Type the command; come back when there is an answer, or there will be none."""
        asked = await self.slack.command("/voicejob", text, channel=self.channel, user=PERSON)
        with suppress(TimeoutError):
            await asked.message(timeout=8)
        return asked

    def job(self, **fields: Any) -> str:
        """Add a job whose every field is private, and return its id."""
        private = {"voice_name": f"voice {MARK}", "job_failed_reason": ERROR_TEXT, "tag": MARK}
        return str(self.metastudio.add_job(**PERSONAL | private | {"state": "WAITING"} | fields)["job_id"])

    def search(self, text: str) -> None:
        """Find nothing secret, nor what MetaStudio was asked with. Raises AssertionError that shows where."""
        names = ("Authorization", "X-Auth-Token", "X-Security-Token")
        sent = {request.headers.get(name) for request in self.metastudio.requests for name in names}
        for secret in filter(None, (*PATTERNS, VERIFICATION_TOKEN, *sent)):
            at = text.find(secret)
            assert at < 0, f"{secret!r} came out: {text[max(0, at - 300) : at + 100]!r}"


@pytest.fixture
async def world(caplog: pytest.LogCaptureFixture) -> AsyncIterator[World]:
    given: dict[str, Any] = {"bot_token": BOT, "app_token": APP, "signing_secret": SIGNING}
    slack = SlackWorkspace(**given, scopes=(*SCOPES, "users:read"), limits=None, ack_timeout=1)
    metastudio = MetaStudioSimulator(
        access_keys={KEY: SECRET_KEY},
        temporary_keys={TEMPORARY: (SECRET_KEY, SECURITY)},
        tokens=[TOKEN],
        iam_user="operator",
        iam_password=PASSWORD,
        iam_domain="account",
    )
    async with slack, metastudio:
        yield World(slack, metastudio, slack.add_channel(f"channel-{MARK.lower()}"), caplog)


def check_lines(text: str, form: LogFormat) -> None:
    for line in text.splitlines():
        assert LINE.fullmatch(line) if form is LogFormat.TEXT else json.loads(line)["message"]


async def use_everything(world: World) -> None:
    """Do all that people can do, while everything works."""
    job = world.job()
    card = (await world.ask(job)).messages[-1]
    for action in (job_card.REFRESH, job_card.SUBSCRIBE):
        await (await world.slack.press(card, action)).message()
    odd = [TYPED, f"subscirbe {MARK.lower()}-typed now", f"<https://{MARK}.example/?{MARK}=1|{TYPED}>"]
    subscribe = [f"subscribe {job} important", "list", f"unsubscribe {job}", f"subscribe {job} {MARK}"]
    for text in ["", "help", *odd, *subscribe, UNKNOWN, f"subscribe {job} all", "list"]:
        await world.ask(text)
    await eventually(lambda: bool(world.slack.messages(world.channel)))
    posted = world.slack.messages(world.channel)[-1]
    await world.slack.press(posted, notices.REFRESH_CARD, user="U0STRANGER", team="T0OTHER")
    await world.slack.press(posted, notices.REFRESH_CARD, user=PERSON)
    # Bolt warns of what it has no listener for, and names it.
    await world.slack.command(f"/other-{MARK.lower()}", TYPED, channel=world.channel, user=PERSON)
    for state in ("PROCESSING", "AUDIT_FAILED", "FAILED"):
        before = len(world.slack.messages(world.channel))
        world.metastudio.set_state(job, state)
        await eventually(partial(lambda before: len(world.slack.messages(world.channel)) > before, before))


async def fail_at_metastudio(world: World) -> None:
    """Let MetaStudio fail in every way, for people and for the watcher."""
    await world.ask(f"subscribe {world.job()}")
    for fault in METASTUDIO_FAULTS:
        world.metastudio.chaos = lambda _, fault=fault: fault
        await world.ask(UNKNOWN)
    await eventually(lambda: "jobs can't be checked" in world.log.text)
    world.metastudio.chaos = None


async def fail_at_slack(world: World) -> None:
    """Let Slack refuse and fail in every way: messages, and answers to people."""
    world.slack.fail("auth.test", error="invalid_auth")  # asked when a code may be about the token
    for fault in SLACK_FAULTS:
        world.slack.fail("chat.postMessage", **fault)
        await world.ask(f"subscribe {world.job()}")
    for body in RESPONSE_URL_BODIES:
        world.slack.fail("response_url", status=404, body=body)
        await world.slack.command("/voicejob", UNKNOWN, channel=world.channel, user=PERSON)
    world.slack.fail("response_url", times=3, drop=True)
    await world.slack.command("/voicejob", world.job(), channel=world.channel, user=PERSON)
    world.slack.revoke()
    await world.ask(f"subscribe {world.job()}")
    world.slack.revoke(None)
    world.slack.archive(world.channel)
    await world.ask(f"subscribe {world.job()}")
    world.slack.unarchive(world.channel)
    await world.ask("list")


async def lose_the_connection(world: World) -> None:
    world.slack.cut()
    await world.slack.connected(2)
    world.slack.refuse_handshakes = 1
    await world.slack.disconnect("refresh_requested")
    await world.slack.connected(3)


async def post_bad_requests(address: str) -> None:
    """Post what is not signed, not readable, or no HTTP."""
    body = {"text": TYPED, "response_url": f"http://127.0.0.1:9/commands/{MARK}", "command": "/voicejob"}
    async with aiohttp.ClientSession() as session:
        for headers in ({}, {"X-Slack-Signature": f"v0={MARK}", "X-Slack-Request-Timestamp": MARK}):
            await session.post(address, data=body, headers=headers)
        await session.post(f"{address}/{MARK}", data=b"\xff" + MARK.encode())
    host, port = address.split("/")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"{TYPED}\r\n{BOT}\r\n\r\n".encode())
    await reader.read()
    writer.close()


@pytest.mark.parametrize(
    ("mode", "form", "sign_in"),
    [
        ("socket mode", LogFormat.TEXT, "temporary key"),
        ("http mode", LogFormat.JSON, "user"),
    ],
)
@pytest.mark.usefixtures("restored_logging")
async def test_bot_with_debug_logging(
    world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str], mode: str, form: LogFormat, sign_in: str
) -> None:
    """However it is used, and whatever goes wrong; every logger logs at DEBUG, as where a fault is sought."""
    logs.set_up(form)
    for name in (None, "bot", *QUIET):
        logging.getLogger(name).setLevel(logging.DEBUG)
    by_http = {"slack_app_token": None, "slack_signing_secret": SIGNING}
    way = by_http if mode == "http mode" else {"slack_app_token": APP}
    way |= {"huaweicloud_sdk_ak": None, "huaweicloud_sdk_sk": None} | SIGN_INS[sign_in]
    store = tmp_path / "store.sqlite"
    given = way | {"slack_bot_token": BOT, "voicejob_store": store, "voicejob_poll_seconds": 0.1}
    async with running(settings_for(world.slack, world.metastudio, **given), rates=AT_ONCE) as address:
        world.slack.events_url = address if mode == "http mode" else None
        await use_everything(world)
        await fail_at_metastudio(world)
        await fail_at_slack(world)
        await (post_bad_requests(address) if mode == "http mode" else lose_the_connection(world))
        with disk_held(store):
            await world.ask(f"subscribe {world.job()}")
        world.metastudio.revoke_tokens()
        world.metastudio.fail(Fault.iam_error(401, ERROR_TEXT), on="iam")
        for _ in range(2):
            await world.ask(world.job())
        await world.slack.command("/voicejob", world.job(), channel=world.channel, user=PERSON)
    printed = capfd.readouterr()

    assert [words for words in LOGGED if words not in printed.err] == []
    world.search(printed.out + printed.err)
    check_lines(printed.err, form)


def environment(world: World, sign_in: str = "access key") -> dict[str, str]:
    """Make the settings of a process that meets the simulators, with all of Python's debug output."""
    settings = test_cli.environment(world.slack, world.metastudio, SLACK_BOT_TOKEN=BOT, SLACK_APP_TOKEN=APP)
    settings |= {"HUAWEICLOUD_SDK_AK": "", "HUAWEICLOUD_SDK_SK": "", "VOICEJOB_LOG": LogFormat.JSON}
    settings |= {"HUAWEICLOUD_SDK_IAM_ENDPOINT": world.metastudio.url}
    settings |= {"PYTHONASYNCIODEBUG": "1", "PYTHONDEVMODE": "1", "PYTHONWARNINGS": "always"}
    return settings | {name.upper(): value for name, value in SIGN_INS[sign_in].items()}


async def test_commands_that_succeed(world: World) -> None:
    """A bot from its start to its end, and a look-up that shows the voice's name, but nothing personal."""
    async with started("run", settings=environment(world)) as process:
        first = await read_until(process.stderr, "ready: ")
        await world.ask(f"subscribe {world.job()}")
        process.terminate()
        out, rest = await process.communicate()
    job = world.job(voice_name="voice", job_failed_reason="odd", tag="use")
    shown = await voicejob("show", "--json", job, **environment(world, "token"))

    log = first + rest.decode()
    check_lines(log, LogFormat.JSON)
    assert ("stopped" in log, '"voice"' in shown.out) == (True, True)
    world.search(out.decode() + log + shown.out + shown.err)


async def test_commands_that_fail(world: World) -> None:
    """The sentence names neither a token nor what the service wrote in its error."""
    world.metastudio.chaos = lambda _: METASTUDIO_FAULTS[0]
    world.slack.fail("apps.connections.open", times=9, error=ERROR_TEXT)
    shown = voicejob("show", "some-job", **environment(world, "user"))
    failed = [*await asyncio.gather(shown, voicejob("run", **environment(world)))]
    world.slack.fail("auth.test", times=9, status=500, body=PAGE)
    failed += [await voicejob("run", **environment(world))]

    assert [(ended.code, ended.err != "") for ended in failed] == [(1, True)] * 3
    world.search("".join(ended.out + ended.err for ended in failed))
