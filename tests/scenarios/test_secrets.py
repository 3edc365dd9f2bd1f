"""Nothing secret comes out: every path is driven with recognisable secrets, and all output is searched."""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from bot.app import run_parts
from bot.domain.jobs import PERSONAL_FIELDS
from bot.errors import PartBroken
from bot.messages import channel as notices
from bot.messages import job_card
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.payloads import VERIFICATION_TOKEN
from bot.simulators.slack.records import Interaction
from bot.simulators.slack.workspace import SlackWorkspace
from bot.simulators.world import running, settings_for
from bot.telemetry import logs
from bot.telemetry.logs import QUIET, LogFormat
from tests.support import AT_ONCE, disk_held, eventually
from tests.telemetry.test_logs import LINE
from tests.test_cli import read_until, started, voicejob

MARK: Final = "ZQX"
"""Is in every secret that can be chosen, and in nothing else."""
BOT: Final = f"xoxb-{MARK}-bot-token"
APP: Final = f"xapp-{MARK}-app-token"
SIGNING: Final = f"{MARK}-signing-secret"
KEY: Final = f"{MARK}AK"
SECRET_KEY: Final = f"{MARK}-secret-key"
SECURITY: Final = f"{MARK}-security-token"
PASSWORD: Final = f"{MARK}-iam-password"
TOKEN: Final = f"{MARK}-given-token"
PERSON: Final = f"U0{MARK}PERSON"
TYPED: Final = f"what {MARK} typed"
PRIVATE: Final = {name: f"https://{MARK}.example/{name}?{MARK}" for name in sorted(PERSONAL_FIELDS)}
TOLD: Final = f"told by {MARK}"
"""What a service says in an error, in whose text it may quote what it was sent."""
PATTERNS: Final = (
    MARK,
    MARK.lower(),
    "Signature=",
    "ticket",
    "/commands/",
    "/actions/",
    ".stand-in",
    VERIFICATION_TOKEN,
)
"""What is in secrets, and in what is as good as one, that the stand-ins make themselves."""
UNKNOWN: Final = "00000000-0000-4000-8000-000000000000"
SIGN_INS: Final[dict[str, dict[str, str]]] = {
    "access key": {"huaweicloud_sdk_ak": KEY, "huaweicloud_sdk_sk": SECRET_KEY},
    "temporary key": {
        "huaweicloud_sdk_ak": f"{KEY}2",
        "huaweicloud_sdk_sk": SECRET_KEY,
        "huaweicloud_sdk_security_token": SECURITY,
    },
    "user": {
        "huaweicloud_iam_user": "operator",
        "huaweicloud_iam_password": PASSWORD,
        "huaweicloud_iam_domain": "account",
    },
    "token": {"metastudio_auth_token": TOKEN},
}
WAYS: Final = {
    "socket mode, text, access key": ("socket", LogFormat.TEXT, "access key"),
    "socket mode, json, user": ("socket", LogFormat.JSON, "user"),
    "http mode, text, temporary key": ("http", LogFormat.TEXT, "temporary key"),
    "http mode, json, token": ("http", LogFormat.JSON, "token"),
}
PAGE: Final = f"<html>{TOLD}: {BOT} {SECRET_KEY}</html>".encode()
METASTUDIO_FAULTS: Final = (
    Fault.error(400, "MSS.10000003", TOLD),
    Fault.error(401, "APIGW.0301", TOLD),
    Fault.error(403, "APIGW.0302", TOLD),
    Fault.error(404, "APIGW.0101", TOLD),
    Fault.error(500, "APIGW.0601", TOLD),
    Fault.throttled(retry_after=0),  # a longer time would hold all that follows
    Fault.raw(PAGE, content_type="text/html"),
    Fault.raw(PAGE, status=502, content_type="text/html"),
    Fault.raw(b'{"jobs": "' + PAGE),
    Fault.raw(b"[" + json.dumps(TOLD).encode() + b"]"),
    Fault.empty(),
    Fault.cut(),
    Fault.cut_midway(),
)
SLACK_FAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"error": "internal_error"},
    {"error": "not_in_channel"},
    {"error": "invalid_blocks", "response_metadata": {"messages": [TOLD]}},
    {"error": "invalid_auth"},
    {"error": "missing_scope", "needed": TOLD, "provided": TOLD},
    {"error": TOLD},
    {"error": "ratelimited", "retry_after": 1},
    {"status": 500, "body": PAGE.decode()},
    {"status": 200, "body": '{"ok": "' + TOLD},
    {"drop": True},
    {"drop": True, "after": True},
)
HOOK_FAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"status": 404, "body": "expired_url"},
    {"status": 404, "body": json.dumps({"ok": False, "error": "used_url", "detail": TOLD})},
    {"status": 404, "body": PAGE.decode()},
)
HEARD: Final = (
    "look-up",
    "subscribe",
    "change",
    "told",
    "jobs can't be checked",
    "Slack refuses a message",
    "goes as plain text",
    "Slack does not take",
    "Slack refuses the bot",
    "did not take an answer",
    "can't be written",
    "Unhandled request",
)
"""What the log must tell of, or not every path was driven."""


