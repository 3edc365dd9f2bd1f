"""What the store promises, and what its file adds to that."""

import asyncio
import json
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain import pauses
from bot.domain.following import Changed, Channel, Following, counts_of
from bot.domain.records import (
    Address,
    Card,
    Change,
    Delivery,
    DeliveryKey,
    Destination,
    JobRef,
    Key,
    Level,
    Pause,
    Record,
    Records,
    Sight,
    Warned,
)
from bot.domain.subscriptions import following, key_of, keys_of, started, stopped, with_level
from bot.errors import StoreTrouble
from bot.store import Store, open_store
from bot.store.sqlite import SqliteStore
from tests.profiles import examples
from tests.store.faulty import FaultyStore
from tests.store.processes import KEY, always, followed, keep, none, one_more

Opening = Callable[[Path], AbstractAsyncContextManager[Store]]
Model = dict[Key, Record]
Life = tuple[int, list[tuple[str, DeliveryKey, int]]]
"""The store fails at each so-many-th call; and what is done meanwhile, to what, and when."""

STORES = pytest.mark.parametrize("opening", [pytest.param(open_store, id="sqlite")])
"""How each implementation of the protocol is opened."""
SECOND = key_of("T1", "C1", "job-2")
KEYS = [KEY, SECOND, key_of("T1", "C2", "job-1"), key_of("T2", "C1", "job-1")]


def started_at(key: DeliveryKey, now: int) -> Change:
    record = followed(key).job(key.job)
    assert record
    return started(key, record.job, level=Level.ALL, by=f"U{now}", now=now)


def seen(key: DeliveryKey, now: int) -> Change:
    def change(records: Records) -> Records:
        known = records.job(key.job) or followed(key).job(key.job)
        return Records.of(replace(known, sights=(Sight("FAILED", now),))) if known else Records()

    return change


CHANGES: dict[str, Callable[[DeliveryKey, int], Change]] = {
    "start": started_at,
    "see": seen,
    "level": lambda key, _: with_level(key, Level.IMPORTANT),
    "stop": lambda key, now: stopped(key, f"U{now}"),
    "end": lambda key, _: always(Records(dict.fromkeys(keys_of(key)[:2]))),
    "pause": lambda key, now: pauses.refused(key.address, "is_archived", now),
    "go on": lambda key, _: pauses.accepted(key.address),
}
STEPS = st.tuples(st.sampled_from(["start", *CHANGES]), st.sampled_from(KEYS), st.integers(1, 2))
LIVES = st.lists(st.tuples(st.sampled_from([2, 3, 1000]), st.lists(STEPS, max_size=12)), max_size=3)
CARD = Card(ts="1.2", posted_at=5, fingerprint="WAITING 1 all ")
DESTINATION = Destination(
    address=KEY.address,
    pause=Pause(reason="is_archived", since=9, tries=2, next_try=10, told=("U1",)),
    warned=(Warned(user_id="U1", channel_id="D1", ts="3.4", job=KEY.job, voice_name="Änne"),),
)
FULL = Records(
    {
        **followed(told=3, card=CARD, cards=2, no_card_before=7, delivered_at=6, stopped_by="U2"),
        KEY.address: DESTINATION,
    }
)
"""Records that have a value in every field."""


