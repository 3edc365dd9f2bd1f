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
from collections.abc import Iterator
from contextlib import redirect_stderr, suppress
from pathlib import Path

import pytest

from bot.process.output import MOST_WAITING, QueuedOutput
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import APP_TOKEN, SlackWorkspace
from bot.telemetry import logs
from bot.telemetry.logs import LogFormat
from tests.support import eventually, started
from tests.test_cli import environment, metastudio_environment

PIPE_BYTES = 4096
NO_SUCH_STACK = 1 << 47
"""Bytes that no thread gets for its stack: more than a process can have."""
NO_SPACE, CLOSED = "to stdout: No space left on device.", "to stdout: Bad file descriptor."
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


def printed_by(program: str) -> list[str]:
    """Run a program with a QueuedOutput, and return the lines of the file that is its stdout."""
    start = "import resource, signal, threading\nfrom bot.process.output import QueuedOutput\n"
    with Path("printed").open("wb") as file:
        subprocess.run([sys.executable, "-c", start + program], stdout=file, check=True)  # noqa: S603
    return Path("printed").read_text().splitlines()


def test_a_fast_writer_loses_nothing_in_a_file(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Though it leaves the thread no time at all: more lines than may wait, in order."""
    log = logging.Logger("fast")  # noqa: LOG001  of nobody else
    switch = sys.getswitchinterval()
    request.addfinalizer(lambda: sys.setswitchinterval(switch))
    sys.setswitchinterval(60)
    with (tmp_path / "log").open("wb") as file:
        output = QueuedOutput(file.fileno(), most=MOST_WAITING)
        log.addHandler(logging.StreamHandler(io.TextIOWrapper(output, write_through=True)))
        for number in range(5 * MOST_WAITING):
            log.warning("%d is the number of a line as long as most of them are", number)
        output.drain()

    numbers = [int(line.split()[0]) for line in (tmp_path / "log").read_text().splitlines()]
    assert numbers == list(range(5 * MOST_WAITING))


@pytest.mark.usefixtures("restored_logging")
def test_the_newest_wait_for_a_late_reader(full: Pipe) -> None:
    """How many were dropped before them is a line of the log; the thread may hold the first already."""
    output = QueuedOutput(full[1], most=3)
    with redirect_stderr(io.TextIOWrapper(output, write_through=True)):
        logs.set_up(LogFormat.JSON)
        for number in range(9):
            logging.getLogger("bot.x").warning("%d", number)
        os.read(full[0], PIPE_BYTES)
        output.drain()

    lines = [json.loads(line) for line in os.read(full[0], PIPE_BYTES).splitlines()]
    *first, lost, sixth, seventh, eighth = [line["message"] for line in lines]
    assert (sixth, seventh, eighth) == ("6", "7", "8")
    assert lost == f"lines of the log that could not be written: {6 - len(first)}"
    assert (lines[-4]["level"], lines[-4]["logger"]) == ("WARNING", "bot.telemetry.logs")


def test_a_drain_has_an_end(full: Pipe) -> None:
    """Where nobody reads; and a pipe on which somebody set O_NONBLOCK loses nothing."""
    for end in full:
        os.set_blocking(end, False)
    output = QueuedOutput(full[1])
    output.patience = 0.01
    output.write(b"late\n")
    output.drain()
    assert os.read(full[0], 2 * PIPE_BYTES).count(b"\n") == 1
    output.patience = None
    output.drain()

    assert os.read(full[0], PIPE_BYTES) == b"late\n"


def test_what_can_not_be_written_is_counted_to_the_line() -> None:
    """Those that fit into the file are there, and the one that was cut counts as lost."""
    printed = printed_by(
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (25, resource.RLIM_INFINITY))\n"
        "output = QueuedOutput(1, most=9)\n"
        "output._write_all([b'123456789\\n'] * 5)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (999, resource.RLIM_INFINITY))\n"
        "for line in (b'next\\n', b'last\\n'):\n    output.write(line)\n    output.drain()\n"
    )

    told = "12345lines that could not be written: 3"  # once
    assert printed == ["123456789", "123456789", told, "next", "last"]


def test_where_there_is_no_thread() -> None:
    """It is written at once, and a drain comes back; later there may be one again."""
    printed = printed_by(
        f"output = QueuedOutput(1)\nthreading.stack_size({NO_SUCH_STACK})\n"
        "output.write(b'1\\n')\noutput.drain()\noutput.write(b'2\\n')\n"
        "assert threading.active_count() == 1\nthreading.stack_size(0)\n"
        "output.write(b'3\\n')\noutput.drain()\nassert threading.active_count() == 2\n"
    )

    assert printed == ["1", "2", "3"]


async def test_it_answers_and_ends(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, full: Pipe
) -> None:
    """From its first line on, it ends with 0 when it is told to, and a late reader misses nothing."""
    settings = environment(slack, metastudio, SLACK_APP_TOKEN=APP_TOKEN)
    async with started("run", settings=settings, err=full[1]) as bot:
        await slack.connected()
        asked = await slack.command("/voicejob", "help", channel=channel)
        assert (await asked.message()).text
        os.read(full[0], PIPE_BYTES)
        bot.send_signal(signal.SIGTERM)
        assert await bot.wait() == 0

    os.close(full[1])
    with os.fdopen(os.dup(full[0])) as file:
        log = file.read()
    assert (log.count("ready"), "stopped" in log.splitlines()[-1]) == (1, True)


async def test_a_bad_setting_is_told_to_nobody(full: Pipe) -> None:
    """The exit code says it all the same."""
    async with started("run", settings={"PORT": "x"}, err=full[1]) as bot:
        assert await bot.wait() == 2


@pytest.mark.parametrize(
    ("arguments", "number", "is_err_read"),
    [
        ("manifest", signal.SIGTERM, False),
        ("demo --port 0 --no-browser", signal.SIGINT, True),
        ("--version", signal.SIGINT, True),
    ],
)
async def test_one_that_nobody_reads_can_be_ended(
    full: Pipe, arguments: str, number: signal.Signals, *, is_err_read: bool
) -> None:
    """By its first signal, with its output full; by Ctrl-C without a trace."""
    err = PIPE if is_err_read else full[1]
    async with started(*arguments.split(), out=full[1], err=err) as command:
        threads = Path(f"/proc/{command.pid}/task")
        await eventually(lambda: len(list(threads.glob("*"))) > 1)  # the second one writes
        command.send_signal(number)
        _, told = await command.communicate()

    assert command.returncode in {0, 130} or number is signal.SIGTERM
    assert not re.search(b"Traceback|KeyboardInterrupt", told or b"")


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ("voicejob check --json > /dev/full", 1, NO_SPACE),
        ("voicejob show $JOB > /dev/full", 1, NO_SPACE),
        ("voicejob --help 2>&1 | head -c 0", 1, ""),
        ("voicejob manifest >&-", 1, CLOSED),
        ("PORT=x voicejob run 2>/dev/full", 2, ""),
        ("PORT=x voicejob run <&- >&- 2>&-", 2, ""),
    ],
)
async def test_where_output_can_not_go(
    metastudio: MetaStudioSimulator, line: str, code: int, says: str
) -> None:
    """A full disk and a closed stdout are a sentence; where the reader has gone, nobody is told."""
    settings = metastudio_environment(metastudio) | {"JOB": metastudio.add_job()["job_id"]}
    shell = f"set -o pipefail; voicejob() {{ '{sys.executable}' -m bot \"$@\"; }}; {line}"
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", shell, env=os.environ | settings, stdout=DEVNULL, stderr=PIPE
    )
    err = (await process.communicate())[1].decode()

    assert (process.returncode, bool(err)) == (code, bool(says))
    assert says in err
    assert not re.search("Traceback|ignored", err)