@dataclass
class Scene:
    """The two stand-ins with their secrets, and what comes out meanwhile."""

    slack: SlackWorkspace
    metastudio: MetaStudioSimulator
    channel: str

    async def ask(self, text: str) -> Interaction:
        """Type the command; come back when something is shown, or nothing will be."""
        asked = await self.slack.command("/voicejob", text, channel=self.channel, user=PERSON)
        with suppress(TimeoutError):
            await asked.message(timeout=8)
        return asked

    def job(self, **fields: Any) -> str:
        """Add a job that is private all over; gives its id."""
        names = {"voice_name": f"voice {MARK}", "job_failed_reason": TOLD, "tag": MARK}
        return str(self.metastudio.add_job(**(PRIVATE | names | {"state": "WAITING"} | fields))["job_id"])

    def has_more_than(self, before: int) -> bool:
        """Say whether the channel was told more than so many messages."""
        return len(self.slack.messages(self.channel)) > before

    def heard(self) -> set[str]:
        """Collect what was sent to MetaStudio to sign in."""
        wanted = ("Authorization", "X-Auth-Token", "X-Security-Token")
        seen = {request.headers.get(name) for request in self.metastudio.requests for name in wanted}
        return {each for each in seen if each}


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """Run both stand-ins with secrets of our own."""
    slack = SlackWorkspace(bot_token=BOT, app_token=APP, signing_secret=SIGNING, limits=None, ack_timeout=1)
    metastudio = MetaStudioSimulator(
        access_keys={KEY: SECRET_KEY},
        temporary_keys={f"{KEY}2": (SECRET_KEY, SECURITY)},
        tokens=[TOKEN],
        iam_user="operator",
        iam_password=PASSWORD,
        iam_domain="account",
    )
    async with slack, metastudio:
        yield Scene(slack, metastudio, slack.add_channel(f"channel-{MARK.lower()}"))


@pytest.fixture
def talkative() -> Iterator[None]:
    """Let every logger say all it can, as somebody may who looks for a fault; put it back afterwards."""
    loggers = [logging.getLogger(name) for name in (None, "bot", "bot.demo", *QUIET)]
    before = [each.level for each in loggers]
    handlers = logging.getLogger().handlers[:]
    hooks = sys.excepthook, sys.unraisablehook
    yield
    logging.getLogger().handlers[:] = handlers
    for each, level in zip(loggers, before, strict=True):
        each.setLevel(level)
    sys.excepthook, sys.unraisablehook = hooks


def talk(form: LogFormat) -> None:
    logs.set_up(form)
    for name in (None, *QUIET):
        logging.getLogger(name).setLevel(logging.DEBUG)
    logging.getLogger("bot").setLevel(logging.DEBUG)
    logging.getLogger("bot.demo").setLevel(logging.CRITICAL)  # the stand-ins are no part of the bot


