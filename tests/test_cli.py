"""The command line, as an operator uses it: its own process, its output, its exit codes."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import aiohttp
import pytest

from bot.cli import SCREENS
from bot.simulators.metastudio.account import ACCESS_KEY, PROJECT_ID, SECRET_KEY
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.workspace import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SlackWorkspace
from tests.support import PATIENCE, eventually

MODES = {
    "socket mode": {"SLACK_APP_TOKEN": APP_TOKEN},
    "http mode": {"SLACK_SIGNING_SECRET": SIGNING_SECRET},
}


@dataclass
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str


@asynccontextmanager
async def started(*arguments: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start the command in a process of its own; it is killed at the end of the context."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        env=os.environ | {"COLUMNS": "200", "NO_COLOR": "1"} | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def voicejob(*arguments: str, **environment: str) -> Ended:
    """Run a command to its end."""
    async with started(*arguments, **environment) as process:
        out, err = await process.communicate()
    return Ended(process.returncode or 0, out.decode(), err.decode())


async def read_until(stream: asyncio.StreamReader | None, words: str) -> str:
    """Read lines until one holds the words; gives all of them."""
    assert stream is not None
    read = ""
    async with asyncio.timeout(PATIENCE):
        while words not in read:
            line = await stream.readline()
            assert line, f"the bot ended without {words!r}: {read}"
            read += line.decode()
    return read


async def demo_address(process: asyncio.subprocess.Process) -> str:
    """Wait until the demo's page is served, and give its address."""
    found = re.search(r"The demo is at (http://127\.0\.0\.1:\d+/)\n", await read_until(process.stdout, "at"))
    assert found is not None
    return found[1]


async def ended_by(process: asyncio.subprocess.Process, number: signal.Signals) -> tuple[str, str]:
    """End a command by a signal; gives what it still printed, and its log."""
    process.send_signal(number)
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    return out.decode(), err.decode()


def screen(folder: Path) -> tuple[dict[str, str], Path]:
    """Pretend that there is a screen: gives its environment, and the file that its browser writes."""
    opened, browser = folder / "opened", folder / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > "{opened}"\n')
    browser.chmod(0o700)
    return {"DISPLAY": ":99", "BROWSER": f"{browser} %s"}, opened


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


class TestDemo:
    async def test_it_plays_the_story_and_exits_with_0(self) -> None:
        """It shows two jobs from the first look to the end; nothing that is set on the machine reaches it."""
        Path(".env").write_bytes(b"METASTUDIO_REGION=\xff\xfe")  # noqa: ASYNC240  nothing else waits meanwhile
        os.mkfifo("pipe")
        ended = await voicejob(
            "demo",
            "--once",
            METASTUDIO_AUTH_TOKEN="x",
            METASTUDIO_REGION="?",
            PORT="x",
            SLACK_SIGNING_SECRET="x",
            HTTPS_PROXY="http://127.0.0.1:9",
            http_proxy="http://127.0.0.1:9",
            SLACK_BOT_TOKEN="x",
            SLACK_CLIENT_ID="x",
            SSL_CERT_FILE="pipe",
            SSLKEYLOGFILE="/nowhere/keys",
            PROMETHEUS_MULTIPROC_DIR="/nowhere",
        )

        assert (ended.code, ended.err) == (0, "")
        for words in (
            "State: SUCCEED",
            "State: FAILED",
            "MetaStudio has no job",
            "Everything was as it should be.",
        ):
            assert words in ended.out


