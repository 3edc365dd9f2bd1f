"""What is followed under another workspace id: moved to the present one at the start."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot.config import Settings
from bot.domain.pauses import refused, wait_of
from bot.domain.records import Address, DeliveryKey, Records
from bot.domain.subscriptions import key_of
from bot.errors import StoreTrouble
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.records import TEAM_ID
from bot.simulators.slack.workspace import SlackWorkspace
from bot.simulators.world import running
from bot.store import Store, open_store
from bot.store.takeover import take_over
from tests.store.faulty import FaultyStore
from tests.store.processes import KEY, followed, keep
from tests.support import AT_ONCE

OLD, NEW = "T1", "T2"


def ended(key: DeliveryKey, **delivery: Any) -> Records:
    """Return the records of a job whose subscription a person ended, until its card says so."""
    every = followed(key, stopped_by="U2", **delivery)
    return Records({key: every[key], key.job: every[key.job]})


def originals(team: str) -> Records:
    """Return what is followed in two conversations of a workspace."""
    first, second = followed(key_of(team, "C1", "j1"), told=0), followed(key_of(team, "C1", "j2"))
    return Records({**first, **second, **ended(key_of(team, "C2", "j1"))})


async def all_of(store: Store) -> Records:
    channels = [await store.channel(address) for address in await store.addresses()]
    every = [each for channel in channels for each in channel.followings]
    records = [(each.delivery, each.record, each.subscription) for each in every]
    return Records.of(*(record for several in records for record in several if record))


@pytest.mark.parametrize("calls", range(1, 7))
@pytest.mark.parametrize("after", [NEW, OLD], ids=["goes on", "goes back"])
async def test_crash_anywhere_loses_nothing_and_doubles_nothing(path: Path, calls: int, after: str) -> None:
    """The next start completes what the last one began; with the old id again, all is as it was."""
    async with open_store(path) as store:
        await keep(store, originals(OLD))
        with suppress(StoreTrouble):
            await take_over(FaultyStore(store, lambda call: call > calls), NEW)
    async with open_store(path) as store:
        await take_over(store, after)
        assert await take_over(store, after) == 0
        assert await all_of(store) == originals(after)


async def test_one_per_channel_and_job_stays(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The one that has the id already, or else, of those of several earlier ids, the one delivered last.

    Where it is being ended, no wish of the other one is left beside it.
    """
    mine = ended(key_of(NEW, "C1", "job-1"))
    first, last = (followed(key_of(f"T{at}", "C2", "job-1"), delivered_at=at) for at in (8, 9))
    async with open_store(path) as store:
        await keep(store, followed(delivered_at=9), mine, first, last)

        assert await take_over(store, NEW) == 3
        assert await all_of(store) == {**mine, **followed(key_of(NEW, "C2", "job-1"), delivered_at=9)}
    assert caplog.messages[0].endswith("taken over: 3")


async def test_what_was_refused_is_tried_at_once(path: Path) -> None:
    """The refusal may have been of the other workspace; those who know of it are not told again."""
    async with open_store(path) as store:
        await keep(store, followed())
        await store.change([KEY.address], refused(KEY.address, "channel_not_found", 100, knows=["U1"]))
        await take_over(store, NEW)
        pause = (await store.channel(Address(NEW, "C1"))).destination.pause
    assert wait_of(pause, 150) == 0
    assert pause
    assert pause.told == ("U1",)


async def test_the_bot_goes_on_under_the_new_id(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, settings: Settings
) -> None:
    """After a migration, the list has the subscription, and a change is sent once."""
    channel, job = slack.add_channel("voices"), metastudio.add_job(state="AUDITING")["job_id"]
    async with open_store(settings.voicejob_store) as store:
        await keep(store, followed(key_of(TEAM_ID, channel, job), told=0))
    slack.move("T0NEW", "E0ORG")
    async with running(settings, rates=AT_ONCE):
        await slack.message_where(lambda message: "→ In manual review" in message.text)
        asked = await slack.command("/voicejob", "list", channel=channel)
        assert "1 subscription in" in (await asked.message()).text

    assert len([message for message in slack.messages(channel) if message.thread_ts]) == 1