def search(text: str, more: Iterable[str] = ()) -> None:
    """Find nothing secret. Raises AssertionError that shows where."""
    for secret in (*PATTERNS, *more):
        at = text.find(secret)
        assert at < 0, f"{secret!r} came out: {text[max(0, at - 300) : at + 100]!r}"


def check_lines(text: str, form: LogFormat) -> None:
    for line in text.splitlines():
        assert LINE.fullmatch(line) if form is LogFormat.TEXT else json.loads(line)["message"]


async def use(scene: Scene) -> None:
    """Do all that people can do, while everything works."""
    job = scene.job()
    shown = await scene.ask(job)
    card = shown.messages[-1]
    for action in (job_card.REFRESH, job_card.SUBSCRIBE):
        await (await scene.slack.press(card, action)).message()
    texts = [
        "",
        "help",
        TYPED,
        f"subscirbe {MARK.lower()}-typed now",
        f"<https://{MARK}.example/?{MARK}=1|{TYPED}>",
    ]
    texts += [f"subscribe {job} important", "list", f"unsubscribe {job}", f"subscribe {job} {MARK}", UNKNOWN]
    for text in [*texts, f"subscribe {job}", "list"]:
        await scene.ask(text)
    await eventually(lambda: bool(scene.slack.messages(scene.channel)))
    posted = scene.slack.messages(scene.channel)[-1]
    await scene.slack.press(posted, notices.REFRESH_CARD, user="U0STRANGER", team="T0OTHER")
    await scene.slack.press(posted, notices.REFRESH_CARD, user=PERSON)
    # Bolt warns of what it has no listener for, and names it.
    await scene.slack.command(f"/other-{MARK.lower()}", TYPED, channel=scene.channel, user=PERSON)
    for state in ("PROCESSING", "AUDIT_FAILED", "FAILED"):
        scene.metastudio.set_state(job, state)
        before = len(scene.slack.messages(scene.channel))
        await eventually(partial(scene.has_more_than, before))


async def trouble_metastudio(scene: Scene) -> None:
    """Let MetaStudio fail in every way, for people and for the watcher."""
    job = scene.job()
    await scene.ask(f"subscribe {job}")
    for fault in METASTUDIO_FAULTS:
        scene.metastudio.chaos = lambda _, fault=fault: fault
        await scene.ask(UNKNOWN)
    scene.metastudio.chaos = None


async def trouble_tokens(scene: Scene) -> None:
    """Let MetaStudio's tokens end, and IAM give no others at first."""
    job = scene.job()
    scene.metastudio.revoke_tokens()
    scene.metastudio.fail(Fault.iam_error(401, TOLD), on="iam")
    for _ in range(2):
        await scene.ask(job)


async def trouble_slack(scene: Scene) -> None:
    """Let Slack refuse and fail in every way: messages, and answers to people."""
    for fault in SLACK_FAULTS:
        scene.slack.fail("chat.postMessage", **fault)
        await scene.ask(f"subscribe {scene.job()}")
    for fault in HOOK_FAULTS:
        scene.slack.fail("response_url", **fault)
        await scene.slack.command("/voicejob", UNKNOWN, channel=scene.channel, user=PERSON)
    scene.slack.fail("response_url", times=3, drop=True)
    await scene.slack.command("/voicejob", scene.job(), channel=scene.channel, user=PERSON)
    scene.slack.archive(scene.channel)
    await scene.ask(f"subscribe {scene.job()}")
    scene.slack.unarchive(scene.channel)
    await scene.ask("list")


async def trouble_socket(scene: Scene) -> None:
    """Lose the connection in every way."""
    scene.slack.cut()
    await scene.slack.connected(2)
    scene.slack.refuse_handshakes = 1
    await scene.slack.disconnect("refresh_requested")
    await scene.slack.connected(3)
    await scene.ask(UNKNOWN)


