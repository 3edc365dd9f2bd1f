"""What other processes do with a store, in a module that is quick to import, and subscriptions to put in."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.domain.jobs import Job
from bot.domain.subscriptions import Key, Level, Subscription, with_level
from bot.errors import StoreTrouble
from bot.store.files import claim
from bot.store.sqlite import SqliteStore

ROOT = Path(__file__).parents[2]


def a_subscription(channel: str = "C1", job_id: str = "job-1", **fields: Any) -> Subscription:
    job = Job(job_id=job_id, voice_name="Änne 女声", state="WAITING", reject_times=1, is_remake=False)
    usual = {"team_id": "T1", "level": Level.ALL, "subscribed_by": "U1", "subscribed_at": 1767323045}
    return Subscription(channel_id=channel, job_id=job_id, **usual | {"job": job} | fields)


def one_more(subscription: Subscription) -> Subscription:
    return subscription.model_copy(update={"delivered_at": (subscription.delivered_at or 0) + 1})


def gone(subscription: Subscription) -> None:  # noqa: ARG001  a change that keeps nothing
    return None


@contextmanager
def process(
    function: Callable[..., None], *arguments: object, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """Run this function in another process, which does not outlive the test."""
    program = f"import sys, {__name__} as it; it.{function.__name__}(*sys.argv[1:])"
    with subprocess.Popen(  # noqa: S603  our own code
        [sys.executable, "-c", program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": f"{ROOT}"} | environment,
    ) as child:
        try:
            yield child
        finally:
            child.kill()


@contextmanager
def ready(
    function: Callable[..., None], *arguments: object, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """Run the function in another process, wait until it prints that it is ready, and kill it at the end."""
    with process(function, *arguments, **environment) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        yield other


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def wait_to_be_killed() -> None:
    say("ready")
    sys.stdin.read()


def add_and_wait(path: str) -> None:
    """Add, change and remove, print that this is done, and wait to be killed."""

    async def main() -> None:
        async with SqliteStore(Path(path)) as store:
            for job_id in ("job-1", "job-2"):
                await store.add(a_subscription(job_id=job_id))
            await store.change(Key("T1", "C1", "job-1"), with_level(Level.IMPORTANT))
            await store.change(Key("T1", "C1", "job-2"), gone)
            wait_to_be_killed()

    asyncio.run(main())


def end_while_the_disk_hangs(path: str) -> None:
    """Fail to write to a store whose file another connection holds, say so, and end."""

    async def main() -> None:
        async with SqliteStore(Path(path), limit=0.6) as store:
            await store.disk.ask(lambda table: table.conn.select_one("PRAGMA busy_timeout=600000"))
            shell.execute("BEGIN EXCLUSIVE")
            try:
                await store.check()
            except StoreTrouble:
                say("trouble")

    shell = sqlite3.connect(path, isolation_level=None)
    asyncio.run(main())


def claim_without_flock(path: str, *numbers: str) -> None:
    """Claim a file while flock fails with each errno, print that this is done, and wait to be killed."""
    for number in numbers:
        os.environ["FLOCK_ERRNO"] = number
        claim(Path(path)).close()
    with claim(Path(path)):
        wait_to_be_killed()
