"""The requests of the demo's page, validated. Field names are those of the page's scripts."""

from collections.abc import Awaitable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bot.demo import composer
from bot.demo.clockwork import SPEEDS
from bot.demo.moods import MetaStudioMood, SlackMood
from bot.demo.playground import NotPossible, Playground
from bot.simulators.slack.records import ALICE, Interaction, Message
from bot.slack.manifest import SHORTCUT

GONE = "This button is not there any more."
MESSAGE_GONE = "This message is not there any more."
SHOWN_ERRORS = 'The bot did not take that (Slack calls it "{}"). Try again.'


class _Request(BaseModel):
    """One request; its answer repeats the ``id``."""

    model_config = ConfigDict(extra="forbid")

    id: int


class Say(_Request):
    """Send a message or a command."""

    do: Literal["say"]
    channel: str
    text: str = Field(max_length=composer.LONGEST)
    thread_ts: str | None = None

    async def carry_out(self, ground: Playground) -> None:
        """Send it. Raises NotPossible."""
        await composer.say(ground, self.text, channel=self.channel, thread_ts=self.thread_ts)


class Press(_Request):
    """Press a button of a message."""

    do: Literal["press"]
    channel: str
    ts: str
    action_id: str
    value: str | None = None

    async def carry_out(self, ground: Playground) -> None:
        """Press it, and return when Slack has the acknowledgement. Raises NotPossible."""
        message = _found(ground, self.channel, self.ts, GONE)
        await _acknowledged(ground.slack.press(message, self.action_id, value=self.value))


class PressView(_Request):
    """Press a button in the modal or the Home tab."""

    do: Literal["press_view"]
    view: Literal["modal", "home"]
    view_id: str
    action_id: str
    value: str | None = None

    async def carry_out(self, ground: Playground) -> None:
        """Press it, and return when Slack has the acknowledgement. Raises NotPossible."""
        views = ground.slack.modals if self.view == "modal" else ground.slack.homes
        shown = views.get(ALICE)
        if shown is None or shown.id != self.view_id:
            raise NotPossible(GONE)
        await _acknowledged(ground.slack.press(shown, self.action_id, value=self.value))


class UseShortcut(_Request):
    """Use the app's shortcut on a message."""

    do: Literal["shortcut"]
    channel: str
    ts: str

    async def carry_out(self, ground: Playground) -> None:
        """Use it, and return when Slack has the acknowledgement. Raises NotPossible."""
        message = _found(ground, self.channel, self.ts, MESSAGE_GONE)
        await _acknowledged(ground.slack.shortcut(SHORTCUT, message))


class OpenHome(_Request):
    """Open a tab of the conversation with the app."""

    do: Literal["open_home"]
    tab: Literal["home", "messages"]

    async def carry_out(self, ground: Playground) -> None:
        """Tell the app, which may not run."""
        await ground.slack.open_home(tab=self.tab)


class CloseModal(_Request):
    """Close the modal."""

    do: Literal["close_modal"]
    view_id: str

    async def carry_out(self, ground: Playground) -> None:
        """Close it, if it is open."""
        shown = ground.slack.modals.get(ALICE)
        if shown and shown.id == self.view_id:
            ground.slack.close_modal(ALICE)


def _found(ground: Playground, channel: str, ts: str, otherwise: str) -> Message:
    """Return a message. Raises NotPossible with the sentence that says that it is gone."""
    message = ground.slack.find(channel, ts)
    if message is None:
        raise NotPossible(otherwise)
    return message


async def _acknowledged(interaction: Awaitable[Interaction]) -> None:
    """Wait until Slack has the acknowledgement. Raises NotPossible."""
    try:
        done = await interaction
    except LookupError:
        raise NotPossible(GONE) from None
    if done.error:
        raise NotPossible(SHOWN_ERRORS.format(done.error))


class ChangeJob(_Request):
    """Change the state of a job, or delete it, by the method that ``do`` names."""

    do: Literal["advance", "fail", "send_back", "delete"]
    job_id: str

    async def carry_out(self, ground: Playground) -> None:
        """Change it. Raises NotPossible."""
        getattr(ground, self.do)(self.job_id)


class NewJob(_Request):
    """Add a job."""

    do: Literal["new_job"]
    voice_name: str = Field("", max_length=64)

    async def carry_out(self, ground: Playground) -> None:
        """Add it."""
        ground.new_job(self.voice_name)


class SetMetaStudio(_Request):
    """Set the mood of MetaStudio."""

    do: Literal["metastudio"]
    mood: MetaStudioMood

    async def carry_out(self, ground: Playground) -> None:
        """Set it."""
        ground.moods.set_metastudio(self.mood)


class SetSlack(_Request):
    """Set the mood of Slack."""

    do: Literal["slack"]
    mood: SlackMood

    async def carry_out(self, ground: Playground) -> None:
        """Set it."""
        ground.moods.set_slack(self.mood)


class SetSpeed(_Request):
    """Set the seconds per step of the jobs; None stops them."""

    do: Literal["speed"]
    seconds: float | None

    async def carry_out(self, ground: Playground) -> None:
        """Set it. Raises NotPossible."""
        if self.seconds not in SPEEDS:
            raise NotPossible("There is no such speed.")
        ground.clockwork.seconds = self.seconds


class SwitchBot(_Request):
    """Start, stop or restart the bot, by the method that ``want`` names."""

    do: Literal["bot"]
    want: Literal["start", "stop", "restart"]

    async def carry_out(self, ground: Playground) -> None:
        """Switch it, and return when that is done."""
        await getattr(ground.bot, self.want)()


Request = (
    Say
    | Press
    | PressView
    | UseShortcut
    | OpenHome
    | CloseModal
    | ChangeJob
    | NewJob
    | SetMetaStudio
    | SetSlack
    | SetSpeed
    | SwitchBot
)
REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="do")])
"""Parses a request; raises pydantic's ValidationError."""