@STORES
class TestContract:
    """The protocol Store."""

    @examples(40)
    @example(lives=[(1000, [("start", KEYS[1], 2), ("start", KEYS[0], 2), ("stop", KEYS[0], 1)])])
    @given(lives=LIVES)
    def test_any_history_reads_like_a_dict(self, opening: Opening, lives: list[Life]) -> None:
        """However it is changed, opened again, and fails, a store holds and tells what a plain dict would."""
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(replay(opening, Path(folder, "store"), lives))

    async def test_every_field_survives(self, opening: Opening, path: Path) -> None:
        """Each is read by the next store as it was written."""
        async with opening(path) as store:
            await keep(store, FULL)
        async with opening(path) as store:
            assert await store.get(FULL) == FULL

    async def test_concurrent_changes_are_applied_one_after_the_other(
        self, opening: Opening, path: Path
    ) -> None:
        """No change works on old records."""
        async with opening(path) as store:
            await keep(store, followed())
            await asyncio.gather(*(store.change([KEY], one_more) for _ in range(30)))
            assert await store.get([KEY]) == {KEY: followed(delivered_at=30)[KEY]}

    @pytest.mark.parametrize(
        "bad",
        [
            lambda _: followed(SECOND),
            lambda _: Records({SECOND: None}),
            lambda records: Records({SECOND.address: records[KEY]}),
            lambda records: Records({records[KEY].no_such_field: None}),
        ],
        ids=["others", "deletes another", "wrong key", "raises"],
    )
    async def test_bad_change_changes_nothing(self, opening: Opening, path: Path, bad: Change) -> None:
        """One that raises, or returns what it was not asked for; the next change works."""
        async with opening(path) as store:
            await keep(store, followed(), followed(SECOND))
            with pytest.raises((ValueError, AttributeError)):
                await store.change([KEY, KEY.address], bad)
            assert await store.get(followed()) == followed()
            assert await store.get(followed(SECOND)) == followed(SECOND)
            assert await store.change([KEY], one_more) == {KEY: followed(delivered_at=1)[KEY]}

    async def test_what_was_read_does_not_change(self, opening: Opening, path: Path) -> None:
        """Changes that happen while somebody iterates over it don't show in it."""
        async with opening(path) as store:
            await keep(store, followed(), followed(SECOND))
            jobs, addresses = await store.jobs(), await store.addresses()
            for ref in jobs:
                await store.change(keys_of(DeliveryKey(KEY.address, ref)), none)
            assert {*jobs} == {KEY.job, SECOND.job}
            assert [*addresses] == [KEY.address]
            assert not await store.jobs()
            assert not await store.addresses()

    async def test_cancelled_caller_leaves_memory_and_disk_equal(self, opening: Opening, path: Path) -> None:
        """At whatever moment a caller is cancelled, what is read then is what the next store reads."""
        keys = [key_of("T1", "C1", f"job-{turns:02}") for turns in range(20)]
        async with opening(path) as store:
            for turns, key in enumerate(keys):
                adding = asyncio.ensure_future(keep(store, followed(key)))
                for _ in range(turns):
                    await asyncio.sleep(0)
                adding.cancel()
                await asyncio.wait([adding])
            await store.change(keys_of(KEY), lambda _: followed())
            read = await store.channel(KEY.address)
        async with opening(path) as store:
            assert await store.channel(KEY.address) == read


async def replay(opening: Opening, path: Path, lives: list[Life]) -> None:
    model: Model = {}
    for nth, steps in [*lives, (1000, [])]:
        async with opening(path) as opened:
            store = FaultyStore(opened, partial(is_nth, nth))
            await compare(store, model)
            heard: list[Changed] = []
            store.listen(heard.append)
            for step, key, number in steps:
                model, before = await done(store, model, keys_of(key), CHANGES[step](key, number)), model
                assert heard == news(before, model)
                heard.clear()
            await compare(store, model)


def is_nth(nth: int, call: int) -> bool:
    return call % nth == 0


async def done(store: Store, model: Model, keys: Sequence[Key], how: Change) -> Model:
    """Make a change in the store, and return the model in which it is made as well."""
    wanted = how(Records((key, model.get(key)) for key in keys))
    after = changed(model, wanted)
    found = await answered(lambda: store.change(keys, lambda _: wanted))
    assert found == {key: after.get(key) for key in keys}
    return after


async def answered(call: Callable[[], Awaitable[Any]]) -> Any:
    """Call again if it fails."""
    try:
        return await call()
    except StoreTrouble:
        return await call()


def changed(model: Model, wanted: Records) -> Model:
    kept = {key: record for key, record in {**model, **wanted}.items() if record}
    jobs = {record.job for record in kept.values() if isinstance(record, Delivery)}
    return {key: record for key, record in kept.items() if not isinstance(key, JobRef) or key in jobs}


def news(before: Model, after: Model) -> list[Changed]:
    """Return what listeners hear of a change."""
    keys = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    jobs = frozenset(key for key in keys if isinstance(key, JobRef))
    others = {key for key in after if isinstance(key, DeliveryKey) and key.job in jobs} | keys
    addresses = [it if isinstance(it, Address) else it.address for it in others if not isinstance(it, JobRef)]
    return [Changed(jobs, frozenset(addresses))] if keys else []


