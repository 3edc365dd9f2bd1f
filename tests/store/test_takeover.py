"""Subscriptions under another workspace id: taken over at the start, whatever happens meanwhile."""

from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from bot.config import Settings
from bot.domain.subscriptions import Change, Key, Notice, Subscription, next_time, refused
from bot.errors import StoreTrouble
from bot.messages import channel as notices
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import Message, SlackWorkspace
from bot.simulators.world import running
from bot.store.sqlite import SqliteStore
from bot.store.takeover import moved, strangers, take_over
from tests.store.test_store import a_subscription
from tests.support import AT_ONCE, log_lines

OLD, NEW = "T1", "T2"


class CrashingStore(SqliteStore):
    """A store that takes so many writes and no more, as a process that is killed then."""

    writes_left = 1_000

    def _count(self) -> None:
        if self.writes_left == 0:
            raise StoreTrouble(path="crashed")
        self.writes_left -= 1

    async def add(self, subscription: Subscription) -> Subscription:
        """Keep one, unless the process is gone."""
        self._count()
        return await super().add(subscription)

    async def change(self, key: Key, how: Change) -> Subscription | None:
        """Change one, unless the process is gone."""
        self._count()
        return await super().change(key, how)


async def all_of(store: SqliteStore) -> list[Subscription]:
    followed = await store.followed()
    every = [subscription for several in followed.values() for subscription in several]
    return sorted(every, key=lambda subscription: (subscription.channel_id, subscription.job_id))


ORIGINALS = [
    a_subscription("C1", "job-1", notice=Notice(path=("WAITING", "FAILED"), since=7), delivered_at=5),
    a_subscription("C1", "job-2"),
    a_subscription("C2", "job-1", stopped_by="U2"),
]


@pytest.mark.parametrize("writes", range(7))
@pytest.mark.parametrize("after", [NEW, OLD], ids=["goes on", "goes back"])
async def test_a_crash_anywhere_loses_nothing_and_doubles_nothing(
    tmp_path: Path, writes: int, after: str
) -> None:
    """The next start ends what the last one began; with the old id again, all is as it was."""
    async with CrashingStore(tmp_path / "store") as store:
        for subscription in ORIGINALS:
            await store.add(subscription)
        store.writes_left = writes
        with suppress(StoreTrouble):
            await take_over(store, NEW)
    async with SqliteStore(tmp_path / "store") as store:
        await take_over(store, after)
        assert await take_over(store, after) == 0
        found = await all_of(store)

    assert found == [moved(subscription, after) for subscription in ORIGINALS]


async def test_what_is_there_already_stays(tmp_path: Path) -> None:
    """Who subscribed again under the new id is told once, and as they wished last."""
    again = a_subscription(team_id=NEW, subscribed_by="U2", stopped_by="U2")
    async with SqliteStore(tmp_path / "store") as store:
        await store.add(a_subscription(delivered_at=9))
        await store.add(again)

        assert await take_over(store, NEW) == 1
        assert await all_of(store) == [again]


def test_of_several_the_one_that_was_told_last_is_taken() -> None:
    """A workspace may have had more than one id before."""
    first, last = a_subscription(team_id="T8", delivered_at=1), a_subscription(team_id="T9", delivered_at=2)

    assert strangers([first, a_subscription(team_id=NEW), last], NEW) == [last, first]


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
    """After a migration, and back: the list has the subscription, and each change is told once."""
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
            await slack.message_where(partial(_tells, state))
            assert "1 subscription in" in await ask("list")
    async with running(settings, rates=AT_ONCE):
        assert "is not told" in await ask(f"unsubscribe {job}")

    changes = [message for message in slack.messages(channel) if message.thread_ts]
    assert ["→ In manual review" in changes[0].text, "→ In training" in changes[1].text] == [True, True]
    assert len(changes) == 2
    assert len([line for line in log_lines(caplog) if line.endswith("taken over: 1")]) == 2


def _tells(state: str, seen: Message) -> bool:
    return bool(seen.thread_ts) and f"→ {notices.label(state)}" in seen.text
