"""Stores of earlier formats: how they are converted, and the copy that is kept before."""

# ruff: noqa: ASYNC240, S608  these tests are about files, and make statements of constants

import json
import shutil
import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.domain.deliveries import Step, next_step
from bot.domain.keys import Address, JobRef
from bot.domain.records import Pause, Records
from bot.domain.subscriptions import following, key_of
from bot.errors import StoreCorrupt, StoreNotCopied
from bot.messages.operator import sentence
from bot.store import open_store
from bot.store.conversion import OldSubscription, converted
from bot.store.rows import FORMAT
from tests.store.test_store_faults import largest_file, refused, run_sql

FORMAT_2 = Path(__file__).with_name("formats") / "format_2.sqlite"
"""Written by the last program of that format, with a subscription in every condition."""
FORMAT_3 = FORMAT_2.with_name("format_3.sqlite")
"""What the last program of format 3 made of it."""
DUE = {
    Step.POST_CARD: ["C0OPEN 1", "C0SHUT 10"],
    Step.POST_NOTICE: ["C0OPEN 3", "C0OPEN 4", "C0OPEN 6", "C0OPEN 9", "C0SHUT 2", "D0ALICE 3"],
    Step.EDIT_CARD: ["C0BACK 2", "C0OPEN 2", "C0OPEN 5", "C0OPEN 7", "C0SHUT 3"],
}
"""What is due in it, by channel and job. All cards are edited, since they look otherwise now.

Job 8 was stopped in two of them, and its cards say so.
"""


def rows_in(path: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(path)) as file:
        return {key: json.loads(value) for key, value in file.execute("SELECT key, value FROM voicejob")}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return Path(shutil.copy(FORMAT_2, tmp_path / "store"))


async def test_what_was_pending_is_pending(path: Path) -> None:
    """Each row's change, card and edit, each pause and each warning: before the conversion, and after it."""
    old = rows_in(path)
    async with open_store(path):
        pass
    async with open_store(path) as store:
        channels = [await store.channel(each) for each in sorted(await store.addresses())]
    due = defaultdict(list)
    for each in (each for channel in channels for each in channel.followings):
        due[next_step(each, 0)].append(f"{each.channel_id} {int(each.job_id, 16)}")
        row = old[f"subscription:T0VOICEJOB/{each.channel_id}/{each.job_id}"]
        notice, card = row.get("notice", {"path": []}), row.get("card", {"face": None})
        assert ([*each.path], each.pending_since) == (notice["path"], notice.get("since"))
        delivery, wish = each.delivery, each.subscription
        assert (delivery.card and delivery.card.fingerprint) == card["face"]
        assert (delivery.cards, delivery.delivered_at) == ("card" in row, row.get("delivered_at"))
        assert (delivery.told is None) == ("delivered_at" not in row)
        assert wish
        asked = (wish.level, wish.subscribed_by, wish.subscribed_at)
        assert asked == (row["level"], row["subscribed_by"], row["subscribed_at"])
        assert each.job.model_dump(exclude_none=True) == row["job"]
    assert {step: sorted(jobs) for step, jobs in due.items()} == DUE
    found = [each.destination for each in channels]
    paused = Pause(reason="is_archived", since=1790000110, tries=2, next_try=1790001010, told=("U0ALICE",))
    assert {it.address.channel_id: it.pause for it in found if it.pause} == {"C0SHUT": paused}
    warned = {(it.address.channel_id, int(each.job.job_id, 16)) for it in found for each in it.warned}
    assert warned == {("C0BACK", 2), ("C0BACK", 8), ("C0SHUT", 2)}


