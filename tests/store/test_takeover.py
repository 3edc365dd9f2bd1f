"""What is followed under another workspace id: moved to the present one at the start."""

from contextlib import suppress
from pathlib import Path

import pytest

from bot.config import Settings
from bot.domain.pauses import refused, wait_of
from bot.domain.records import Destination, Records
from bot.domain.subscriptions import key_of, keys_of, stopped
from bot.errors import StoreTrouble
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import SlackWorkspace
from bot.simulators.world import running
from bot.store import Store, open_store
from bot.store.takeover import take_over
from tests.store.faulty import FaultyStore
from tests.store.processes import followed, keep, none
from tests.support import AT_ONCE

OLD, NEW, OTHER = "T1", "T2", "T3"


def originals(team: str) -> list[Records]:
    """Return what is followed in two conversations of a workspace; one delivery is being ended."""
    first, second, ended = (key_of(team, *each) for each in (("C1", "j1"), ("C1", "j2"), ("C2", "j1")))
    last = Records(
        {key: each for key, each in followed(ended, stopped_by="U2").items() if key in {ended, ended.job}}
    )
    return [followed(first, told=0, delivered_at=5), followed(second), last]


async def holds(store: Store, *several: Records) -> bool:
    """Whether the store has these records, and no others."""
    every = {key: record for records in several for key, record in records.items() if record}
    teams = {address.team_id for address in await store.addresses()}
    mine = {address.team_id for key in every if (address := getattr(key, "address", None))}
    return teams == mine and await store.get(every) == every


@pytest.mark.parametrize("calls", range(1, 8))
@pytest.mark.parametrize("after", [NEW, OLD], ids=["goes on", "goes back"])
async def test_crash_anywhere_loses_nothing_and_doubles_nothing(path: Path, calls: int, after: str) -> None:
    """The next start completes what the last one began; with the old id again, all is as it was."""
    async with open_store(path) as store:
        await keep(store, *originals(OLD))
        with suppress(StoreTrouble):
            await take_over(FaultyStore(store, lambda call: call > calls), NEW)
    async with open_store(path) as store:
        await take_over(store, after)
        assert await take_over(store, after) == 0
        assert await holds(store, *originals(after))
