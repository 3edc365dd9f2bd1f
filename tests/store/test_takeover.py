"""Subscriptions under another workspace id: moved to the present one at the start."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot.config import Settings
from bot.domain.jobs import Job
from bot.domain.subscriptions import Notice, Subscription, next_time, refused
from bot.errors import StoreTrouble
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import SlackWorkspace
from bot.simulators.world import running
from bot.store.sqlite import SqliteStore
from bot.store.takeover import moved, take_over
from tests.store.processes import a_subscription
from tests.support import AT_ONCE

OLD, NEW = "T1", "T2"


class CrashingStore:
    """A store that makes so many changes and no more, as that of a process that is killed then."""

    def __init__(self, store: SqliteStore, changes: int) -> None:
        self._store = store
        self._left = changes

    def __getattr__(self, name: str) -> Any:
        if name in {"add", "change"}:
            if self._left == 0:
                raise StoreTrouble(path="crashed")
            self._left -= 1
        return getattr(self._store, name)


async def all_of(store: SqliteStore) -> list[Subscription]:
    every = [subscription for several in (await store.followed()).values() for subscription in several]
    return sorted(every, key=lambda subscription: subscription.key)


ORIGINALS = [
    a_subscription("C1", "job-1", notice=Notice(path=("WAITING", "FAILED"), since=7), delivered_at=5),
    a_subscription("C1", "job-2"),
    a_subscription("C2", "job-1", stopped_by="U2"),
]


@pytest.mark.parametrize("changes", range(7))
@pytest.mark.parametrize("after", [NEW, OLD], ids=["goes on", "goes back"])
async def test_crash_anywhere_loses_nothing_and_doubles_nothing(path: Path, changes: int, after: str) -> None:
    """The next start completes what the last one began; with the old id again, all is as it was."""
    async with SqliteStore(path) as store:
        for subscription in ORIGINALS:
            await store.add(subscription)
        with suppress(StoreTrouble):
            await take_over(CrashingStore(store, changes), NEW)
    async with SqliteStore(path) as store:
        await take_over(store, after)
        assert await take_over(store, after) == 0
        assert await all_of(store) == [moved(subscription, after) for subscription in ORIGINALS]


async def test_one_per_channel_and_job_stays(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The one that has the id already, or else, of those of several earlier ids, the one delivered last."""
    again = a_subscription(team_id=NEW, subscribed_by="U2", stopped_by="U2")
    first, last = (a_subscription("C2", team_id=f"T{at}", delivered_at=at) for at in (8, 9))
    async with SqliteStore(path) as store:
        for subscription in (a_subscription(delivered_at=9), again, first, last):
            await store.add(subscription)

        assert await take_over(store, NEW) == 3
        assert await all_of(store) == [again, moved(last, NEW)]
    assert caplog.messages[0].endswith("taken over: 3")


def test_what_was_refused_is_tried_at_once() -> None:
    """The refusal may have been of the other workspace; who subscribed is told of it as before, not more."""
    paused = refused("channel_not_found", 100, person_knows=True)(a_subscription())
    assert paused is not None
    pause = moved(paused, NEW).pause

    assert (next_time(paused, 150), next_time(moved(paused, NEW), 150)) == (400, 100)
    assert pause
    assert pause.person_knows


async def test_the_bot_goes_on_under_the_new_id(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, settings: Settings
) -> None:
    """After a migration, the list has the subscription, and a change is sent once."""
    channel, job = slack.add_channel("voices"), metastudio.add_job(state="AUDITING")["job_id"]
    waiting = Job(job_id=job, state="WAITING")
    async with SqliteStore(settings.voicejob_store) as store:
        await store.add(a_subscription(channel, job, team_id="T0VOICEJOB", job=waiting))
    slack.move("T0NEW", "E0ORG")
    async with running(settings, rates=AT_ONCE):
        await slack.message_where(lambda message: "→ In manual review" in message.text)
        asked = await slack.command("/voicejob", "list", channel=channel)
        assert "1 subscription in" in (await asked.message()).text

    assert len([message for message in slack.messages(channel) if message.thread_ts]) == 1
