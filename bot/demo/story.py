"""``voicejob demo --once``: a story with the real bot, shown in the terminal and checked."""

import tempfile
from pathlib import Path

from rich.console import Console

from bot.demo.stage import Stage, expect, expect_in
from bot.domain.jobs import PERSONAL_FIELDS
from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.listeners.commands import COMMAND
from bot.messages import channel as notices
from bot.messages import job_card
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.rate_limits import SLACKS_LIMITS, Limits
from bot.simulators.slack.workspace import Message, SlackWorkspace
from bot.simulators.world import running, settings_for

NOWHERE = "00000000-0000-4000-8000-000000000000"
"""The id of no job."""


async def play(
    console: Console, *, rates: RateLimits = RATE_LIMITS, limits: Limits | None = SLACKS_LIMITS
) -> None:
    """Play the story and check it, by default with the rates and limits of Slack. Raises StoryFailed."""
    with tempfile.TemporaryDirectory(prefix="voicejob-demo-") as folder:
        async with SlackWorkspace(limits=limits) as slack, MetaStudioSimulator() as metastudio:
            settings = settings_for(slack, metastudio, voicejob_store=Path(folder, "voicejob.sqlite"))
            story = Story(Stage(console, slack, metastudio))
            async with running(settings, rates=rates) as connection:
                console.print(f"The bot is connected to a Slack workspace in this process by {connection}.")
                await story.begin()
            story.meanwhile()
            async with running(settings, rates=rates):
                await story.end()
            expect(not slack.violations, f"the bot broke Slack's rules: {slack.violations}")
            expect(not slack.limited, f"the bot went over Slack's limits: {slack.limited}")
    console.print("\nEverything was as it should be.", style="green")


class Story:
    """Two jobs, followed by a public and a private channel, from the first look-up to the end."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._metastudio = stage.metastudio
        self._voices = stage.slack.add_channel("voices")
        self._private = stage.slack.add_channel("casting", private=True, bot_is_member=False)
        self._job = self._metastudio.add_job(voice_name="女声 · Morning News", tag="NEWS")["job_id"]
        self._book = self._metastudio.add_job(voice_name="Audiobook <beta>", state="WAITING")["job_id"]

    async def begin(self) -> None:
        """Play until the bot is stopped."""
        await self._mistakes()
        card = await self._subscribing()
        await self._changes(card)
        await self._private_channel()

    async def _mistakes(self) -> None:
        self._stage.narrate("A slip of the finger, and an id that belongs to no job.")
        expect_in(await self._stage.type("hepl", self._voices), "Did you mean", f"{COMMAND} help")
        expect_in(await self._stage.type(NOWHERE, self._voices), "MetaStudio has no job", NOWHERE)

    async def _subscribing(self) -> Message:
        self._stage.narrate("A look at a job. Its card has a button that subscribes the channel.")
        seen = await self._stage.type(self._job, self._voices)
        expect_in(seen, "女声 · Morning News", "Waiting for the recordings", "Step 1 of 8", "Your turn")
        expect_in(await self._stage.press(seen, job_card.SUBSCRIBE), "told of every change")
        return await self._stage.posted(self._voices, "女声 · Morning News", "This channel is told")

    async def _changes(self, card: Message) -> None:
        self._stage.narrate("The job goes on. Its review fails, so it needs the customer; then it goes on.")
        before = "Waiting for the recordings"
        for state, words in (
            ("SYSTEM_AUDITING", "In automatic review"),
            ("AUDIT_FAILED", "Review failed, new recordings needed"),
            ("SYSTEM_AUDITING", "In automatic review"),
        ):
            self._metastudio.set_state(self._job, state)
            told = await self._stage.posted(self._voices, f"{before} → {words}")
            before = words
            expect(told.thread_ts == card.ts, "a change was told outside of the card's thread")
            expect(told.reply_broadcast, "a change was not shown in the channel")
            await self._stage.card_shows(card, words)
        self._stage.show_channel(self._voices)

    async def _private_channel(self) -> None:
        self._stage.narrate("A private channel, in which the bot is no member.")
        refused = await self._stage.type(f"subscribe {self._book} important", self._private)
        expect_in(refused, "/invite @voicejob", "is kept")
        self._stage.narrate("/invite @voicejob, and Try again.")
        self._stage.slack.invite(self._private)
        expect_in(await self._stage.press(refused, notices.RETRY), "Subscribed to")
        await self._stage.posted(self._private, "Audiobook &lt;beta&gt;", "Waiting for training")

    def meanwhile(self) -> None:
        """Change the jobs while the bot does not run."""
        self._stage.narrate(
            "The bot is stopped. Meanwhile the news voice passes two states, and the audiobook one."
        )
        self._metastudio.set_state(self._job, "AUDITING")
        self._metastudio.set_state(self._job, "PROCESSING")
        self._metastudio.set_state(self._book, "PROCESSING")

    async def end(self) -> None:
        """Play from the next start of the bot to the end of both jobs."""
        self._stage.narrate("It starts again, and tells what is new: once, however many changes were missed.")
        await self._stage.posted(self._voices, "In automatic review → In training")
        expect_in(await self._stage.type("list", self._voices), "1 subscription", "In training")
        await self._success()
        await self._failure()
        expect_in(await self._stage.type("list", self._voices), "no subscriptions")
        self.expect_nothing_personal()

    async def _success(self) -> None:
        self._stage.narrate("The news voice is ready.")
        (card,) = [message for message in self._stage.slack.messages(self._voices) if not message.thread_ts]
        for state, words in (("UPLOADING", "Model being uploaded"), ("SUCCEED", "Succeeded")):
            self._metastudio.set_state(self._job, state)
            await self._stage.posted(self._voices, f"→ {words}")
        await self._stage.card_shows(card, "the subscription with it")
        self._stage.show_channel(self._voices)

    async def _failure(self) -> None:
        self._stage.narrate("The audiobook fails. Its channel asked for what is important alone.")
        (card,) = [message for message in self._stage.slack.messages(self._private) if not message.thread_ts]
        await self._stage.posted(self._private, "→ In training")
        self._metastudio.set_state(
            self._book,
            "FAILED",
            job_failed_code="MSS.41000017",
            job_failed_reason="Segment 14.wav is longer than 15 s.",
        )
        told = await self._stage.posted(self._private, "→ Failed", "MSS.41000017", "Segment 14.wav")
        await self._stage.card_shows(card, "the subscription with it")
        self._stage.show_channel(self._private)
        broadcast = [message for message in self._stage.slack.messages(self._private) if message.thread_ts]
        expect(broadcast == [told], f"the channel shows more than what is important: {broadcast}")

    def expect_nothing_personal(self) -> None:
        """Raise StoryFailed if a personal field of any job was shown."""
        jobs = self._metastudio.jobs.values()
        personal = {str(job[key]) for job in jobs for key in PERSONAL_FIELDS if key in job}
        shown = str(self._stage.slack.history)
        expect(bool(personal), "the jobs of the demo hold nothing personal to look for")
        expect(not [value for value in personal if value in shown], "a personal field was shown")
