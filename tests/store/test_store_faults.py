"""What can go wrong with the store's file, each fault really caused: an error of ours, no loss, no hang."""

# ruff: noqa: ASYNC240  these tests are about files, and nothing else waits meanwhile

import asyncio
import fcntl
import logging
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from bot.domain.records import Records
from bot.errors import StoreCorrupt, StoreError, StoreLocked, StoreNotWritable, StoreTrouble
from bot.messages.operator import sentence
from bot.store.disk import Table, configure
from bot.store.files import NOT_SUPPORTED
from bot.store.rows import record_in, row_of
from bot.store.sqlite import SqliteStore
from tests.store.processes import (
    KEY,
    SECOND,
    add_and_wait,
    end_while_the_disk_hangs,
    followed,
    keep,
    none,
    one_more,
    ready,
)
from tests.store.system_calls import FLOCK, refuse_flock
from tests.store.test_store import pragma
from tests.support import PATIENCE, disk_held, eventually_so

ROW = row_of(KEY)
NOBODY = 4242
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    """Open a store in which one job is followed."""
    async with SqliteStore(path, limit=60) as store:
        await keep(store, followed())
        yield store


async def written(path: Path) -> None:
    async with SqliteStore(path) as store:
        await keep(store, followed())


def run_sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.executescript("; ".join(statements))


def on_disk(path: Path) -> Records:
    """Read the records, as another program sees them."""
    with closing(sqlite3.connect(path)) as file:
        rows = file.execute("SELECT key, value FROM voicejob WHERE key NOT LIKE 'about:%'")
        return Records.of(*(record_in(row, text, "") for row, text in rows))


async def refused(path: Path, kind: type[StoreError]) -> Any:
    """Return the error with which the store does not open, whose sentence names the path."""
    with pytest.raises(kind) as caught:
        async with SqliteStore(path):
            pass
    assert type(caught.value) is kind
    assert str(path) in sentence(caught.value)
    return caught.value


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes: the system refuses to write, as a bad disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def another_user() -> Iterator[None]:
    """Be a user who is not root, and to whom nothing belongs; who is not root stays who they are."""
    me = os.geteuid()
    os.seteuid(me or NOBODY)
    try:
        yield
    finally:
        os.seteuid(me)


async def test_one_in_another_process_keeps_it_until_it_is_killed(path: Path) -> None:
    """Under each name, and without its lock file; what it changed until that moment is there."""
    symbolic, hard, lock = (path.with_name(name) for name in ("symbolic", "hard", "store.lock"))
    with ready(add_and_wait, path) as other:
        symbolic.symlink_to(path)
        hard.hardlink_to(path)
        for name in (path, symbolic):
            error = await refused(name, StoreLocked)
            assert (error.process, f"process {other.pid}" in sentence(error)) == (other.pid, True)
        await refused(hard, StoreLocked)
        for text in ("1\n", "99999999\nhost\n"):
            lock.unlink()
            lock.write_text(text)
            error = await refused(path, StoreLocked)
            assert (error.process, "It is" in sentence(error)) == (None, False)
        other.kill()
    async with SqliteStore(path) as store:
        assert await store.get(followed()) == followed(delivered_at=1)
        assert lock.read_text() == f"{os.getpid()}\n"


async def test_one_in_this_process_goes_on(path: Path, store: SqliteStore) -> None:
    """The lock is the store's, not the process's, and SQLite's own locks stay as well."""
    await refused(path, StoreLocked)
    # Where nobody else had the file open, whoever closes it would clear the log.
    reader = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version').close()"
    subprocess.run([sys.executable, "-c", reader, path], check=True)  # noqa: ASYNC221, S603
    assert Path(f"{path}-wal").stat().st_size > 0
    await store.change([KEY], one_more)
    assert on_disk(path) == followed(delivered_at=1)


@pytest.mark.skipif(FLOCK is None, reason="only a known Linux can refuse flock(2)")
@pytest.mark.parametrize("number", sorted(NOT_SUPPORTED))
def test_without_flock(path: Path, number: int) -> None:
    """As on some file systems, whatever the errno: one that lives keeps the store."""

    async def one_that_lives() -> None:
        async with SqliteStore(path):
            with path.open("rb") as file, pytest.raises(OSError, match=os.strerror(number)):
                fcntl.flock(file, fcntl.LOCK_SH)
            await refused(path, StoreLocked)

    with ThreadPoolExecutor(1, initializer=partial(refuse_flock, number)) as thread:
        thread.submit(asyncio.run, one_that_lives()).result()


