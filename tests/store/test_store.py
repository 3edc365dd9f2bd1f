"""What the store promises, and what its file adds to that."""

import asyncio
import json
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.subscriptions import Card, Key, Level, Notice, Pause, Posted, Subscription, with_level
from bot.errors import StoreCorrupt
from bot.store import Store, open_store
from bot.store.records import FORMAT_ROW, load, row_of, text_of
from bot.store.sqlite import SqliteStore
from tests.profiles import examples
from tests.store.processes import a_subscription, gone, one_more

KEY = a_subscription().key
ROW = row_of(KEY)
FULL = a_subscription(
    card=Card(ts="1.2", posted_at=5, fingerprint="WAITING 1 all "),
    notice=Notice(path=("WAITING", "PROCESSING"), since=7),
    pause=Pause(reason="channel_not_found", since=9, tries=2, next_try=10, person_knows=True),
    warning=Posted(channel_id="D1", ts="3.4"),
    delivered_at=6,
    stopped_by="U2",
)
"""A subscription that has a value in every field."""

KEYS = [Key("T1", "C1", job_id) for job_id in ("j1", "j2", "j3")]
KEYS += [Key("T1", "C2", "j1"), Key("T2", "C1", "j1")]
CHANGES = {"level": with_level(Level.IMPORTANT), "count": one_more, "remove": gone}
STEPS = st.tuples(st.sampled_from(["add", "add", *CHANGES]), st.sampled_from(KEYS), st.integers(1, 2))


class TestContract:
    """The protocol Store."""

    @examples(30)
    @example(lives=[[("add", KEYS[2], 1), ("add", KEYS[0], 1), ("add", KEYS[0], 2)]])
    @given(lives=st.lists(st.lists(STEPS, max_size=12), max_size=3))
    def test_any_history_reads_like_a_dict(self, lives: list[list[tuple[str, Key, int]]]) -> None:
        """Whatever is done before and after it is opened again, a store holds what a plain dict would."""
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(replay(Path(folder, "store"), lives))

    async def test_every_field_survives(self, path: Path) -> None:
        """Each is read by the next store as it was written."""
        assert set(FULL.model_fields_set) == set(Subscription.model_fields)
        async with open_store(path) as store:
            await store.add(FULL)
        async with open_store(path) as store:
            assert await store.get(KEY) == FULL

    async def test_concurrent_calls_are_applied_one_after_the_other(self, path: Path) -> None:
        """Of several that add one key, the first counts for all; no change works on an old subscription."""
        async with open_store(path) as store:
            people = [a_subscription(subscribed_by=person) for person in ("U1", "U2", "U3")]
            assert await asyncio.gather(*map(store.add, people)) == people[:1] * 3
            await asyncio.gather(*(store.change(KEY, one_more) for _ in range(30)))
        async with open_store(path) as store:
            assert await store.get(KEY) == a_subscription(delivered_at=30)

    async def test_bad_change_changes_nothing(self, path: Path) -> None:
        """One that raises, or that returns a subscription with another key; the next change works."""

        def raises(subscription: Subscription) -> Subscription:
            raise ValueError(f"not another subscription of {subscription.job_id}")

        async with open_store(path) as store:
            await store.add(a_subscription())
            for bad in (raises, lambda _: a_subscription("C2")):
                with pytest.raises(ValueError, match="another subscription"):
                    await store.change(KEY, bad)
            assert await store.followed() == {"job-1": (a_subscription(),)}
            assert await store.change(KEY, one_more) == a_subscription(delivered_at=1)

    async def test_followed_does_not_change(self, path: Path) -> None:
        """Changes that happen while somebody iterates over it don't show in it."""
        job_ids = [f"job-{number}" for number in range(5)]
        async with open_store(path) as store:
            for job_id in job_ids:
                await store.add(a_subscription(job_id=job_id))
            seen = []
            for job_id, subscriptions in (await store.followed()).items():
                for each in subscriptions:
                    await store.change(each.key, gone)
                    await store.add(a_subscription("C2", f"{job_id}-new"))
                    seen.append(each.job_id)
        assert seen == job_ids

    async def test_cancelled_caller_leaves_memory_and_disk_equal(self, path: Path) -> None:
        """At whatever moment a caller is cancelled, what is read then is what the next store reads."""
        async with open_store(path) as store:
            for turns in range(20):
                adding = asyncio.ensure_future(store.add(a_subscription(job_id=f"job-{turns:02}")))
                for _ in range(turns):
                    await asyncio.sleep(0)
                adding.cancel()
                await asyncio.wait([adding])
            await store.add(a_subscription(job_id="last"))
            read = await store.of_channel("T1", "C1")
        async with open_store(path) as store:
            assert await store.of_channel("T1", "C1") == read


