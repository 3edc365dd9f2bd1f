"""What other processes do with a store, in a module that is quick to import, and records to put in."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.domain.jobs import Job
from bot.domain.records import (
    Change,
    Delivery,
    DeliveryKey,
    JobRecord,
    Level,
    Records,
    Sight,
    Subscription,
)
from bot.domain.subscriptions import key_of, keys_of
from bot.errors import StoreTrouble
from bot.store import Store
from bot.store.files import claim
from bot.store.sqlite import SqliteStore

ROOT = Path(__file__).parents[2]


KEY = key_of("T1", "C1", "job-1")
SINCE = 1767323045


def followed(key: DeliveryKey = KEY, **delivery: Any) -> Records:
    """Return the records of a job that is followed in a conversation; their ids are always the same."""
    _, wish, ref, address = keys_of(key)
    job = Job(job_id=ref.job_id, voice_name="Änne 女声", state="WAITING", reject_times=1, is_remake=False)
    asked: Any = {"level": Level.ALL, "subscribed_by": "U1", "subscribed_at": SINCE, "id": "s"}
    return Records.of(
        Subscription(address=address, selector=wish.selector, **asked),
        Delivery(address=address, job=ref, **{"id": "d", **delivery}),
        JobRecord(ref=ref, job=job, sights=(Sight("WAITING", SINCE),), id="j"),
    )


async def keep(store: Store, *several: Records) -> None:
    """Store all of these records."""
    for records in several:
        await store.change(records, always(records))


def always(records: Records) -> Change:
    return lambda _: records


def one_more(records: Records) -> Records:
    """Change the one delivery among these records."""
    (old,) = (each for each in records.values() if isinstance(each, Delivery))
    return Records.of(replace(old, delivered_at=(old.delivered_at or 0) + 1))


def none(records: Records) -> Records:
    """Delete all of these records."""
    return Records((key, None) for key in records)


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
            second = key_of("T1", "C1", "job-2")
            await keep(store, followed(), followed(second))
            await store.change([KEY], one_more)
            await store.change(keys_of(second), none)
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
