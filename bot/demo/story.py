"""``voicejob demo --once``: a short story, played with the real bot, shown in the terminal, and checked."""

from rich.console import Console
from rich.text import Text

from bot import cards, terminal
from bot.demo.metastudio import MetaStudioSimulator
from bot.demo.slack import Interaction, Message, SlackWorkspace
from bot.demo.world import running, settings_for
from bot.errors import VoiceJobError
from bot.jobs import PERSONAL_FIELDS
from bot.listeners.commands import COMMAND

NOWHERE = "00000000-0000-4000-8000-000000000000"
"""A job id that belongs to no job."""


class StoryFailed(VoiceJobError):
    """The bot did not do what the story expects."""

    says = "The demo found something wrong: {what}"

    def __init__(self, what: str) -> None:
        super().__init__(what=what)


async def play(console: Console) -> None:
    """Play the story and check it. Raises StoryFailed."""
    async with SlackWorkspace() as slack, MetaStudioSimulator() as metastudio:
        async with running(settings_for(slack, metastudio)) as way:
            console.print(f"The bot is connected to a Slack workspace in this process by {way}.\n")
            await Story(console, slack, metastudio).play()
        expect(not slack.violations, f"the bot broke Slack's rules: {slack.violations}")
    console.print("Everything was as it should be.", style="green")


def expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001  reads like an assertion
    """Raise StoryFailed unless the condition holds."""
    if not holds:
        raise StoryFailed(otherwise)


class Story:
    """Look-ups of a running, a failed and an unknown job, as one person in one channel sees them."""

    def __init__(self, console: Console, slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> None:
        self._console = console
        self._slack = slack
        self._metastudio = metastudio
        # The bot is no member here: a look-up needs no invitation.
        self._channel = slack.add_channel("voices", bot_is_member=False)

    async def play(self) -> None:
        """Play all scenes."""
        job = self._metastudio.add_job(voice_name="女声 · Morning News", state="PROCESSING", tag="NEWS")
        card = await self._a_running_job(job["job_id"])
        await self._which_moves_on(job["job_id"], card)
        await self._a_failed_job()
        await self._an_unknown_job()
        await self._a_typo()
        self._nothing_personal()

    async def _a_running_job(self, job_id: str) -> Message:
        self._tell("A job is in training.")
        seen = await self._type(job_id)
        expect_in(seen, "女声 · Morning News", "In training", "Step 5 of 8", "MetaStudio's turn")
        return seen

    async def _which_moves_on(self, job_id: str, card: Message) -> None:
        self._metastudio.set_state(job_id, "AUDIT_FAILED")
        self._tell("Its review failed meanwhile. Pressing Refresh replaces the card.")
        press = await self._slack.press(card, cards.REFRESH)
        seen = await self._shown(press)
        expect_in(seen, "Review failed", "Your turn", "Upload new recordings")
        expect(seen.ts == card.ts, "Refresh made a second card and did not replace the first")

    async def _a_failed_job(self) -> None:
        job = self._metastudio.add_job(
            voice_name="Audiobook <beta>",
            state="FAILED",
            job_failed_code="MSS.41000017",
            job_failed_reason="Segment 14.wav is longer than 15 s.",
        )
        self._tell("A job has failed; this time a link to it is pasted.")
        seen = await self._type(f"<https://console.example.com/voice/jobs/{job['job_id']}>")
        expect_in(seen, "Failed", "MSS.41000017", "Segment 14.wav", "Audiobook &lt;beta&gt;")

    async def _an_unknown_job(self) -> None:
        self._tell("An id that belongs to no job.")
        expect_in(await self._type(NOWHERE), "MetaStudio has no job", NOWHERE)

    async def _a_typo(self) -> None:
        self._tell("A slip of the finger.")
        expect_in(await self._type("hepl"), "Did you mean", f"{COMMAND} help")

    def _nothing_personal(self) -> None:
        jobs = self._metastudio.jobs.values()
        personal = {str(job[key]) for job in jobs for key in PERSONAL_FIELDS if key in job}
        shown = str(self._slack.history)
        expect(bool(personal), "the jobs of the demo hold nothing personal to look for")
        expect(not [value for value in personal if value in shown], "a personal field was shown")

    async def _type(self, text: str) -> Message:
        self._console.print(Text(f"> {COMMAND} {text}", style="bold"))
        return await self._shown(await self._slack.command(COMMAND, text, channel=self._channel))

    async def _shown(self, interaction: Interaction) -> Message:
        """Wait for what a command or a press shows, and draw it."""
        expect(interaction.acked, f"Slack shows {interaction.error}: the bot did not acknowledge in time")
        try:
            seen = await interaction.message()
        except TimeoutError as error:
            raise StoryFailed(str(error)) from None
        self._console.print(terminal.draw(seen.blocks))
        expect(seen.user == interaction.user, "everybody in the channel saw an answer to one person")
        return seen

    def _tell(self, what: str) -> None:
        self._console.print(f"\n{what}", style="italic")


def expect_in(seen: Message, *parts: str) -> None:
    """Raise StoryFailed unless the text that phones and screen readers get says all of this."""
    for part in parts:
        expect(part in seen.text, f"{part!r} is missing in: {seen.text}")
