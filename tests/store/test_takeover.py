"""Subscriptions under another workspace id: moved to the present one at the start."""

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.config import Settings
from bot.domain.subscriptions import Notice, Subscription, next_time, refused
from bot.errors import StoreTrouble
from bot.messages import channel as notices
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import Message, SlackWorkspace
from bot.simulators.world import running
from bot.store.sqlite import SqliteStore
from bot.store.takeover import moved, take_over
from tests.store.processes import a_subscription
from tests.support import AT_ONCE, log_lines

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
async def test_crash_anywhere_loses_nothing_and_doubles_nothing(
    tmp_path: Path, changes: int, after: str
) -> None:
    """The next start completes what the last one began; with the old id again, all is as it was."""
    async with SqliteStore(tmp_path / "store") as store:
        for subscription in ORIGINALS:
            await store.add(subscription)
        with suppress(StoreTrouble):
            await take_over(CrashingStore(store, changes), NEW)
    async with SqliteStore(tmp_path / "store") as store:
        await take_over(store, after)
        assert await take_over(store, after) == 0
        assert await all_of(store) == [moved(subscription, after) for subscription in ORIGINALS]


async def test_one_per_channel_and_job_stays(tmp_path: Path) -> None:
    """The one that has the id already, or else, of those of several earlier ids, the one delivered last."""
    again = a_subscription(team_id=NEW, subscribed_by="U2", stopped_by="U2")
    first, last = (a_subscription("C2", team_id=f"T{at}", delivered_at=at) for at in (8, 9))
    async with SqliteStore(tmp_path / "store") as store:
        for subscription in (a_subscription(delivered_at=9), again, first, last):
            await store.add(subscription)

        assert await take_over(store, NEW) == 3
        assert await all_of(store) == [again, moved(last, NEW)]


def test_what_was_refused_is_tried_at_once() -> None:
    """The refusal may have been of the other workspace; who subscribed is told of it as before, not more."""
    paused = refused("channel_not_found", 100, person_knows=True)(a_subscription())
    assert paused is not None
    taken = moved(paused, NEW)

    assert (next_time(paused, 150), next_time(taken, 150)) == (400, 100)
    assert taken.pause is not None
    assert taken.pause.person_knows


async def test_the_bot_goes_on_under_the_new_id(
    slack: SlackWorkspace,
    metastudio: MetaStudioSimulator,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After a migration, and back: the list has the subscription, and each change is sent once."""
    channel = slack.add_channel("voices")
    job = metastudio.add_job(voice_name="女声")["job_id"]

    async def ask(text: str) -> str:
        return (await (await slack.command("/voicejob", text, channel=channel)).message()).text

    async with running(settings, rates=AT_ONCE):
        await ask(f"subscribe {job}")
    for team_id, state in (("T0NEW", "AUDITING"), ("T0VOICEJOB", "PROCESSING")):
        slack.move(team_id, "E0ORG")
        metastudio.set_state(job, state)
        async with running(settings, rates=AT_ONCE):
            await slack.message_where(partial(_names, state))
            assert "1 subscription in" in await ask("list")
    async with running(settings, rates=AT_ONCE):
        assert "is not told" in await ask(f"unsubscribe {job}")

    changes = [message.text for message in slack.messages(channel) if message.thread_ts]
    assert ["→ In manual review" in changes[0], "→ In training" in changes[1]] == [True, True]
    assert len(changes) == 2
    assert len([line for line in log_lines(caplog) if line.endswith("taken over: 1")]) == 2


def _names(state: str, message: Message) -> bool:
    return bool(message.thread_ts) and f"→ {notices.label(state)}" in message.text
