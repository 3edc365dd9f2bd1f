"""The steps of the demo's story: a person types and presses buttons, and the terminal shows what they see."""

from collections.abc import Callable, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from bot.demo.playground import PEOPLE
from bot.errors import VoiceJobError
from bot.listeners.commands import COMMAND
from bot.messages import terminal
from bot.messages.texts import Words
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import Interaction, Message, SlackWorkspace

TIMEOUT = 20.0
"""Seconds to wait for a message of the bot in a channel."""
REPLY_INDENT = 4


class StoryFailed(VoiceJobError):
    """The bot did not do what the story expects."""

    def __init__(self, what: str) -> None:
        super().__init__(what=what)


def expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001  reads like an assertion
    """Raise StoryFailed unless the condition holds."""
    if not holds:
        raise StoryFailed(otherwise)


def expect_in(seen: Message, *parts: str) -> None:
    """Raise StoryFailed unless the text of a message, which notifications show, has all of these parts."""
    for part in parts:
        expect(part in seen.text, f"{part!r} is missing in: {seen.text}")


class Stage:
    """One person in a Slack workspace with the bot; what they see is drawn on ``console``."""

    def __init__(
        self, console: Console, slack: SlackWorkspace, metastudio: MetaStudioSimulator, words: Words
    ) -> None:
        self._console = console
        self.words = words
        self.slack = slack
        self.metastudio = metastudio
        self.timeout = TIMEOUT

    def narrate(self, what: str, **values: str) -> None:
        """Print what happens next: the message ``story-…`` of the catalog."""
        self._console.print(
            terminal.Lines(Text(f"\n{self.words(f'story-{what}', **values)}", style="italic"))
        )

    async def type(self, text: str, channel: str) -> Message:
        """Type the command in a channel, and return the reply. Raises StoryFailed."""
        self._console.print(Text(f"#{self._name(channel)} > {COMMAND} {text}", style="bold"))
        return await self.answer_to(await self.slack.command(COMMAND, text, channel=channel))

    async def press(self, message: Message, action_id: str) -> Message:
        """Press a button, and return the reply. Raises StoryFailed."""
        return await self.answer_to(await self.slack.press(message, action_id))

    async def answer_to(self, interaction: Interaction) -> Message:
        """Wait for the reply that only this person sees, draw it and return it. Raises StoryFailed."""
        expect(interaction.acked, f"Slack shows {interaction.error}: the bot did not acknowledge in time")
        try:
            seen = await interaction.message()
        except TimeoutError as error:
            raise StoryFailed(str(error)) from None
        self._console.print(Text(self.words("story-only-you"), style="dim"))
        self._console.print(self._drawn(seen))
        expect(seen.user == interaction.user, "everybody in the channel saw an answer to one person")
        return seen

    async def posted(self, channel: str, *parts: str) -> Message:
        """Wait for a message of the bot in a channel that has all of these parts. Raises StoryFailed."""
        return await self._wait_for(parts, channel, lambda message: not message.user)

    async def card_shows(self, card: Message, *parts: str) -> Message:
        """Wait until a card was edited to have all of these parts. Raises StoryFailed."""
        return await self._wait_for(parts, card.channel, lambda message: message.ts == card.ts)

    async def _wait_for(
        self, parts: Sequence[str], channel: str, is_it: Callable[[Message], bool]
    ) -> Message:
        def matches(message: Message) -> bool:
            return (
                message.channel == channel and is_it(message) and all(part in message.text for part in parts)
            )

        try:
            return await self.slack.message_where(matches, timeout=self.timeout)
        except TimeoutError as error:
            raise StoryFailed(
                f"nothing in #{self._name(channel)} says {' and '.join(parts)}. {error}"
            ) from None

    def show_channel(self, channel: str) -> None:
        """Draw a channel: its messages, their threads, and the replies that are shown in the channel too."""
        name = f"#{self._name(channel)}"
        self._console.print(Text(self.words("story-channel", channel=name), style="bold"))
        for message in self.slack.messages(channel):
            if message.thread_ts:
                said = self._plain(message).partition(self.words("full-stop"))[0]
                self._console.print(terminal.Lines(Text(self.words("story-in-thread", said=said))))
            else:
                self._console.print(self._drawn(message))
                self._show_thread(message)

    def _show_thread(self, card: Message) -> None:
        replies = self.slack.thread(card.channel, card.ts)
        edited = [self.words("story-edited")] if card.edited else []
        about = " ".join([*edited, self.words("story-replies", replies=len(replies))])
        self._console.print(Text(about, style="dim"))
        for reply in replies:
            said = self._plain(reply)
            line = said if reply.reply_broadcast else self.words("story-not-in-channel", said=said)
            self._console.print(Padding(terminal.Lines(Text(line)), (0, 0, 0, REPLY_INDENT)))

    def _drawn(self, message: Message) -> RenderableType:
        return terminal.draw(message.blocks, self.words.language, now=self.slack.now(), names=PEOPLE)

    def _plain(self, message: Message) -> str:
        return terminal.plain(message.text, self.words.language, now=self.slack.now(), names=PEOPLE)

    def _name(self, channel: str) -> str:
        return self.slack.channel(channel).name
