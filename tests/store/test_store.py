"""What the store promises, and what its file adds to that."""

import asyncio
import json
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.following import Changed, Channel, Following, counts_of
from bot.domain.keys import Address, DeliveryKey, JobRef, Selector, SelectorKind
from bot.domain.languages import Language
from bot.domain.records import Change, Delivery, Destination, Level, Records
from bot.domain.subscriptions import following, key_of, keys_of
from bot.store import Store, open_store
from bot.store.rows import FORMAT
from bot.store.sqlite import SqliteStore
from tests import records
from tests.profiles import examples
from tests.store.processes import KEY, SECOND, always, followed, keep, none, one_more

Opening = Callable[[Path], AbstractAsyncContextManager[Store]]

STORES = pytest.mark.parametrize("opening", [pytest.param(open_store, id="sqlite")])
"""How each implementation of the protocol is opened."""
KEYS = [KEY, SECOND, key_of("T1", "C2", "job-1"), key_of("T2", "C1", "job-1")]


def plain(key: DeliveryKey) -> Records:
    return records.stored(
        records.following(job_id=key.job.job_id, address=key.address, pause=records.paused())
    )


def full(key: DeliveryKey) -> Records:
    """Return other records under the same keys, with values in more fields."""
    about: Any = {"job_id": key.job.job_id, "address": key.address}
    here: Any = {"pause": records.paused("U1"), "warned": (records.warning(),), "language": Language.ZH}
    told: Any = {"told": 3, "cards": 2, "no_card_before": 7, "delivered_at": 6}
    found = records.following("WAITING", "FAILED", **about, **told, **here)
    return records.stored(
        replace(
            found, subscription=replace(records.wish(**about, by=records.BOB), subscribed_at=records.NOW + 1)
        )
    )


PLAIN = Records(item for key in KEYS for item in plain(key).items())
FULL = Records(item for key in KEYS for item in full(key).items())
ITEMS = [(key, record) for key in PLAIN for record in (None, PLAIN[key], FULL[key])]
LIVES = st.lists(st.lists(st.lists(st.sampled_from(ITEMS), max_size=8).map(Records), max_size=4), max_size=3)
"""What is changed in one step, by all steps until the store is closed, each time it is opened."""


@STORES
class TestContract:
    """The protocol Store."""

    @examples(30)
    @example(lives=[[PLAIN], [FULL], [plain(SECOND), none(keys_of(SECOND)[1:2])]])
    @given(lives=LIVES)
    def test_any_history_reads_like_a_dict(self, opening: Opening, lives: list[list[Records]]) -> None:
        """However it is changed and opened again, a store holds and tells what a plain dict would."""
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(replay(opening, Path(folder, "store"), lives))

    async def test_changes_are_applied_one_after_the_other(self, opening: Opening, path: Path) -> None:
        """No change works on old records, a bad one changes nothing, and what was read stays as it was."""
        bad: list[Change] = [
            lambda _: followed(SECOND),
            lambda records: Records({KEY.address: records[KEY]}),
            lambda records: Records({SECOND: records[SECOND]}),
        ]
        async with opening(path) as store:
            await keep(store, followed())
            for each in bad:
                with pytest.raises((ValueError, KeyError)):
                    await store.change([KEY, KEY.address], each)
                assert await store.get([*PLAIN]) == {**dict.fromkeys(PLAIN), **followed()}
            await asyncio.gather(*(store.change([KEY], one_more) for _ in range(30)))
            assert await store.get([KEY]) == {KEY: followed(delivered_at=30)[KEY]}
            jobs, addresses = await store.jobs(), await store.addresses()
            await store.change(PLAIN, none)
            assert ([*jobs], [*addresses]) == ([KEY.job], [KEY.address])
            assert await store.channel(KEY.address) == Channel(Destination(address=KEY.address))

    async def test_wide_subscriptions_are_told_apart(self, opening: Opening, path: Path) -> None:
        """They are found without a search, also by a later process, and a change of one is heard as such."""
        narrow, mine = records.wish(), Selector(SelectorKind.BATCH, "spring / 春")
        wide = replace(narrow, selector=mine)
        louder, heard = replace(wide, level=Level.IMPORTANT), list[Changed]()
        async with opening(path) as store:
            store.listen(heard.append)
            await keep(store, Records.of(narrow))
            for each in (wide, louder):
                await keep(store, Records.of(each))
                assert await store.wide() == [each]
        async with opening(path) as store:
            store.listen(heard.append)
            assert await store.wide() == [louder]
            await store.change([wide.key], none)
            assert await store.wide() == []
        assert [each.has_wide for each in heard] == [False, True, True, True]


