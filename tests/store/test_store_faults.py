"""What can go wrong with the store's file, each fault really caused: an error of ours, no loss, no hang."""

# ruff: noqa: ASYNC240  these tests are about files, and nothing else waits meanwhile

import asyncio
import logging
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pytest

from bot.domain.records import Records
from bot.domain.subscriptions import keys_of
from bot.errors import StoreCorrupt, StoreError, StoreLocked, StoreNotWritable, StoreTooNew, StoreTrouble
from bot.messages.errors import sentence
from bot.store import open_store
from bot.store.disk import Table, configure
from bot.store.rows import row_of, text_of
from bot.store.sqlite import SqliteStore
from tests.store.processes import (
    KEY,
    SECOND,
    add_and_wait,
    claim_without_flock,
    end_while_the_disk_hangs,
    followed,
    keep,
    none,
    one_more,
    ready,
)
from tests.store.test_store import pragma
from tests.support import PATIENCE, disk_held

ROW = row_of(KEY)
NOBODY = 4242
"""The number of a user to whom nothing belongs."""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
E = TypeVar("E", bound=StoreError)


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    """Open a store in which one job is followed."""
    async with SqliteStore(path, limit=60) as store:
        await keep(store, followed())
        yield store


async def written(path: Path) -> None:
    """Make a store in which one job is followed."""
    async with SqliteStore(path) as store:
        await keep(store, followed())


def run_sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as file, file:
        for statement in statements:
            file.execute(statement)


def on_disk(path: Path) -> dict[str, str]:
    """Read the rows of records, as another program sees them."""
    with closing(sqlite3.connect(path)) as file:
        return dict(file.execute("SELECT key, value FROM voicejob WHERE key NOT LIKE 'about:%'"))


def rows(records: Records) -> dict[str, str]:
    """Return the rows that these records are."""
    return {row_of(key): text_of(record) for key, record in records.items() if record}


async def refused(path: Path, kind: type[E]) -> E:
    """Return the error with which the store does not open, whose sentence names the path."""
    with pytest.raises(kind) as caught:
        async with open_store(path):
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
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


class TestLocked:
    """Another bot has the file."""

    async def test_one_in_another_process_keeps_it_until_it_is_killed(self, path: Path) -> None:
        """Under each name, and without its lock file; what it changed until that moment is there."""
        symbolic, hard = path.with_name("symbolic"), path.with_name("hard")
        with ready(add_and_wait, path) as other:
            symbolic.symlink_to(path)
            hard.hardlink_to(path)
            for name in (path, symbolic):
                error = await refused(name, StoreLocked)
                assert (error.process, f"process {other.pid}" in sentence(error)) == (other.pid, True)
            await refused(hard, StoreLocked)
            for _ in range(2):
                Path(f"{path}.lock").unlink()
                Path(f"{path}.lock").write_text("1\n")
                error = await refused(path, StoreLocked)
                assert (error.process, "It is" in sentence(error)) == (None, False)
            other.kill()
        async with SqliteStore(path) as store:
            assert await store.get(followed()) == followed(delivered_at=1)
            assert await store.get(followed(SECOND)) == none(followed(SECOND))

    async def test_one_in_this_process_goes_on(self, path: Path) -> None:
        """The lock is the store's, not the process's, and SQLite's own locks stay as well."""
        async with SqliteStore(path) as store:
            await keep(store, followed())
            await refused(path, StoreLocked)
            # Where nobody else had the file open, whoever closes it would clear the log.
            reader = (
                "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version').close()"
            )
            subprocess.run([sys.executable, "-c", reader, path], check=True)  # noqa: ASYNC221, S603
            assert Path(f"{path}-wal").stat().st_size > 0
            await store.change([KEY], one_more)
        assert '"delivered_at":1' in on_disk(path)[ROW]

    async def test_what_a_killed_one_left_is_no_lock(self, path: Path) -> None:
        """Whether or not there is a process with the number in the lock file, or a number at all."""
        for text in (f"{os.getppid()}\n", "99999999\nhost\n", ""):
            Path(f"{path}.lock").write_text(text)
            await written(path)
            assert Path(f"{path}.lock").read_text() == f"{os.getpid()}\n"

    async def test_without_flock(self, path: Path) -> None:
        """As on some file systems: one that lives keeps the store, and one that was killed does not."""
        with ready(claim_without_flock, path):
            await refused(path, StoreLocked)
        await written(path)