async def replay(path: Path, lives: list[list[tuple[str, Key, int]]]) -> None:
    model: dict[Key, Subscription] = {}
    for steps in [*lives, []]:
        async with open_store(path) as store:
            await compare(store, model)
            for step, key, number in steps:
                await do(store, model, step, key, number)
            await compare(store, model)


async def do(store: Store, model: dict[Key, Subscription], step: str, key: Key, number: int) -> None:
    if step == "add":
        person = {"subscribed_by": f"U{number}", "subscribed_at": number}
        new = a_subscription(key.channel_id, key.job_id, team_id=key.team_id, **person)
        assert await store.add(new) == model.setdefault(key, new)
    else:
        old = model.pop(key, None)
        wanted = old and CHANGES[step](old)
        assert await store.change(key, CHANGES[step]) == wanted
        if wanted:
            model[key] = wanted


async def compare(store: Store, model: dict[Key, Subscription]) -> None:
    for key in KEYS:
        assert await store.get(key) == model.get(key)
        mine = [each for each in model.values() if each.key[:2] == key[:2]]
        oldest_first = sorted(mine, key=lambda each: (each.subscribed_at, each.job_id))
        assert await store.of_channel(*key[:2]) == oldest_first
    followed = await store.followed()
    assert followed.keys() == {key.job_id for key in model}
    assert {each.key: each for group in followed.values() for each in group} == model


