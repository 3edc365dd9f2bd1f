"""PURE. A parsed command, and the mistakes in one."""

from dataclasses import dataclass, field
from enum import Enum

from bot.domain.job_names import Wanted
from bot.domain.languages import Language
from bot.domain.records import Level
from bot.errors import BadUsage


class Verb(Enum):
    """The subcommand; LOOK_UP is a job alone, START nothing at all."""

    START = "start"
    LOOK_UP = "look-up"
    DETAILS = "details"
    WAITING = "waiting"
    RECENT = "recent"
    STATUS = "status"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    LIST = "list"
    MINE = "mine"
    LANGUAGE = "language"
    HELP = "help"


@dataclass(frozen=True)
class Request:
    """A parsed command; ``level`` and ``language`` are None if none was typed."""

    verb: Verb
    wanted: Wanted = field(default_factory=Wanted)
    level: Level | None = None
    language: Language | None = None
    for_me: bool = False

    def __str__(self) -> str:
        """Return the command, in English."""
        verb = "list mine" if self.verb is Verb.MINE else self.verb.value
        verb = "" if self.verb in {Verb.LOOK_UP, Verb.START} else verb
        me = "me" if self.for_me else ""
        return " ".join(filter(None, [verb, self.wanted.typed, self.level, me, self.language]))


class OtherChannel(BadUsage):
    """A person named a channel, be it the one in which they are."""


class UnknownLanguage(BadUsage):
    """A person named a language of which there is no catalog."""


class BadName(BadUsage):
    """What a person typed is too long for the name of a voice."""


class OtherPerson(BadUsage):
    """A person named somebody, be it themselves by their name."""
