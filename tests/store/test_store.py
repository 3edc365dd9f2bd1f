"""What every store promises; each implementation is one more entry in OPENERS."""

# ruff: noqa: ASYNC240  these tests are about files, and nothing else waits meanwhile

import asyncio
import json
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.subscriptions import Card, Key, Level, Notice, Pause, Posted, Subscription, with_level
from bot.errors import StoreCorrupt
from bot.store import Store
from bot.store.records import FORMAT_ROW, load, row_of, text_of
from bot.store.sqlite import SqliteStore
from tests.profiles import examples
from tests.store.processes import (
    SQLITE,
    a_subscription,
    gone,
    in_another_process,
    one_more,
    opener_named,
    print_channel,
    used_by_another,
)

OPENERS = [SQLITE]
"""Functions that open a store, as module:function; they are called in other processes, too."""

KEY = a_subscription().key
FULL = a_subscription(
    card=Card(ts="1.2", posted_at=5, fingerprint="WAITING 1 all "),
    notice=Notice(path=("WAITING", "PROCESSING"), since=7),
    pause=Pause(reason="channel_not_found", since=9, tries=2, next_try=10, person_knows=True),
    warning=Posted(channel_id="D1", ts="3.4"),
    delivered_at=6,
    stopped_by="U2",
)
"""A subscription that has a value in every field."""

KEYS = [Key("T1", "C1", job_id) for job_id in ("j1", "j2", "j3")] + [
    Key("T1", "C2", "j1"),
    Key("T2", "C1", "j1"),
]
STEPS = st.tuples(
    st.sampled_from(["add", "add", "level", "count", "remove", "check", "reopen"]),
    st.sampled_from(KEYS),
    st.integers(1, 2),
)


@pytest.mark.parametrize("opener", OPENERS)
class TestContract:
    """The protocol Store, for each implementation."""

    @examples(40)
    @example(steps=[("add", KEYS[2], 1), ("add", KEYS[0], 1), ("add", KEYS[0], 2)])
    @given(steps=st.lists(STEPS, max_size=25))
    def test_any_history_reads_like_a_dict(self, opener: str, steps: list[tuple[str, Key, int]]) -> None:
        """Whatever is done in whatever order, the store returns and holds what a plain dict would."""
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(replay(opener, Path(folder) / "store", steps))

    async def test_every_field_survives(self, opener: str, tmp_path: Path) -> None:
        """Each is read as it was written, by the next store and by another process."""
        assert set(FULL.model_fields_set) == set(Subscription.model_fields)
        async with opener_named(opener)(tmp_path / "store") as store:
            await store.add(FULL)
        async with opener_named(opener)(tmp_path / "store") as store:
            assert await store.get(KEY) == FULL

        printed = in_another_process(print_channel, opener, tmp_path / "store")
        assert Subscription.model_validate_json(printed) == FULL

    async def test_kill_loses_nothing(self, opener: str, tmp_path: Path) -> None:
        """What a call changed is there after the process was killed in the next moment."""
        with used_by_another(tmp_path / "store", opener) as other:
            other.kill()
        async with opener_named(opener)(tmp_path / "store") as store:
            assert await store.of_channel("T1", "C1") == [a_subscription(level=Level.IMPORTANT)]

    async def test_concurrent_calls_are_applied_one_after_the_other(
        self, opener: str, tmp_path: Path
    ) -> None:
        """Of several that add one key, the first counts for all; no change works on an old subscription."""
        async with opener_named(opener)(tmp_path / "store") as store:
            people = [a_subscription(subscribed_by=person) for person in ("U1", "U2", "U3")]
            assert await asyncio.gather(*map(store.add, people)) == people[:1] * 3
            await asyncio.gather(*(store.change(KEY, one_more) for _ in range(30)))
        async with opener_named(opener)(tmp_path / "store") as store:
            assert await store.get(KEY) == a_subscription(delivered_at=30)

    @pytest.mark.parametrize("other", [{}, {"channel": "C2"}], ids=["raises", "makes another"])
    async def test_bad_change_changes_nothing(
        self, opener: str, tmp_path: Path, other: dict[str, str]
    ) -> None:
        """One that raises, or that returns a subscription with another key; the next change works."""

        def bad(subscription: Subscription) -> Subscription:
            if not other:
                raise ValueError(f"not another subscription of {subscription.job_id}")
            return a_subscription(**other)

        async with opener_named(opener)(tmp_path / "store") as store:
            await store.add(a_subscription())
            with pytest.raises(ValueError, match="another subscription"):
                await store.change(KEY, bad)
            assert await store.followed() == {"job-1": (a_subscription(),)}
            assert await store.change(KEY, one_more) == a_subscription(delivered_at=1)

    async def test_followed_does_not_change(self, opener: str, tmp_path: Path) -> None:
        """Changes that happen while somebody iterates over it don't show in it."""
        async with opener_named(opener)(tmp_path / "store") as store:
            for number in range(5):
                await store.add(a_subscription(job_id=f"job-{number}"))
            seen = []
            for job_id, subscriptions in (await store.followed()).items():
                for each in subscriptions:
                    await store.change(each.key, gone)
                    await store.add(a_subscription("C2", f"{job_id}-new"))
                    seen.append(each.job_id)

            assert seen == [f"job-{number}" for number in range(5)]

    async def test_cancelled_caller_leaves_memory_and_disk_equal(self, opener: str, tmp_path: Path) -> None:
        """At whatever moment a caller is cancelled, what is read then is what the next store reads."""
        async with opener_named(opener)(tmp_path / "store") as store:
            for turns in range(20):
                adding = asyncio.ensure_future(store.add(a_subscription(job_id=f"job-{turns:02}")))
                for _ in range(turns):
                    await asyncio.sleep(0)
                adding.cancel()
                await asyncio.wait([adding])
            await store.add(a_subscription(job_id="last"))
            read = await store.of_channel("T1", "C1")
        async with opener_named(opener)(tmp_path / "store") as store:
            assert await store.of_channel("T1", "C1") == read