async def trouble_http(address: str) -> None:
    """Post what is not signed, not readable, or no HTTP."""
    body = {"text": TYPED, "response_url": f"http://127.0.0.1:9/commands/{MARK}", "command": "/voicejob"}
    async with aiohttp.ClientSession() as session:
        for headers in ({}, {"X-Slack-Signature": f"v0={MARK}", "X-Slack-Request-Timestamp": MARK}):
            await session.post(address, data=body, headers=headers)
        await session.post(f"{address}/{MARK}", data=b"\xff" + MARK.encode())
    host, port = address.split("/")[2].split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"{TYPED}\r\n{BOT}\r\n\r\n".encode())
    await asyncio.sleep(0.05)
    writer.close()


async def trouble_disk(scene: Scene, path: Path) -> None:
    """Let the disk refuse what has to be written down."""
    with disk_held(path):
        await scene.ask(f"subscribe {scene.job()}")


@pytest.mark.usefixtures("talkative")
@pytest.mark.timeout(120)
@pytest.mark.parametrize(("mode", "form", "sign_in"), WAYS.values(), ids=WAYS)
async def test_nothing_secret_comes_out(
    scene: Scene, tmp_path: Path, capfd: pytest.CaptureFixture[str], mode: str, form: LogFormat, sign_in: str
) -> None:
    """However the bot is used, and whatever goes wrong, even for somebody who sets all loggers to DEBUG."""
    talk(form)
    app_token, signing = (None, SIGNING) if mode == "http" else (APP, None)
    way = {"slack_app_token": app_token, "slack_signing_secret": signing}
    no_key = {"huaweicloud_sdk_ak": None, "huaweicloud_sdk_sk": None}
    store = tmp_path / "store.sqlite"
    given = no_key | SIGN_INS[sign_in] | way | {"voicejob_store": store, "voicejob_poll_seconds": 0.1}
    settings = settings_for(scene.slack, scene.metastudio, slack_bot_token=BOT, **given)
    async with running(settings, rates=AT_ONCE) as address:
        scene.slack.events_url = address if mode == "http" else None
        await use(scene)
        await trouble_metastudio(scene)
        await trouble_slack(scene)
        await (trouble_http(address) if mode == "http" else trouble_socket(scene))
        await trouble_disk(scene, store)
        await trouble_tokens(scene)
        await scene.slack.command("/voicejob", scene.job(), channel=scene.channel, user=PERSON)
    printed = capfd.readouterr()

    assert [words for words in HEARD if words not in printed.err] == []
    assert scene.heard()
    search(printed.out + printed.err, scene.heard())
    check_lines(printed.err, form)


START: Final = {
    "SLACK_BOT_TOKEN": BOT,
    "SLACK_APP_TOKEN": APP,
    "HUAWEICLOUD_SDK_AK": KEY,
    "HUAWEICLOUD_SDK_SK": SECRET_KEY,
    "VOICEJOB_HOST": "127.0.0.1",
    "PORT": "0",
    "PYTHONASYNCIODEBUG": "1",
    "PYTHONDEVMODE": "1",
    "PYTHONWARNINGS": "always",
}

STARTS: Final = [("auth.test", LogFormat.JSON), ("apps.connections.open", LogFormat.TEXT)]


def environment(scene: Scene, **changes: str) -> dict[str, str]:
    """Make the settings of a process that meets the stand-ins, with Python at its most talkative."""
    return (
        START
        | {
            "SLACK_API_URL": scene.slack.api_url,
            "METASTUDIO_ENDPOINT": scene.metastudio.url,
            "HUAWEICLOUD_SDK_PROJECT_ID": scene.metastudio.project_id,
        }
        | changes
    )


