"""What every store promises; each implementation is one more entry in OPENERS."""

# ruff: noqa: ASYNC240  these tests are about files, and nothing else waits meanwhile

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.jobs import Job
from bot.domain.subscriptions import Card, Key, Level, Notice, Subscription, refused, with_level
from bot.errors import StoreCorrupt
from bot.store import Store, open_store
from bot.store.records import FORMAT_ROW, load, row_of, text_of
from bot.store.sqlite import SqliteStore
from tests.profiles import examples

ROOT = Path(__file__).parents[2]

Opener = Callable[[Path], AbstractAsyncContextManager[Store]]

OPENERS: list[Opener] = [open_store]

every_store = pytest.mark.parametrize("opened", OPENERS, ids=lambda opener: opener.__qualname__)


def a_subscription(channel: str = "C1", job_id: str = "job-1", **fields: Any) -> Subscription:
    job = Job(job_id=job_id, voice_name="Änne 女声", state="WAITING", reject_times=1, is_remake=False)
    usual = {"team_id": "T1", "level": Level.ALL, "subscribed_by": "U1", "subscribed_at": 1767323045}
    return Subscription(channel_id=channel, job_id=job_id, **usual | {"job": job} | fields)


def a_full_subscription() -> Subscription:
    """Give one in which every part is there."""
    subscription = a_subscription(
        card=Card(ts="1.2", posted_at=5, fingerprint="WAITING 1 all "),
        notice=Notice(path=("WAITING", "PROCESSING"), since=7),
        delivered_at=6,
        stopped_by="U2",
    )
    paused = refused("channel_not_found", 9)(subscription.model_copy(update={"stopped_by": None}))
    assert paused is not None
    return paused.model_copy(update={"stopped_by": "U2"})


def one_more(subscription: Subscription) -> Subscription:
    return subscription.model_copy(update={"delivered_at": (subscription.delivered_at or 0) + 1})


def gone(subscription: Subscription) -> None:  # noqa: ARG001  a change that keeps nothing
    return None


