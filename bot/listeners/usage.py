"""PURE. Reading what a person typed after the command."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Final

from bot.errors import BadUsage, NoJobId, SeveralJobIds
from bot.job_ids import UUID, job_id_from, unquoted
from bot.subscriptions import Level

_SLACK_LINK: Final = re.compile(r"<https?://[^<>]*>")
"""How Slack writes a pasted link, whose label may have blanks."""


class Verb(Enum):
    """What a person wants."""

    LOOK_UP = "look-up"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    LIST = "list"
    HELP = "help"


VERBS: Final = ("help", "list", "subscribe", "unsubscribe")
"""Words that are no job ids. A job that is called so can be looked up in quotes."""
WITH_JOB_ID: Final = frozenset({"subscribe", "unsubscribe"})
HELP: Final = frozenset({"help", "h", "帮助"})
NOISE: Final = frozenset({"job", "id", "jobid", "voicejob"})
"""Words before an id that mean no command."""
LEVELS: Final = tuple(level.value for level in Level)
_AROUND_WORDS: Final = "-/.,:;!?。，：；！？"  # noqa: RUF001  from Chinese keyboards


@dataclass(frozen=True)
class Request:
    """What a person asks for; ``level`` is None where they named none."""

    verb: Verb
    job_id: str = ""
    level: Level | None = None


def parse(text: str) -> Request:
    """Read what follows the command. Raises BadUsage, with what may be meant if that can be guessed."""
    bare = unquoted(text)
    is_quoted = len(bare) < len(text.strip())
    words = bare.split()
    first = "" if is_quoted or not words else words[0].lower().strip(_AROUND_WORDS)
    if not bare.strip(_AROUND_WORDS) or (first in HELP and len(words) == 1):
        return Request(Verb.HELP)
    rest = bare.partition(words[0])[2].strip()
    if first == Verb.LIST.value:
        return _list(rest)
    if first == Verb.SUBSCRIBE.value:
        return _subscribe(rest)
    if first == Verb.UNSUBSCRIBE.value:
        return Request(Verb.UNSUBSCRIBE, _job_id_after(first, rest))
    return Request(Verb.LOOK_UP, _job_id(bare, is_quoted=is_quoted))


def _list(rest: str) -> Request:
    if rest:
        raise BadUsage(rest, meant=Verb.LIST.value)
    return Request(Verb.LIST)


def _subscribe(rest: str) -> Request:
    """Read a job id, with a level before or after it."""
    levels = [word for word in rest.split() if word.lower() in LEVELS]
    others = " ".join(word for word in rest.split() if word not in levels)
    word, _, last = others.rpartition(" ")
    if word and not levels and (meant := _close_to(last, LEVELS)):
        raise BadUsage(
            last, meant=f"{Verb.SUBSCRIBE.value} {_job_id_after(Verb.SUBSCRIBE.value, word)} {meant}"
        )
    job_id = _job_id_after(Verb.SUBSCRIBE.value, others)
    if len(set(levels)) > 1:
        raise BadUsage(" ".join(levels), meant=f"{Verb.SUBSCRIBE.value} {job_id} {levels[0].lower()}")
    return Request(Verb.SUBSCRIBE, job_id, Level(levels[0].lower()) if levels else None)


def _job_id_after(verb: str, rest: str) -> str:
    if not rest:
        raise NoJobId(verb, meant=f"{verb} <job_id>")
    bare = unquoted(rest)
    return _job_id(bare, is_quoted=len(bare) < len(rest), verb=verb)


def _job_id(bare: str, *, is_quoted: bool, verb: str = "") -> str:
    """Find the one job id in what a person typed, after a verb if there was one."""
    if _SLACK_LINK.fullmatch(bare):
        return job_id_from(bare)
    ids = {found.lower(): found for found in UUID.findall(bare)}
    if len(ids) > 1 and "://" not in bare:
        raise SeveralJobIds(bare)
    job_id = next(iter(ids.values()), "")
    if len(bare.split()) > 1:
        return _among_words(bare, job_id, verb)
    if bare.isalpha() and not is_quoted and not verb and (meant := _close_to(bare, VERBS)):
        raise BadUsage(bare, meant=meant)
    # Brackets, or words without a blank around an id, do no harm; a link has rules of its own.
    return job_id if job_id and "://" not in bare else job_id_from(bare)


def _among_words(bare: str, job_id: str, verb: str) -> str:
    """Take the one job id among several words; after what may be meant as a command, ask."""
    first = bare.split(maxsplit=1)[0].strip(_AROUND_WORDS)
    meant = verb or _close_to(first, VERBS)
    if not job_id:
        raise NoJobId(bare, meant=f"{meant} <job_id>" if meant in WITH_JOB_ID else meant)
    if first.isascii() and first.isalpha() and first.lower() not in NOISE:
        raise BadUsage(first, meant=f"{meant if meant in WITH_JOB_ID else ''} {job_id}".strip())
    return job_id


def _close_to(word: str, known: Sequence[str]) -> str:
    return next(iter(get_close_matches(word.lower(), known, n=1, cutoff=0.7)), "")