async def test_without_fcntl(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows: a store is refused with a sentence, and what needs no store works."""
    monkeypatch.setitem(sys.modules, "fcntl", None)
    assert "(“this system has no fcntl”)" in sentence(await refused(path, StoreNotWritable))
    program = "import sys; sys.modules['fcntl'] = None; from bot.__main__ import main; main()"
    command = [sys.executable, "-c", program, "manifest"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: ASYNC221, S603
    assert "display_information:" in ended.stdout


async def test_there_can_be_no_file(path: Path) -> None:
    """The reason is named, and nothing is made."""
    os.mkfifo(path)
    assert "it is no file" in str(await refused(path, StoreNotWritable))
    for folder in (path.with_name("none"), path):
        assert f"no folder {folder}" in str(await refused(folder / "store", StoreNotWritable))
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("size", [0, 100, 5000])
async def test_no_space(path: Path, size: int) -> None:
    """Wherever the system stops writing, the store can be opened once it goes on."""
    with largest_file(size):
        await refused(path, StoreNotWritable)
    await written(path)


FOREIGN = [("store", 0o600), ("store.lock", 0o600), ("", 0o755), ("", 0o700)]


@pytest.mark.parametrize(
    ("name", "mode", "owner"),
    [("store", 0o500, NOBODY), *(pytest.param(*each, 0, marks=as_root) for each in FOREIGN)],
)
async def test_what_this_user_may_not_write(name: str, mode: int, owner: int) -> None:
    """The file, its lock or its folder is named with its owner, if that is another user."""
    with TemporaryDirectory() as folder:
        owned = Path(folder, name)
        if name:
            await written(Path(folder, "store"))
        if os.geteuid() == 0:
            for each in (Path(folder), *Path(folder).iterdir()):
                os.chown(each, owner if each == owned else NOBODY, -1)
        owned.chmod(mode)
        with another_user():
            error = await refused(Path(folder, "store"), StoreNotWritable)
        owned.chmod(0o700)
    whose = f"“{owned}” belongs to another user (number 0). Run this as that user"
    assert [whose in sentence(error), "chown" in sentence(error)] == [owner == 0] * 2


def test_no_write_ahead_log(path: Path) -> None:
    """Where SQLite stays in another mode, as on some network file systems, the store is not used."""
    table = Table(path)
    table.conn.select_one("PRAGMA journal_mode=DELETE")
    with pytest.raises(OSError, match="journal mode is delete"):
        configure(table)
    table.close()


@pytest.mark.parametrize("table", ["recipes", "voicejob"])
async def test_file_of_another_program_stays_as_it_is(path: Path, table: str) -> None:
    """Its content, its mode, and nothing beside it, even if all that it has is in its write-ahead log."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute(f"CREATE TABLE {table} (name TEXT)")
        path.chmod(0o644)
        before, files = path.read_bytes(), sorted(path.parent.iterdir())

        assert f"another program: {table}" in sentence(await refused(path, StoreCorrupt))
        assert (path.read_bytes(), sorted(path.parent.iterdir())) == (before, files)
        assert oct(path.stat().st_mode)[-3:] == "644"


async def test_damaged(path: Path) -> None:
    """A file with noise in a page in which there are no rows now is refused, each time; and so is a text."""
    await written(path)
    run_sql(path, "INSERT INTO voicejob VALUES ('about:large', hex(zeroblob(9999)))")
    run_sql(path, "DELETE FROM voicejob WHERE key = 'about:large'")
    content = path.read_bytes()
    # See "Database File Format", The Database Header: the number of the first free page.
    at = (int.from_bytes(content[32:36]) - 1) * 4096
    path.write_bytes(content[:at] + b"\xff" * 4096 + content[at + 4096 :])
    for _ in range(2):
        await refused(path, StoreCorrupt)
    path.write_text("hello")
    assert "file is not a database" in sentence(await refused(path, StoreCorrupt))


def _set(value: str, kind: str = "delivery") -> str:
    return f"UPDATE voicejob SET value = {value} WHERE key LIKE '{kind}%'"  # noqa: S608  constants


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_set("'{'"), ROW),
        (_set("replace(value, 'all', 'secret')", "subscription"), "level"),
        (_set("json_set(value, '$.more', 'secret')"), "more: Unexpected"),
        (_set("json_set(value, '$.sights[0].more', 1)", "job"), "sights.0.more: Unexpected"),
        (_set("replace(value, 'C1', 'C2')"), ROW),
        (_set("CAST(x'80' AS TEXT)"), "UTF-8"),
        (_set("'{\"version\": 0}'", "about:format"), "about:format"),
        ("DELETE FROM voicejob WHERE key = 'about:format'", "about:format"),
        ("INSERT INTO voicejob VALUES ('other:1', '{}')", "other:1"),
    ],
)
async def test_row_that_can_not_be_read(path: Path, change: str, named: str) -> None:
    """It is named, so that a person can mend it, without what is in it; no other row is dropped."""
    await written(path)
    run_sql(path, change)
    says = sentence(await refused(path, StoreCorrupt))
    assert named in says
    assert "secret" not in says


OTHERS = Records({**none(followed()), **followed(SECOND)})
"""A change that removes, and adds."""
FAULTS = {
    "writing fails": "I/O error",
    "locked": "database is locked",
    "hangs": "no answer within 1 s",
    "thread ended": "values to unpack",
    "moved": "No such file",
    "replaced": "another file",
    "stops midway": "no more",
}
"""Faults of the disk while the bot runs, with the reason for the log."""


