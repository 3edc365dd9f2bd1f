"""The requests of the demo's page, validated. Field names are those of the page's scripts."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bot.demo import composer
from bot.demo.clockwork import SPEEDS
from bot.demo.moods import MetaStudioMood, SlackMood
from bot.demo.playground import NotPossible, Playground

GONE = "This button is not there any more."
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
        message = ground.slack.find(self.channel, self.ts)
        if message is None:
            raise NotPossible(GONE)
        try:
            pressed = await ground.slack.press(message, self.action_id, value=self.value)
        except LookupError:
            raise NotPossible(GONE) from None
        if pressed.error:
            raise NotPossible(SHOWN_ERRORS.format(pressed.error))


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


Request = Say | Press | ChangeJob | NewJob | SetMetaStudio | SetSlack | SetSpeed | SwitchBot
REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="do")])
"""Parses a request; raises pydantic's ValidationError."""
