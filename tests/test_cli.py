"""The command line, as an operator uses it: its own process, its output, its exit codes."""

import asyncio
import json
import os
import re
import signal
import socket
from asyncio.subprocess import Process
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest
from typer.testing import CliRunner

from bot.cli import cli
from bot.config import INIT
from bot.demo.command import SCREENS
from bot.simulators.metastudio.account import ACCESS_KEY, PROJECT_ID, SECRET_KEY
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.workspace import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SlackWorkspace
from tests.support import PATIENCE, eventually, started


class Ended(NamedTuple):
    """A command that has ended."""

    code: int
    out: str
    err: str


async def voicejob(*arguments: str, **environment: str) -> Ended:
    """Run a command to its end."""
    async with started(*arguments, settings=environment) as process:
        out, err = await process.communicate()
    return Ended(process.returncode or 0, out.decode(), err.decode())


async def read_until(stream: asyncio.StreamReader | None, words: str) -> str:
    """Read lines until one has the words, and return all of them."""
    assert stream is not None
    read = ""
    async with asyncio.timeout(PATIENCE):
        while words not in read:
            line = await stream.readline()
            assert line, f"the bot ended without {words!r}: {read}"
            read += line.decode()
    return read


async def demo_address(process: Process) -> str:
    """Wait until the demo's page is served, and return its address."""
    return (await read_until(process.stdout, "The demo is at")).split()[-1]


async def ended_by(process: Process, number: signal.Signals) -> tuple[str, str]:
    """End a command by a signal, and return what it still wrote to stdout and stderr."""
    process.send_signal(number)
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    return out.decode(), err.decode()


@pytest.fixture
def screen(tmp_path: Path) -> dict[str, str]:
    """Return an environment with a screen, whose browser writes the address to the file ``opened``."""
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\nprintf %s "$1" > opened\n')
    browser.chmod(0o700)
    return {"DISPLAY": ":99", "BROWSER": f"{browser} %s"}


def metastudio_environment(metastudio: MetaStudioSimulator) -> dict[str, str]:
    return {
        "METASTUDIO_ENDPOINT": metastudio.url,
        "HUAWEICLOUD_SDK_PROJECT_ID": PROJECT_ID,
        "HUAWEICLOUD_SDK_AK": ACCESS_KEY,
        "HUAWEICLOUD_SDK_SK": SECRET_KEY,
    }


def environment(slack: SlackWorkspace, metastudio: MetaStudioSimulator, **changes: str) -> dict[str, str]:
    slack_settings = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_API_URL": slack.api_url}
    listening = {"VOICEJOB_HOST": "127.0.0.1", "PORT": "0"}
    return slack_settings | listening | metastudio_environment(metastudio) | changes