def meddling(at: str, what: str) -> str:
    return f"CREATE TRIGGER meddling BEFORE INSERT ON voicejob WHEN {at} BEGIN SELECT RAISE({what}); END"


@asynccontextmanager
async def failing(store: SqliteStore, path: Path, fault: str) -> AsyncIterator[None]:
    """Cause the fault as long as the context lasts. A write that hangs goes through at its end."""
    with ExitStack() as stack:
        match fault:
            case "writing fails":
                stack.enter_context(largest_file(100))
            case "locked" | "hangs":
                await pragma(store, f"busy_timeout={100 if fault == 'locked' else 600_000}")
                stack.enter_context(disk_held(path))
            case "thread ended":  # as it does when a commit fails: here by what is no request
                await store.disk.ask(lambda table: table.conn.reqs.put("no request"))
            case "stops midway":
                at = "NEW.key LIKE 'job:%2' OR NEW.key = 'about:check'"
                run_sql(path, meddling(at, "ABORT, 'no more'"))
                stack.callback(run_sql, path, "DROP TRIGGER meddling")
            case _:
                moved = path.rename(path.with_name("moved"))
                stack.callback(moved.replace, path)
                if fault == "replaced":
                    path.touch()
        yield


async def fails(store: SqliteStore, reason: str, call: Awaitable[object]) -> None:
    """See that the call raises, that nothing has changed, and that the reason is for the log alone."""
    with pytest.raises(StoreTrouble, match=reason) as caught:
        await call
    assert store.trouble is caught.value
    assert reason not in sentence(caught.value)
    assert await store.get(OTHERS) == {**none(OTHERS), **followed()}


async def works(call: Callable[[], Awaitable[object]]) -> bool:
    with suppress(StoreTrouble):
        await call()
        return True
    return False


@pytest.mark.parametrize("fault", FAULTS)
async def test_call_fails_and_the_next_one_works(path: Path, fault: str) -> None:
    """A change, or a check, under each fault. A write that goes through after it had failed is undone."""
    async with SqliteStore(path, limit=1 if fault == "hangs" else 60) as store:
        await keep(store, followed())
        change, more = partial(keep, store, OTHERS), partial(store.change, [KEY], one_more)
        for call, next_one in ((change, store.check), (store.check, store.check), (change, more)):
            async with failing(store, path, fault):
                await fails(store, FAULTS[fault], call())
                if fault == "hangs":
                    await fails(store, "an earlier call still hangs", call())
                if fault == "stops midway":
                    assert on_disk(path) == followed()
            await eventually_so(partial(works, next_one))
            assert store.trouble is None
            assert {**none(OTHERS), **on_disk(path)} == await store.get(OTHERS)
        await keep(store, OTHERS)
        assert on_disk(path) == followed(SECOND)


async def test_failures_are_logged_once_and_undone_once(
    store: SqliteStore, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The first one and the recovery, in one line each; later writes leave what was undone alone."""
    with largest_file(100):
        await fails(store, "I/O error", keep(store, OTHERS))
    run_sql(path, meddling("NEW.key = 'about:check'", "IGNORE"))
    await fails(store, "reads otherwise", store.check())
    run_sql(path, "DROP TRIGGER meddling")
    await store.check()
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]
    assert "I/O error" in caplog.messages[0]
    assert "\n" not in "".join(caplog.messages)

    run_sql(path, _set("replace(value, 'WAITING', 'MENDED')", "job"))
    await store.change([KEY], one_more)
    assert "MENDED" in str(on_disk(path)[KEY.job])


@pytest.mark.parametrize("fault", ["thread ended", "hangs"])
async def test_fault_does_not_keep_it_from_ending(
    store: SqliteStore, path: Path, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    """The log says that it was not closed well; nothing is lost, and the lock is free."""
    async with failing(store, path, fault):
        await store.__aexit__()
    assert "is lost" in caplog.messages[-1]
    async with SqliteStore(path) as another:
        assert await another.get(followed()) == followed()


def test_process_ends_while_the_disk_hangs(path: Path) -> None:
    """No thread keeps the process, not even at its very end."""
    with ready(end_while_the_disk_hangs, path) as other:
        assert other.wait(PATIENCE) == 0


async def test_end_waits_for_writes_whose_callers_are_gone(store: SqliteStore, path: Path) -> None:
    """They, and those that wait for them, come before the file is closed; then it stays closed."""
    shell = sqlite3.connect(path, isolation_level=None)
    shell.execute("BEGIN EXCLUSIVE")
    writes = [asyncio.ensure_future(store.change([KEY], one_more)) for _ in range(4)]
    for _ in range(5):
        await asyncio.sleep(0)
    writes[0].cancel()
    await asyncio.wait(writes[:1])
    assert not any(write.done() for write in writes[1:])
    asyncio.get_running_loop().call_later(0.05, shell.close)
    await store.__aexit__()
    assert writes[0].cancelled()
    assert await writes[3] == await store.get([KEY]) == {KEY: followed(delivered_at=4)[KEY]}
    assert on_disk(path) == followed(delivered_at=4)
    with pytest.raises(StoreTrouble, match="closed"):
        await store.check()
