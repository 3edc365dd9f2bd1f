"""PURE. Parser of the text after the slash command."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from bot.domain.characters import normalised
from bot.domain.job_ids import UUID, is_link, job_id_in, unquoted
from bot.domain.records import Level
from bot.errors import BadUsage, NoJobId, SeveralJobIds
from bot.listeners.command_words import (
    HELP,
    LEVELS,
    ME,
    NOISE,
    OTHER_WORDS,
    OWN_NAME,
    VERBS,
    WITH_JOB_ID,
    bare,
    close_to,
    is_name,
    pieces,
    plain,
    shown,
    split,
    verb_in,
)


class Verb(Enum):
    """The subcommand; LOOK_UP is a job id alone."""

    LOOK_UP = "look-up"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    LIST = "list"
    HELP = "help"


_CHANNEL: Final = re.compile(r"<#|#[^\s#]")
_PERSON: Final = re.compile(r"<[@!]|@\S")
"""How Slack and people write channels, people and groups ("Formatting message text")."""


class OtherChannel(BadUsage):
    """A person named a channel, be it the one in which they are."""


class OtherPerson(BadUsage):
    """A person named somebody, or themselves."""


@dataclass(frozen=True)
class Request:
    """A parsed command; ``level`` is None if none was typed."""

    verb: Verb
    job_id: str = ""
    level: Level | None = None


def parse(text: str) -> Request:
    """Parse what follows the command. Raises BadUsage; its ``meant`` is the command that may be meant."""
    typed = normalised(text)
    words = split(typed)
    while len(words) > 1 and plain(words[0]) == OWN_NAME:
        del words[0]  # the whole command, copied from the help
    first = plain(words[0]) if words and not (len(words) == 1 and is_name(words[0])) else ""
    if not words or (first in HELP and not UUID.search(typed)):
        return Request(Verb.HELP)
    if first in VERBS:
        return _read(Verb(first), words[1:])
    if first.isalpha() and (meant := OTHER_WORDS.get(first) or close_to(first, VERBS)):
        raise BadUsage(shown(words[0]), meant=_whole(meant, words[1:]))
    for number, word in enumerate(words[1:], 1):
        if (meant := verb_in(word)) in WITH_JOB_ID:
            raise BadUsage(shown(word), meant=_whole(meant, words[:number] + words[number + 1 :]))
    return Request(Verb.LOOK_UP, _looked_up_id(words, typed))


def _read(verb: Verb, words: Sequence[str]) -> Request:
    """Parse what follows a verb. Raises BadUsage, also for any word that is left over."""
    if verb in {Verb.LIST, Verb.HELP}:
        if words:
            raise BadUsage(" ".join(words), meant=verb.value)
        return Request(verb)
    parts = [piece for word in words for piece in pieces(word)]
    naming = _naming([word for word in parts if not _elsewhere(word)])
    beside = [word for word in parts if word not in naming]
    levels = [plain(word) for word in beside if plain(word) in LEVELS]
    left = [word for word in beside if plain(word) not in NOISE.union(LEVELS)]
    guessed = [*levels, *filter(None, (close_to(plain(word), LEVELS) for word in left))]
    level = guessed[0] if guessed and verb is Verb.SUBSCRIBE else ""
    no_id = None
    try:
        job_id = _job_id(naming, " ".join(naming or [verb.value, *words]))
    except BadUsage as error:
        job_id, no_id = "<job_id>", error
    meant = " ".join(filter(None, [verb.value, job_id, level]))
    for word in left:
        if other := _elsewhere(word):
            raise other(bare(word), meant=meant)
    if no_id:
        no_id.meant = meant if isinstance(no_id, NoJobId) else no_id.meant
        raise no_id
    if left:
        raise BadUsage(" ".join(map(shown, left)), meant=meant)
    if verb is Verb.UNSUBSCRIBE:
        return Request(verb, job_id)
    if len(set(levels)) > 1:
        raise BadUsage(" ".join(levels), meant=meant)
    return Request(verb, job_id, Level(level) if level else None)


def _naming(words: Sequence[str]) -> list[str]:
    """Return the words that name the job: real ids or links, or else what means nothing else.

    Without a real id, a word in quotes of its own names one, whatever else it means; if another word does,
    it is a level all the same.
    """
    if certain := [word for word in words if _ids_in(word)]:
        return certain
    names = [word for word in words if is_name(word) or plain(word) not in NOISE.union(LEVELS)]
    sure = [word for word in names if plain(word) not in LEVELS] or names
    if len(sure) > 1:
        sure = [word for word in sure if is_name(word) or not close_to(plain(word), LEVELS)] or sure
    return sure or [word for word in words if plain(word) not in LEVELS]


def _elsewhere(word: str) -> type[BadUsage] | None:
    """Return the error for a word that names a channel or a person; None if it names neither."""
    if UUID.search(word):
        return None
    if _PERSON.match(bare(word)) or (plain(word) == ME and not is_name(word)):
        return OtherPerson
    return OtherChannel if _CHANNEL.match(bare(word)) else None


def _job_id(naming: Sequence[str], text: str) -> str:
    """Return the one job id in the words that name it. Raises BadUsage, with the text."""
    if job_id := _certain_id(naming, text):
        return job_id
    if len(set(naming)) != 1:
        raise NoJobId(text)
    return job_id_in(naming[0])


def _looked_up_id(words: Sequence[str], text: str) -> str:
    """Return the one job id among the words of a look-up. Raises BadUsage."""
    job_id = _certain_id(words, unquoted(text))
    if len(words) == 1:
        # Brackets, or words without a blank around an id, do no harm.
        return job_id or job_id_in(text if "://" in text else words[0])
    if not job_id:
        raise NoJobId(unquoted(text))
    first = plain(words[0])
    if first.isascii() and first.isalpha() and first not in NOISE:
        raise BadUsage(shown(words[0]), meant=job_id)
    return job_id


def _certain_id(words: Sequence[str], text: str) -> str:
    """Return the one id that looks like one; empty if there is none. Raises SeveralJobIds, with the text."""
    ids = {found.lower(): found for word in words for found in _ids_in(word)}
    if len(ids) > 1:
        raise SeveralJobIds(text)
    return next(iter(ids.values()), "")


def _ids_in(word: str) -> Sequence[str]:
    """Return what looks like a job's id in a word; a link has rules of its own."""
    if not is_link(word):
        return UUID.findall(word)
    try:
        return [job_id_in(word)]
    except BadUsage:
        return []


def _whole(verb: str, words: Sequence[str]) -> str:
    """Return the command that was meant, with the right verb. Raises OtherChannel, OtherPerson."""
    if verb not in WITH_JOB_ID:
        return next((found for word in words for found in _ids_in(word)), verb)
    try:
        request = _read(Verb(verb), words)
    except (OtherChannel, OtherPerson):
        raise  # that matters more than how the verb is written
    except BadUsage as error:
        return error.meant or f"{verb} <job_id>"
    return " ".join(filter(None, [verb, request.job_id, request.level]))
