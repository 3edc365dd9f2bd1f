"""``voicejob demo --once``: a story with the real bot, shown in the terminal and checked."""

import tempfile
from pathlib import Path

from rich.console import Console

from bot.demo.stage import Stage, expect, expect_in
from bot.domain.jobs import PERSONAL_FIELDS
from bot.domain.languages import Language
from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.listeners.commands import COMMAND
from bot.messages import channel as notices
from bot.messages import job_card
from bot.messages.texts import words_in
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.rate_limits import SLACKS_LIMITS, Limits
from bot.simulators.slack.workspace import Message, SlackWorkspace
from bot.simulators.world import running, settings_for

NOWHERE = "00000000-0000-4000-8000-000000000000"
"""The id of no job."""
INVITE = "/invite @voicejob"
PART_OF_NAME = "morning news"
MISSED = ("PROCESSING", "RESULT_REVIEW")
"""The states of a job while the bot does not run."""
CODE, REASON = "MSS.41000017", "Segment 14.wav is longer than 15 s."
"""Why the job fails."""


async def play(
    console: Console,
    language: Language = Language.EN,
    *,
    rates: RateLimits = RATE_LIMITS,
    limits: Limits | None = SLACKS_LIMITS,
) -> None:
    """Play the story and check it, by default with the rates and limits of Slack. Raises StoryFailed."""
    words = words_in(language)
    with tempfile.TemporaryDirectory(prefix="voicejob-demo-") as folder:
        async with SlackWorkspace(limits=limits) as slack, MetaStudioSimulator() as metastudio:
            store = Path(folder, "voicejob.sqlite")
            settings = settings_for(slack, metastudio, voicejob_store=store, voicejob_language=language)
            story = Story(Stage(console, slack, metastudio, words))
            async with running(settings, rates=rates) as connection:
                console.print(words("story-connected", connection=connection))
                await story.begin()
            story.meanwhile()
            async with running(settings, rates=rates):
                await story.end()
            expect(not slack.violations, f"the bot broke Slack's rules: {slack.violations}")
            expect(not slack.limited, f"the bot went over Slack's limits: {slack.limited}")
    console.print(f"\n{words('story-end')}", style="green")


