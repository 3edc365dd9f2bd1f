"""What can go wrong with the store's file, each fault really caused: an error of ours, no loss, no hang."""

# ruff: noqa: ASYNC240  these tests are about files, and nothing else waits meanwhile

import asyncio
import errno
import logging
import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.domain.subscriptions import Level, with_level
from bot.errors import StoreCorrupt, StoreError, StoreLocked, StoreNotWritable, StoreTooNew, StoreTrouble
from bot.messages.errors import sentence
from bot.store import open_store
from bot.store.disk import Table, set_up
from bot.store.records import row_of, text_of
from bot.store.sqlite import SqliteStore
from tests.store.test_store import (
    a_subscription,
    add_and_wait,
    gone,
    in_another_process,
    one_more,
    pragma,
    process,
    say,
)
from tests.support import PATIENCE, eventually

KEY = a_subscription().key
ROW = "subscription:T1/C1/job-1"

NOBODY = 4242
"""The number of a user to whom nothing belongs."""
not_as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
only_as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    """Give a store with one subscription that gives up after 0.6 seconds; see that it ends in time."""
    store = SqliteStore(path, limit=0.6)
    async with store:
        await store.add(a_subscription())
        yield store
        started = time.monotonic()
    assert time.monotonic() - started < 2


async def written(path: Path) -> None:
    """Make a store with one subscription."""
    async with SqliteStore(path) as store:
        await store.add(a_subscription())


def run_sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as file, file:
        for statement in statements:
            file.execute(statement)


def on_disk(path: Path) -> dict[str, str]:
    """Read the rows of subscriptions, as another program sees them."""
    with closing(sqlite3.connect(path)) as file:
        return dict(file.execute("SELECT key, value FROM voicejob WHERE key LIKE 'subscription:%'"))


async def refused(path: Path) -> StoreError:
    """Give the error with which the store does not open; a plain one, in time."""
    started = time.monotonic()
    with pytest.raises(StoreError) as caught:
        async with open_store(path):
            pass
    assert time.monotonic() - started < 5
    assert not isinstance(caught.value, StoreTrouble)
    assert str(path) in sentence(caught.value)
    return caught.value


@contextmanager
def held(path: Path) -> Iterator[sqlite3.Connection]:
    """Hold the file's write lock, as a person in the sqlite3 shell might."""
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("BEGIN EXCLUSIVE")
        yield shell
        if shell.in_transaction:
            shell.execute("ROLLBACK")


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
    """Be a user who is not root, and to whom nothing belongs; who is no root stays who they are."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that every user can reach, unlike those of ``tmp_path``."""
    with TemporaryDirectory() as name:
        yield Path(name).resolve()


async def wait_long_for_locks(store: SqliteStore) -> None:
    """Make the store hang where another program holds the file, as it would on a disk that hangs."""
    await pragma(store, "busy_timeout=3000")


async def end_its_thread(store: SqliteStore) -> None:
    """Let sqlitedict's thread choke on what is no request; it ends, as it does when a commit fails."""
    await store.disk.ask(lambda table: table.conn.reqs.put("no request"))


def try_to_open(path: str) -> None:
    """Say, in a process of its own, whether the store opens."""

    async def main() -> None:
        try:
            async with open_store(Path(path)):
                say("opened")
        except StoreError as error:
            say(sentence(error))

    asyncio.run(main())


def read_with_sqlite(path: str) -> None:
    """Read the store and close it, as the sqlite3 shell does."""
    say(str(on_disk(Path(path))))


