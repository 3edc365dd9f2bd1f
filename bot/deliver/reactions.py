"""PURE. What a refusal of Slack's changes: decided by its code, and by evidence of what it covers.

Slack's codes say what is wrong, not where: the same one can be about a message, a conversation or the bot.
So it counts which step failed and in which form, what Slack says of the token (``auth.test``), and whether
the same came from another conversation while nothing got through anywhere.
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from bot.domain.deliveries import EDITS, POSTS, Step
from bot.domain.slack_errors import Refusal

PEOPLE: Final = ("U", "W")
"""The beginnings of people's ids, to which direct messages are posted."""


class Reaction(Enum):
    """What is to be done after a refusal."""

    RETRY = auto()
    """Try the same again soon."""
    REPEAT = auto()
    """It may have arrived: try the same again, late."""
    WORDS = auto()
    """Send the words alone, at once."""
    WITHOUT_THREAD = auto()
    """Post it in the conversation itself, at once."""
    NEW_CARD = auto()
    """The card is gone: a new one is due."""
    SKIP = auto()
    """Go on without this edit, or without telling this person."""
    HOLD = auto()
    """Let this message wait, longer with each refusal; all else goes on."""
    PAUSE = auto()
    """Pause the conversation."""
    ASK = auto()
    """Ask Slack whether it still accepts the bot's token, then decide."""
    BOT = auto()
    """Slack refuses the bot itself: nothing is wrong with the message or the conversation."""


@dataclass(frozen=True)
class Attempt:
    """How a message was sent."""

    step: Step
    in_thread: bool = False
    words_only: bool = False


@dataclass(frozen=True)
class Evidence:
    """What is known besides the code."""

    accepts_token: bool | None = None
    """Whether Slack accepts the bot's token; None: it was not asked."""
    others_passed: bool = False
    """Whether Slack refused this message before, and accepted another one in the conversation since."""
    elsewhere: bool = False
    """Whether another conversation refused with the same code, and nothing got through since."""


def reaction(refusal: Refusal, attempt: Attempt, evidence: Evidence, *, unanswered: bool = False) -> Reaction:
    """Return the reaction to a refusal; ``unanswered``: Slack may have accepted the message."""
    match refusal:
        case Refusal.LATER:
            is_lost = unanswered and attempt.step not in EDITS
            return Reaction.REPEAT if is_lost else Reaction.RETRY
        case Refusal.BOT:
            return _of_bot(attempt, evidence)
        case Refusal.CONTENT:
            return Reaction.HOLD if attempt.words_only else Reaction.WORDS
        case Refusal.ONLY_REPLIES:
            return Reaction.HOLD
        case Refusal.NOT_HERE:
            return _of_conversation(attempt, evidence, is_certain=True)
        case _:
            return _of_message(refusal, attempt) or _of_unknown(attempt, evidence)


def _of_bot(attempt: Attempt, evidence: Evidence) -> Reaction:
    if evidence.accepts_token is None:
        return Reaction.ASK
    is_bot = evidence.elsewhere or not evidence.accepts_token
    return Reaction.BOT if is_bot else _of_conversation(attempt, evidence, is_certain=False)


def _of_message(refusal: Refusal, attempt: Attempt) -> Reaction | None:
    """Return the reaction to a code that is about the card; None where the attempt needed no card."""
    if refusal is Refusal.UNKNOWN:
        return None
    if attempt.step in EDITS:
        is_gone = refusal is Refusal.MESSAGE_GONE and attempt.step in {Step.EDIT_CARD, Step.EDIT_BOARD}
        return Reaction.NEW_CARD if is_gone else Reaction.SKIP
    return Reaction.WITHOUT_THREAD if attempt.in_thread and refusal is not Refusal.UNEDITABLE else None


def _of_unknown(attempt: Attempt, evidence: Evidence) -> Reaction:
    """Find out what an unknown code is about: the words alone first, then without the thread."""
    if evidence.elsewhere:
        return Reaction.BOT
    if not attempt.words_only:
        return Reaction.WORDS
    if attempt.in_thread:
        return Reaction.WITHOUT_THREAD
    return _of_conversation(attempt, evidence, is_certain=False)


def _of_conversation(attempt: Attempt, evidence: Evidence, *, is_certain: bool) -> Reaction:
    """Return the reaction to a refusal of the conversation that the message went to.

    Only posts say whether the bot may post there: that an edit is accepted would not end a pause.
    """
    if attempt.step in POSTS:
        is_message_alone = evidence.others_passed and not is_certain
        return Reaction.HOLD if is_message_alone else Reaction.PAUSE
    is_direct_message = attempt.step not in {Step.EDIT_CARD, Step.EDIT_BOARD}
    return Reaction.SKIP if is_certain and is_direct_message else Reaction.HOLD


@dataclass
class BotEvidence:
    """Refusals that may be about the bot itself, by conversation, since a message got through anywhere."""

    _codes: dict[str, str] = field(default_factory=dict)

    def refused(self, conversation: str, code: str) -> None:
        """Record a refusal that may be about the bot itself."""
        self._codes[conversation] = code

    def accepted(self) -> None:
        """Record that a message got through."""
        self._codes.clear()

    def is_elsewhere(self, conversation: str, code: str) -> bool:
        """Whether two other conversations refused with this code, or a channel and a person."""
        others = [where for where, each in self._codes.items() if each == code and where != conversation]
        kinds = {where.startswith(PEOPLE) for where in (*others, conversation)}
        return len(others) > 1 or len(kinds) > 1

    def has(self, conversation: str) -> bool:
        """Whether this conversation refused."""
        return conversation in self._codes
