"""PURE. The words of commands, and the splitting of typed text into words."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from bot.domain.job_ids import UUID, is_link, unquoted
from bot.domain.records import Level

VERBS: Final = ("help", "list", "subscribe", "unsubscribe")
"""Words that are no job ids. A job that is called so can be looked up in quotes."""
WITH_JOB_ID: Final = frozenset({"subscribe", "unsubscribe"})
HELP: Final = frozenset({"help", "h", "帮助"})
OTHER_WORDS: Final = {
    **dict.fromkeys(("sub", "follow", "watch", "订阅"), "subscribe"),
    **dict.fromkeys(("unsub", "unfollow", "stop", "mute", "取消订阅"), "unsubscribe"),
    **dict.fromkeys(("ls", "subscriptions", "列表"), "list"),
}
"""Synonyms from other apps and languages, and the verb that each probably means."""
OWN_NAME: Final = "voicejob"
NOISE: Final = frozenset(
    {"job", "id", "jobid", "job_id", OWN_NAME, "to", "from", "for", "of"}
    | {"please", "only", "the", "this", "请", "任务", "作业"}
)
"""Words beside an id that are ignored."""
LEVELS: Final = tuple(level.value for level in Level)
ME: Final = "me"

_WORDS: Final = re.compile(
    r"<https?://[^<>]*>|https?://\S+|(?:(?!<?https?://)[^\s,;:、])+",
    re.IGNORECASE,
)
"""A link is one word, even as Slack writes it, with a label that may have blanks."""
_AROUND_WORDS: Final = "-_/.,:;!?。、()[]{}<>=|"
_ADDRESS_GOES_ON: Final = re.compile("[/=&?]")
_GLUED: Final = re.compile(
    r"[,;、|(]|(?<=[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})[^\w.#%-]",
    re.ASCII | re.IGNORECASE,
)
"""What ends a link if the address does not go on behind it; behind a UUID that is anything unusual there."""
_FRAGMENT: Final = re.compile(r"#[^\s#/=&?|<>]+\Z")
"""The end of a link that looks like the name of a channel."""


def split(text: str) -> list[str]:
    """Split a normalised text into words."""
    return [part for word in _WORDS.findall(text) for part in _unglued(word) if shown(part)]


def pieces(word: str) -> Sequence[str]:
    """Split an id from text that adjoins it without a blank.

    A link is one piece, but for a fragment that looks like a channel's name.
    """
    if is_link(word):
        channel = _FRAGMENT.search(word)
        if channel and not UUID.search(channel[0]):
            return [word[: channel.start()], channel[0]]
        return [word]
    if not UUID.search(word):
        return [word]
    parts = re.split(f"({UUID.pattern})", word, flags=re.IGNORECASE)
    return [part for part in parts if shown(part)]


def verb_in(word: str) -> str:
    """Return the verb that a word is or resembles, wherever it stands; empty if it is none."""
    found = "" if is_name(word) else plain(word)
    return found if found in VERBS else OTHER_WORDS.get(found, "")


def bare(word: str) -> str:
    """Strip quotes, brackets and full stops from around a word that may be a mention."""
    return unquoted(unquoted(word).lstrip("([{|").rstrip(")]}.!?。"))


def shown(word: str) -> str:
    """Strip quotes and all punctuation from around a word."""
    return unquoted(unquoted(word).strip(_AROUND_WORDS))


def plain(word: str) -> str:
    """Return a word as the vocabulary has it: in lower case, with nothing around it."""
    return shown(word).lower()


def is_name(word: str) -> bool:
    """Whether a word stands in quotes of its own: then it is the name of a job, whatever else it means."""
    return not unquoted(word[0]) and not unquoted(word[-1])


def close_to(word: str, known: Sequence[str]) -> str:
    """Return the known word that a person may have mistyped; empty if there is none."""
    return next(iter(get_close_matches(word, known, n=1, cutoff=0.7)), "")


def _unglued(word: str) -> Sequence[str]:
    """Split a bare link from the words that are glued to it. In Slack's ``<…>`` it has an end of its own."""
    if word.startswith("<") or not is_link(word):
        return [word]
    tail = _ADDRESS_GOES_ON.split(word)[-1]
    if not (glued := _GLUED.search(tail)):
        return [word]
    return [word.removesuffix(tail) + tail[: glued.start()], *_WORDS.findall(tail[glued.start() :])]