class TestDemoPage:
    async def test_it_tells_its_address_and_opens_it(self, tmp_path: Path) -> None:
        """The page is served, and shown in the browser; Ctrl-C ends it, with a browser on it too."""
        environment, opened = screen(tmp_path)
        async with started("demo", "--port", "0", **environment) as process:
            address = await demo_address(process)
            async with aiohttp.ClientSession() as session:
                async with session.get(address) as page:
                    assert (page.status, page.content_type) == (200, "text/html")
                live = await session.ws_connect(f"{address}live")
                assert (await live.receive_json())["fresh"]
                await eventually(lambda: opened.exists() and opened.read_text() == address)
                out, err = await ended_by(process, signal.SIGINT)

        assert (process.returncode, err) == (0, "")
        assert out.splitlines() == ["Ctrl-C ends it.", "The demo has ended; nothing of it is kept."]

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    async def test_it_can_be_ended_while_its_bot_starts(self, tmp_path: Path, number: signal.Signals) -> None:
        """Right after the address, whichever way; with --no-browser none was opened."""
        environment, opened = screen(tmp_path)
        async with started("demo", "--port", "0", "--no-browser", **environment) as process:
            await demo_address(process)
            out, err = await ended_by(process, number)

        assert (process.returncode, err) == (0, "")
        assert "The demo has ended" in out
        assert not opened.exists()

    async def test_it_can_be_ended_with_a_browser_on_it(self, tmp_path: Path) -> None:
        """By SIGTERM, while its bot runs; where there is no screen, no browser was opened."""
        environment, opened = screen(tmp_path)
        no_screen = environment | dict.fromkeys(SCREENS, "")
        async with started("demo", "--port", "0", **no_screen) as process:
            address = await demo_address(process)
            async with aiohttp.ClientSession() as session, session.ws_connect(f"{address}live") as page:
                async with asyncio.timeout(PATIENCE):
                    while '"running"' not in await page.receive_str():
                        pass
                _, err = await ended_by(process, signal.SIGTERM)
                rest = [await page.receive(timeout=PATIENCE)]
                while rest[-1].type is aiohttp.WSMsgType.TEXT:
                    rest.append(await page.receive(timeout=PATIENCE))

        assert rest[-1].type is aiohttp.WSMsgType.CLOSE
        assert (process.returncode, err) == (0, "")
        assert not opened.exists()

    async def test_a_port_that_is_taken_gets_a_sentence(self) -> None:
        """It says which one, why, and what to do; exit code 1, and nothing else."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            ended = await voicejob("demo", "--no-browser", "--port", str(port))

        assert (ended.code, ended.out) == (1, "")
        assert ended.err == (
            f"The demo can't listen on port {port} (Address already in use). "
            "Choose another one with --port, or let it find a free one with --port 0.\n"
        )

    @pytest.mark.parametrize("port", ["65536", "-1", "x"])
    async def test_a_port_that_is_none_is_bad_usage(self, port: str) -> None:
        """Exit code 2, and a word on what a port is."""
        ended = await voicejob("demo", "--port", port)

        assert (ended.code, ended.out) == (2, "")
        assert "--port" in ended.err
        assert "Traceback" not in ended.err


class TestShow:
    async def test_it_prints_a_card(self, metastudio: MetaStudioSimulator) -> None:
        """One job in the terminal, from the real settings, without buttons and without Slack."""
        job = metastudio.add_job(voice_name="[red]女声[/red] \x1b[31m", state="AUDIT_FAILED")

        ended = await voicejob("show", job["job_id"], **metastudio_environment(metastudio))

        assert ended.code == 0, ended.err
        assert "[red]女声[/red]" in ended.out
        assert "Review failed, new recordings needed" in ended.out
        assert "Refresh" not in ended.out
        assert "\x1b" not in ended.out

    async def test_json_is_what_the_api_sent_without_personal_fields(
        self, metastudio: MetaStudioSimulator
    ) -> None:
        """``--json`` is for programs: nothing added, only what is personal removed."""
        job = metastudio.add_job(voice_name="女声", something_new={"phone": "1", "kept": [1]})
        personal = ("phone", "app_user_id", "voice_authorization_url", "training_input_source_url")

        ended = await voicejob("show", "--json", job["job_id"], **metastudio_environment(metastudio))

        kept = {key: value for key, value in job.items() if key not in personal}
        assert json.loads(ended.out) == kept | {"something_new": {"kept": [1]}}

    async def test_json_can_not_command_the_terminal(self, metastudio: MetaStudioSimulator) -> None:
        """Control characters and half characters in MetaStudio's answer stay escaped."""
        sent = b'{"voice_name": "\\ud800 \\u009b31m \\u001b"}'
        metastudio.fail(Fault.raw(sent))

        ended = await voicejob("show", "--json", "some-job", **metastudio_environment(metastudio))

        assert json.loads(ended.out) == json.loads(sent)
        assert ended.out.replace("\n", "").isprintable()

    @pytest.mark.parametrize(
        ("job_id", "code", "says"),
        [("../x", 2, "“../x” can't be a job id"), ("unknown", 1, "MetaStudio has no job “unknown”")],
    )
    async def test_what_goes_wrong_is_a_sentence(
        self, metastudio: MetaStudioSimulator, job_id: str, code: int, says: str
    ) -> None:
        """Errors go to stderr, in a sentence, with an exit code that tells whose fault it was."""
        ended = await voicejob("show", job_id, **metastudio_environment(metastudio))

        assert (ended.code, ended.out) == (code, "")
        assert says in ended.err
        assert "Traceback" not in ended.err

    async def test_metastudio_in_trouble_is_a_sentence(self, metastudio: MetaStudioSimulator) -> None:
        """So is what MetaStudio does wrong."""
        metastudio.fail(Fault.broken_json())

        ended = await voicejob("show", "some-job", **metastudio_environment(metastudio))

        assert ended.code == 1
        assert "an answer that I can't read" in ended.err
        assert "UnreadableAnswer status=200 code=- request=" in ended.err

    async def test_retries_are_not_told(self, metastudio: MetaStudioSimulator) -> None:
        """What counts is how it ended: a sentence, and a line with the code for whoever looks into it."""
        metastudio.fail(Fault.error(503, "APIGW.0613"), times=3)

        ended = await voicejob("show", "some-job", **metastudio_environment(metastudio))

        assert len(ended.err.splitlines()) == 2
        assert "ServiceDown status=503 code=APIGW.0613" in ended.err