@pytest.fixture
def own(slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> dict[str, str]:
    """Return the settings of a bot between the simulators, in Socket Mode."""
    return environment(slack, metastudio, SLACK_APP_TOKEN=APP_TOKEN)


async def test_story_is_played() -> None:
    """It shows two jobs from the first look to the end; nothing that is set on the machine reaches it."""
    Path(".env").write_bytes(b"METASTUDIO_REGION=\xff\xfe")  # noqa: ASYNC240  nothing else waits meanwhile
    os.mkfifo("pipe")
    nonsense = {"METASTUDIO_REGION": "?", "SSL_CERT_FILE": "pipe", "SSLKEYLOGFILE": "/nowhere/keys"}
    nonsense |= {"HTTPS_PROXY": "http://127.0.0.1:9", "PROMETHEUS_MULTIPROC_DIR": "/nowhere", "PORT": "x"}
    ended = await voicejob("demo", "--once", **nonsense)

    assert (ended.code, ended.err) == (0, "")
    assert "Everything was as it should be." in ended.out


async def test_page_is_served_until_a_signal(screen: dict[str, str]) -> None:
    """The browser is opened where there is a screen; one that shows the page does not delay the end."""
    opened = Path("opened")
    async with started("demo", "--port", "0", settings=screen) as process:
        address = await demo_address(process)
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{address}live") as live:
            async with session.get(address) as page:
                assert (page.status, page.content_type) == (200, "text/html")
            while '"running"' not in await live.receive_str(timeout=PATIENCE):
                pass
            await eventually(lambda: opened.exists() and opened.read_text() == address)
            out, err = await ended_by(process, signal.SIGINT)

    assert (process.returncode, err) == (0, "")
    assert out.splitlines() == ["Ctrl-C ends it.", "The demo has ended; nothing of it is kept."]


@pytest.mark.parametrize("option", ["--no-browser", "--browser"])
async def test_page_ends_while_its_bot_starts(screen: dict[str, str], option: str) -> None:
    """Right after the address is printed; without a screen, or with --no-browser, none was opened."""
    screen |= dict.fromkeys(SCREENS, "") if option == "--browser" else {}
    async with started("demo", "--port", "0", option, settings=screen) as process:
        await demo_address(process)
        out, err = await ended_by(process, signal.SIGTERM)

    assert (process.returncode, err, Path("opened").exists()) == (0, "", False)  # noqa: ASYNC240  it has ended
    assert "The demo has ended" in out


async def test_port_that_is_taken() -> None:
    """The sentence says which one, why, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = await voicejob("demo", "--no-browser", "--port", port)

    assert (ended.code, ended.out) == (1, "")
    assert f"can't listen on port {port} (Address already in use). Choose another one" in ended.err


async def test_card_and_json(metastudio: MetaStudioSimulator) -> None:
    """A job without buttons and without Slack; or what MetaStudio sent, without what commands a terminal."""
    job = metastudio.add_job(voice_name="[red]女声[/red] \x1b[31m", state="AUDIT_FAILED")
    shown = await voicejob("show", job["job_id"], **metastudio_environment(metastudio))
    kept = b'"voice_name": "\\ud800 \\u009b31m \\u001b", "new": {"kept": [1]'
    metastudio.fail(Fault.raw(b'{"app_user_id": "1", ' + kept + b', "phone": "1"}}'))
    printed = await voicejob("show", "--json", "some-job", **metastudio_environment(metastudio))

    assert (shown.code, shown.err) == (0, "")
    assert "[red]女声[/red]" in shown.out
    assert "Recordings rejected" in shown.out
    assert not re.search("Refresh|\x1b", shown.out)
    assert json.loads(printed.out) == json.loads(b"{" + kept + b"}}")
    assert printed.out.replace("\n", "").isprintable()


async def test_details(metastudio: MetaStudioSimulator) -> None:
    """They are drawn below the state, or stand beside the job's fields, without addresses and people."""
    job = metastudio.add_job(voice_name="女声", state="AUDITING", sample_url="https://secret.example")[
        "job_id"
    ]
    metastudio.set_state(job, "AUDIT_FAILED")
    metastudio.operations[job][0]["operator"] = "Zhang San"
    show = partial(voicejob, "show", job, "--details", **metastudio_environment(metastudio))
    drawn, printed = await asyncio.gather(show(), show("--json"))
    metastudio.fail(Fault.error(403, "APIGW.0302"), on="op-logs")
    partly = await show("--json")
    document = json.loads(printed.out)

    assert (drawn.code, drawn.err, metastudio.requests_to("audit")) == (0, "", 3)
    for words in (
        "A reviewer at MetaStudio sent it back",
        "> Please sign every page",
        "Submitted, by your team",
    ):
        assert words in drawn.out
    assert json.loads(partly.out) == document | {"operations": None}
    assert (document["state"], len(document["operations"])) == ("AUDIT_FAILED", 4)
    assert len(document["operations"][-1]["external_info"]["review_id_list"]) == 1
    assert document["audit_result"]["admin_audit_result"]["attachment_name"] == "authorization-remarks.pdf"
    assert not re.search("secret|https?:|Zhang|Refresh", drawn.out + printed.out)


async def test_by_name(metastudio: MetaStudioSimulator) -> None:
    """One hit is shown; of several, and of similar names, there is a list, and the exit code of no job."""
    for name in ("Morning News", "Evening News"):
        metastudio.add_job(voice_name=name)
    environment = metastudio_environment(metastudio)
    typed = ("MORNING  new",), ("news", "--json"), ("Mourning News",)
    one, several, similar = await asyncio.gather(*(voicejob("show", *each, **environment) for each in typed))

    assert (one.code, one.err, "Waiting for recordings" in one.out) == (0, "", True)
    assert (several.code, several.out, several.err.count("News ·")) == (1, "", 2)
    assert (similar.code, similar.out, "Similar names" in similar.err) == (1, "", True)


STORE = {"VOICEJOB_STORE": "none/kept.sqlite"}
PROXY = {"HTTPS_PROXY": "odd://me:hush@proxy"}
BAD = {"PORT": "x", "SLACK_BOT_TOKEN": "xapp-hush", "SLACK_APP_TOKEN": "", "HUAWEICLOUD_SDK_PROJECT_ID": ""}


@pytest.mark.parametrize(
    ("command", "changes", "code", "words"),
    [
        ("show ../x", {}, 1, ["No job “../x” in this project"]),
        ("show unknown --language zh", {}, 1, ["本项目中没有 “unknown” 这个任务"]),
        ("run", PROXY, 2, ["HTTPS_PROXY: can't be used: a proxy must be an ad"]),
        ("run", BAD, 2, ["VoiceJob can't start with these settings:", *BAD, f"\n{INIT}\n"]),
        (
            "show x",
            BAD,
            2,
            [
                "VoiceJob can't work with these settings:\n  HUAWEICLOUD_SDK_PROJECT_ID: not set",
                f"\n{INIT}\n",
            ],
        ),
        ("run", {"SLACK_BOT_TOKEN": "xoxb-hush"}, 1, ["Slack refuses “SLACK_BOT_TOKEN” with the error"]),
        ("run", STORE, 1, ["The store “none/kept.sqlite” can't be written"]),
    ],
)
async def test_sentence(
    own: dict[str, str], command: str, changes: dict[str, str], code: int, words: list[str]
) -> None:
    """Without a traceback, a log line, or a value that may be secret."""
    ended = await voicejob(*command.split(), **own | changes)

    assert (ended.code, ended.out) == (code, "")
    assert [each for each in words if each not in ended.err] == []
    assert not re.search("hush|Traceback|CRITICAL", ended.err)


async def test_failure_of_metastudio(metastudio: MetaStudioSimulator) -> None:
    """A second line is for support, and is printed where it is asked for; what was retried is not in it."""
    metastudio.fail(Fault.error(503, "APIGW.0613"), times=6)
    settings = metastudio_environment(metastudio)
    told, ended = await asyncio.gather(
        voicejob("show", "some-job", **settings), voicejob("show", "some-job", "--verbose", **settings)
    )

    assert (told.code, ended.code) == (1, 1)
    assert told.err.splitlines() == ended.err.splitlines()[:1]
    assert ended.err.splitlines()[1].startswith("ServiceDown status=503 code=APIGW.0613")


async def test_bad_settings_where_the_log_is_json() -> None:
    """Whoever reads JSON gets nothing else; the exit code is the same."""
    ended = await voicejob("run", VOICEJOB_LOG="json", PORT="x")

    (line,) = map(json.loads, ended.err.splitlines())
    assert (ended.code, line["level"]) == (2, "CRITICAL")
    assert "PORT: must be a number" in line["message"]


async def test_bot_serves_until_it_is_stopped(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """It logs when it is ready and each event once, keeps a second one off its store, and ends with 0."""
    settings = environment(slack, metastudio, SLACK_SIGNING_SECRET=SIGNING_SECRET)
    job = metastudio.add_job(voice_name="By a process")
    async with started("run", settings=settings) as process:
        log = await read_until(process.stderr, "ready:")
        slack.events_url = log.split()[-1]
        asked = await slack.command("/voicejob", job["job_id"], channel=channel)
        assert "By a process" in (await asked.message()).text
        second = await voicejob("run", **settings)
        _, rest = await ended_by(process, signal.SIGHUP)

    assert (second.code, process.returncode) == (1, 0)
    assert re.search(f"Another VoiceJob .* It is process {process.pid}", second.err)
    lines = (log + rest).splitlines()
    assert len(lines) == len(set(lines))
    assert [line for line in lines if job["job_id"] in line and "done" in line]
    assert not re.search("Traceback|WARNING|httpx", log + rest)


async def test_bot_ends_while_it_starts(slack: SlackWorkspace, own: dict[str, str]) -> None:
    """A Slack that is slow to answer does not keep it from ending."""
    slack.fail("auth.test", delay=600)
    async with started("run", settings=own) as process:
        await eventually(lambda: bool(slack.calls))
        _, log = await ended_by(process, signal.SIGTERM)

    assert (process.returncode, "Traceback" in log) == (0, False)


async def test_help() -> None:
    """Commands are in panels, in the order in which they are needed; a flag has no type beside it."""
    ended, of_check = await asyncio.gather(voicejob("--help", COLUMNS="80"), voicejob("check", "--help"))
    begins = re.findall("^[│╭] ?─? (Try|Set up|Run|[a-z]+) ", ended.out, re.MULTILINE)
    set_up = ["manifest", "init", "check", "docs"]
    expected = ["Try", "demo", "Set up", *set_up, "Run", "run", "show"]

    assert [word for word in begins if word in expected] == expected
    assert "Usage: voicejob " in ended.out
    assert "<bool>" not in ended.out + of_check.out


@pytest.mark.parametrize(
    ("typed", "completed"), [("voicejob sh", "show"), ("voicejob show --verb", "--verbose")]
)
async def test_completion(typed: str, completed: str) -> None:
    """A shell that asks gets what a word may become."""
    asked = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    ended = await voicejob(_VOICEJOB_COMPLETE="complete_bash", **asked)

    assert ended == (0, f"{completed}\n", "")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("show --language fr x", "'--language': 'fr' is not one of"),
        ("show", "Missing argument 'JOB'"),
    ],
)
def test_a_wrong_argument_is_named(typed: str, says: str) -> None:
    """As help names it, without the words of a library."""
    refused = CliRunner().invoke(cli, typed.split(), env={"COLUMNS": "200"})

    assert (refused.exit_code, says in refused.stderr) == (2, True)


def test_help_and_version() -> None:
    """Without a command, and with -h, the command line explains itself."""
    for arguments, words in (("", "Usage"), ("-h", "Usage"), ("--version", version("voicejob"))):
        assert words in CliRunner().invoke(cli, arguments).output
