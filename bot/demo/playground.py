"""Everything behind the demo's page: the two simulators, the bot's switch, and what people can do to them."""

import asyncio
import secrets
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count, cycle
from pathlib import Path
from typing import Final

from bot.demo.bot_switch import BotSwitch
from bot.demo.clockwork import Clockwork
from bot.demo.moods import Moods
from bot.domain.languages import Language
from bot.domain.rates import RATE_LIMITS
from bot.simulators.metastudio.jobs import SENT_BACK, USUAL_PATH, RawJob
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.records import Clock
from bot.simulators.slack.workspace import ALICE, SlackWorkspace
from bot.simulators.world import settings_for

BOB: Final = "U0BOB"
PEOPLE: Final = {ALICE: "alice", BOB: "bob"}
POLL_SECONDS: Final = 0.5
"""Pause between two checks of the bot, short because people are watching."""
DEMO_RATES: Final = replace(RATE_LIMITS, gone=5.0)
"""A deleted job is reported after seconds instead of a minute; the rates towards Slack are the usual ones."""
PATH: Final = (*USUAL_PATH[:-2], "USER_RESULT_REVIEW", *USUAL_PATH[-2:])
"""The usual path, with the customer's review of the result."""
FAILURE: Final = {
    "job_failed_code": "MSS.41000017",
    "job_failed_reason": "Recording 14.wav is longer than 15 seconds.",
}
VOICES: Final = ("Museum Guide", "Evening News", "客服 · Service Desk", "Radio Play", "Yoga Teacher")
"""Names of new jobs that people give no name."""
TRIM_SECONDS: Final = 60.0
KEPT_RECORDS: Final = 1000
"""Records that each list of the simulators keeps, in a demo that is left open for days."""


class NotPossible(Exception):
    """A request of a person can't be carried out; the text tells them why."""


@dataclass(frozen=True, kw_only=True)
class Note:
    """A line that Slack itself shows in a channel: ``kind`` is ``slackbot`` or ``joined``."""

    ts: str
    channel: str
    kind: str
    text: str


class Playground:
    """What the page shows and changes."""

    def __init__(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        bot: BotSwitch,
        language: Language = Language.EN,
    ) -> None:
        self.language = language
        """The language of the bot, and of the moments that Slack writes into its messages."""
        self.instance = secrets.token_hex(8)
        """Lets a page that stayed open notice that another playground is served."""
        self.slack = slack
        self.metastudio = metastudio
        self.bot = bot
        self.moods = Moods(slack, metastudio)
        self.clockwork = Clockwork(self.step)
        self.notes: list[Note] = []
        self._names = cycle(VOICES)
        self._turns = count()

    def note(self, channel: str, text: str, *, kind: str = "slackbot") -> None:
        """Add a line of Slack's own to a channel."""
        ts = f"{self.slack.now():.6f}"
        self.notes.append(Note(ts=ts, channel=channel, kind=kind, text=text))

    def new_job(self, voice_name: str = "") -> RawJob:
        """Add a job; an empty name is replaced by one of ``VOICES``."""
        return self.metastudio.add_job(voice_name=voice_name.strip() or next(self._names), path=PATH)

    def step(self) -> None:
        """Advance one job, in turn; add a job where all are over."""
        jobs = [job_id for job_id in self.metastudio.jobs if self.metastudio.next_state(job_id)]
        if jobs:
            self.metastudio.advance(jobs[next(self._turns) % len(jobs)])
        else:
            self.new_job()

    def advance(self, job_id: str) -> None:
        """Put a job in its next state. Raises NotPossible."""
        self._job(job_id)
        if not self.metastudio.next_state(job_id):
            raise NotPossible("This job is over.")
        self.metastudio.advance(job_id)

    def fail(self, job_id: str) -> None:
        """Put a job in the state FAILED. Raises NotPossible."""
        if self._job(job_id)["state"] in {"SUCCEED", "FAILED"}:
            raise NotPossible("This job is over.")
        self.metastudio.set_state(job_id, "FAILED", **FAILURE)

    def send_back(self, job_id: str) -> None:
        """Reject a job that is in review. Raises NotPossible."""
        state = self._job(job_id)["state"]
        if state not in SENT_BACK:
            raise NotPossible("Only a job that is in review can be sent back.")
        self.metastudio.set_state(job_id, SENT_BACK[state])

    def delete(self, job_id: str) -> None:
        """Delete a job. Raises NotPossible."""
        self._job(job_id)
        self.metastudio.delete(job_id)

    def _job(self, job_id: str) -> RawJob:
        try:
            return self.metastudio.jobs[job_id]
        except KeyError:
            raise NotPossible("This job is not there any more.") from None

    async def trim_records(self) -> None:
        """Drop old records of the simulators every minute until cancelled."""
        while True:
            await asyncio.sleep(TRIM_SECONDS)
            for records in (
                self.metastudio.requests,
                self.slack.calls,
                self.slack.limited,
                self.slack.history,
            ):
                del records[:-KEPT_RECORDS]


@asynccontextmanager
async def playground(language: Language = Language.EN, clock: Clock = time.time) -> AsyncIterator[Playground]:
    """Run a playground with a few channels and jobs, in which the bot starts by itself.

    ``clock`` is Slack's, for the times of messages; MetaStudio and the bot go by the time of the machine.
    """
    # The thread of a cancelled start may still be creating the store when the folder is removed.
    with tempfile.TemporaryDirectory(prefix="voicejob-demo-", ignore_cleanup_errors=True) as folder:
        async with SlackWorkspace(clock=clock) as slack, MetaStudioSimulator() as metastudio:
            store = Path(folder, "voicejob.sqlite")
            settings = settings_for(
                slack,
                metastudio,
                voicejob_store=store,
                voicejob_poll_seconds=POLL_SECONDS,
                voicejob_language=language,
            )
            ground = Playground(slack, metastudio, BotSwitch(settings, DEMO_RATES), language)
            _add_examples(ground)
            tasks = [
                asyncio.create_task(work)
                for work in (ground.bot.start(), ground.clockwork.run(), ground.trim_records())
            ]
            try:
                yield ground
            finally:
                for task in tasks:
                    task.cancel()
                await ground.bot.stop()


def _add_examples(ground: Playground) -> None:
    """Add the channels, the message and the jobs that the page shows at first."""
    slack, metastudio = ground.slack, ground.metastudio
    voices = slack.add_channel("voices")
    slack.add_channel("audiobooks")
    slack.add_channel("casting", private=True, bot_is_member=False)
    slack.direct_channel(ALICE)
    slack.add_message(voices, "The recordings for the morning news are ready. Who uploads them?", user=BOB)
    jobs = [
        metastudio.add_job(voice_name=name, state=state, tag=tag, path=PATH)["job_id"]
        for name, state, tag in (
            ("女声 · Morning News", "CREATING", "NEWS"),
            ("Audiobook <beta>", "AUDITING", "STORYTELLING"),
            ("Shop Assistant", "PROCESSING", "ECOMMERCE"),
        )
    ]
    asked = (
        f"Does anybody know where {jobs[-1]} stands? And <https://console.example/jobs/{jobs[1]}|this one>?"
    )
    slack.add_message(voices, asked, user=BOB)
