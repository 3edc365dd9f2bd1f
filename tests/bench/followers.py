"""Makes a store with many subscriptions, as the bot would have written it."""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.domain.jobs import Job
from bot.domain.subscriptions import Card, Level, Subscription
from bot.simulators.slack.records import TEAM_ID
from bot.simulators.slack.workspace import ALICE
from bot.store import open_store
from bot.store.disk import TABLE
from bot.store.records import row_of, text_of

EACH: Final = 2
"""Channels that follow each job."""
_INSERT: Final = f"INSERT INTO {TABLE} (key, value) VALUES (?, ?)"  # noqa: S608  a constant


@dataclass(frozen=True, kw_only=True)
class Followers:
    """Which channel follows which job: each job has two channels, and the first jobs take all in turn."""

    jobs: Sequence[Mapping[str, Any]]
    channels: Sequence[str]

    def channels_of(self, number: int) -> list[str]:
        """Name the channels that follow the job with this number."""
        return [self.channels[(EACH * number + one) % len(self.channels)] for one in range(EACH)]

    @property
    def covering(self) -> range:
        """The jobs of which every channel follows exactly one."""
        return range(len(self.channels) // EACH)

    def subscriptions(self, cards: Mapping[str, str]) -> list[Subscription]:
        """Make the subscriptions; ``cards`` has a ``ts`` for each channel, for the card of its first job."""
        return [
            self._subscription(number, channel, cards.get(channel, "1.0"))
            for number in range(len(self.jobs))
            for channel in self.channels_of(number)
        ]

    def _subscription(self, number: int, channel: str, ts: str) -> Subscription:
        now = int(time.time())
        made = Subscription(
            team_id=TEAM_ID,
            channel_id=channel,
            job_id=str(self.jobs[number]["job_id"]),
            level=Level.ALL if number % 2 else Level.IMPORTANT,
            subscribed_by=ALICE,
            subscribed_at=now - number,
            job=Job.from_api(self.jobs[number]).remembered(),
            delivered_at=now,
        )
        return made.model_copy(update={"card": Card(ts=ts, posted_at=now, fingerprint=made.fingerprint)})


async def write_store(path: Path, subscriptions: Sequence[Subscription]) -> None:
    """Make the store with the bot's own code, and put the subscriptions into it at once."""
    async with open_store(path):
        pass
    rows = [(row_of(each.key), text_of(each)) for each in subscriptions]
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany(_INSERT, rows)