class TestNotWritable:
    """The file can't be made or written."""

    @pytest.mark.parametrize(
        ("make", "name", "reason"),
        [
            (lambda _: None, "none/store", "no folder {folder}/none"),
            (lambda path: path.symlink_to("none/store"), "store", "no folder {folder}/none"),
            (lambda path: path.symlink_to(path), "store", "symbolic links"),
            (Path.mkdir, "store", "it is a folder"),
            (Path.touch, "store/store", "no folder"),
            (os.mkfifo, "store", "it is no file"),
            (lambda _: None, "x" * 300, "too long"),
        ],
        ids=["folder missing", "link", "circle", "is a folder", "folder is a file", "pipe", "long name"],
    )
    async def test_there_can_be_no_file(
        self, path: Path, make: Callable[[Path], None], name: str, reason: str
    ) -> None:
        """The reason is named, and nothing is made."""
        make(path)
        before = list(path.parent.iterdir())
        error = await refused(path.parent / name, StoreNotWritable)
        assert reason.format(folder=path.parent) in str(error)
        assert list(path.parent.iterdir()) == before

    @pytest.mark.parametrize("size", [0, 100, 5000])
    async def test_no_space(self, path: Path, size: int) -> None:
        """Wherever the system stops writing, the store can be opened once it goes on."""
        with largest_file(size):
            await refused(path, StoreNotWritable)
        await written(path)

    @pytest.mark.parametrize(
        ("name", "mode", "owner"),
        [
            ("store", 0o500, NOBODY),
            ("", 0o500, NOBODY),
            *(pytest.param(name, 0o600, 0, marks=as_root) for name in ("store", "store.lock")),
            *(pytest.param("", mode, 0, marks=as_root) for mode in (0o755, 0o700)),
        ],
    )
    async def test_what_this_user_may_not_write(self, name: str, mode: int, owner: int) -> None:
        """The file, its lock or its folder is named with its owner, if that is another user."""
        with TemporaryDirectory() as folder:
            owned = Path(folder, name)
            if name:
                await written(Path(folder, "store"))
            for each in (Path(folder), *Path(folder).iterdir()):
                os.chown(each, NOBODY if os.geteuid() == 0 else -1, -1)
            if owner != NOBODY:
                os.chown(owned, owner, -1)
            owned.chmod(mode)
            with another_user():
                error = await refused(Path(folder, "store"), StoreNotWritable)
            owned.chmod(0o700)
        says = sentence(error)
        if owner == NOBODY:
            assert error.variant == ""
        else:
            assert f"“{owned}” belongs to another user (number 0). Run this as that user" in says
            assert "chown" in says

    async def test_held_by_another_program_from_the_start(self, path: Path) -> None:
        """SQLite's own reason is in the error, after a short wait."""
        with disk_held(path):
            assert "database is locked" in str(await refused(path, StoreNotWritable))

    def test_no_write_ahead_log(self, path: Path) -> None:
        """Where SQLite stays in another mode, as on some network file systems, the store is not used."""
        table = Table(path)
        table.conn.select_one("PRAGMA journal_mode=DELETE")
        with pytest.raises(OSError, match="journal mode is delete"):
            configure(table)
        table.close()


def _set(value: str, kind: str = "delivery") -> str:
    return f"UPDATE voicejob SET value = {value} WHERE key LIKE '{kind}%'"  # noqa: S608  constants


