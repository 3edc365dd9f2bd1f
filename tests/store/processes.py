"""What other processes do with a store, in a module that is quick to import, and records to put in."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.domain.keys import DeliveryKey, Key
from bot.domain.records import Change, Delivery, Records
from bot.domain.subscriptions import key_of
from bot.errors import StoreTrouble
from bot.store import Store
from bot.store.sqlite import SqliteStore
from tests.records import record, wish

KEY = key_of("T1", "C1", "job-1")
SECOND = key_of("T1", "C1", "job-2")


def followed(key: DeliveryKey = KEY, **delivery: Any) -> Records:
    """Return the records of a job that is followed in a conversation; their ids are always the same."""
    address, job_id = key.address, key.job.job_id
    made = Delivery(address=address, job=key.job, **{"id": "d", **delivery})
    return Records.of(wish(job_id, address=address), made, record("WAITING", job_id=job_id))


async def keep(store: Store, *several: Records) -> None:
    for records in several:
        await store.change(records, always(records))


def always(records: Records) -> Change:
    return lambda _: records


def one_more(records: Records) -> Records:
    """Change the one delivery among these records."""
    (old,) = (each for each in records.values() if isinstance(each, Delivery))
    return Records.of(replace(old, delivered_at=(old.delivered_at or 0) + 1))


def none(keys: Iterable[Key]) -> Records:
    return Records((key, None) for key in keys)


@contextmanager
def ready(function: Callable[[str], Awaitable[None]], path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run this function in another process, wait until it prints that it is ready, and kill it at the end."""
    program = f"import asyncio, {__name__} as it; asyncio.run(it.{function.__name__}({str(path)!r}))"
    with subprocess.Popen(  # noqa: S603  our own code
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": f"{Path(__file__).parents[2]}"},
    ) as child:
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == "ready\n"
            yield child
        finally:
            child.kill()


async def add_and_wait(path: str) -> None:
    """Add and change, print that this is done, and wait to be killed."""
    async with SqliteStore(Path(path)) as store:
        await keep(store, followed())
        await store.change([KEY], one_more)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.read()


async def end_while_the_disk_hangs(path: str) -> None:
    """Fail to write to a store whose file another connection holds, and end; it is ready at the very end."""
    shell = sqlite3.connect(path, isolation_level=None)
    async with SqliteStore(Path(path), limit=0.6) as store:
        await store.disk.ask(lambda table: table.conn.select_one("PRAGMA busy_timeout=600000"))
        shell.execute("BEGIN EXCLUSIVE")
        try:
            await store.check()
        except StoreTrouble:
            sys.stdout.write("ready\n")