def without_flock(folder: Path, number: int) -> str:
    """Make a library in which flock fails, as on a file system that has none; gives its path."""
    (folder / "flock.c").write_text(
        f"#include <errno.h>\nint flock(int f, int o) {{ errno = {number}; return -1; }}\n"
    )
    library = str(folder / "flock.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, str(folder / "flock.c")], check=True)  # noqa: S603, S607
    return library


class TestLocked:
    """Another bot has the file."""

    async def test_second_process_is_refused(self, path: Path) -> None:
        """The error names the process that holds it; when that was killed, the file is free."""
        with process(add_and_wait, "bot.store:open_store", path) as other:
            assert other.stdout is not None
            other.stdout.readline()
            error = await refused(path)
            other.send_signal(signal.SIGKILL)

        assert isinstance(error, StoreLocked)
        assert error.process == other.pid
        assert f"process {other.pid}" in sentence(error)
        await written(path)

    async def test_second_store_in_this_process_is_refused(self, path: Path) -> None:
        """The lock is the store's, not the process's; the first one goes on."""
        async with SqliteStore(path) as store:
            assert isinstance(await refused(path), StoreLocked)
            await store.add(a_subscription())

    async def test_another_name_of_the_file_is_refused(self, path: Path, tmp_path: Path) -> None:
        """A link to the file does not get around the lock."""
        (tmp_path / "link").symlink_to(path)
        async with SqliteStore(path):
            assert isinstance(await refused(tmp_path / "link"), StoreLocked)

    async def test_unknown_holder_is_left_out(self, path: Path, tmp_path: Path) -> None:
        """Where the process did not write its number down, none is told."""
        async with SqliteStore(path):
            (tmp_path / "store.lock").write_text("")
            error = await refused(path)
        assert isinstance(error, StoreLocked)
        assert error.process is None
        assert "process" not in sentence(error)

    async def test_a_deleted_lock_file_does_not_let_a_second_one_in(self, path: Path, tmp_path: Path) -> None:
        """The store itself is locked, too; once its process was killed, it is free."""
        with process(add_and_wait, "bot.store:open_store", path) as other:
            assert other.stdout is not None
            other.stdout.readline()
            for _ in range(2):
                (tmp_path / "store.lock").unlink()
                error = await refused(path)
                assert isinstance(error, StoreLocked)
                assert error.process is None
            other.send_signal(signal.SIGKILL)
        await written(path)

    async def test_a_hard_link_is_refused(self, path: Path, tmp_path: Path) -> None:
        """A second name with a lock file of its own is the same store."""
        with process(add_and_wait, "bot.store:open_store", path) as other:
            assert other.stdout is not None
            other.stdout.readline()
            (tmp_path / "link").hardlink_to(path)
            assert isinstance(await refused(tmp_path / "link"), StoreLocked)

    async def test_sqlites_own_locks_stay(self, path: Path) -> None:
        """A program that closes the store does not take it for one that nobody has, nor clear its log."""
        async with SqliteStore(path) as store:
            await store.add(a_subscription())
            in_another_process(read_with_sqlite, path)
            assert Path(f"{path}-wal").stat().st_size > 0
            await store.change(KEY, with_level(Level.IMPORTANT))
        assert '"important"' in on_disk(path)[ROW]

    @pytest.mark.parametrize("what", ["{pid}\n", "{pid}\nsome-host\n", "99999999\n{host}\n", "x", ""])
    async def test_what_a_killed_one_left_is_no_lock(self, path: Path, what: str) -> None:
        """Whatever number stands in the file, a process that lives or not."""
        Path(f"{path}.lock").write_text(what.format(pid=os.getppid(), host=socket.gethostname()))
        await written(path)
        assert Path(f"{path}.lock").read_text() == f"{os.getpid()}\n"

    @pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
    @pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
    async def test_a_file_system_without_flock(
        self, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
    ) -> None:
        """One that lives keeps the store, and its number is told; one that was killed does not."""
        monkeypatch.setenv("LD_PRELOAD", without_flock(tmp_path, number))
        with process(add_and_wait, "bot.store:open_store", path) as other:
            assert other.stdout is not None
            other.stdout.readline()
            told = in_another_process(try_to_open, path)
            other.send_signal(signal.SIGKILL)

        assert f"process {other.pid}" in told
        assert in_another_process(try_to_open, path) == "opened\n"


class TestNotWritable:
    """The file can't be made or written."""

    async def test_missing_folder(self, tmp_path: Path) -> None:
        """It is named, and not made."""
        error = await refused(tmp_path / "none" / "store")
        assert isinstance(error, StoreNotWritable)
        assert f"no folder {tmp_path / 'none'}" in str(error)
        assert list(tmp_path.iterdir()) == []

    async def test_link_to_a_missing_folder(self, path: Path, tmp_path: Path) -> None:
        """The folder that counts is the one that the link leads to."""
        path.symlink_to("none/store")
        assert f"no folder {tmp_path / 'none'}" in str(await refused(path))
        assert list(tmp_path.iterdir()) == [path]

    async def test_folder_in_its_place(self, path: Path) -> None:
        """A folder can't be a store."""
        path.mkdir()
        error = await refused(path)
        assert isinstance(error, StoreNotWritable)
        assert "it is a folder" in str(error)

    async def test_file_in_the_place_of_its_folder(self, path: Path) -> None:
        """A file can't be the folder."""
        path.touch()
        assert isinstance(await refused(path / "store"), StoreNotWritable)

    async def test_pipe_in_its_place(self, path: Path) -> None:
        """Something else than a file is not opened, which might wait for ever."""
        os.mkfifo(path)
        error = await refused(path)
        assert isinstance(error, StoreNotWritable)
        assert "it is no file" in str(error)

    async def test_name_too_long(self, tmp_path: Path) -> None:
        """What the system says is in the sentence."""
        error = await refused(tmp_path / ("x" * 300))
        assert isinstance(error, StoreNotWritable)
        assert "too long" in str(error)

    @pytest.mark.parametrize("size", [0, 100, 5000])
    async def test_no_space(self, path: Path, size: int) -> None:
        """Wherever the system stops writing, the store can be opened once it goes on."""
        with largest_file(size):
            assert isinstance(await refused(path), StoreNotWritable)
        await written(path)

    @not_as_root
    async def test_read_only_folder(self, path: Path, tmp_path: Path) -> None:
        """Nothing can be made there."""
        tmp_path.chmod(0o500)
        assert isinstance(await refused(path), StoreNotWritable)
        tmp_path.chmod(0o700)

    @not_as_root
    async def test_read_only_file(self, path: Path) -> None:
        """A bot that could only read would lose what it is told."""
        await written(path)
        path.chmod(0o400)
        assert isinstance(await refused(path), StoreNotWritable)

    @only_as_root
    @pytest.mark.parametrize(
        ("mode", "beside", "named"),
        [
            (0o777, ["store"], "store"),
            (0o777, ["store.lock"], "store.lock"),
            (0o755, [], ""),
            (0o700, [], ""),
        ],
        ids=["file", "lock", "folder", "closed folder"],
    )
    async def test_what_belongs_to_another_user(
        self, open_folder: Path, mode: int, beside: list[str], named: str
    ) -> None:
        """It is named, with its owner's number and what to do."""
        for name in beside:
            (open_folder / name).write_bytes(b"x" * 1000)
            (open_folder / name).chmod(0o600)
        open_folder.chmod(mode)
        with another_user():
            says = sentence(await refused(open_folder / "store"))

        assert f"“{open_folder / named}” belongs to another user (number 0). Run this as that user" in says
        assert "chown" in says

    async def test_held_by_another_program_from_the_start(self, path: Path) -> None:
        """SQLite's own word is told after a short wait."""
        with held(path):
            error = await refused(path)
        assert isinstance(error, StoreNotWritable)
        assert "database is locked" in str(error)

    def test_no_write_ahead_log(self, path: Path) -> None:
        """Where SQLite stays in another mode, as on some network file systems, the store is not used."""
        table = Table(path)
        table.conn.select_one("PRAGMA journal_mode=DELETE")
        with pytest.raises(OSError, match="journal mode is delete"):
            set_up(table)
        table.close()


class TestCorrupt:
    """The file is damaged, or no store."""

    async def corrupt(self, path: Path) -> str:
        """Give the sentence of the error; the lock is free again."""
        error = await refused(path)
        assert isinstance(error, StoreCorrupt)
        assert isinstance(await refused(path), StoreCorrupt)
        return sentence(error)

    @pytest.mark.parametrize("content", [b"hello", b"x" * 10_000, b"SQLite format 3\x00" + b"\xff" * 5000])
    async def test_no_database(self, path: Path, content: bytes) -> None:
        """Another file is refused, and stays as it is."""
        path.write_bytes(content)
        await self.corrupt(path)
        assert path.read_bytes() == content

    @pytest.mark.parametrize("left", [0.1, 0.5, 0.9])
    async def test_truncated(self, path: Path, left: float) -> None:
        """A file that lost its end is refused, rather than read in part."""
        await written(path)
        with closing(sqlite3.connect(path)) as file, file:
            for number in range(200):
                file.execute("INSERT INTO voicejob VALUES (?, ?)", (f"about:{number}", "x" * 500))
        os.truncate(path, int(path.stat().st_size * left))
        await self.corrupt(path)

    async def test_damaged_in_the_middle(self, path: Path) -> None:
        """A page of noise is found, wherever it is."""
        await written(path)
        with closing(sqlite3.connect(path)) as file, file:
            for number in range(200):
                file.execute("INSERT INTO voicejob VALUES (?, ?)", (f"about:{number}", "x" * 500))
        content = bytearray(path.read_bytes())
        middle = len(content) // 2 // 4096 * 4096
        content[middle : middle + 4096] = os.urandom(4096)
        path.write_bytes(content)
        await self.corrupt(path)

    async def test_damaged_where_nothing_is_read(self, path: Path) -> None:
        """Damage in pages that are free now would break a later write, and is found at the start too."""
        await written(path)
        with closing(sqlite3.connect(path)) as file, file:
            for number in range(200):
                file.execute("INSERT INTO voicejob VALUES (?, ?)", (f"about:{number}", "x" * 500))
        run_sql(path, "DELETE FROM voicejob WHERE value LIKE 'xxx%'")
        content = bytearray(path.read_bytes())
        first_free = int.from_bytes(content[32:36])  # see "Database File Format", The Database Header
        content[(first_free - 1) * 4096 : first_free * 4096] = b"\xff" * 4096
        path.write_bytes(content)
        await self.corrupt(path)

    async def test_database_of_another_program(self, path: Path) -> None:
        """Its tables are named, and ours is not put beside them."""
        run_sql(path, "CREATE TABLE recipes (name TEXT)")
        assert "another program: recipes" in await self.corrupt(path)
        with closing(sqlite3.connect(path)) as file:
            assert list(file.execute("SELECT name FROM sqlite_master")) == [("recipes",)]

    @pytest.mark.parametrize("content", ["text", "database"])
    async def test_what_is_anothers_stays_as_it_is(self, path: Path, content: str) -> None:
        """Its mode, too, and no lock is left beside it."""
        if content == "text":
            path.write_text("somebody's notes\n" * 100)
        else:
            run_sql(path, "CREATE TABLE recipes (name TEXT)")
        path.chmod(0o644)
        before = path.read_bytes()
        await self.corrupt(path)
        assert path.read_bytes() == before
        assert oct(path.stat().st_mode)[-3:] == "644"
        assert list(path.parent.iterdir()) == [path]

    async def test_database_that_another_program_has_open(self, path: Path) -> None:
        """What stands only in its write-ahead log is seen, and all its files stay as they are."""
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("PRAGMA journal_mode=WAL")
            other.execute("PRAGMA wal_autocheckpoint=0")
            other.execute("CREATE TABLE recipes (name TEXT)")
            path.chmod(0o644)
            files = sorted(path.parent.iterdir())
            assert "another program: recipes" in await self.corrupt(path)
            assert oct(path.stat().st_mode)[-3:] == "644"
            assert sorted(path.parent.iterdir()) == files

    async def test_links_in_a_circle(self, path: Path) -> None:
        """The system's own word is told."""
        path.symlink_to(path)
        error = await refused(path)
        assert isinstance(error, StoreNotWritable)
        assert "symbolic links" in str(error)

    async def test_table_with_other_columns(self, path: Path) -> None:
        """A table that only has our name is not ours."""
        run_sql(path, "CREATE TABLE voicejob (name TEXT)")
        assert "another program: voicejob" in await self.corrupt(path)

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ("UPDATE voicejob SET value = '{' WHERE key LIKE 'sub%'", ROW),
            ("UPDATE voicejob SET value = NULL WHERE key LIKE 'sub%'", ROW),
            ("UPDATE voicejob SET value = x'80' WHERE key LIKE 'sub%'", ROW),
            ("UPDATE voicejob SET value = '{}' WHERE key LIKE 'sub%'", f"{ROW}: team_id"),
            ("UPDATE voicejob SET value = replace(value, 'all', 'loud') WHERE key LIKE 'sub%'", "level"),
            ("UPDATE voicejob SET value = replace(value, 'C1', 'C2') WHERE key LIKE 'sub%'", ROW),
            ("UPDATE voicejob SET value = CAST(x'80' AS TEXT) WHERE key LIKE 'sub%'", "UTF-8"),
            ("INSERT INTO voicejob VALUES ('other:1', '{}')", "other:1"),
            ("INSERT INTO voicejob VALUES (x'80', '{}')", "x80"),
            ("UPDATE voicejob SET value = '{}' WHERE key = 'about:format'", "about:format"),
            ("UPDATE voicejob SET value = '[' WHERE key = 'about:format'", "about:format"),
            ("UPDATE voicejob SET value = '{\"version\": 0}' WHERE key = 'about:format'", "about:format"),
            ("DELETE FROM voicejob WHERE key = 'about:format'", "about:format"),
        ],
    )
    async def test_row_that_can_not_be_read(self, path: Path, change: str, named: str) -> None:
        """It is named, so that a person can mend it; no other is dropped instead."""
        await written(path)
        run_sql(path, change)
        assert named in await self.corrupt(path)

    async def test_value_is_not_told(self, path: Path) -> None:
        """The sentence says where it is wrong, and does not show what stands there."""
        await written(path)
        run_sql(path, "UPDATE voicejob SET value = replace(value, 'all', 'secret') WHERE key LIKE 'sub%'")
        assert "secret" not in await self.corrupt(path)

    async def test_later_version(self, path: Path) -> None:
        """What a later version wrote is not touched."""
        await written(path)
        run_sql(path, "UPDATE voicejob SET value = '{\"version\": 7}' WHERE key = 'about:format'")
        error = await refused(path)
        assert isinstance(error, StoreTooNew)
        assert error.values == {"path": str(path), "version": "7", "known": "2"}


