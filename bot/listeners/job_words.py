"""PURE. The words of a command that name a job, by its id or its voice, and that say who is told of what."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.domain.job_ids import JOB_ID, SOME_JOB, UUID, is_link, job_id_in, unquoted
from bot.domain.job_names import LONGEST_NAME, Wanted
from bot.errors import BadUsage, NoJobId, SeveralJobIds
from bot.listeners.command_words import (
    LEVELS,
    ME,
    NOISE,
    bare,
    close_to,
    is_name,
    is_quoted,
    plain,
    shown,
    trailing_options,
    without_options,
)
from bot.listeners.request import BadName, OtherChannel, OtherPerson, Request, Verb

_CHANNEL: Final = re.compile(r"<#|#[^\s#\d]")
_PERSON: Final = re.compile(r"<[@!]|@\S")
"""How Slack and people write channels, people and groups ("Formatting message text")."""


def about_job(verb: Verb, words: Sequence[str], typed: str, name: str) -> Request:
    """Parse the job, by its id or else by its ``name``, and who is told of what. Raises BadUsage."""
    try:
        found = _about_id(verb, words, typed)
    except BadUsage as error:
        named = without_options(name or " ".join(words))
        is_missing = all(_is_option(word) or plain(word) in NOISE for word in words)
        if (is_missing and not is_quoted(named)) or any(names_for_sure(word) for word in words):
            raise
        guess = error if type(error) is BadUsage and not is_quoted(named) else None
        return replace(_options(verb, words), wanted=by_name(named.split(), named, guess))
    if any(ids_in(word) for word in words):
        return found
    return replace(found, wanted=replace(found.wanted, name=found.wanted.job_id))


def _options(verb: Verb, words: Sequence[str]) -> Request:
    """Parse who is told of what: what stands last."""
    options = [plain(word) for word in trailing_options(words)]
    levels = [LEVELS[word] for word in options if word in LEVELS and verb is Verb.SUBSCRIBE]
    return Request(verb, level=next(iter(levels), None), for_me=any(word in ME for word in options))


def _about_id(verb: Verb, words: Sequence[str], typed: str) -> Request:
    """Parse the id of a job, and who is told of what. Raises BadUsage."""
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
    for_me = any(plain(word) in ME for word in beside)
    request = Request(verb, Wanted(job_id), next(iter(guessed), None), for_me=for_me)
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
    if certain := [word for word in words if ids_in(word)]:
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
    if UUID.search(word) or is_name(word):
        return None
    if _PERSON.match(bare(word)):
        return OtherPerson
    return OtherChannel if _CHANNEL.match(bare(word)) else None


def _job_id(naming: Sequence[str], typed: str) -> str:
    """Return the one job id in the words that name it. Raises BadUsage, with the whole text."""
    if job_id := certain_id(naming, typed):
        return job_id
    if len(set(naming)) != 1:
        raise NoJobId(unquoted(typed))
    return job_id_in(naming[0])


def certain_id(words: Sequence[str], typed: str) -> str:
    """Return the one id that looks like one; empty if there is none. Raises SeveralJobIds, with the text."""
    ids = {found.lower(): found for word in words for found in ids_in(word)}
    if len(ids) > 1:
        raise SeveralJobIds(unquoted(typed))
    return next(iter(ids.values()), "")


def ids_in(word: str) -> Sequence[str]:
    """Return what looks like a job's id in a word; a link has rules of its own."""
    if not is_link(word):
        return UUID.findall(word)
    try:
        return [job_id_in(word)]
    except BadUsage:
        return []


def names_for_sure(word: str) -> bool:
    """Whether a word is an id or a link, or a mention, and so no part of a voice's name."""
    return bool(ids_in(word)) or is_link(word) or _elsewhere(word) is not None


def by_name(words: Sequence[str], name: str, guess: BadUsage | None = None) -> Wanted:
    """Return the job of this name; a single word may be its id, too. Raises BadName."""
    name = unquoted(name or " ".join(words))
    if len(name) > LONGEST_NAME:
        raise BadName(name)
    alone = bare(words[0]) if len(words) == 1 else ""
    return Wanted(alone if JOB_ID.fullmatch(alone) else "", name, guess)
