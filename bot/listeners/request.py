"""PURE. A parsed command, and the mistakes in one."""

from dataclasses import dataclass, field
from enum import Enum

from bot.domain.job_ids import SOME_NAME
from bot.domain.job_names import Wanted
from bot.domain.keys import Selector, SelectorKind
from bot.domain.languages import Language
from bot.domain.records import Level
from bot.errors import BadUsage
from bot.listeners.command_words import written
from bot.listeners.mentions import mention


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
    """A parsed command; ``level`` and ``language`` are None if none was typed.

    Its text is the command in English, which is parsed as the same again.
    """

    verb: Verb
    wanted: Wanted = field(default_factory=Wanted)
    level: Level | None = None
    language: Language | None = None
    for_me: bool = False
    selector: Selector | None = None
    """The jobs of a wide subscription; None for the one in ``wanted``."""
    mentions: tuple[str, ...] = ()
    """Slack's ids of the people and user groups who are to be named, each once."""

    def __str__(self) -> str:
        verb = "list mine" if self.verb is Verb.MINE else self.verb.value
        verb = "" if self.verb in {Verb.LOOK_UP, Verb.START} else verb
        me = "me" if self.for_me else ""
        said = [verb, self._what, self.level, me, self.language, *map(mention, self.mentions)]
        return " ".join(filter(None, said))

    @property
    def _what(self) -> str:
        """Return the words that name the jobs."""
        if not self.selector:
            return written(self.wanted.name) if self.wanted.name else self.wanted.job_id
        kind, value = self.selector
        if kind is SelectorKind.PROJECT:
            return kind.value
        return f"{kind.value} {value if value == SOME_NAME else written(value)}"


class OtherChannel(BadUsage):
    """A person named a channel, be it the one in which they are."""


class UnknownLanguage(BadUsage):
    """A person named a language of which there is no catalog."""


class BadName(BadUsage):
    """What a person typed is too long for a name."""


class NoName(BadUsage):
    """A person named a batch or a tag without saying which."""


class EndsOne(BadUsage):
    """A person wants to end all subscriptions at once."""


class OtherPerson(BadUsage):
    """A person named somebody of whom Slack gave no id."""


class PersonElsewhere(BadUsage):
    """A person named somebody in a command that tells nobody anything."""


class PersonInPrivate(BadUsage):
    """A person named somebody who would not read what is told."""


class TooManyPeople(BadUsage):
    """A person named more people and groups than one message should mention."""


class WholeChannel(BadUsage):
    """A person named all who are in a channel."""


class ChannelIsNoJob(BadUsage):
    """A person named a channel where a job is looked up."""