async def replay(opener: str, path: Path, steps: list[tuple[str, Key, int]]) -> None:
    model: dict[Key, Subscription] = {}
    todo = iter([*steps, ("reopen", KEY, 0)])
    for _ in range([step for step, _, _ in steps].count("reopen") + 1):
        async with opener_named(opener)(path) as store:
            await compare(store, model)
            for step, key, number in todo:
                if step == "reopen":
                    break
                await do(store, model, step, key, number)
            await compare(store, model)


async def do(store: Store, model: dict[Key, Subscription], step: str, key: Key, number: int) -> None:
    changes = {"level": with_level(Level.IMPORTANT), "count": one_more, "remove": gone}
    if step == "check":
        await store.check()
    elif step == "add":
        person = {"subscribed_by": f"U{number}", "subscribed_at": number}
        new = a_subscription(key.channel_id, key.job_id, team_id=key.team_id, **person)
        assert await store.add(new) == model.setdefault(key, new)
    else:
        old = model.pop(key, None)
        wanted = old and changes[step](old)
        assert await store.change(key, changes[step]) == wanted
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

    async def test_equal_jobs_are_one_object_and_no_sets_of_fields_are_kept(self, tmp_path: Path) -> None:
        """Both save memory: after adding, after a change and in the next store."""
        changed = FULL.job.model_copy(update={"state": "PROCESSING"})
        async with SqliteStore(tmp_path / "store") as store:
            for channel in ("C1", "C2"):
                job = FULL.job.model_copy()
                await store.add(FULL.model_copy(update={"channel_id": channel, "job": job}))
            assert one_job_without_sets(await store.followed())
            for channel in ("C1", "C2"):
                key = Key("T1", channel, "job-1")
                await store.change(key, lambda old: old.model_copy(update={"job": changed.model_copy()}))
            assert one_job_without_sets(await store.followed())
        async with SqliteStore(tmp_path / "store") as store:
            assert one_job_without_sets(await store.followed())

    async def test_change_that_changes_nothing_writes_nothing(self, tmp_path: Path) -> None:
        """Neither the same object nor an equal one costs a write."""
        log = tmp_path / "store-wal"
        async with SqliteStore(tmp_path / "store") as store:
            await store.add(a_subscription())
            size = log.stat().st_size
            assert await store.change(KEY, lambda same: same) == a_subscription()
            assert await store.change(KEY, lambda _: a_subscription()) == a_subscription()
            assert await store.add(a_subscription()) == a_subscription()
            assert log.stat().st_size == size
            await store.change(KEY, one_more)
            assert log.stat().st_size > size

    @pytest.mark.parametrize("mode", [None, 0o666], ids=["new", "old"])
    async def test_files_are_private_and_one_remains(self, tmp_path: Path, mode: int | None) -> None:
        """All have mode 0600, even if they had another one; at the end, the one file is a whole backup."""
        if mode:
            for name in ("store", "store.lock"):
                (tmp_path / name).touch()
                (tmp_path / name).chmod(mode)
        async with SqliteStore(tmp_path / "store") as store:
            await store.add(a_subscription())
            modes = {each.name: oct(each.stat().st_mode & 0o777) for each in tmp_path.iterdir()}
        assert modes == dict.fromkeys(["store", "store-wal", "store-shm", "store.lock"], "0o600")
        assert {each.name for each in tmp_path.iterdir()} == {"store", "store.lock"}

    async def test_connection_syncs_commits_and_rows_are_json(self, tmp_path: Path) -> None:
        """It is in WAL mode, syncs commits, and waits two seconds for locks; a person can read the rows."""
        async with SqliteStore(tmp_path / "store") as store:
            await store.add(a_subscription())
            pragmas = [await pragma(store, name) for name in ("synchronous", "journal_mode", "busy_timeout")]
        with closing(sqlite3.connect(tmp_path / "store")) as file:
            rows = {key: json.loads(value) for key, value in file.execute("SELECT key, value FROM voicejob")}

        assert pragmas == [2, "wal", 2000]
        assert rows.keys() == {"about:format", "subscription:T1/C1/job-1"}
        assert rows["about:format"] == {"version": 2}
        assert rows["subscription:T1/C1/job-1"]["job"]["voice_name"] == "Änne 女声"

    async def test_thousands_are_read_in_pages(self, tmp_path: Path) -> None:
        """None is lost or doubled between two pages."""
        every = [a_subscription(job_id=f"j{number}") for number in range(1001)]
        async with SqliteStore(tmp_path / "store"):
            pass
        with closing(sqlite3.connect(tmp_path / "store")) as file, file:
            file.executemany(
                "INSERT INTO voicejob VALUES (?, ?)", ((row_of(each.key), text_of(each)) for each in every)
            )
        async with SqliteStore(tmp_path / "store") as store:
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


ROW = row_of(KEY)


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

        assert list(load(rows, "store", [unexpected, renamed])) == [a_subscription()]
        assert rows == {FORMAT_ROW: '{"version": 3}', ROW: rows[ROW]}
        assert list(load(rows, "store", [unexpected, unexpected])) == [a_subscription()]

    def test_new_store_has_the_newest_format(self) -> None:
        """No migration runs."""
        rows: dict[str, str] = {}

        assert list(load(rows, "store", [unexpected])) == []
        assert rows == {FORMAT_ROW: '{"version": 2}'}

    @pytest.mark.parametrize("text", ["{", "[]", "null", "{}"])
    def test_row_that_can_not_be_migrated_is_named(self, text: str) -> None:
        """The error names the row, and the version stays."""
        rows = {FORMAT_ROW: '{"version": 1}', ROW: text}
        migrations: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
            lambda fields: fields | {"team_id": fields["team_id"]}
        ]

        with pytest.raises(StoreCorrupt, match=ROW):
            list(load(rows, "store", migrations))
        assert rows[FORMAT_ROW] == '{"version": 1}'