@contextmanager
def process(function: Callable[..., None], *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run this function of a test module in another process, which does not outlive the test."""
    program = f"import sys, {function.__module__} as it; it.{function.__qualname__}(*sys.argv[1:])"
    with subprocess.Popen(  # noqa: S603  our own code
        [sys.executable, "-c", program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def in_another_process(function: Callable[..., None], *arguments: object) -> str:
    with process(function, *arguments) as child:
        said, _ = child.communicate(timeout=30)
    assert child.returncode == 0
    return said


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def pragma(store: SqliteStore, name: str) -> Any:
    """Ask the store's own connection, or set something in it."""
    said = await store.disk.ask(lambda table: table.conn.select_one(f"PRAGMA {name}"))
    return said[0]


def name_of(opener: Opener) -> str:
    return f"{opener.__module__}:{opener.__qualname__}"


def opener_named(name: str) -> Opener:
    module, _, function = name.partition(":")
    opener: Opener = getattr(import_module(module), function)
    return opener


def read_out(opener: str, path: str) -> None:
    """Say, in a process of its own, what the store holds."""

    async def main() -> None:
        async with opener_named(opener)(Path(path)) as store:
            for subscription in await store.of_channel("T1", "C1"):
                say(subscription.model_dump_json())

    asyncio.run(main())


def add_and_wait(opener: str, path: str) -> None:
    """Add, change and remove, say so, and wait to be killed."""

    async def main() -> None:
        async with opener_named(opener)(Path(path)) as store:
            for job_id in ("job-1", "job-2"):
                await store.add(a_subscription(job_id=job_id))
            await store.change(Key("T1", "C1", "job-1"), with_level(Level.IMPORTANT))
            await store.change(Key("T1", "C1", "job-2"), gone)
            say("added")
            sys.stdin.read()

    asyncio.run(main())


@every_store
class TestContract:
    """What the protocol says, for each implementation."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        """Name the store that this test uses."""
        return tmp_path / "store"

    async def test_new_one_is_empty(self, opened: Opener, path: Path) -> None:
        """Nothing is in a store that was just made."""
        async with opened(path) as store:
            assert await store.followed() == {}
            assert await store.of_channel("T1", "C1") == []
            assert await store.get(a_subscription().key) is None

    async def test_what_is_added_can_be_got(self, opened: Opener, path: Path) -> None:
        """What is added is returned, and found by its key."""
        async with opened(path) as store:
            assert await store.add(a_subscription()) == a_subscription()
            assert await store.get(a_subscription().key) == a_subscription()

    async def test_adding_twice_gives_the_first(self, opened: Opener, path: Path) -> None:
        """A channel has one subscription to a job: the second is not kept."""
        async with opened(path) as store:
            await store.add(a_subscription())
            second = await store.add(a_subscription(subscribed_by="U2"))

            assert second == await store.get(second.key) == a_subscription()

    async def test_of_two_added_at_once_one_is_kept(self, opened: Opener, path: Path) -> None:
        """Both callers get the same one."""
        async with opened(path) as store:
            given_back = await asyncio.gather(
                *(store.add(a_subscription(subscribed_by=person)) for person in ("U1", "U2", "U3"))
            )

            assert len({each.subscribed_by for each in given_back}) == 1

    @pytest.mark.parametrize("subscription", [a_subscription(), a_full_subscription()], ids=["new", "full"])
    async def test_everything_survives(self, opened: Opener, path: Path, subscription: Subscription) -> None:
        """Each field is read again as it was written, by the next store and by another process."""
        async with opened(path) as store:
            await store.add(subscription)
        async with opened(path) as store:
            assert await store.get(subscription.key) == subscription

        said = in_another_process(read_out, name_of(opened), path)
        assert Subscription.model_validate_json(said) == subscription

    async def test_changes_survive(self, opened: Opener, path: Path) -> None:
        """A change and a removal are what the next store finds."""
        other = a_subscription(job_id="job-2")
        async with opened(path) as store:
            await store.add(a_subscription())
            await store.add(other)
            changed = await store.change(a_subscription().key, with_level(Level.IMPORTANT))
            removed = await store.change(other.key, gone)
        async with opened(path) as store:
            assert changed == a_subscription(level=Level.IMPORTANT)
            assert removed is None
            assert await store.of_channel("T1", "C1") == [changed]
            assert await store.followed() == {"job-1": (changed,)}

    async def test_kill_loses_nothing(self, opened: Opener, path: Path) -> None:
        """What a call returned from is there after the process was killed in the next moment."""
        with process(add_and_wait, name_of(opened), path) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "added\n"
            child.send_signal(signal.SIGKILL)
        async with opened(path) as store:
            assert await store.of_channel("T1", "C1") == [a_subscription(level=Level.IMPORTANT)]

    async def test_concurrent_changes_all_count(self, opened: Opener, path: Path) -> None:
        """None works on what another has changed meanwhile."""
        key = a_subscription().key
        async with opened(path) as store:
            await store.add(a_subscription())
            await asyncio.gather(*(store.change(key, one_more) for _ in range(30)))
        async with opened(path) as store:
            assert await store.get(key) == a_subscription(delivered_at=30)

    async def test_change_that_raises_changes_nothing(self, opened: Opener, path: Path) -> None:
        """Its error reaches the caller, and the next change works."""

        def broken(subscription: Subscription) -> Subscription:
            raise LookupError(subscription.job_id)

        key = a_subscription().key
        async with opened(path) as store:
            await store.add(a_subscription())
            with pytest.raises(LookupError):
                await store.change(key, broken)
            assert await store.get(key) == a_subscription()
            assert await store.change(key, one_more) == a_subscription(delivered_at=1)

    async def test_change_of_what_is_not_there(self, opened: Opener, path: Path) -> None:
        """It gives None, and the change is never called."""
        calls: list[Subscription] = []
        async with opened(path) as store:
            assert await store.change(a_subscription().key, calls.append) is None
        assert calls == []

    async def test_change_may_not_make_another_one(self, opened: Opener, path: Path) -> None:
        """A change that would move a subscription to another key is a mistake, and is not kept."""
        async with opened(path) as store:
            await store.add(a_subscription())
            with pytest.raises(ValueError, match="another subscription"):
                await store.change(a_subscription().key, lambda _: a_subscription(channel="C2"))
            assert list(await store.of_channel("T1", "C1")) == [a_subscription()]
            assert list(await store.of_channel("T1", "C2")) == []

    async def test_removed_one_can_be_added_again(self, opened: Opener, path: Path) -> None:
        """Nothing of the first one is left."""
        async with opened(path) as store:
            await store.add(a_full_subscription())
            await store.change(a_subscription().key, gone)
            assert await store.add(a_subscription(subscribed_by="U3")) == a_subscription(subscribed_by="U3")

    async def test_channel_is_listed_oldest_first(self, opened: Opener, path: Path) -> None:
        """The order outlives a change and the store; other channels and teams are left out."""
        ages = {"job-a": 30, "job-b": 10, "job-c": 20, "job-e": 40, "job-d": 40}
        async with opened(path) as store:
            for job_id, at in ages.items():
                await store.add(a_subscription(job_id=job_id, subscribed_at=at))
            await store.add(a_subscription(channel="C2"))
            await store.add(a_subscription(team_id="T2"))
            await store.change(Key("T1", "C1", "job-b"), one_more)
            first = [each.job_id for each in await store.of_channel("T1", "C1")]
        async with opened(path) as store:
            again = [each.job_id for each in await store.of_channel("T1", "C1")]
        assert first == again == ["job-b", "job-c", "job-a", "job-d", "job-e"]

    async def test_followed_has_each_job_with_its_followers(self, opened: Opener, path: Path) -> None:
        """A job that two channels follow has both; one that lost its last follower is not in it."""
        one, two, other = (
            a_subscription("C1"),
            a_subscription("C2"),
            a_subscription("C1", "job-2"),
        )
        async with opened(path) as store:
            for each in (one, two, other):
                await store.add(each)
            await store.change(other.key, gone)
            followed = await store.followed()

        assert {job_id: set(map(key_of, each)) for job_id, each in followed.items()} == {
            "job-1": {one.key, two.key}
        }

    async def test_followed_stands_still(self, opened: Opener, path: Path) -> None:
        """Whoever walks through it is not disturbed by changes that happen meanwhile."""
        async with opened(path) as store:
            for number in range(5):
                await store.add(a_subscription(job_id=f"job-{number}"))
            seen = []
            for job_id, subscriptions in (await store.followed()).items():
                for each in subscriptions:
                    await store.change(each.key, gone)
                    await store.add(a_subscription("C2", f"{job_id}-new"))
                    seen.append(each.job_id)

            assert seen == [f"job-{number}" for number in range(5)]

    async def test_check(self, opened: Opener, path: Path) -> None:
        """It works as often as one likes, and leaves nothing that a person would see."""
        async with opened(path) as store:
            await store.check()
            await store.check()
            assert await store.followed() == {}
        async with opened(path) as store:
            await store.check()
            assert await store.followed() == {}

    async def test_cancelled_caller_leaves_memory_and_disk_agreed(self, opened: Opener, path: Path) -> None:
        """At whatever moment a caller is cancelled, what is read then is what the next store finds."""
        async with opened(path) as store:
            for number in range(20):
                await self.cancelled_after(number, store.add(a_subscription(job_id=f"job-{number:02}")))
            await store.add(a_subscription(job_id="last"))
            read = list(await store.of_channel("T1", "C1"))
        async with opened(path) as store:
            assert list(await store.of_channel("T1", "C1")) == read

    async def cancelled_after(self, steps: int, work: Any) -> None:
        """Let the work go on for so many steps of the event loop."""
        task = asyncio.create_task(work)
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class TestSqlite:
    """What the file adds to the contract."""

    async def test_equal_jobs_are_one_in_memory(self, tmp_path: Path) -> None:
        """Followers of one job share it, after a change and in the next store: memory is mostly jobs."""
        one, two = a_subscription("C1"), a_subscription("C2", job=a_subscription().job.model_copy())
        later = one.job.model_copy(update={"state": "PROCESSING"})
        async with SqliteStore(tmp_path / "store") as store:
            subscription = [await store.add(one), await store.add(two)]
            assert subscription[0].job is subscription[1].job
            for each in subscription:
                await store.change(each.key, lambda old: old.model_copy(update={"job": later.model_copy()}))
            assert len({id(each.job) for each in (await store.followed())["job-1"]}) == 1
        async with SqliteStore(tmp_path / "store") as store:
            assert len({id(each.job) for each in (await store.followed())["job-1"]}) == 1

    async def test_kept_ones_are_slim(self, tmp_path: Path) -> None:
        """What pydantic notes beside the values is not kept; it takes a quarter of the memory."""
        async with SqliteStore(tmp_path / "store") as store:
            subscription = await store.add(a_full_subscription())
            assert subscription == a_full_subscription()
            assert [
                each and each.model_fields_set for each in (subscription, subscription.job, subscription.card)
            ] == [set()] * 3

    async def test_change_that_changes_nothing_writes_nothing(self, tmp_path: Path) -> None:
        """Neither the same object nor an equal one costs a write."""
        log = tmp_path / "store-wal"
        async with SqliteStore(tmp_path / "store") as store:
            await store.add(a_subscription())
            before = log.stat().st_size
            assert (
                await store.change(a_subscription().key, lambda subscription: subscription)
                == a_subscription()
            )
            assert await store.change(a_subscription().key, lambda _: a_subscription()) == a_subscription()
            assert await store.add(a_subscription()) == a_subscription()
            assert log.stat().st_size == before
            await store.change(a_subscription().key, one_more)
            assert log.stat().st_size > before

    async def test_each_commit_waits_for_the_disk(self, tmp_path: Path) -> None:
        """The connection that writes is in WAL mode, syncs at commits, and waits two seconds for others."""
        async with SqliteStore(tmp_path / "store") as store:
            said = [await pragma(store, name) for name in ("synchronous", "journal_mode", "busy_timeout")]
        assert said == [2, "wal", 2000]

    async def test_only_the_owner_can_read_it(self, tmp_path: Path) -> None:
        """The file, those beside it and the lock have mode 0600, whatever mode a file had that was there."""
        path = tmp_path / "store"
        for name in ("store", "store.lock"):
            (tmp_path / name).touch()
            (tmp_path / name).chmod(0o666)
        async with SqliteStore(path) as store:
            await store.add(a_subscription())
            modes = {each.name: oct(each.stat().st_mode & 0o777) for each in tmp_path.iterdir()}
        assert modes == dict.fromkeys(["store", "store-wal", "store-shm", "store.lock"], "0o600")

    async def test_new_files_are_private_too(self, tmp_path: Path) -> None:
        """What the store makes itself has mode 0600 from the start."""
        async with SqliteStore(tmp_path / "store") as store:
            await store.add(a_subscription())
            modes = {each.name: oct(each.stat().st_mode & 0o777) for each in tmp_path.iterdir()}
        assert modes == dict.fromkeys(["store", "store-wal", "store-shm", "store.lock"], "0o600")

    async def test_one_file_remains(self, tmp_path: Path) -> None:
        """After the end, a copy of the one file is a whole backup."""
        async with SqliteStore(tmp_path / "store") as store:
            await store.add(a_subscription())
        assert {each.name for each in tmp_path.iterdir()} == {"store", "store.lock"}

    async def test_rows_are_json(self, tmp_path: Path) -> None:
        """Nothing in the file runs when it is read, and a person can read it too."""
        async with SqliteStore(tmp_path / "store") as store:
            await store.add(a_subscription())
        with closing(sqlite3.connect(tmp_path / "store")) as file:
            rows = {key: json.loads(value) for key, value in file.execute("SELECT key, value FROM voicejob")}
        assert rows.keys() == {"about:format", "subscription:T1/C1/job-1"}
        assert rows["about:format"] == {"version": 2}
        assert rows["subscription:T1/C1/job-1"]["job"]["voice_name"] == "Änne 女声"

    async def test_thousands_are_read_in_pages(self, tmp_path: Path) -> None:
        """None is lost or doubled between two pages."""
        rows = {f"subscription:T1/C1/j{number}": number for number in range(1001)}
        async with SqliteStore(tmp_path / "store"):
            pass
        with closing(sqlite3.connect(tmp_path / "store")) as file, file:
            for row in rows:
                text = text_of(a_subscription(job_id=row.rpartition("/")[2]))
                file.execute("INSERT INTO voicejob VALUES (?, ?)", (row, text))
        async with SqliteStore(tmp_path / "store") as store:
            assert len(await store.of_channel("T1", "C1")) == len(rows)


def older(subscription: Subscription) -> str:
    """Give the row of an imagined format in which the level was called loudness."""
    return text_of(subscription).replace('"level"', '"loudness"')


def renamed(fields: dict[str, Any]) -> dict[str, Any]:
    """Migrate from that format; what has the new name already is left alone."""
    return {"level" if name == "loudness" else name: value for name, value in fields.items()}


def not_called(fields: dict[str, Any]) -> dict[str, Any]:
    raise AssertionError(fields)


class TestFormat:
    """How a later version would read what an earlier one wrote."""

    def test_older_rows_are_migrated_once(self) -> None:
        """Each row goes through the migrations that it lacks, and is written with the new version."""
        row = row_of(a_subscription().key)
        rows = {FORMAT_ROW: '{"version": 2}', row: older(a_subscription())}

        assert list(load(rows, "store", [not_called, renamed])) == [a_subscription()]
        assert rows == {FORMAT_ROW: '{"version": 3}', row: rows[row]}
        assert list(load(rows, "store", [not_called, not_called])) == [a_subscription()]

    def test_new_store_needs_no_migration(self) -> None:
        """It starts with the newest format."""
        rows: dict[str, str] = {}

        assert list(load(rows, "store", [renamed])) == []
        assert rows == {FORMAT_ROW: '{"version": 2}'}

    @pytest.mark.parametrize("text", ["{", "[]", "null", "{}"])
    def test_row_that_can_not_be_migrated_is_named(self, text: str) -> None:
        """The error says which row it is, and the version stays."""
        rows = {FORMAT_ROW: '{"version": 1}', "subscription:T1/C1/job-1": text}

        with pytest.raises(StoreCorrupt, match="subscription:T1/C1/job-1"):
            list(load(rows, "store", [lambda fields: fields | {"team_id": fields["team_id"]}]))
        assert rows[FORMAT_ROW] == '{"version": 1}'


def key_of(subscription: Subscription) -> Key:
    return subscription.key


def keys() -> st.SearchStrategy[Key]:
    return st.builds(Key, st.just("T1"), st.sampled_from(["C1", "C2"]), st.sampled_from(["j1", "j2", "j3"]))


STEPS = st.sampled_from(["add", "level", "count", "remove", "reopen"])


@every_store
@examples(25)
@given(steps=st.lists(st.tuples(STEPS, keys()), max_size=25))
def test_any_history_reads_like_a_dict(opened: Opener, steps: list[tuple[str, Key]]) -> None:
    """Whatever is done in whatever order, the store holds what a plain dict would."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(replay(opened, Path(folder) / "store", steps))


async def replay(opened: Opener, path: Path, steps: list[tuple[str, Key]]) -> None:
    model: dict[Key, Subscription] = {}
    for part in split(steps, "reopen"):
        async with opened(path) as store:
            await compare(store, model)
            for step, key in part:
                await do(store, model, step, key)
            await compare(store, model)


def split(steps: list[tuple[str, Key]], at: str) -> list[list[tuple[str, Key]]]:
    parts: list[list[tuple[str, Key]]] = [[]]
    for step in steps:
        if step[0] == at:
            parts.append([])
        else:
            parts[-1].append(step)
    return parts


async def do(store: Store, model: dict[Key, Subscription], step: str, key: Key) -> None:
    if step == "add":
        new = a_subscription(key.channel_id, key.job_id)
        assert await store.add(new) == model.setdefault(key, new)
        return
    how = {"level": with_level(Level.IMPORTANT), "count": one_more, "remove": gone}[step]
    subscription = model.pop(key, None)
    wanted = subscription and how(subscription)
    assert await store.change(key, how) == wanted
    if wanted:
        model[key] = wanted


async def compare(store: Store, model: dict[Key, Subscription]) -> None:
    for channel in ("C1", "C2"):
        mine = [each for each in model.values() if each.channel_id == channel]
        assert list(await store.of_channel("T1", channel)) == sorted(mine, key=key_of)
    followed = {key_of(each): each for group in (await store.followed()).values() for each in group}
    assert followed == model