async def replay(opening: Opening, path: Path, lives: list[list[Records]]) -> None:
    model = Records()
    for changes in [*lives, []]:
        async with opening(path) as store:
            await compare(store, model)
            heard: list[Changed] = []
            store.listen(heard.append)
            for wanted in changes:
                after = changed(model, wanted)
                found = await store.change(PLAIN, always(wanted))
                assert found == {key: after.get(key) for key in PLAIN}
                assert heard == news(model, after)
                heard.clear()
                model = after
                await compare(store, model)


def changed(model: Records, wanted: Records) -> Records:
    kept = {key: record for key, record in {**model, **wanted}.items() if record}
    jobs = {record.job for record in kept.values() if isinstance(record, Delivery)}
    return Records((key, each) for key, each in kept.items() if not isinstance(key, JobRef) or key in jobs)


def news(before: Records, after: Records) -> list[Changed]:
    keys = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    jobs = frozenset(key for key in keys if isinstance(key, JobRef))
    others = {key for key in after if isinstance(key, DeliveryKey) and key.job in jobs} | keys
    addresses = [it if isinstance(it, Address) else it.address for it in others if not isinstance(it, JobRef)]
    return [Changed(jobs, frozenset(addresses))] if keys else []


async def compare(store: Store, model: Records) -> None:
    """See that all that is read of the store is what the model has."""
    assert await store.get(PLAIN) == {key: model.get(key) for key in PLAIN}
    every = []
    for address in {key.address for key in KEYS}:
        found = [it for key in KEYS if key.address == address and (it := following(model, key))]
        every += found
        expected = Channel(model.destination(address), tuple(sorted(found, key=order)))
        assert await store.channel(address) == expected
    told = {key.address for key in model if isinstance(key, DeliveryKey)}
    assert {*await store.addresses()} == told | {key for key in model if isinstance(key, Address)}
    assert await store.jobs() == {key: job for key, job in model.items() if isinstance(key, JobRef)}
    assert await store.counts() == counts_of(every)
    for team, person in product(("T1", "T2"), (records.ALICE, records.BOB)):
        own = [it for it in every if it.subscription and it.subscription.subscribed_by == person]
        here = [it for it in own if it.key.address.team_id == team]
        oldest_first = sorted(here, key=lambda it: (order(it), it.channel_id))
        assert [*await store.made_by(team, person)] == oldest_first


def order(it: Following) -> tuple[bool, int, str]:
    return it.subscription is None, it.subscription.subscribed_at if it.subscription else 0, it.job_id


async def test_files_are_private_and_commits_are_synced(path: Path) -> None:
    """All have mode 0600, even if they had another one; the one that remains is of JSON that can be read."""
    for each in (path, path.with_name("store.lock")):
        each.touch()
        each.chmod(0o666)
    async with SqliteStore(path) as store:
        await keep(store, full(KEY))
        modes = {each.name: oct(each.stat().st_mode & 0o777) for each in path.parent.iterdir()}
        pragmas = [await pragma(store, name) for name in ("synchronous", "journal_mode", "busy_timeout")]
    assert modes == dict.fromkeys(["store", "store-wal", "store-shm", "store.lock"], "0o600")
    assert {each.name for each in path.parent.iterdir()} == {"store", "store.lock"}
    assert pragmas == [2, "wal", 2000]
    with closing(sqlite3.connect(path)) as file:
        rows = {key: json.loads(value) for key, value in file.execute("SELECT key, value FROM voicejob")}
    assert rows.pop("about:format") == {"version": FORMAT}
    kinds = {"subscription:T1/C1/job/job-1", "delivery:T1/C1//job-1", "job:/job-1", "destination:T1/C1"}
    assert rows.keys() == kinds
    assert rows["delivery:T1/C1//job-1"]["address"] == ["T1", "C1"]


async def pragma(store: SqliteStore, name: str) -> Any:
    row = await store.disk.ask(lambda table: table.conn.select_one(f"PRAGMA {name}"))
    return row[0]


async def test_thousands_are_read_in_pages(path: Path) -> None:
    """None is lost or doubled; no sets of fields are kept, which would be a quarter of the memory."""
    every = Records()
    for number in range(501):
        every.update(followed(key_of("T1", "C1", f"j{number}")))
    for written in (every, Records()):
        async with SqliteStore(path) as store:
            await keep(store, written)
            assert await store.get(every) == every
            assert not any(record.job.model_fields_set for record in (await store.jobs()).values())