@pytest.mark.parametrize(
    "fault",
    [{"error": "invalid_auth"}, {"error": TOLD}, {"status": 500, "body": PAGE.decode()}, {"body": "{" + BOT}],
    ids=["refused", "odd code", "page", "broken json"],
)
@pytest.mark.parametrize(("method", "form"), STARTS)
async def test_a_refused_start(scene: Scene, form: LogFormat, fault: dict[str, Any], method: str) -> None:
    """The end that comes of Slack's refusal, and of what is no answer of Slack's."""
    scene.slack.fail(method, times=9, **fault)

    ended = await voicejob("run", **environment(scene, VOICEJOB_LOG=form))

    assert ended.code == 1
    assert "Slack" in ended.err
    search(ended.out + ended.err)
    if form is LogFormat.JSON:
        check_lines(ended.err, form)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("SLACK_BOT_TOKEN", MARK),
        ("HUAWEICLOUD_SDK_SK", f"{MARK} {MARK}"),
        ("METASTUDIO_ENDPOINT", f"https://x:{MARK}@y"),
    ],
)
async def test_wrong_settings(scene: Scene, key: str, value: str) -> None:
    """What is wrong is named by its key, without a value that may be secret."""
    ended = await voicejob("run", **environment(scene, **{key: value}))

    assert ended.code == 2
    assert f"{key}: " in ended.err
    search(ended.out + ended.err)


@pytest.mark.parametrize(
    ("sign_in", "option"), list(zip(SIGN_INS.values(), [(), ("--json",)] * 2, strict=True)), ids=SIGN_INS
)
async def test_show(scene: Scene, sign_in: dict[str, str], option: tuple[str, ...]) -> None:
    """A job in the terminal has a voice's name, since who asks sees it, and nothing that is personal."""
    job = scene.job(voice_name="voice", job_failed_reason="odd", tag="use")
    keys = environment(scene, HUAWEICLOUD_SDK_IAM_ENDPOINT=scene.metastudio.url, HUAWEICLOUD_SDK_AK="")
    keys |= {"HUAWEICLOUD_SDK_SK": ""} | {name.upper(): value for name, value in sign_in.items()}

    shown = await voicejob("show", *option, job, **keys)

    assert shown.code == 0
    assert "voice" in shown.out
    search(shown.out + shown.err, scene.heard())


@pytest.mark.parametrize(
    "fault", [METASTUDIO_FAULTS[0], *METASTUDIO_FAULTS[6:9]], ids=lambda fault: fault.kind
)
async def test_show_that_fails(scene: Scene, fault: Fault) -> None:
    """What MetaStudio says in an error, or a proxy in its place, is not passed on."""
    scene.metastudio.chaos = lambda _: fault

    shown = await voicejob("show", UNKNOWN, **environment(scene))

    assert shown.code == 1
    search(shown.out + shown.err, scene.heard())


@pytest.mark.parametrize("form", LogFormat)
async def test_a_bot_of_its_own(scene: Scene, form: LogFormat) -> None:
    """A process from its start to its end, with Python at its most talkative."""
    async with started("run", **environment(scene, VOICEJOB_LOG=form)) as process:
        first = await read_until(process.stderr, "ready: ")
        await scene.ask(f"subscribe {scene.job()}")
        await scene.ask(TYPED)
        process.terminate()
        out, rest = await process.communicate()

    text = first + rest.decode()
    assert "stopped" in text
    search(out.decode() + text, scene.heard())
    check_lines(text, form)


@pytest.mark.usefixtures("talkative")
@pytest.mark.parametrize("form", LogFormat)
async def test_a_part_that_breaks(capfd: pytest.CaptureFixture[str], form: LogFormat) -> None:
    """A crash is told with its places and classes, on one line, and not with the values that led to it."""
    response_url = f"https://x/commands/{MARK}"

    async def broken() -> None:
        await asyncio.sleep(0)
        raise ExceptionGroup(TOLD, [KeyError(BOT), aiohttp.InvalidURL(response_url)])

    talk(form)
    with pytest.raises(PartBroken) as ended:
        await run_parts({"watcher": broken()}, asyncio.Event())
    printed = capfd.readouterr().err

    assert "a part broke: watcher" in printed
    assert "KeyError" in printed
    search(printed + str(ended.value))
    check_lines(printed, form)