class TestCorrupt:
    """The file is damaged, or no store."""

    async def corrupt(self, path: Path) -> str:
        """Return the sentence of the error, which is the same each time: the lock is free again."""
        first, second = [sentence(await refused(path, StoreCorrupt)) for _ in range(2)]
        assert first == second
        return first

    @pytest.mark.parametrize(
        ("content", "is_open", "reason"),
        [
            (b"hello", False, "file is not a database"),
            (b"SQLite format 3\x00" + b"\xff" * 5000, False, ""),
            ("CREATE TABLE recipes (name TEXT)", False, "another program: recipes"),
            ("CREATE TABLE recipes (name TEXT)", True, "another program: recipes"),
            ("CREATE TABLE voicejob (name TEXT)", False, "another program: voicejob"),
        ],
        ids=["short", "header", "database", "only in its write-ahead log", "columns"],
    )
    async def test_file_of_another_program_stays_as_it_is(
        self, path: Path, content: bytes | str, *, is_open: bool, reason: str
    ) -> None:
        """Its content, its mode, and nothing beside it; the tables of a database are named."""
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                other.execute("PRAGMA journal_mode=WAL")
                other.execute(content)
            if not is_open:
                other.close()
            path.chmod(0o644)
            before, files = path.read_bytes(), sorted(path.parent.iterdir())

            assert reason in await self.corrupt(path)
            assert path.read_bytes() == before
            assert oct(path.stat().st_mode)[-3:] == "644"
            assert sorted(path.parent.iterdir()) == files

    @pytest.mark.parametrize("damage", ["half", "noise"])
    async def test_damaged(self, path: Path, damage: str) -> None:
        """A file that lost its second half, or has noise in a page in which there are no rows now."""
        await written(path)
        with closing(sqlite3.connect(path)) as file, file:
            large = ((f"about:{number}", "x" * 500) for number in range(200))
            file.executemany("INSERT INTO voicejob VALUES (?, ?)", large)
        run_sql(path, "DELETE FROM voicejob WHERE value LIKE 'xxx%'")
        content = path.read_bytes()
        # See "Database File Format", The Database Header: the number of the first free page.
        at = (int.from_bytes(content[32:36]) - 1) * 4096
        noisy = content[:at] + b"\xff" * 4096 + content[at + 4096 :]
        path.write_bytes(noisy if damage == "noise" else content[: len(content) // 2])
        await self.corrupt(path)

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            (_set("'{'"), ROW),
            (_set("x'80'"), ROW),
            (_set("'{}'"), f"{ROW}: address"),
            (_set("replace(value, 'all', 'secret')", "subscription"), "level"),
            (_set("json_set(value, '$.more', 'secret')"), "more: Unexpected"),
            (_set("json_set(value, '$.sights[0].more', 1)", "job"), "sights.0.more: Unexpected"),
            (_set("replace(value, 'C1', 'C2')"), ROW),
            (_set("CAST(x'80' AS TEXT)"), "UTF-8"),
            (_set("'{}'", "about:format"), "about:format"),
            (_set("'{\"version\": 0}'", "about:format"), "about:format"),
            ("DELETE FROM voicejob WHERE key = 'about:format'", "about:format"),
            ("INSERT INTO voicejob VALUES ('other:1', '{}')", "other:1"),
            ("INSERT INTO voicejob VALUES (x'80', '{}')", "x80"),
        ],
    )
    async def test_row_that_can_not_be_read(self, path: Path, change: str, named: str) -> None:
        """It is named, so that a person can mend it, without what is in it; no other row is dropped."""
        await written(path)
        run_sql(path, change)
        says = await self.corrupt(path)
        assert named in says
        assert "secret" not in says

    async def test_later_version(self, path: Path) -> None:
        """What a later version wrote is not touched."""
        await written(path)
        run_sql(path, _set("'{\"version\": 7}'", "about:format"))
        error = await refused(path, StoreTooNew)
        assert error.values == {"path": str(path), "version": "7", "known": "3"}


FAULTS = {
    "writing fails": "I/O error",
    "locked": "database is locked",
    "hangs": "no answer within 1 s",
    "thread ended": "values to unpack",
    "moved": "No such file",
    "replaced": "another file",
}
"""Faults of the disk while the bot runs, with the reason for the log."""
MEDDLE = "CREATE TRIGGER meddle BEFORE INSERT ON voicejob WHEN {} BEGIN SELECT RAISE({}); END"
CALLS: dict[str, Callable[[SqliteStore], Awaitable[object]]] = {
    "add": lambda store: keep(store, followed(SECOND)),
    "change": lambda store: store.change([KEY], one_more),
    "remove": lambda store: store.change(keys_of(KEY), none),
    "check": SqliteStore.check,
}


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
            case _:
                moved = path.rename(path.with_name("moved"))
                stack.callback(moved.replace, path)
                if fault == "replaced":
                    path.touch()
        yield


