"""Whoever should read what the process writes, and does not: who waits, who has gone, a disk that is full."""

import asyncio
import fcntl
import io
import json
import logging
import os
import re
import signal
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import MappingProxyType

import pytest

from bot.process.output import MOST_WAITING, QueuedOutput
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import APP_TOKEN, SlackWorkspace
from tests.support import PATIENCE, eventually
from tests.test_cli import environment, metastudio_environment, read_until

PIPE_BYTES = 4096
NO_SUCH_STACK = 1 << 47
"""Bytes that no thread gets for its stack: more than a process can have."""
PAGE = "demo --port 0 --no-browser"
Pipe = tuple[int, int]


@pytest.fixture
def full() -> Iterator[Pipe]:
    """Give the two ends of a pipe that takes no byte more."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    os.write(writer, b"-" * (PIPE_BYTES - 1) + b"\n")
    yield reader, writer
    for end in (reader, writer):
        with suppress(OSError):
            os.close(end)


@asynccontextmanager
async def voicejob(
    *arguments: str,
    settings: Mapping[str, str] = MappingProxyType({}),
    out: int = DEVNULL,
    err: int = DEVNULL,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start the command with these as its stdout and stderr; it is killed at the end of the context."""
    program = (sys.executable, "-m", "bot", *arguments)
    process = await asyncio.create_subprocess_exec(
        *program, env={**os.environ, **settings}, stdout=out, stderr=err
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def code_of(process: asyncio.subprocess.Process) -> int:
    async with asyncio.timeout(PATIENCE):
        return await process.wait()


async def in_shell(command: str) -> tuple[int, str]:
    """Run a line of bash; gives its exit code, with that of the first command that failed, and stderr."""
    line = f"set -o pipefail; voicejob() {{ '{sys.executable}' -m bot \"$@\"; }}; {command}"
    process = await asyncio.create_subprocess_exec("bash", "-c", line, stdout=DEVNULL, stderr=PIPE)
    _, err = await process.communicate()
    return process.returncode or 0, err.decode()


def rest_of(pipe: Pipe) -> list[str]:
    """Read a pipe to its end, and give its lines, but for what had filled it."""
    reader, writer = pipe
    os.close(writer)
    with os.fdopen(os.dup(reader)) as file:
        return [line for line in file.read().splitlines() if not line.startswith("-")]


class TestOutlet:
    """The queue itself."""

    def test_all_is_written_in_order(self, tmp_path: Path) -> None:
        """And a drain comes back when it is."""
        with (tmp_path / "log").open("wb") as file:
            outlet = QueuedOutput(file.fileno())
            for number in range(500):
                outlet.write(b"%d\n" % number)
            outlet.drain()

        assert (tmp_path / "log").read_text().split() == [str(number) for number in range(500)]

    def test_the_newest_wait_for_a_late_reader(self, full: Pipe) -> None:
        """The number of those that were dropped comes before them: the first is held by the thread itself."""
        outlet = QueuedOutput(full[1], most=3)
        outlet.write(b"0\n")
        while not outlet.held:
            pass
        for number in range(1, 9):
            outlet.write(b"%d\n" % number)
        os.read(full[0], PIPE_BYTES)
        outlet.drain()

        assert os.read(full[0], PIPE_BYTES).decode().splitlines() == [
            "0",
            "lines that could not be written: 5",
            "6",
            "7",
            "8",
        ]

    def test_a_pipe_that_somebody_made_not_to_wait_loses_nothing(self, full: Pipe) -> None:
        """Whoever has its other descriptors can set O_NONBLOCK on it."""
        os.set_blocking(full[1], False)
        outlet = QueuedOutput(full[1])
        outlet.write(b"late\n")
        os.read(full[0], PIPE_BYTES)
        outlet.drain()

        assert os.read(full[0], PIPE_BYTES) == b"late\n"

    def test_a_fast_writer_loses_nothing_in_a_file(self, tmp_path: Path) -> None:
        """Though it leaves the thread little time: more lines than may wait, as fast as logging goes."""
        log = logging.Logger("fast")  # noqa: LOG001  of nobody else
        with (tmp_path / "log").open("wb") as file:
            outlet = QueuedOutput(file.fileno(), most=MOST_WAITING)
            log.addHandler(logging.StreamHandler(io.TextIOWrapper(outlet, write_through=True)))
            for number in range(5 * MOST_WAITING):
                log.warning("line %d of a log, as long as most of them are", number)
            outlet.drain()

        assert (tmp_path / "log").read_text().count("\n") == 5 * MOST_WAITING

    def test_what_can_not_be_written_is_counted_to_the_line(self, tmp_path: Path) -> None:
        """Those that fit into the file are there, and the one that was cut counts as lost."""
        program = (
            "import resource, signal\nfrom bot.process.output import QueuedOutput\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (25, resource.RLIM_INFINITY))\n"
            "outlet = QueuedOutput(1, most=9)\n"
            "outlet._write_all([b'123456789\\n'] * 5)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (999, resource.RLIM_INFINITY))\n"
            "outlet.write(b'last\\n')\noutlet.drain()\n"
        )
        with (tmp_path / "log").open("wb") as file:
            subprocess.run([sys.executable, "-c", program], stdout=file, check=True)  # noqa: S603

        assert (tmp_path / "log").read_text().splitlines() == [
            "123456789",
            "123456789",
            "12345lines that could not be written: 3",
            "last",
        ]

    @pytest.mark.parametrize("most", [None, 3])
    def test_where_there_is_no_thread(self, tmp_path: Path, most: int | None) -> None:
        """It is written at once, and a drain comes back; later there may be one again."""
        program = (
            f"import threading\nfrom bot.process.output import QueuedOutput\noutlet = QueuedOutput(1, most={most})\n"
            f"threading.stack_size({NO_SUCH_STACK})\n"
            "outlet.write(b'1\\n')\noutlet.drain()\noutlet.write(b'2\\n')\n"
            "assert threading.active_count() == 1\nthreading.stack_size(0)\n"
            "outlet.write(b'3\\n')\noutlet.drain()\nassert threading.active_count() == 2\n"
        )
        with (tmp_path / "log").open("wb") as file:
            subprocess.run([sys.executable, "-c", program], stdout=file, check=True, timeout=PATIENCE)  # noqa: S603

        assert (tmp_path / "log").read_text() == "1\n2\n3\n"

    def test_a_drain_has_an_end(self, full: Pipe) -> None:
        """Where nobody reads and there is no time."""
        outlet = QueuedOutput(full[1])
        outlet.patience = 0.01
        outlet.write(b"unread\n")
        outlet.drain()

        assert os.read(full[0], 2 * PIPE_BYTES).count(b"\n") == 1


class TestBot:
    """A bot whose log nobody reads."""

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    async def test_it_answers_and_ends(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        channel: str,
        full: Pipe,
        number: signal.Signals,
    ) -> None:
        """From its first line on; it ends with 0 when it is told to."""
        job = metastudio.add_job(voice_name="Unread")
        settings = environment(slack, metastudio, SLACK_APP_TOKEN=APP_TOKEN)
        async with voicejob("run", settings=settings, err=full[1]) as bot:
            await slack.connected()
            for _ in range(3):
                asked = await slack.command("/voicejob", job["job_id"], channel=channel)
                assert "Unread" in (await asked.message()).text
            bot.send_signal(number)
            assert await code_of(bot) == 0

    @pytest.mark.parametrize("form", ["text", "json"])
    async def test_a_late_reader_gets_the_last_lines(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, full: Pipe, form: str
    ) -> None:
        """And nothing that was not dropped is missing."""
        settings = environment(slack, metastudio, SLACK_APP_TOKEN=APP_TOKEN, VOICEJOB_LOG=form)
        async with voicejob("run", settings=settings, err=full[1]) as bot:
            await slack.connected()
            await (await slack.command("/voicejob", "help", channel=channel)).message()
            os.read(full[0], PIPE_BYTES)
            bot.send_signal(signal.SIGTERM)
            assert await code_of(bot) == 0

        lines = rest_of(full)
        assert ["ready" in line for line in lines].count(True) == 1
        assert "stopped" in lines[-1]

    @pytest.mark.parametrize("form", ["text", "json"])
    def test_how_many_lines_were_dropped_is_a_line_of_the_log(self, full: Pipe, form: str) -> None:
        """In its own form."""
        told = asyncio.run(self._dropped(full, form))

        words = "lines of the log that could not be written: 5"
        if form == "json":
            assert json.loads(told)["message"] == words
        else:
            assert re.fullmatch(rf"\S+Z WARNING bot\.telemetry\.logs: {words}", told)

    async def _dropped(self, full: Pipe, form: str) -> str:
        program = (
            "import logging, sys\nfrom bot.process import output\nfrom bot.telemetry import logs\n"
            "with output.queued_output():\n"
            f"    logs.set_up(logs.LogFormat.{form.upper()})\n"
            "    log = logging.getLogger('bot.x')\n    log.warning('first')\n"
            "    while not sys.stderr.buffer.held: pass\n"
            f"    for each in range({MOST_WAITING + 5}): log.warning('more')\n"
            "    print('logged', flush=True)\n    input()\n"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdin=PIPE, stdout=PIPE, stderr=full[1]
        )
        await read_until(process.stdout, "logged")
        reading = asyncio.create_task(asyncio.to_thread(rest_of, full))
        process.stdin.write(b"\n")  # type: ignore[union-attr]
        assert await code_of(process) == 0
        lines = await reading
        assert len(lines) == MOST_WAITING + 2
        return lines[1]

    async def test_a_bad_setting_is_told_to_nobody(self, full: Pipe) -> None:
        """The exit code says it all the same."""
        async with voicejob("run", settings={"PORT": "x"}, err=full[1]) as bot:
            assert await code_of(bot) == 2


class TestCommands:
    """The other commands."""

    @pytest.mark.parametrize(
        ("arguments", "number"),
        [
            ("manifest", signal.SIGTERM),
            ("check", signal.SIGINT),
            ("check --json", signal.SIGTERM),
            ("--help", signal.SIGINT),
            (PAGE, signal.SIGTERM),
            (PAGE, signal.SIGINT),
        ],
    )
    async def test_one_that_nobody_reads_can_be_ended(
        self, full: Pipe, arguments: str, number: signal.Signals
    ) -> None:
        """By its first signal, with both its outputs full."""
        async with voicejob(*arguments.split(), out=full[1], err=full[1]) as command:
            await eventually(lambda: threads_of(command.pid) > 1)
            command.send_signal(number)
            await code_of(command)

    @pytest.mark.parametrize("arguments", ["check", "--version", PAGE])
    async def test_ctrl_c_is_no_trace(self, full: Pipe, arguments: str) -> None:
        """Where stdout alone is not read."""
        async with voicejob(*arguments.split(), out=full[1], err=PIPE) as command:
            await eventually(lambda: threads_of(command.pid) > 1)
            command.send_signal(signal.SIGINT)
            async with asyncio.timeout(PATIENCE):
                _, err = await command.communicate()

        assert command.returncode in {0, 130}
        assert not re.search(b"Traceback|KeyboardInterrupt", err)

    @pytest.mark.parametrize("arguments", ["manifest", "check", "check --json", "--help", "demo --once"])
    async def test_a_full_disk_is_a_sentence(self, arguments: str) -> None:
        """And exit code 1."""
        code, err = await in_shell(f"voicejob {arguments} > /dev/full")

        assert code == 1
        assert "What was printed could not be written to stdout: No space left on device." in err
        assert not re.search("Traceback|ignored", err)

    @pytest.mark.parametrize(
        "arguments", ["manifest", "check 2>&1", "--version", "--help 2>&1", "demo --once"]
    )
    async def test_a_reader_who_has_gone_is_silence(self, arguments: str) -> None:
        """There is nobody to be told."""
        code, err = await in_shell(f"voicejob {arguments} | head -c 0")

        assert code == 1
        assert not re.search("written|Traceback|ignored", err)

    @pytest.mark.parametrize("arguments", ["manifest", "check --json", "--help"])
    async def test_a_closed_stdout_is_a_sentence(self, arguments: str) -> None:
        """It is no file that happens to get its number."""
        code, err = await in_shell(f"voicejob {arguments} >&-")

        assert code == 1
        assert "could not be written to stdout: Bad file descriptor." in err

    @pytest.mark.parametrize("how", ["2>&-", "2>/dev/full", ">&- 2>&-", "<&-"])
    async def test_without_stderr_the_exit_code_is_the_same(self, how: str) -> None:
        """Nobody hears the sentence."""
        assert (await in_shell(f"PORT=x voicejob run {how}"))[0] == 2

    async def test_a_job_on_a_full_disk(self, metastudio: MetaStudioSimulator) -> None:
        """What was looked up is lost, and that is told."""
        job = metastudio.add_job()
        given = " ".join(f"{key}='{value}'" for key, value in metastudio_environment(metastudio).items())
        code, err = await in_shell(f"{given} voicejob show {job['job_id']} > /dev/full")

        assert (code, len(err.splitlines())) == (1, 1)


def threads_of(pid: int) -> int:
    """Count a process's threads: the second one writes."""
    return len(list(Path(f"/proc/{pid}/task").glob("*")))