class Story:
    """Two jobs, followed by a public and a private channel, from the first look-up to the end."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._words = stage, stage.words
        self._slack, self._metastudio = stage.slack, stage.metastudio
        self._voices = self._slack.add_channel("voices")
        self._private = self._slack.add_channel("casting", private=True, bot_is_member=False)
        self._job = self._metastudio.add_job(voice_name="女声 · Morning News", tag="NEWS")["job_id"]
        self._book = self._metastudio.add_job(voice_name="Audiobook <beta>", state="WAITING")["job_id"]

    async def begin(self) -> None:
        """Play until the bot is stopped."""
        await self._mistakes()
        card = await self._subscribing()
        await self._changes(card)
        await self._private_channel()

    async def _mistakes(self) -> None:
        self._stage.narrate("mistakes")
        meant = self._words("did-you-mean", command=f"`{COMMAND} help`")
        expect_in(await self._stage.type("hepl", self._voices), meant)
        unknown = self._words("error-JobNotFound", job_id=f"`{NOWHERE}`")
        expect_in(await self._stage.type(NOWHERE, self._voices), unknown)

    async def _subscribing(self) -> Message:
        self._stage.narrate("look-up")
        seen = await self._stage.type(self._job, self._voices)
        expect_in(seen, "女声 · Morning News", self._label("CREATING"))
        answer = await self._stage.press(seen, job_card.SUBSCRIBE)
        expect_in(answer, "女声 · Morning News", self._words("level-important"))
        return await self._stage.posted(self._voices, "女声 · Morning News", self._label("CREATING"))

    async def _changes(self, card: Message) -> None:
        self._stage.narrate("quiet")
        await self._edited(card, "SYSTEM_AUDITING")
        self._stage.narrate("turn")
        self._metastudio.set_state(self._job, "AUDIT_FAILED")
        told = await self._stage.posted(self._voices, self._path("SYSTEM_AUDITING", "AUDIT_FAILED"))
        expect(told.thread_ts == card.ts, "a change was told outside of the card's thread")
        expect(told.reply_broadcast, "a change was not shown in the channel")
        await self._stage.card_shows(card, self._label("AUDIT_FAILED"))
        await self._reasons(card)
        self._stage.narrate("again")
        await self._edited(card, "SYSTEM_AUDITING")
        self._stage.show_channel(self._voices)
        self._expect_messages(self._voices, card, told)

    async def _reasons(self, card: Message) -> None:
        self._stage.narrate("by-name", name=PART_OF_NAME)
        seen = await self._stage.type(PART_OF_NAME, self._voices)
        expect_in(seen, "女声 · Morning News", self._label("AUDIT_FAILED"))
        self._stage.narrate("why", button=self._words("button-why"))
        found = self._slack.find(card.channel, card.ts) or card
        expect_in(await self._stage.press(found, job_card.DETAILS), self._words("fault-MSS_20020018"))
        self._stage.narrate("waiting")
        waits = await self._stage.type("waiting", self._voices)
        expect_in(waits, self._label("AUDIT_FAILED"), self._words("waiting-head", total=1))

    async def _edited(self, card: Message, state: str) -> None:
        self._metastudio.set_state(self._job, state)
        await self._stage.card_shows(card, self._label(state))

    async def _private_channel(self) -> None:
        self._stage.narrate("private")
        refused = await self._stage.type(f"subscribe {self._book} all", self._private)
        expect_in(refused, INVITE, self._words("not-here-yet"))
        self._stage.narrate("invite", invite=INVITE, button=self._words("button-try-again"))
        self._slack.invite(self._private)
        expect_in(await self._stage.press(refused, notices.RETRY), self._words("level-all"))
        await self._stage.posted(self._private, "Audiobook &lt;beta&gt;", self._label("WAITING"))

    def meanwhile(self) -> None:
        """Change the jobs while the bot does not run."""
        self._stage.narrate("stopped")
        for job_id, states in ((self._job, ("AUDITING", "PROCESSING")), (self._book, MISSED)):
            for state in states:
                self._metastudio.set_state(job_id, state)

    async def end(self) -> None:
        """Play from the next start of the bot to the end of both jobs."""
        self._stage.narrate("started")
        await self._stage.posted(self._private, self._path("WAITING", MISSED[-1]))
        await self._stage.card_shows(self._card(self._voices), self._label("PROCESSING"))
        listed = await self._stage.type("list", self._voices)
        expect_in(listed, self._words("list-head", total=1), self._label("PROCESSING"))
        await self._success()
        await self._failure()
        typed = f"`{COMMAND} subscribe &lt;{self._words('job-id')}&gt;`"
        expect_in(await self._stage.type("list", self._voices), self._words("list-none", command=typed))
        self.expect_nothing_personal()

    async def _success(self) -> None:
        self._stage.narrate("success")
        card, turn = self._slack.messages(self._voices)
        await self._edited(card, "UPLOADING")
        self._metastudio.set_state(self._job, "SUCCEED")
        told = await self._stage.posted(self._voices, self._path("UPLOADING", "SUCCEED"))
        await self._stage.card_shows(card, self._words("card-over"))
        self._stage.show_channel(self._voices)
        self._expect_messages(self._voices, card, turn, told)

    async def _failure(self) -> None:
        self._stage.narrate("failure")
        self._metastudio.set_state(self._book, "FAILED", job_failed_code=CODE, job_failed_reason=REASON)
        path = self._path(MISSED[-1], "FAILED")
        await self._stage.posted(self._private, path, CODE, REASON)
        await self._stage.card_shows(self._card(self._private), self._words("card-over"))
        self._stage.show_channel(self._private)

    def _label(self, state: str) -> str:
        return self._words(f"state-{state}")

    def _path(self, *states: str) -> str:
        return " → ".join(map(self._label, states))

    def _card(self, channel: str) -> Message:
        return next(message for message in self._slack.messages(channel) if not message.thread_ts)

    def _expect_messages(self, channel: str, *expected: Message) -> None:
        shown = [message.ts for message in self._slack.messages(channel)]
        expect(shown == [message.ts for message in expected], "the channel shows more than it needs to")

    def expect_nothing_personal(self) -> None:
        """Raise StoryFailed if a personal field of any job was shown."""
        jobs = self._metastudio.jobs.values()
        personal = {str(job[key]) for job in jobs for key in PERSONAL_FIELDS if key in job}
        shown = str(self._stage.slack.history)
        expect(bool(personal), "the jobs of the demo hold nothing personal to look for")
        expect(not [value for value in personal if value in shown], "a personal field was shown")
