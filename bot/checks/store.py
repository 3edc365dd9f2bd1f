"""Trying the store: whether it opens, can be written, and what it holds.

A store that another process has is only read, and so is one that the bot would convert: neither the file nor
its mode changes. Another one is opened as the bot does: it gets mode 0600, a row is written, and the lock
beside it is left, which does no harm. Nothing else is made or changed.
"""

import os
import sqlite3
import tempfile
from collections.abc import AsyncGenerator, Collection
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from bot.checks.item import Item, fails, works
from bot.config import Settings
from bot.domain.keys import SelectorKind
from bot.errors import StoreError, StoreLocked, StoreNotWritable, StoreTrouble
from bot.messages.operator import sentence
from bot.process.threads import in_time
from bot.store.disk import TABLE, reading
from bot.store.failures import is_store, looked_at
from bot.store.files import BESIDE, not_writable, refuse_claimed, refuse_impossible
from bot.store.rows import FORMAT, FORMAT_ROW, version_in
from bot.store.sqlite import SqliteStore

STORE: Final = "store"
LIMIT: Final = 5.0
"""Seconds that the disk may take for anything."""
_IS_PAUSED: Final = "json_extract(value, '$.pause') IS NOT NULL"
_IS_ENDED: Final = "json_extract(value, '$.stopped_by') IS NOT NULL"  # in earlier formats
KEYS: Final = f"SELECT key, {_IS_PAUSED} FROM {TABLE} WHERE key LIKE 'subscription:%' AND NOT {_IS_ENDED}"  # noqa: S608
PAUSED: Final = f"SELECT substr(key, 13) FROM {TABLE} WHERE key LIKE 'destination:%' AND {_IS_PAUSED}"  # noqa: S608
"""They read what is counted: a key has team, channel and job in it."""
VERSION: Final = f"SELECT value FROM {TABLE} WHERE key = ?"  # noqa: S608

WIDE: Final = frozenset(SelectorKind) - {SelectorKind.JOB}


class Found(NamedTuple):
    """A subscription."""

    channel: str
    """With its team."""
    job: str
    """Empty for one to a whole batch, a tag or the project."""
    is_paused: bool


async def try_store(settings: Settings) -> AsyncGenerator[Item, None]:
    """Try it as the bot does."""
    path = settings.voicejob_store
    try:
        yield await _tried(path)
    except StoreTrouble as error:
        yield fails(STORE, sentence(StoreNotWritable(path=str(path), reason=error.values["reason"])))
    except StoreError as error:
        yield fails(STORE, sentence(error))
    except OSError as error:
        yield fails(STORE, sentence(not_writable(path, error)))


async def _tried(path: Path) -> Item:
    """Try the file, or where it would be. Raises StoreError and OSError."""
    owner = await in_time(partial(_owner, path), limit=LIMIT)
    if owner is not None and owner != os.geteuid():
        # The lock, and what SQLite puts beside the file, would be ours then, and the bot's start would fail.
        raise StoreNotWritable(path=str(path), reason="", foreign=(str(path), owner))
    if not await is_store(path, limit=LIMIT):
        await in_time(partial(_try_to_make, path), limit=LIMIT)
        what = "is not there yet" if owner is None else "is empty"
        return works(STORE, f"“{path}” {what}: the bot makes its store when it starts")
    try:
        return await _opened(path)
    except StoreLocked as error:
        which = f" (process {error.process})" if error.process else ""
        held = f"in use by a running VoiceJob{which}, so nothing was written"
        return works(STORE, f"“{path}” is {held}; {await _read(path)}")


async def _opened(path: Path) -> Item:
    if await looked_at(path, _is_older, limit=LIMIT):
        await in_time(partial(refuse_claimed, path), limit=LIMIT)
        how = "written by an earlier VoiceJob: the bot keeps a copy and converts it when it starts"
        return works(STORE, f"“{path}” was {how}; {await _read(path)}")
    async with SqliteStore(path, limit=LIMIT) as store:
        await store.check()
        return works(STORE, f"“{path}” can be written; {await _read(path)}")


def _is_older(path: Path) -> bool:
    """Whether it would be converted if it were opened. Raises sqlite3.Error and StoreError."""
    with reading(path) as file:
        found = file.execute(VERSION, (FORMAT_ROW,)).fetchone()
    return found is not None and version_in(found[0], str(path)) < FORMAT


async def _read(path: Path) -> str:
    """Count what a store holds. If another process has it, that lets readers go on beside it."""
    try:
        size = await in_time(partial(_size, path), limit=LIMIT)
        return f"{size}, {_counts(await in_time(partial(_rows, path), limit=LIMIT))}"
    except (sqlite3.Error, OSError, ValueError) as error:
        return f"what it holds could not be counted ({type(error).__name__})"


def _owner(path: Path) -> int | None:
    """Return the user id of the file's owner; None if there is no file. Raises OSError."""
    return path.stat().st_uid if path.exists() else None


def _try_to_make(path: Path) -> None:
    """Raise OSError unless a store could be made where the path, or a link, leads."""
    where = path.resolve()
    refuse_impossible(where)
    if where.exists():
        where.open("r+b").close()
    with tempfile.TemporaryFile(dir=where.parent):  # it has no name
        pass


def _size(path: Path) -> str:
    files = [Path(f"{path}{suffix}") for suffix in BESIDE]
    return f"{sum(file.stat().st_size for file in files if file.exists()) / 1000:.0f} kB"


def _rows(path: Path) -> list[Found]:
    """Read the subscriptions of any format: in earlier ones, each had a pause of its own."""
    with reading(path) as file:
        shut = {channel for (channel,) in file.execute(PAUSED)}
        keys = [(str(key).partition(":")[2].split("/"), bool(paused)) for key, paused in file.execute(KEYS)]
    return [_found(parts, paused, shut) for parts, paused in keys]


def _found(parts: list[str], is_paused: bool, shut: Collection[str]) -> Found:  # noqa: FBT001
    """Read a row's key: team, channel and job; in later formats with the kind before the last."""
    team, channel, *kind, job = parts[:2] + parts[2:4]
    where = f"{team}/{channel}"
    return Found(where, "" if kind and kind[0] in WIDE else job, is_paused or where in shut)


def _counts(found: list[Found]) -> str:
    channels, jobs = {each.channel for each in found}, {each.job for each in found if each.job}
    paused, wide = sum(each.is_paused for each in found), sum(not each.job for each in found)
    return (
        f"{_many(len(found), 'subscription')} ({paused} paused) of {_many(len(channels), 'channel')} "
        f"to {_many(len(jobs), 'job')}"
        + (f", {wide} of them to a batch, a tag or the project" if wide else "")
    )


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
