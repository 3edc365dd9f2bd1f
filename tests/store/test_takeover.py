"""What is followed under another workspace id: moved to the present one at the start."""

from contextlib import suppress
from pathlib import Path

import pytest

from bot.config import Settings
from bot.domain.keys import Address
from bot.domain.languages import Language
from bot.domain.records import Destination, Records
from bot.domain.subscriptions import key_of
from bot.errors import StoreTrouble
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.records import TEAM_ID
from bot.simulators.slack.workspace import SlackWorkspace
from bot.simulators.world import running
from bot.store import open_store
from bot.store.takeover import take_over
from tests.store.faulty import FaultyStore
from tests.store.processes import followed, keep, none
from tests.support import AT_ONCE

OLD, NEW = "T1", "T2"
OLDER = followed(key_of("T0", "C1", "j1"), delivered_at=8)


def originals(team: str) -> Records:
    """Return what is followed in two conversations of a workspace, and the choice of a person."""
    keys = [key_of(team, "C1", "j1"), key_of(team, "C1", "j2"), key_of(team, "C2", "j1")]
    choice = Destination(address=Address(team, "U1"), language=Language.ZH)
    records = Records.of(choice)
    for key in keys:
        records |= followed(key, told=0, delivered_at=9)
    return Records(records)


@pytest.mark.parametrize("calls", range(1, 10))
@pytest.mark.parametrize(("after", "other"), [(NEW, OLD), (OLD, NEW)], ids=["goes on", "goes back"])
async def test_crash_anywhere_loses_and_doubles_nothing(
    path: Path, calls: int, after: str, other: str
) -> None:
    """The next start completes what the last one began; of two earlier ids, the one delivered last stays."""
    async with open_store(path) as store:
        await keep(store, OLDER, originals(OLD))
        with suppress(StoreTrouble):
            await take_over(FaultyStore(store, lambda call: call > calls), NEW)
    async with open_store(path) as store:
        await take_over(store, after)
        assert await take_over(store, after) == 0
        expected = {**none([*OLDER, *originals(other)]), **originals(after)}
        assert await store.get(expected) == expected


async def test_the_bot_goes_on_under_the_new_id(
    slack: SlackWorkspace,
    metastudio: MetaStudioSimulator,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """After a migration, the list has the subscription, and a change is sent once."""
    channel, job = slack.add_channel("voices"), metastudio.add_job(state="AUDITING")["job_id"]
    async with open_store(settings.voicejob_store) as store:
        await keep(store, followed(key_of(TEAM_ID, channel, job), told=0))
    slack.move("T0NEW", "E0ORG")
    async with running(settings, rates=AT_ONCE):
        await slack.message_where(lambda message: "→ In manual review" in message.text)
        asked = await slack.command("/voicejob", "list", channel=channel)
        assert "follows one job" in (await asked.message()).text

    assert len([message for message in slack.messages(channel) if message.thread_ts]) == 1
    assert "taken over: 1" in caplog.text
