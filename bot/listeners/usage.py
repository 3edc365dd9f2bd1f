"""PURE. Reading what a person typed after the command."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from typing import Final

from bot.characters import normalised
from bot.errors import BadUsage, NoJobId, SeveralJobIds
from bot.job_ids import UUID, job_id_from, unquoted
from bot.subscriptions import Level

_WORDS: Final = re.compile(
    r"<https?://[^<>]*>|https?://\S+|(?:(?!<?https?://)[^\s,;:，、；：])+"  # noqa: RUF001  Chinese keyboards
)
"""A link is one word, even as Slack writes it, with a label that may have blanks."""


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
OTHER_WORDS: Final = {
    **dict.fromkeys(("sub", "follow", "watch", "订阅"), "subscribe"),
    **dict.fromkeys(("unsub", "unfollow", "stop", "mute", "取消订阅"), "unsubscribe"),
    **dict.fromkeys(("ls", "subscriptions", "列表"), "list"),
}
"""Words from other apps and languages, and which of ours is probably meant."""
OWN_NAME: Final = "voicejob"
NOISE: Final = frozenset({"job", "id", "jobid", OWN_NAME, "to", "from", "for", "of"})
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
    text = normalised(text)
    words = _WORDS.findall(text)
    while len(words) > 1 and _plain(words[0]) == OWN_NAME:
        del words[0]  # the whole command, copied from the help
    first = _plain(words[0]) if words and not (len(words) == 1 and _is_name(words[0])) else ""
    if not unquoted(text).strip(_AROUND_WORDS) or not words or (first in HELP and not UUID.search(text)):
        return Request(Verb.HELP)
    if first in VERBS:
        return _read(Verb(first), words[1:])
    if first.isalpha() and (meant := OTHER_WORDS.get(first) or _close_to(first, VERBS)):
        raise BadUsage(_shown(words[0]), meant=_whole(meant, words[1:]))
    if len(words) > 1 and (last := _plain(words[-1])) in WITH_JOB_ID:
        raise BadUsage(_shown(words[-1]), meant=_whole(last, words[:-1]))
    return Request(Verb.LOOK_UP, _job_id(words, text))


def _read(verb: Verb, words: Sequence[str]) -> Request:
    """Read what follows a verb: a job id, with a level before or after it."""
    if verb in {Verb.LIST, Verb.HELP}:
        if words:
            raise BadUsage(" ".join(words), meant=verb.value)
        return Request(verb)
    levels = [_plain(word) for word in words if _is_level(word)]
    others = [word for word in words if not _is_level(word)]
    if not others:
        level = levels[:1] if verb is Verb.SUBSCRIBE else []
        raise NoJobId(" ".join([verb.value, *words]), meant=" ".join([verb.value, "<job_id>", *level]))
    if verb is Verb.UNSUBSCRIBE:
        return Request(verb, _job_id_after(verb, others, ""))
    if not levels and (slip := _slip(others)):
        job_id = _job_id_after(verb, [word for word in others if word != slip], "")
        raise BadUsage(_shown(slip), meant=f"{verb.value} {job_id} {_close_to(_plain(slip), LEVELS)}")
    job_id = _job_id_after(verb, others, "".join(levels[:1]))
    if len(set(levels)) > 1:
        raise BadUsage(" ".join(levels), meant=f"{verb.value} {job_id} {levels[0]}")
    return Request(verb, job_id, Level(levels[0]) if levels else None)


def _slip(words: Sequence[str]) -> str:
    """Find a mistyped level beside a job id."""
    slips = [word for word in words if not _is_name(word) and _close_to(_plain(word), LEVELS)]
    return slips[-1] if slips and len(words) > 1 else ""


def _job_id_after(verb: Verb, words: Sequence[str], level: str) -> str:
    """Find the job id after a verb, or say how the whole command goes."""
    try:
        return _job_id(words, " ".join(words))
    except NoJobId as error:
        raise NoJobId(error.values["text"], meant=f"{verb.value} <job_id> {level}".strip()) from None
    except BadUsage as error:
        if error.meant:
            error.meant = f"{verb.value} {error.meant} {level}".strip()
        raise


def _job_id(words: Sequence[str], text: str) -> str:
    """Find the one job id among the words of what a person typed."""
    ids = {found.lower(): found for word in words for found in _ids_in(word)}
    if len(ids) > 1:
        raise SeveralJobIds(unquoted(text))
    job_id = next(iter(ids.values()), "")
    if len(words) == 1:
        # Brackets, or words without a blank around an id, do no harm.
        return job_id or job_id_from(text if "://" in text else words[0])
    if not job_id:
        raise NoJobId(unquoted(text))
    first = _plain(words[0])
    if first.isascii() and first.isalpha() and first not in NOISE:
        raise BadUsage(_shown(words[0]), meant=job_id)
    return job_id


def _ids_in(word: str) -> Sequence[str]:
    """Find what looks like a job's id in a word; a link has rules of its own."""
    if "://" not in word:
        return UUID.findall(unquoted(word))
    try:
        return [job_id_from(word)]
    except BadUsage:
        return []


def _whole(verb: str, words: Sequence[str]) -> str:
    """Say how the command goes that was meant, with the verb put right."""
    if verb not in WITH_JOB_ID:
        return next((found for word in words for found in _ids_in(word)), verb)
    try:
        request = _read(Verb(verb), words)
    except BadUsage as error:
        return error.meant or f"{verb} <job_id>"
    return " ".join(filter(None, [verb, request.job_id, request.level]))


def _shown(word: str) -> str:
    return unquoted(unquoted(word).strip(_AROUND_WORDS))


def _plain(word: str) -> str:
    return _shown(word).lower()


def _is_name(word: str) -> bool:
    """Whether a word stands in quotes of its own: then it is the name of a job, whatever else it means."""
    return not unquoted(word[0]) and not unquoted(word[-1])


def _is_level(word: str) -> bool:
    return _plain(word) in LEVELS and not _is_name(word)


def _close_to(word: str, known: Sequence[str]) -> str:
    return next(iter(get_close_matches(word, known, n=1, cutoff=0.7)), "")
