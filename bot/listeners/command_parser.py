"""PURE. Parser of the text after the slash command."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from bot.domain.characters import normalised
from bot.domain.job_ids import SOME_JOB, UUID, is_link, job_id_in, unquoted
from bot.domain.languages import Language
from bot.domain.records import Level
from bot.errors import BadUsage, NoJobId, SeveralJobIds
from bot.listeners.command_words import (
    GUESSES,
    LANGUAGES,
    LEVELS,
    ME,
    NOISE,
    SHOW,
    VERBS,
    bare,
    close_to,
    is_name,
    language_named,
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
    LANGUAGE = "language"
    HELP = "help"


_CHANNEL: Final = re.compile(r"<#|#[^\s#]")
_PERSON: Final = re.compile(r"<[@!]|@\S")
"""How Slack and people write channels, people and groups ("Formatting message text")."""


class OtherChannel(BadUsage):
    """A person named a channel, be it the one in which they are."""


class UnknownLanguage(BadUsage):
    """A person named a language of which there is no catalog."""


class OtherPerson(BadUsage):
    """A person named somebody, be it themselves by their name."""


@dataclass(frozen=True)
class Request:
    """A parsed command; ``level`` and ``language`` are None if none was typed."""

    verb: Verb
    job_id: str = ""
    level: Level | None = None
    language: Language | None = None
    for_me: bool = False

    def __str__(self) -> str:
        """Return the command, in English."""
        verb = "" if self.verb is Verb.LOOK_UP else self.verb.value
        me = "me" if self.for_me else ""
        return " ".join(filter(None, [verb, self.job_id, self.level, me, self.language]))


def parse(text: str) -> Request:
    """Parse what follows the command. Raises BadUsage; its ``meant`` is the command that may be meant."""
    typed = normalised(text)
    words = split(typed)
    first = plain(words[0]) if words and not (len(words) == 1 and is_name(words[0])) else ""
    verb = VERBS.get(first, "")
    if not words or (verb == Verb.HELP.value and not UUID.search(typed)):
        return Request(Verb.HELP)
    if verb:
        return _read(Verb(verb), words[1:], typed)
    if guess := GUESSES.get(first) or (first.isalpha() and close_to(first, VERBS.values())):
        raise BadUsage(shown(words[0]), meant=_meant(Verb(guess), words[1:]))
    for number, word in enumerate(words):
        if (guess := verb_in(word)) in {"subscribe", "unsubscribe", "language"}:
            raise BadUsage(shown(word), meant=_meant(Verb(guess), words[:number] + words[number + 1 :]))
    if len(words) == 1 and (language := LANGUAGES.get(first)):
        raise BadUsage(shown(words[0]), meant=str(Request(Verb.LANGUAGE, language=language, for_me=True)))
    return Request(Verb.LOOK_UP, _looked_up_id(words, typed))


def _read(verb: Verb, words: Sequence[str], typed: str) -> Request:
    """Parse what follows a verb. Raises BadUsage, also for any word that is left over."""
    if verb in {Verb.SUBSCRIBE, Verb.UNSUBSCRIBE}:
        return _about_job(verb, [piece for word in words for piece in pieces(word)], typed)
    if verb is Verb.LANGUAGE:
        return _language(words)
    if words:
        raise BadUsage(" ".join(words), meant=verb.value)
    return Request(verb)


def _language(words: Sequence[str]) -> Request:
    """Parse the language, and whose it is. Raises BadUsage."""
    named = [language for word in words if (language := language_named(word))]
    left = [word for word in words if not language_named(word) and plain(word) not in ME | NOISE]
    for_me = any(plain(word) in ME for word in words)
    if left or len(set(named)) > 1:
        guessed = [*named, *(LANGUAGES[close] for word in left if (close := close_to(word, LANGUAGES)))]
        meant = Request(Verb.LANGUAGE, language=next(iter(guessed), Language.EN), for_me=for_me)
        kind = BadUsage if guessed else UnknownLanguage
        raise kind(" ".join(map(shown, left or words)), meant=str(meant))
    return Request(Verb.LANGUAGE, language=next(iter(named), None), for_me=for_me)


def _about_job(verb: Verb, words: Sequence[str], typed: str) -> Request:
    """Parse the job of a subscription, and who is told of what. Raises BadUsage."""
    naming = _naming([word for word in words if not _elsewhere(word)])
    beside = [word for word in words if word not in naming]
    levels = [word for word in beside if plain(word) in LEVELS]
    left = [word for word in beside if not _is_option(word) and plain(word) not in NOISE]
    close = [plain(word) if word in levels else close_to(word, LEVELS) for word in levels + left]
    guessed = [LEVELS[word] for word in close if word and verb is Verb.SUBSCRIBE]
    job_id, no_id = SOME_JOB, None
    try:
        job_id = _job_id(naming, typed)
    except BadUsage as error:
        no_id = error
    request = Request(
        verb, job_id, next(iter(guessed), None), for_me=any(plain(word) in ME for word in beside)
    )
    for word in left:
        if other := _elsewhere(word):
            raise other(bare(word), meant=str(request))
    if no_id:
        no_id.meant = str(request) if isinstance(no_id, NoJobId) else no_id.meant
        raise no_id
    if left or len(set(guessed)) > 1:
        raise BadUsage(" ".join(map(shown, left or levels)), meant=str(request))
    return request


def _naming(words: Sequence[str]) -> list[str]:
    """Return the words that name the job: real ids or links, or else what means nothing else.

    Without a real id, a word in quotes of its own names one, whatever else it means; if another word does,
    it is an option all the same.
    """
    if certain := [word for word in words if _ids_in(word)]:
        return certain
    names = [word for word in words if is_name(word) or not (_is_option(word) or plain(word) in NOISE)]
    sure = [word for word in names if not _is_option(word)] or names
    if len(sure) > 1:
        sure = [word for word in sure if is_name(word) or not close_to(word, LEVELS)] or sure
    return sure or [word for word in words if not _is_option(word)]


def _is_option(word: str) -> bool:
    return plain(word) in LEVELS or plain(word) in ME


def _elsewhere(word: str) -> type[BadUsage] | None:
    """Return the error for a word that names a channel or a person; None if it names neither."""
    if UUID.search(word):
        return None
    if _PERSON.match(bare(word)):
        return OtherPerson
    return OtherChannel if _CHANNEL.match(bare(word)) else None


def _job_id(naming: Sequence[str], typed: str) -> str:
    """Return the one job id in the words that name it. Raises BadUsage, with the whole text."""
    if job_id := _certain_id(naming, typed):
        return job_id
    if len(set(naming)) != 1:
        raise NoJobId(unquoted(typed))
    return job_id_in(naming[0])


def _looked_up_id(words: Sequence[str], typed: str) -> str:
    """Return the one job id among the words of a look-up. Raises BadUsage."""
    job_id = _certain_id(words, typed)
    if len(words) == 1:
        # Brackets, or words without a blank around an id, do no harm.
        return job_id or job_id_in(typed if "://" in typed else words[0])
    if not job_id:
        raise NoJobId(unquoted(typed))
    first = plain(words[0])
    if first.isascii() and first.isalpha() and first not in NOISE | SHOW:
        raise BadUsage(shown(words[0]), meant=job_id)
    return job_id


def _certain_id(words: Sequence[str], typed: str) -> str:
    """Return the one id that looks like one; empty if there is none. Raises SeveralJobIds, with the text."""
    ids = {found.lower(): found for word in words for found in _ids_in(word)}
    if len(ids) > 1:
        raise SeveralJobIds(unquoted(typed))
    return next(iter(ids.values()), "")


def _ids_in(word: str) -> Sequence[str]:
    """Return what looks like a job's id in a word; a link has rules of its own."""
    if not is_link(word):
        return UUID.findall(word)
    try:
        return [job_id_in(word)]
    except BadUsage:
        return []


def _meant(verb: Verb, words: Sequence[str]) -> str:
    """Return the command that was meant, with the right verb. Raises OtherChannel, OtherPerson."""
    if verb in {Verb.LOOK_UP, Verb.LIST, Verb.HELP}:
        ids = [found for word in words for found in _ids_in(word)]
        return next(iter(ids), SOME_JOB if verb is Verb.LOOK_UP else verb.value)
    try:
        return str(_read(verb, words, ""))
    except (OtherChannel, OtherPerson):
        raise  # that matters more than how the verb is written
    except BadUsage as error:
        return error.meant or f"{verb.value} {SOME_JOB}"