class TestSqlite:
    """What the file adds to the contract."""

    async def test_equal_jobs_are_one_object_and_no_sets_of_fields_are_kept(self, path: Path) -> None:
        """Both save memory: after adding, after a change and in the next store."""
        changed = FULL.job.model_copy(update={"state": "PROCESSING"})
        async with SqliteStore(path) as store:
            for channel in ("C1", "C2"):
                job = FULL.job.model_copy()
                await store.add(FULL.model_copy(update={"channel_id": channel, "job": job}))
            assert one_job_without_sets(await store.followed())
            for channel in ("C1", "C2"):
                key = Key("T1", channel, "job-1")
                await store.change(key, lambda old: old.model_copy(update={"job": changed.model_copy()}))
            assert one_job_without_sets(await store.followed())
        async with SqliteStore(path) as store:
            assert one_job_without_sets(await store.followed())

    async def test_change_that_changes_nothing_writes_nothing(self, path: Path) -> None:
        """Neither the same object nor an equal one costs a write."""
        log = path.with_name("store-wal")
        async with SqliteStore(path) as store:
            await store.add(a_subscription())
            size = log.stat().st_size
            assert await store.change(KEY, lambda same: same) == a_subscription()
            assert await store.change(KEY, lambda _: a_subscription()) == a_subscription()
            assert await store.add(a_subscription()) == a_subscription()
            assert log.stat().st_size == size
            await store.change(KEY, one_more)
            assert log.stat().st_size > size

    @pytest.mark.parametrize("mode", [None, 0o666], ids=["new", "old"])
    async def test_files_are_private_and_one_remains(self, path: Path, mode: int | None) -> None:
        """All have mode 0600, even if they had another one; at the end, the one file is a whole backup."""
        if mode:
            for each in (path, path.with_name("store.lock")):
                each.touch()
                each.chmod(mode)
        async with SqliteStore(path) as store:
            await store.add(a_subscription())
            modes = {each.name: oct(each.stat().st_mode & 0o777) for each in path.parent.iterdir()}
        assert modes == dict.fromkeys(["store", "store-wal", "store-shm", "store.lock"], "0o600")
        assert {each.name for each in path.parent.iterdir()} == {"store", "store.lock"}

    async def test_connection_syncs_commits_and_rows_are_json(self, path: Path) -> None:
        """It is in WAL mode, syncs commits, and waits two seconds for locks; a person can read the rows."""
        async with SqliteStore(path) as store:
            await store.add(a_subscription())
            pragmas = [await pragma(store, name) for name in ("synchronous", "journal_mode", "busy_timeout")]
        with closing(sqlite3.connect(path)) as file:
            rows = {key: json.loads(value) for key, value in file.execute("SELECT key, value FROM voicejob")}

        assert pragmas == [2, "wal", 2000]
        assert rows.keys() == {"about:format", "subscription:T1/C1/job-1"}
        assert rows["about:format"] == {"version": 2}
        assert rows["subscription:T1/C1/job-1"]["job"]["voice_name"] == "Änne 女声"

    async def test_thousands_are_read_in_pages(self, path: Path) -> None:
        """None is lost or doubled between two pages."""
        every = [a_subscription(job_id=f"j{number}") for number in range(1001)]
        async with SqliteStore(path):
            pass
        with closing(sqlite3.connect(path)) as file, file:
            file.executemany(
                "INSERT INTO voicejob VALUES (?, ?)", ((row_of(each.key), text_of(each)) for each in every)
            )
        async with SqliteStore(path) as store:
            assert len(await store.of_channel("T1", "C1")) == len(every)


async def pragma(store: SqliteStore, name: str) -> Any:
    """Read or set something in the store's own connection."""
    row = await store.disk.ask(lambda table: table.conn.select_one(f"PRAGMA {name}"))
    return row[0]


def one_job_without_sets(followed: Any) -> bool:
    one, two = followed["job-1"]
    return one.job is two.job and not any(
        record.model_fields_set for each in (one, two) for record in (each, each.job, each.card)
    )


def renamed(fields: dict[str, Any]) -> dict[str, Any]:
    """Migrate from an imagined format; fields that have the new name already are left alone."""
    return {"level" if name == "loudness" else name: value for name, value in fields.items()}


def unexpected(fields: dict[str, Any]) -> dict[str, Any]:
    raise AssertionError(fields)


class TestFormat:
    """How a later version reads what an earlier one wrote."""

    def test_older_rows_are_migrated_once(self) -> None:
        """Each row goes through the migrations that it lacks, and is written with the new version."""
        text = text_of(a_subscription())
        rows = {FORMAT_ROW: '{"version": 2}', ROW: text.replace('"level"', '"loudness"')}
        new: dict[str, str] = {}

        assert list(load(rows, "store", [unexpected, renamed])) == [a_subscription()]
        assert rows == {FORMAT_ROW: '{"version": 3}', ROW: rows[ROW]}
        assert list(load(rows, "store", [unexpected, unexpected])) == [a_subscription()]
        assert list(load(new, "store", [unexpected])) == []
        assert new == {FORMAT_ROW: '{"version": 2}'}

    @pytest.mark.parametrize("text", ["{", "[]", "{}"])
    def test_row_that_can_not_be_migrated_is_named(self, text: str) -> None:
        """The error names the row, and the version stays."""
        rows = {FORMAT_ROW: '{"version": 1}', ROW: text}

        with pytest.raises(StoreCorrupt, match=ROW):
            list(load(rows, "store", [lambda fields: fields | {"team_id": fields["team_id"]}]))
        assert rows[FORMAT_ROW] == '{"version": 1}'