async def eventually_done(call: Callable[[], Awaitable[object]]) -> None:
    """Call until the store works again."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(StoreTrouble):
                await call()
                return
            await asyncio.sleep(0.02)


class TestTrouble:
    """The disk fails while the bot runs."""

    async def fails(self, store: SqliteStore, call: str, reason: str) -> None:
        """See that the call raises, that nothing has changed, and that the reason is for the log alone."""
        with pytest.raises(StoreTrouble, match=reason) as caught:
            await CALLS[call](store)
        assert store.trouble is caught.value
        assert "nothing was changed" in sentence(caught.value)
        assert reason not in sentence(caught.value)
        assert await store.get(followed()) == followed()
        assert len((await store.channel(KEY.address)).followings) == len(await store.jobs()) == 1

    @pytest.mark.parametrize("fault", FAULTS)
    async def test_call_fails_and_the_next_one_works(self, path: Path, fault: str) -> None:
        """Each call under each fault. A write that goes through after it had failed is undone."""
        async with SqliteStore(path, limit=1 if fault == "hangs" else 60) as store:
            await keep(store, followed())
            for call in CALLS:
                async with failing(store, path, fault):
                    await self.fails(store, call, FAULTS[fault])
                await eventually_done(store.check)
                assert store.trouble is None
                assert on_disk(path) == rows(followed())
            async with failing(store, path, fault):
                await self.fails(store, "add", FAULTS[fault])
            await eventually_done(lambda: store.change([KEY], one_more))
            assert on_disk(path) == rows(followed(delivered_at=1))

    async def test_what_is_undone_is_written_once(self, store: SqliteStore, path: Path) -> None:
        """Later writes leave those rows alone."""
        with largest_file(100):
            await self.fails(store, "remove", "I/O error")
        await store.check()
        run_sql(path, _set("'mended by hand'", "job"))
        await store.change([KEY], one_more)
        assert on_disk(path)[row_of(KEY.job)] == "mended by hand"

    async def test_check_reads_what_it_wrote(self, store: SqliteStore, path: Path) -> None:
        """Something in the file that drops what is written is noticed."""
        await store.check()
        run_sql(path, MEDDLE.format("NEW.key = 'about:check'", "IGNORE"))
        await self.fails(store, "check", "reads otherwise")
        run_sql(path, "DROP TRIGGER meddle")
        await store.check()
        assert store.trouble is None

    async def test_all_of_a_change_or_nothing_is_on_disk(self, store: SqliteStore, path: Path) -> None:
        """Even if it fails at its last row, after others were written and deleted."""
        wanted = Records({**none(followed()), **followed(SECOND)})
        run_sql(path, MEDDLE.format("NEW.key LIKE 'job:%2'", "ABORT, 'no more'"))
        with pytest.raises(StoreTrouble, match="no more"):
            await keep(store, wanted)
        assert on_disk(path) == rows(followed())
        run_sql(path, "DROP TRIGGER meddle")
        await keep(store, wanted)
        assert on_disk(path) == rows(followed(SECOND))

    async def test_log_has_the_first_failure_and_the_recovery(
        self, store: SqliteStore, caplog: pytest.LogCaptureFixture
    ) -> None:
        """In one line each; sqlitedict's stacks are not in it."""
        with largest_file(100):
            for call in CALLS:
                await self.fails(store, call, "I/O error")
        await store.change([KEY], one_more)

        levels = [(record.name, record.levelno) for record in caplog.records]
        assert levels == [("bot.store.sqlite", logging.ERROR), ("bot.store.sqlite", logging.WARNING)]
        assert "I/O error" in caplog.messages[0]
        assert "\n" not in "".join(caplog.messages)


class TestEnd:
    """The store ends, whatever happened."""

    async def test_closed_store_refuses(self, path: Path) -> None:
        """A call that comes too late does not open the file again."""
        async with SqliteStore(path) as store:
            pass
        with pytest.raises(StoreTrouble, match="closed"):
            await keep(store, followed())

    @pytest.mark.parametrize(
        ("fault", "limit", "logged"),
        [
            ("thread ended", 600, "no answer can come any more"),
            ("hangs", 0.6, "no answer within 0.6 s"),
            ("hangs", 600, "The disk hangs, so the store is left as it is"),
        ],
    )
    async def test_fault_does_not_keep_it_from_ending(
        self, path: Path, caplog: pytest.LogCaptureFixture, fault: str, limit: float, logged: str
    ) -> None:
        """The log says that it was not closed well; nothing is lost, and the lock is free."""
        store = SqliteStore(path, limit=limit)
        await store.__aenter__()
        await keep(store, followed())
        async with failing(store, path, fault):
            await store.__aexit__()
        assert logged in caplog.text
        async with SqliteStore(path) as store:
            assert await store.get(followed()) == followed()

    def test_process_ends_while_the_disk_hangs(self, path: Path) -> None:
        """No thread keeps the process, not even at its very end."""
        asyncio.run(written(path))
        with ready(end_while_the_disk_hangs, path) as other:
            assert other.wait(PATIENCE) == 0

    async def test_end_waits_for_writes_whose_callers_are_gone(self, path: Path) -> None:
        """They, and those that wait for them, come before the file is closed."""
        async with SqliteStore(path) as store:
            await keep(store, followed())
            shell = sqlite3.connect(path, isolation_level=None)
            shell.execute("BEGIN EXCLUSIVE")
            writes = [asyncio.ensure_future(store.change([KEY], one_more)) for _ in range(4)]
            for _ in range(5):
                await asyncio.sleep(0)
            writes[0].cancel()
            await asyncio.wait(writes[:1])
            assert not any(write.done() for write in writes[1:])
            asyncio.get_running_loop().call_later(0.05, shell.close)
        assert writes[0].cancelled()
        assert await writes[3] == await store.get([KEY]) == {KEY: followed(delivered_at=4)[KEY]}
        assert '"delivered_at":4' in on_disk(path)[ROW]


def test_without_fcntl(path: Path) -> None:
    """As on Windows: what needs no store works, and a store is refused with a sentence."""
    program = f"""
import sys
sys.modules["fcntl"] = None
from pathlib import Path
from bot.errors import StoreNotWritable
from bot.messages.errors import sentence
from bot.store.files import claim
try:
    claim(Path({str(path)!r}))
except StoreNotWritable as error:
    print(sentence(error), flush=True)
from bot.__main__ import main
sys.argv[1:] = ["manifest"]
main()
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603

    assert "can't be written (“this system has no fcntl”)" in ended.stdout.splitlines()[0]
    assert "display_information:" in ended.stdout
