"""Stores of earlier formats: how they are converted, and the copy that is kept before."""

# ruff: noqa: ASYNC240, S608  these tests are about files, and make statements of constants

import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.domain.deliveries import Step, next_step
from bot.domain.records import Address, Destination, JobRef, Pause, Records
from bot.domain.subscriptions import following, key_of
from bot.errors import StoreCorrupt, StoreNotCopied
from bot.messages.errors import sentence
from bot.store import open_store
from bot.store.conversion import OldSubscription, converted
from tests.store.test_store_faults import largest_file, refused, run_sql

FORMAT_2 = Path(__file__).with_name("formats") / "format_2.sqlite"
"""Written by the last program of that format, with a subscription in every condition."""
DUE = {
    "C0OPEN": {
        1: Step.POST_CARD,
        2: None,
        3: Step.POST_NOTICE,
        4: Step.POST_NOTICE,
        5: Step.EDIT_CARD,
        6: Step.POST_NOTICE,
        7: Step.EDIT_CARD,
        9: Step.POST_NOTICE,
    },
    "C0SHUT": {2: Step.POST_NOTICE, 3: Step.EDIT_CARD, 10: Step.POST_CARD},
    "C0BACK": {2: None},
    "D0ALICE": {3: Step.POST_NOTICE},
}
"""What is due in it, by channel and job. Job 8 was stopped in two of them, and its cards say so."""


def rows_in(path: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(path)) as file:
        return {key: json.loads(value) for key, value in file.execute("SELECT key, value FROM voicejob")}


@pytest.fixture(params=[2, 1])
def version(request: pytest.FixtureRequest, path: Path) -> int:
    """Put a store of an earlier format in place; format 1 had no warnings."""
    shutil.copy(FORMAT_2, path)
    if request.param == 1:
        run_sql(
            path,
            "UPDATE voicejob SET value = json_remove(value, '$.warning')",
            "UPDATE voicejob SET value = '{\"version\": 1}' WHERE key = 'about:format'",
        )
    return int(request.param)


async def test_what_was_pending_is_pending(path: Path, version: int) -> None:
    """Each row's change, card and edit, each pause and each warning: before the conversion, and after it."""
    old = {key: row for key, row in rows_in(path).items() if not key.startswith("about:")}
    async with open_store(path):
        pass
    async with open_store(path) as store:
        channels = {each.channel_id: await store.channel(each) for each in await store.addresses()}
    due = {
        name: {int(each.job_id, 16): next_step(each, 0) for each in channel.followings}
        for name, channel in channels.items()
    }
    assert due == DUE
    for each in (each for channel in channels.values() for each in channel.followings):
        row = old[f"subscription:T0VOICEJOB/{each.channel_id}/{each.job_id}"]
        notice, card = row.get("notice", {"path": []}), row.get("card", {"face": None})
        assert [*each.path] == notice["path"]
        assert each.pending_since == notice.get("since")
        assert (each.delivery.card and each.delivery.card.fingerprint) == card["face"]
        assert each.delivery.delivered_at == row.get("delivered_at")
        assert each.delivery.cards == ("card" in row)
        assert (each.delivery.told is None) == ("delivered_at" not in row)
        assert each.subscription
        wish = (each.level, each.subscription.subscribed_by, each.subscription.subscribed_at)
        assert wish == (row["level"], row["subscribed_by"], row["subscribed_at"])
        assert each.job.model_dump(exclude_none=True) == row["job"]
    paused = Pause(reason="is_archived", since=1790000110, tries=2, next_try=1790001010, told=("U0ALICE",))
    assert {name: each.destination.pause for name, each in channels.items()} == {
        **dict.fromkeys(DUE),
        "C0SHUT": paused,
    }
    warned = {
        name: [int(it.job.job_id, 16) for it in each.destination.warned] for name, each in channels.items()
    }
    both = {"C0SHUT": [2], "C0BACK": [2, 8]} if version == 2 else {}
    assert warned == {**{name: [] for name in DUE}, **both}