async def test_a_copy_is_kept(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Of the same content, private, once; what a killed start left is replaced, and another copy stays.

    The log says where it is.
    """
    run_sql(path, "UPDATE voicejob SET value = '{\"version\": 1}' WHERE key = 'about:format'")
    old, copy = rows_in(path), path.with_name("store.format-1")
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
    assert f"a copy of it as it was is {copy}.2." in caplog.text


async def test_without_room_for_a_copy_nothing_changes(path: Path) -> None:
    """The sentence says where room is needed."""
    run_sql(path, f"INSERT INTO voicejob VALUES ('about:x', '\"{'x' * 100_000}\"')")
    old = rows_in(path)
    with largest_file(50_000):
        error = await refused(path, StoreNotCopied)
    assert f"kept at “{path}.format-2”" in sentence(error)
    assert rows_in(path) == old
    assert {each.name for each in path.parent.iterdir()} == {"store", "store.lock"}


async def test_format_3_changes_its_number(tmp_path: Path) -> None:
    """Beside that, it names nobody to mention; its program can use the copy."""
    path = Path(shutil.copy(FORMAT_3, tmp_path / "store"))
    old = rows_in(path)
    async with open_store(path):
        pass
    wishes = {row: {**old[row], "mentions": []} for row in old if row.startswith("subscription:")}
    assert rows_in(path) == {**old, **wishes, "about:format": {"version": FORMAT}}
    assert rows_in(path.with_name("store.format-3")) == old


@pytest.mark.parametrize("change", ["'{'", "json_set(value, '$.secret', 1)", "replace(value, 'C0BACK', 'C')"])
async def test_row_that_can_not_be_converted_is_named(path: Path, change: str) -> None:
    """Nothing is converted, then, and no copy is made."""
    run_sql(path, f"UPDATE voicejob SET value = {change} WHERE key LIKE '%C0BACK%08'")
    error = await refused(path, StoreCorrupt)
    assert "its row subscription:T0VOICEJOB/C0BACK/00000000000000000000000000000008" in str(error)
    assert {each.name for each in path.parent.iterdir()} == {"store", "store.lock"}


USUAL = {"team_id": "T1", "job_id": "j", "level": "all", "subscribed_at": 5, "delivered_at": 6}


def old(
    channel: str, path: str, *, updated: int = 9, count: int | None = 1, since: int = 7, **fields: Any
) -> OldSubscription:
    """Return a subscription to a job in the last of these states; all but the first are yet to be told."""
    states = path.split()
    job = {"job_id": "j", "state": states[-1], "lastupdate_time": updated, "reject_times": count}
    card = {"ts": "1.2", "posted_at": 6, "face": fields.pop("face", f"{states[-1]} 1 all ")}
    notice = {"path": states, "since": since} if states[1:] else None
    own = {"channel_id": channel, "subscribed_by": f"U{channel}", "job": job, "card": card, "notice": notice}
    return OldSubscription.model_validate({**USUAL, **own, **fields})


@pytest.mark.parametrize(
    ("olds", "sights", "paths"),
    [
        ([old("A", "X Y Z"), old("B", "Y Z", since=8)], "X5 Y7 Z8", ["X Y Z", "Y Z"]),
        ([old("A", "X Y Z"), old("B", "X Y Z", since=9)], "X5 Y7 Z7", ["X Y Z", "X Y Z"]),
        ([old("A", "X Y"), old("B", "Y")], "X5 Y7", ["X Y", ""]),
        ([old("A", "X Y", updated=10), old("B", "W X", since=6)], "W5 X6 Y7", ["X Y", "W X Y"]),
        ([old("A", "X X", count=2), old("B", "X")], "X5 X7", ["X X", "X X"]),
        ([old("A", "X"), old("B", "X gone", count=None)], "X5 gone7", ["X gone", "X gone"]),
        ([old("A", "X", subscribed_at=20), old("B", "X gone", count=None)], "X5 gone7 X7", ["", "X gone X"]),
        ([old("A", "Y", card=None, delivered_at=None), old("B", "X", updated=8)], "X5 Y5", ["", "X Y"]),
        ([old("A", "X Y", card=None)], "X5 Y7", ["X Y"]),
        ([old("A", "X", stopped_by="U2"), old("B", "Y", updated=10)], "X5 Y5", ["", ""]),
        ([old("A", "SUCCEED")], "SUCCEED5", [""]),
        ([old("A", "X", stopped_by="U2", card=None)], "", []),
        ([old("A", "X", stopped_by="U2", face="X 1 all U2")], "", []),
    ],
)
def test_jobs_of_several_channels_become_one(
    olds: list[OldSubscription], sights: str, paths: list[str]
) -> None:
    """With the newest job, and all that is pending for any of them; nothing is left where nothing is due."""
    records = Records.of(*converted(olds))
    found = [each for old in olds if (each := following(records, key_of("T1", old.channel_id, "j")))]
    assert [" ".join(each.path) for each in found] == paths
    record = records.job(JobRef.of("j"))
    assert " ".join(f"{each.state}{each.at}" for each in (record.sights if record else ())) == sights


@pytest.mark.parametrize(
    ("first", "second", "merged"),
    [
        (("old", 10, 1, 310), 9, ("old", 10, 1, 310)),
        (("old", 10, 1, 310), 11, None),
        (("old", 10, 3, 5000), 1000, ("old", 10, 3, 5000)),
        (("old", 10, 3, 10), 1000, None),
        (("old", 10, 2, 310), ("new", 20, 1, 320), ("new", 10, 2, 310)),
        (("cannot_reply_to_message", 10, 1, 310), 9, None),
    ],
)
def test_pauses_of_a_channel_become_one(first: Any, second: Any, merged: Any) -> None:
    """Unless a message was accepted, at the time that stands for a pause, after the last refusal."""

    def pause(*fields: Any) -> dict[str, Any]:
        names = ("reason", "since", "tries", "next_try", "person_knows")
        return dict(zip(names, (*fields, False), strict=True))

    fields = {"pause": pause(*second)} if isinstance(second, tuple) else {"delivered_at": second}
    every = converted([old("A", "X", pause=pause(*first)), old("A", "X", job_id="k", **fields)])
    found = Records.of(*every).destination(Address("T1", "A")).pause
    assert (found and (found.reason, found.since, found.tries, found.next_try)) == merged


def test_who_was_warned_knows_of_the_pause() -> None:
    """Nobody gets a second direct message about it."""
    paused = {"reason": "is_archived", "since": 10, "tries": 1, "next_try": 310, "person_knows": False}
    posted = {"channel_id": "D1", "ts": "1.3"}
    warned: dict[str, Any] = {"subscribed_by": "UB", "warning": posted, "delivered_at": 5}
    every = converted([old("A", "X", pause=paused), old("A", "X", job_id="k", **warned)])
    pause = Records.of(*every).destination(Address("T1", "A")).pause

    assert pause
    assert pause.told == ("UB",)
