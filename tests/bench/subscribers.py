"""Makes a store with many subscriptions, as the bot would have written it."""

import sqlite3
import time
from contextlib import closing
from itertools import cycle
from typing import Final

from bot.domain.jobs import Job
from bot.domain.subscriptions import Card, Level, Subscription
from bot.simulators.slack.records import TEAM_ID
from bot.simulators.slack.workspace import ALICE
from bot.store import open_store
from bot.store.disk import TABLE
from bot.store.records import row_of, text_of
from tests.bench.processes import STORE, Simulators

EACH: Final = 2
"""Channels that follow each job: all channels in turn, so that each of them follows one of the first jobs."""
_INSERT: Final = f"INSERT INTO {TABLE} (key, value) VALUES (?, ?)"  # noqa: S608  a constant


async def write_store(world: Simulators) -> None:
    """Subscribe all channels, each with a card in it, and write that into a store of the bot's own."""
    path = world.folder / STORE
    cards = await world.call("post_cards", world.channels)
    channels = cycle(zip(world.channels, cards, strict=True))
    made = []
    for number, job in enumerate(await world.call("jobs")):
        now, remembered = int(time.time()), Job.from_api(job).remembered()
        for _ in range(EACH):
            channel, ts = next(channels)
            subscription = Subscription(
                team_id=TEAM_ID,
                channel_id=channel,
                job_id=job["job_id"],
                level=Level.ALL if number % 2 else Level.IMPORTANT,
                subscribed_by=ALICE,
                subscribed_at=now - number,
                job=remembered,
                delivered_at=now,
            )
            card = Card(ts=ts, posted_at=now, fingerprint=subscription.fingerprint)
            made.append(subscription.model_copy(update={"card": card}))
    async with open_store(path):
        pass
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany(_INSERT, [(row_of(each.key), text_of(each)) for each in made])