class TestTrouble:
    """The disk fails while the bot runs."""

    async def fails(self, store: SqliteStore) -> str:
        """See that add, change, removal and check fail in time, change nothing, and say why."""
        await self.raises(store, store.add(a_subscription(job_id="job-2")))
        await self.raises(store, store.change(KEY, with_level(Level.IMPORTANT)))
        await self.raises(store, store.change(KEY, gone))
        said = await self.raises(store, store.check())
        await self.nothing_changed(store)
        return said

    async def raises(self, store: SqliteStore, work: Awaitable[object], within: float = 1.5) -> str:
        """See that the work fails within so many seconds; give what the log would say."""
        started = time.monotonic()
        with pytest.raises(StoreTrouble) as caught:
            await work
        assert time.monotonic() - started < within
        assert store.trouble is caught.value
        return str(caught.value)

    async def nothing_changed(self, store: SqliteStore) -> None:
        """See that all is read as it was."""
        assert await store.of_channel("T1", "C1") == [a_subscription()]
        assert await store.followed() == {"job-1": (a_subscription(),)}

    async def works(self, store: SqliteStore, path: Path) -> None:
        """See that writing works again, and that disk and memory agree."""
        assert await store.change(KEY, one_more) == a_subscription(delivered_at=1)
        assert store.trouble is None
        await store.check()
        rows = on_disk(path)
        assert rows.keys() == {ROW}
        assert a_subscription().model_validate_json(rows[ROW]) == await store.get(KEY)

    async def test_disk_full(self, store: SqliteStore, path: Path) -> None:
        """SQLite finds no more room: what needs none still works."""
        large = a_subscription(job_id="job-2", stopped_by="U" * 10_000)
        await pragma(store, "max_page_count=1")
        assert "full" in await self.raises(store, store.add(large))
        await self.nothing_changed(store)
        assert on_disk(path).keys() == {ROW}

        await pragma(store, "max_page_count=1000000")
        await store.add(large)
        await store.change(large.key, gone)
        await self.works(store, path)

    async def test_write_error(self, store: SqliteStore, path: Path) -> None:
        """The system refuses to write."""
        with largest_file(100):
            assert "I/O error" in await self.fails(store)
        await self.works(store, path)

    async def test_what_changes_nothing_needs_no_disk(self, store: SqliteStore) -> None:
        """Where all is to stay as it is, nothing is written that could fail."""
        with largest_file(100):
            subscription = await store.change(KEY, lambda subscription: subscription.model_copy())

        assert (subscription, store.trouble) == (a_subscription(), None)

    async def test_held_by_another_program(self, path: Path) -> None:
        """The bot waits for a while, and works as soon as the other program lets go."""
        async with SqliteStore(path) as store:
            await store.add(a_subscription())
            await pragma(store, "busy_timeout=300")
            with held(path):
                assert "locked" in await self.raises(store, store.change(KEY, gone))
                await self.nothing_changed(store)
            await self.works(store, path)

    async def test_its_thread_ends(self, store: SqliteStore, path: Path) -> None:
        """One call says so, and with what; the next has a new thread."""
        await end_its_thread(store)
        with pytest.raises(StoreTrouble, match=r"values to unpack"):
            await store.add(a_subscription(job_id="job-2"))
        await self.nothing_changed(store)
        await self.works(store, path)

    async def test_its_thread_ends_each_time(self, store: SqliteStore, path: Path) -> None:
        """It may happen again and again."""
        for _ in range(2):
            await end_its_thread(store)
            with pytest.raises(StoreTrouble):
                await store.check()
            await store.check()
        await self.works(store, path)

    async def test_disk_hangs(self, store: SqliteStore, path: Path) -> None:
        """All calls fail in time, none behind another's back; they work when the disk does."""
        await wait_long_for_locks(store)
        with held(path):
            await self.fails(store)
        await asyncio.sleep(0.2)
        await self.works(store, path)

    @pytest.mark.parametrize("then", ["check", "write"])
    @pytest.mark.parametrize("what", ["add", "change", "remove"])
    async def test_late_write_is_taken_back(
        self, store: SqliteStore, path: Path, what: str, then: str
    ) -> None:
        """A write that goes through after its caller was told that it failed does not count.

        Whatever is asked of the disk next puts that right, be it about something else.
        """
        before = on_disk(path)
        await wait_long_for_locks(store)
        work: dict[str, Callable[[], Awaitable[object]]] = {
            "add": lambda: store.add(a_subscription(job_id="job-2")),
            "change": lambda: store.change(KEY, one_more),
            "remove": lambda: store.change(KEY, gone),
        }
        with held(path):
            assert "no answer within 0.6 s" in await self.raises(store, work[what]())
        await eventually(lambda: on_disk(path) != before)
        await self.nothing_changed(store)

        other = a_subscription(job_id="other")
        await eventually_done(store.check if then == "check" else partial(store.add, other))
        assert on_disk(path) == before | ({} if then == "check" else {row_of(other.key): text_of(other)})

    async def test_file_is_taken_away(self, store: SqliteStore, path: Path, tmp_path: Path) -> None:
        """Nothing is written into a file that no name leads to; when it is back, all goes on."""
        path.rename(tmp_path / "moved")
        assert "No such file" in await self.fails(store)
        path.touch()
        assert "another file" in await self.fails(store)
        (tmp_path / "moved").replace(path)
        await self.works(store, path)

    @pytest.mark.parametrize(
        ("moment", "does"),
        [
            ("AFTER", "UPDATE voicejob SET value = 'x' WHERE key = NEW.key"),
            ("BEFORE", "SELECT RAISE(IGNORE)"),
        ],
        ids=["changed", "dropped"],
    )
    async def test_check_reads_what_it_wrote(
        self, store: SqliteStore, path: Path, moment: str, does: str
    ) -> None:
        """Something in the file that changes or drops what is written is noticed."""
        await store.check()
        trigger = f"CREATE TRIGGER meddle {moment} INSERT ON voicejob WHEN NEW.key = 'about:check'"
        run_sql(path, f"{trigger} BEGIN {does}; END")
        assert "reads otherwise" in await self.raises(store, store.check())
        run_sql(path, "DROP TRIGGER meddle")
        await self.works(store, path)

    async def test_cancelled_while_the_disk_hangs(self, store: SqliteStore, path: Path) -> None:
        """The next caller waits for the write of the one that was cancelled, and finds it in memory."""
        with held(path) as shell:
            cancelled = asyncio.create_task(store.change(KEY, one_more))
            waiting = asyncio.create_task(store.change(KEY, one_more))
            await asyncio.sleep(0.2)
            cancelled.cancel()
            await asyncio.sleep(0.1)
            assert cancelled.done()
            assert not waiting.done()
            shell.execute("ROLLBACK")
            assert await waiting == a_subscription(delivered_at=2)
        assert '"delivered_at":2' in on_disk(path)[ROW]

    async def test_log_tells_the_edges(
        self, store: SqliteStore, path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The first failure and the recovery are told, in one line each; sqlitedict's stacks are not."""
        with largest_file(100):
            await self.fails(store)
        await self.works(store, path)

        told = [(record.name, record.levelno) for record in caplog.records]
        assert told == [("bot.store.sqlite", logging.ERROR), ("bot.store.sqlite", logging.WARNING)]
        assert "I/O error" in caplog.messages[0]
        assert all("\n" not in message for message in caplog.messages)

    async def test_person_is_not_told_the_reason(self, store: SqliteStore) -> None:
        """What the disk says, and where it is, is for the log."""
        with largest_file(100):
            await self.fails(store)
        assert store.trouble is not None
        assert "nothing was changed" in sentence(store.trouble)
        assert "I/O" not in sentence(store.trouble)
        assert "I/O" in str(store.trouble)


class TestEnd:
    """The store ends, whatever happened."""

    async def test_closed_store_says_so(self, path: Path) -> None:
        """A call that comes too late is refused, and does not open the file again."""
        async with SqliteStore(path) as store:
            await store.add(a_subscription())
        with pytest.raises(StoreTrouble, match="closed"):
            await store.add(a_subscription(job_id="job-2"))
        await written(path)

    async def test_ends_with_a_dead_thread(self, path: Path) -> None:
        """It takes a second or two, loses nothing, and the lock is free."""
        started = time.monotonic()
        async with SqliteStore(path) as store:
            await store.add(a_subscription())
            await end_its_thread(store)
        assert time.monotonic() - started < 3
        async with SqliteStore(path) as store:
            assert await store.get(KEY) == a_subscription()

    async def test_ends_while_the_disk_hangs(self, path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """It says that it could not tidy up; what was promised is on disk all the same."""
        started = time.monotonic()
        async with SqliteStore(path, limit=0.6) as store:
            await store.add(a_subscription())
            await wait_long_for_locks(store)
            shell = sqlite3.connect(path, isolation_level=None)
            shell.execute("BEGIN EXCLUSIVE")
        assert time.monotonic() - started < 2
        assert "could not be closed well" in caplog.text
        shell.close()
        async with SqliteStore(path) as store:
            assert await store.get(KEY) == a_subscription()

    async def test_process_ends_while_the_disk_hangs(self, path: Path) -> None:
        """No thread keeps the process, not even at its very end."""
        with process(hang_and_end, path) as child:
            assert child.stdout is not None
            said = child.stdout.readline()
            started = time.monotonic()
            rest, _ = child.communicate(timeout=20)
        assert child.returncode == 0
        assert (said, rest) == ("trouble\n", "")
        assert time.monotonic() - started < 6

    async def test_end_waits_for_what_was_asked(self, path: Path) -> None:
        """The write of a caller that is gone, and those of the next ones, come before the file is closed."""
        await written(path)
        run_sql(path, "DELETE FROM voicejob WHERE key LIKE 'sub%'")
        with held(path) as shell:
            async with SqliteStore(path) as store:
                task = asyncio.create_task(store.add(a_subscription()))
                others = [asyncio.create_task(store.change(KEY, one_more)) for _ in range(3)]
                await asyncio.sleep(0.1)
                task.cancel()
                asyncio.get_running_loop().call_later(0.2, shell.execute, "ROLLBACK")
        assert task.cancelled()
        assert await others[-1] == await store.get(KEY) == a_subscription(delivered_at=3)
        assert '"delivered_at":3' in on_disk(path)[ROW]


async def eventually_done(work: Callable[[], Awaitable[object]]) -> None:
    """Try until the store works again."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(StoreTrouble):
                await work()
                return
            await asyncio.sleep(0.05)


def hang_and_end(path: str) -> None:
    """Run a bot in a process of its own, whose disk hangs at the end; say what it is told."""

    async def main() -> None:
        async with SqliteStore(Path(path), limit=0.6) as store:
            await pragma(store, "busy_timeout=60000")
            shell.execute("BEGIN EXCLUSIVE")
            try:
                await store.add(a_subscription(job_id="job-2"))
            except StoreTrouble:
                say("trouble")

    asyncio.run(written(Path(path)))
    shell = sqlite3.connect(path, isolation_level=None)
    asyncio.run(main())


@pytest.mark.parametrize("command", ["manifest", "show --help", "run --help"])
def test_without_fcntl(tmp_path: Path, command: str) -> None:
    """As on Windows: what needs no store works, and a store is refused with a sentence."""
    program = (
        "import asyncio, sys\nsys.modules['fcntl'] = None\n"
        "from pathlib import Path\nfrom bot.errors import StoreNotWritable\n"
        "from bot.messages.errors import sentence\n"
        "from bot.store.files import claim\n"
        f"try:\n    claim(Path({str(tmp_path / 'store')!r}))\n"
        "except StoreNotWritable as error:\n    print(sentence(error), flush=True)\n"
        f"sys.argv[1:] = {command.split()}\nfrom bot.__main__ import main\nmain()\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603

    assert "can't be written (“this system has no fcntl”)" in ended.stdout.splitlines()[0]
    assert (ended.returncode, len(ended.stdout.splitlines()) > 5) == (0, True)
