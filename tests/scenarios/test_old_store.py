"""The bot opens a store that an earlier version wrote, and goes on where that one ended."""

import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from shutil import copy
from typing import Any, Final

from bot.domain.keys import Address
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.records import BOT_USER, TEAM_ID
from bot.simulators.slack.workspace import ALICE, SlackWorkspace
from bot.simulators.world import running, settings_for
from bot.store import open_store
from tests.delivery_judge import ARROW, path_in
from tests.support import AT_ONCE, Clock, eventually

OLD: Final = Path(__file__).parents[1] / "store" / "formats" / "format_2.sqlite"
BOB: Final = "U0BOB"
STATES: Final = (
    "CREATING AUDITING PROCESSING PROCESSING PROCESSING SUCCEED FAILED WAITING AUDIT_FAILED WAITING"
)
"""The states in which the store has the jobs, whose numbers begin with 1."""
PENDING: Final = Counter(
    {
        ("C0OPEN", 3, "WAITING PROCESSING"): 1,
        ("C0OPEN", 4, "AUDITING WAITING PROCESSING"): 1,
        ("C0OPEN", 6, "UPLOADING SUCCEED"): 1,
        ("C0OPEN", 9, "AUDIT_FAILED AUDIT_FAILED"): 1,
        ("D0ALICE", 3, "WAITING PROCESSING"): 1,
    }
)
"""The changes that were to be told, by conversation and job."""
CARDS: Final = {"C0OPEN": range(2, 10), "C0SHUT": (12, 13), "C0BACK": (22, 28), "D0ALICE": (33,)}
"""The last digits of the cards' ``ts``."""
WARNINGS: Final = (1, 2, 3)
"""The last digits of the ``ts`` of what Alice was told: of a pause, and of two that are over."""
DUE: Final = {2, 3, 4, 5, 6, 7, 9, 22, 33, 102, 103}
"""What is edited: all cards where that can be, since they look otherwise now; warnings with 100 more."""
TWICE: Final = 9
"""The job that was sent back twice."""


class Old:
    """A workspace in which an earlier version of the bot was at work, and its store."""

    def __init__(self, slack: SlackWorkspace, clock: Clock, folder: Path) -> None:
        self.slack = slack
        self.store = Path(copy(OLD, folder / "store.sqlite"))
        self.ids = {name: slack.add_channel(name) for name in ("C0OPEN", "C0SHUT", "C0BACK")}
        self.ids["D0ALICE"] = slack.direct_channel(ALICE)
        slack.open_messages_tab()
        slack.archive(self.ids["C0SHUT"])
        for place, name in sorted((number, name) for name, numbers in CARDS.items() for number in numbers):
            self._post(clock, name, f"1790000050.{place:06d}")
        for place in WARNINGS:
            self._post(clock, "D0ALICE", f"1790000110.{place:06d}")
        clock.now = time.time()
        with closing(sqlite3.connect(self.store)) as database, database:
            for old, new in self.ids.items():
                replaced = "key = replace(key, :old, :new), value = replace(value, :old, :new)"
                database.execute(f"UPDATE voicejob SET {replaced}", {"old": old, "new": new})  # noqa: S608

    def _post(self, clock: Clock, name: str, ts: str) -> None:
        clock.now = float(ts)
        assert self.slack.add_message(self.ids[name], "Of old.", user=BOT_USER).ts == ts

    def notices(self) -> Counter[tuple[str, int, str]]:
        """Count the notices that came, by conversation, job and path."""
        names = {channel: name for name, channel in self.ids.items()}
        told = [(names[each.channel], each.text) for each in self.slack.history if ARROW in each.text]
        return Counter((name, int(text.split()[1]), " ".join(path_in(text))) for name, text in told)

    def edited(self) -> set[int]:
        """Return the last digits of what was edited, of warnings with 100 more."""
        edited = [each.ts for each in self.slack.shown if each.edited]
        return {int(ts[-6:]) + 100 * ts.startswith("1790000110") for ts in edited}


async def test_it_goes_on(clock: Clock, metastudio: MetaStudioSimulator, tmp_path: Path) -> None:
    """Nothing is told again, what was pending is told, cards are edited, and what is paused stays paused.

    Each subscription keeps its level: only one of them had "important".
    """
    for number, state in enumerate(STATES.split(), 1):
        fields: dict[str, Any] = {
            "voice_name": f"Voice {number} 女声",
            "reject_times": 2 if number == TWICE else 1,
        }
        metastudio.add_job(job_id=f"{number:032x}", state=state, **fields)
    async with SlackWorkspace(clock=lambda: clock.now, limits=None) as slack:
        old = Old(slack, clock, tmp_path)
        settings = settings_for(slack, metastudio, voicejob_store=old.store, voicejob_poll_seconds=0.05)
        async with running(settings, rates=AT_ONCE):
            await eventually(lambda: old.notices() == PENDING)
            await eventually(lambda: old.edited() == DUE)
            await eventually(lambda: bool(slack.direct(BOB)))  # who did not know of the pause
        async with running(settings, rates=AT_ONCE):
            metastudio.set_state(f"{2:032x}", "WAITING")
            more = Counter((name, 2, "AUDITING WAITING") for name in ("C0OPEN", "C0BACK"))
            await eventually(lambda: old.notices() == PENDING + more)
    async with open_store(old.store) as store:
        addresses = (Address(TEAM_ID, old.ids[name]) for name in ("C0OPEN", "C0SHUT"))
        opened, shut = [await store.channel(address) for address in addresses]

    cards = [each for each in slack.messages(old.ids["C0OPEN"]) if "Voice 1 女声" in each.text]
    assert len(cards) == len(slack.direct(BOB)) == 1
    assert [int(each.job_id, 16) for each in opened.followings] == [1, 2, 3, 4, 5, 9]
    assert [int(each.job_id, 16) for each in shut.followings] == [2, 3, 10]
    in_thread = [each.text for each in slack.history if ARROW in each.text and not each.reply_broadcast]
    assert [text.partition(":")[0] for text in in_thread] == ["Voice 4 女声"]
    assert [each.level for each in opened.followings] == [*("all",) * 3, "important", *("all",) * 2]
    assert shut.destination.pause
    assert shut.destination.pause.reason == "is_archived"
    assert slack.violations == []