async def compare(store: Store, model: Model) -> None:
    """See that all that is read of the store is what the model has."""
    every, records = {each for key in KEYS for each in keys_of(key)}, Records(model)
    assert await answered(lambda: store.get(every)) == {key: model.get(key) for key in every}
    channels = []
    for address in {key.address for key in KEYS}:
        found = [it for key in KEYS if key.address == address and (it := following(records, key))]
        oldest_first = sorted(found, key=lambda it: (it.subscription is None, started_when(it), it.job_id))
        channels.append(Channel(records.destination(address), tuple(oldest_first)))
        assert await answered(partial(store.channel, address)) == channels[-1]
    told = {key.address for key in model if isinstance(key, DeliveryKey)}
    addresses = await answered(store.addresses)
    assert sorted(addresses) == sorted(told | {key for key in model if isinstance(key, Address)})
    assert await answered(store.jobs) == {key: job for key, job in model.items() if isinstance(key, JobRef)}
    assert await answered(store.counts) == counts_of(channels)


def started_when(it: Following) -> int:
    return it.subscription.subscribed_at if it.subscription else 0


class TestSqlite:
    """What the file adds to the contract."""

    async def test_a_change_is_one_transaction(self, path: Path) -> None:
        """Whatever it replaces and deletes; and none at all where nothing differs."""
        mixed = Records({SECOND: followed(SECOND, delivered_at=1)[SECOND], KEY: None})
        async with SqliteStore(path) as store:
            before = commits(path)
            await keep(store, Records({**followed(), **followed(SECOND)}))
            assert commits(path) == before + 1
            await store.change([*keys_of(KEY), SECOND], lambda _: mixed)
            assert commits(path) == before + 2
            await keep(store, mixed)
            assert commits(path) == before + 2

    async def test_no_sets_of_fields_are_kept(self, path: Path) -> None:
        """They would be a quarter of the memory, after a change as in the next store."""
        for _ in range(2):
            async with SqliteStore(path) as store:
                await keep(store, followed())
                (record,) = (await store.jobs()).values()
                assert record.job.model_fields_set == set()

    @pytest.mark.parametrize("mode", [None, 0o666], ids=["new", "old"])
    async def test_files_are_private_and_one_remains(self, path: Path, mode: int | None) -> None:
        """All have mode 0600, even if they had another one; at the end, the one file is a whole backup."""
        if mode:
            for each in (path, path.with_name("store.lock")):
                each.touch()
                each.chmod(mode)
        async with SqliteStore(path) as store:
            await keep(store, followed())
            modes = {each.name: oct(each.stat().st_mode & 0o777) for each in path.parent.iterdir()}
        assert modes == dict.fromkeys(["store", "store-wal", "store-shm", "store.lock"], "0o600")
        assert {each.name for each in path.parent.iterdir()} == {"store", "store.lock"}

    async def test_connection_syncs_commits_and_rows_are_json(self, path: Path) -> None:
        """It is in WAL mode, syncs commits, and waits two seconds for locks; a person can read the rows."""
        async with SqliteStore(path) as store:
            await keep(store, FULL)
            pragmas = [await pragma(store, name) for name in ("synchronous", "journal_mode", "busy_timeout")]
        with closing(sqlite3.connect(path)) as file:
            rows = {key: json.loads(value) for key, value in file.execute("SELECT key, value FROM voicejob")}

        assert pragmas == [2, "wal", 2000]
        assert rows.pop("about:format") == {"version": 3}
        assert rows.keys() == {
            "subscription:T1/C1/job/job-1",
            "delivery:T1/C1//job-1",
            "job:/job-1",
            "destination:T1/C1",
        }
        assert rows["job:/job-1"]["job"]["voice_name"] == "Änne 女声"
        assert rows["delivery:T1/C1//job-1"]["address"] == ["T1", "C1"]

    async def test_thousands_are_read_in_pages(self, path: Path) -> None:
        """None is lost or doubled between two pages."""
        every = [followed(key_of("T1", "C1", f"j{number}")) for number in range(501)]
        async with SqliteStore(path) as store:
            await keep(store, Records(item for records in every for item in records.items()))
        async with SqliteStore(path) as store:
            assert len((await store.channel(KEY.address)).followings) == len(every)


def commits(path: Path) -> int:
    """Count the transactions in the write-ahead log; see "Database File Format", The Write-Ahead Log."""
    log = path.with_name("store-wal").read_bytes()
    page = int.from_bytes(log[8:12])
    return sum(log[at + 4 : at + 8] != bytes(4) for at in range(32, len(log), 24 + page))


async def pragma(store: SqliteStore, name: str) -> Any:
    """Read or set something in the store's own connection."""
    row = await store.disk.ask(lambda table: table.conn.select_one(f"PRAGMA {name}"))
    return row[0]