class TestRun:
    async def test_bad_settings_are_told_all_at_once(self) -> None:
        """One message names every bad key; exit code 2; no traceback."""
        ended = await voicejob("run", PORT="x", SLACK_BOT_TOKEN="xapp-hush")

        assert ended.code == 2
        for key in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "HUAWEICLOUD_SDK_PROJECT_ID", "PORT"):
            assert key in ended.err
        assert "hush" not in ended.err
        assert "Traceback" not in ended.err

    async def test_bad_settings_are_a_line_of_json_where_the_log_is(self) -> None:
        """Whoever reads JSON gets nothing else; exit code 2 all the same."""
        ended = await voicejob("run", VOICEJOB_LOG="json", PORT="x")

        (line,) = ended.err.splitlines()
        assert ended.code == 2
        assert json.loads(line)["level"] == "CRITICAL"
        assert "PORT: must be a number" in json.loads(line)["message"]

    @pytest.mark.parametrize("command", ["run", "show some-job"])
    async def test_a_proxy_that_is_none_gets_a_sentence(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, command: str
    ) -> None:
        """Its address, which may hold a password, is not shown; exit code 2, no traceback."""
        bad = environment(slack, metastudio, SLACK_APP_TOKEN=APP_TOKEN, HTTPS_PROXY="odd://me:hush@proxy")

        ended = await voicejob(*command.split(), **bad)

        assert ended.code == 2
        assert "HTTPS_PROXY: can't be used: a proxy must be an address like http://host:port" in ended.err
        assert not re.search("hush|Traceback|CRITICAL", ended.err)

    async def test_a_token_that_slack_refuses_ends_it(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator
    ) -> None:
        """A clear sentence, exit code 1, no traceback."""
        bad = environment(slack, metastudio, SLACK_BOT_TOKEN="xoxb-wrong", SLACK_APP_TOKEN=APP_TOKEN)

        ended = await voicejob("run", **bad)

        assert ended.code == 1
        assert "Slack refuses “SLACK_BOT_TOKEN” with the error “invalid_auth”" in ended.err
        assert "Traceback" not in ended.err

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    @pytest.mark.parametrize("mode", MODES)
    async def test_it_serves_until_it_is_stopped(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        channel: str,
        mode: str,
        number: signal.Signals,
    ) -> None:
        """It says when it is ready, answers, logs each event once, and ends with 0 when it is told to."""
        settings = environment(slack, metastudio, VOICEJOB_HOST="127.0.0.1", PORT="0", **MODES[mode])
        job = metastudio.add_job(voice_name="By a process")
        async with started("run", **settings) as process:
            log = await read_until(process.stderr, "ready:")
            if found := re.search(r"ready: (http\S+)", log):
                slack.events_url = found[1]
            asked = await slack.command("/voicejob", job["job_id"], channel=channel)
            card = await asked.message()
            process.send_signal(number)
            _, rest = await process.communicate()

        log += rest.decode()
        lines = log.splitlines()
        assert "By a process" in card.text
        assert process.returncode == 0
        assert len(lines) == len(set(lines)) > 0
        assert [line for line in lines if job["job_id"] in line and "done" in line]
        for unwanted in ("Traceback", "WARNING", "httpx"):
            assert unwanted not in log

    @pytest.mark.parametrize(
        ("kept", "says"),
        [(b"no database at all" * 100, "can't be read"), (None, "can't be written")],
        ids=["no store", "no folder"],
    )
    async def test_a_store_that_can_not_be_used_gets_a_sentence(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        tmp_path: Path,
        kept: bytes | None,
        says: str,
    ) -> None:
        """A clear sentence with the path, exit code 1, no traceback, and nothing is overwritten."""
        path = tmp_path / ("kept.sqlite" if kept else "nowhere/kept.sqlite")
        if kept:
            path.write_bytes(kept)
        settings = environment(slack, metastudio, SLACK_APP_TOKEN=APP_TOKEN, VOICEJOB_STORE=str(path))

        ended = await voicejob("run", **settings)

        assert ended.code == 1
        assert says in ended.err
        assert str(path) in ended.err
        assert "Traceback" not in ended.err
        assert not kept or path.read_bytes() == kept

    async def test_a_second_bot_on_the_same_store_is_refused(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, tmp_path: Path
    ) -> None:
        """The sentence names the process that has the store, and that one goes on."""
        path = tmp_path / "kept.sqlite"
        settings = environment(slack, metastudio, SLACK_APP_TOKEN=APP_TOKEN, VOICEJOB_STORE=str(path))
        async with started("run", **settings) as process:
            await read_until(process.stderr, "ready:")
            second = await voicejob("run", **settings)
            process.send_signal(signal.SIGTERM)
            await process.communicate()

        assert (second.code, process.returncode) == (1, 0)
        assert "Another VoiceJob" in second.err
        assert str(process.pid) in second.err
        assert "Traceback" not in second.err

    async def test_it_can_be_stopped_while_it_starts(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator
    ) -> None:
        """A Slack that is slow to answer the start does not keep the bot from ending when it is told to."""
        slack.fail("auth.test", delay=30)
        async with started("run", **environment(slack, metastudio, SLACK_APP_TOKEN=APP_TOKEN)) as process:
            await eventually(lambda: bool(slack.calls))
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                _, log = await process.communicate()

        assert process.returncode == 0
        assert b"Traceback" not in log

    async def test_a_request_that_is_not_signed_leaves_nothing_of_it_in_the_log(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator
    ) -> None:
        """In a process with the real logging, a bad signature is one line without the request."""
        settings = environment(
            slack, metastudio, VOICEJOB_HOST="127.0.0.1", PORT="0", SLACK_SIGNING_SECRET=SIGNING_SECRET
        )
        async with started("run", **settings) as process:
            log = await read_until(process.stderr, "ready:")
            found = re.search(r"ready: (http\S+)", log)
            assert found is not None
            payload = {"command": "/voicejob", "text": "hush", "response_url": "https://hush.example"}
            answer = await slack.post(found[1], payload, signature="v0=00")
            process.send_signal(signal.SIGTERM)
            _, rest = await process.communicate()

        assert answer.status == 401
        assert "check SLACK_SIGNING_SECRET" in rest.decode()
        assert "hush" not in rest.decode()


async def test_the_version_is_that_of_the_package() -> None:
    """``--version`` prints one line."""
    ended = await voicejob("--version")

    assert (ended.code, ended.out.strip()) == (0, version("voicejob"))


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["show", "--help"]], ids=" ".join)
async def test_help_is_at_hand(arguments: list[str]) -> None:
    """Without a command, and with --help, the command line explains itself."""
    ended = await voicejob(*arguments)

    assert "Usage" in ended.out + ended.err
    assert "Traceback" not in ended.err