async def test_a_copy_is_kept(path: Path, version: int) -> None:
    """Of the same content, private, once; what a killed start left is replaced, and another copy stays."""
    old, copy = rows_in(path), path.with_name(f"store.format-{version}")
    backup = path.read_bytes()
    copy.with_name(f"{copy.name}.part").write_text("half of a copy")
    for _ in range(2):
        path.write_bytes(backup)  # as after a start that was killed before it converted anything
        async with open_store(path):
            pass
    assert rows_in(copy) == old
    assert oct(copy.stat().st_mode & 0o777) == "0o600"
    assert {each.name for each in path.parent.iterdir()} == {"store", "store.lock", copy.name}

    path.write_bytes(backup)
    run_sql(path, "DELETE FROM voicejob WHERE key LIKE '%C0BACK%'")
    async with open_store(path):
        pass
    assert rows_in(copy) == old
    assert "C0BACK" not in str(rows_in(copy.with_name(f"{copy.name}.2")))


async def test_without_room_for_a_copy_nothing_changes(path: Path, version: int) -> None:
    """The sentence says where room is needed."""
    run_sql(path, f"INSERT INTO voicejob VALUES ('about:x', '\"{'x' * 100_000}\"')")
    old = rows_in(path)
    with largest_file(50_000):
        error = await refused(path, StoreNotCopied)
    assert f"kept at “{path}.format-{version}”" in sentence(error)
    assert rows_in(path) == old
    assert {each.name for each in path.parent.iterdir()} == {"store", "store.lock"}


@pytest.mark.parametrize("change", ["'{'", "json_set(value, '$.secret', 1)", "replace(value, 'C0BACK', 'C')"])
async def test_row_that_can_not_be_converted_is_named(path: Path, version: int, change: str) -> None:  # noqa: ARG001
    """Nothing is converted, then, and no copy is made."""
    run_sql(path, f"UPDATE voicejob SET value = {change} WHERE key LIKE '%C0BACK%08'")
    error = await refused(path, StoreCorrupt)
    assert "its row subscription:T0VOICEJOB/C0BACK/00000000000000000000000000000008" in str(error)
    assert {each.name for each in path.parent.iterdir()} == {"store", "store.lock"}


def old(channel: str, state: str, *, at: int = 5, count: int = 1, updated: int = 9, **fields: Any) -> Any:
    job = {"job_id": "j", "state": state, "reject_times": count, "lastupdate_time": updated}
    return OldSubscription.model_validate(
        {
            "team_id": "T1",
            "channel_id": channel,
            "job_id": "j",
            "level": "all",
            "subscribed_by": f"U{channel}",
            "subscribed_at": at,
            "job": job,
            "card": {"ts": "1.2", "posted_at": 6, "face": f"{state} {count} all "},
            "delivered_at": 6,
        }
        | fields
    )


def notice(*path: str, since: int = 7) -> dict[str, Any]:
    return {"path": path, "since": since}


def pause(since: int, *, tries: int = 1, **fields: Any) -> dict[str, Any]:
    usual = {"reason": "is_archived", "since": since, "tries": tries, "next_try": since + 300}
    return usual | {"person_knows": False} | fields


FRESH: dict[str, Any] = {"card": None, "delivered_at": None}
GONE: Any = {"count": None, "notice": notice("X", "gone")}


@pytest.mark.parametrize(
    ("olds", "sights", "paths"),
    [
        (
            [
                old("A", "Z", notice=notice("X", "Y", "Z")),
                old("B", "Z", notice=notice("Y", "Z", since=8)),
                old("C", "Z", notice=notice("X", "Y", "Z", since=9)),
            ],
            [("X", 5), ("Y", 7), ("Z", 8)],
            {"A": "XYZ", "B": "YZ"},
        ),
        ([old("A", "Y", notice=notice("X", "Y")), old("B", "Y")], [("X", 5), ("Y", 7)], {"A": "XY", "B": ""}),
        (
            [
                old("A", "Y", updated=10, notice=notice("X", "Y")),
                old("B", "X", notice=notice("W", "X", since=6)),
            ],
            [("W", 5), ("X", 6), ("Y", 7)],
            {"A": "XY", "B": "WXY"},
        ),
        ([old("A", "X", count=2, notice=notice("X", "X")), old("B", "X")], [("X", 5), ("X", 7)], {"B": "XX"}),
        ([old("A", "X"), old("B", "gone", **GONE)], [("X", 5), ("gone", 7)], {"A": ["X", "gone"]}),
        ([old("A", "X", at=20), old("B", "gone", **GONE)], [("X", 5), ("gone", 7), ("X", 7)], {"A": ""}),
        ([old("A", "Y", **FRESH), old("B", "X", updated=8)], [("X", 5), ("Y", 5)], {"A": "", "B": "XY"}),
        ([old("A", "Y", card=None, notice=notice("X", "Y"))], [("X", 5), ("Y", 7)], {"A": "XY"}),
        (
            [old("A", "X", stopped_by="U2"), old("B", "Y", updated=10)],
            [("X", 5), ("Y", 5)],
            {"A": "", "B": ""},
        ),
    ],
)
def test_jobs_of_several_channels_become_one(
    olds: Sequence[OldSubscription], sights: list[tuple[str, int]], paths: dict[str, Sequence[str]]
) -> None:
    """With the newest job, and all that is pending for any of them; what differs from it is pending."""
    records = Records.of(*converted(olds))
    record = records.job(JobRef.of("j"))
    assert record
    assert [(each.state, each.at) for each in record.sights] == sights
    found = {channel: following(records, key_of("T1", channel, "j")) for channel in paths}
    assert {channel: [*each.path] for channel, each in found.items() if each} == {
        channel: [*path] for channel, path in paths.items()
    }


@pytest.mark.parametrize(
    ("olds", "merged"),
    [
        ([old("A", "X", pause=pause(10)), old("A", "X", delivered_at=9)], pause(10)),
        ([old("A", "X", pause=pause(10)), old("A", "X", delivered_at=11)], None),
        ([old("A", "X", pause=pause(10, tries=3, next_try=5000)), old("A", "X", delivered_at=1000)],
         pause(10, tries=3, next_try=5000)),
        ([old("A", "X", pause=pause(10, tries=3, next_try=10)), old("A", "X", delivered_at=1000)], None),
        (
            [old("A", "X", pause=pause(10, tries=2)), old("A", "X", pause=pause(20, reason="no_text"))],
            pause(10, tries=2, reason="no_text"),
        ),
    ],
)  # fmt: skip
def test_pauses_of_a_channel_become_one(olds: list[OldSubscription], merged: dict[str, Any] | None) -> None:
    """Unless a message was accepted after the last refusal; those who know of it are known."""
    several = [each.model_copy(update={"job_id": f"j{number}"}) for number, each in enumerate(olds)]
    found = Records.of(*converted(several)).destination(Address("T1", "A"))
    del (merged or {"person_knows": 0})["person_knows"]
    assert found.pause == (Pause(**merged) if merged else None)


@pytest.mark.parametrize(
    "fields",
    [
        {"stopped_by": "U2", "card": {"ts": "1.2", "posted_at": 6, "face": "SUCCEED 1 all U2"}},
        {"stopped_by": "U2", "card": None},
        {},
    ],
)
def test_of_what_is_over_only_the_warning_is_left(fields: dict[str, Any]) -> None:
    """There is nothing to send of it but the edit of that direct message."""
    ended = old("A", "SUCCEED", warning={"channel_id": "D1", "ts": "3.4"}, **fields)
    (left,) = converted([ended])
    assert isinstance(left, Destination)
    assert [each.ts for each in left.warned] == ["3.4"]
