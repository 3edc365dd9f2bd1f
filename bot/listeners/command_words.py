"""PURE. The words of commands in English and Chinese, and the splitting of typed text into words."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from bot.domain.characters import AMPERSAND, normalised
from bot.domain.job_ids import UUID, is_link, unquoted
from bot.domain.languages import Language, of_locale
from bot.domain.records import Level

VERBS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("help", "h", "帮助", "幫助", "使用帮助", "说明", "用法", "怎么用"), "help"),
    **dict.fromkeys(("list", "ls", "subscriptions", "列表", "列出", "清单", "订阅列表", "查看订阅"), "list"),
    **dict.fromkeys(("subscribe", "sub", "follow", "订阅", "訂閱", "关注"), "subscribe"),
    **dict.fromkeys(("unsubscribe", "unsub", "unfollow", "取消订阅", "取消訂閱"), "unsubscribe"),
    **dict.fromkeys(("退订", "取消关注", "停止订阅", "不再订阅"), "unsubscribe"),
    **dict.fromkeys(("details", "detail", "why", "详情", "原因", "查看原因"), "details"),
    **dict.fromkeys(("waiting", "todo", "待办", "待处理", "等待处理"), "waiting"),
    **dict.fromkeys(("recent", "latest", "最近", "最近变化"), "recent"),
    **dict.fromkeys(("status", "状态"), "status"),
    **dict.fromkeys(("mine", "我的订阅"), "mine"),
    **dict.fromkeys(("language", "lang", "语言", "語言", "语言设置", "设置语言", "切换语言"), "language"),
}
"""Each word of a verb, and the verb. A job that is called so can be looked up in quotes."""
GUESSES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("watch", "跟踪"), "subscribe"),
    **dict.fromkeys(("stop", "mute", "取消"), "unsubscribe"),
}
"""Words that may mean something else, or what the bot has not, and the nearest verb: it is only suggested."""
LEVELS: Final[Mapping[str, Level]] = {
    **dict.fromkeys(("all", "全部", "所有"), Level.ALL),
    **dict.fromkeys(("important", "重要", "仅重要"), Level.IMPORTANT),
}
LANGUAGES: Final[Mapping[str, Language]] = {
    **dict.fromkeys(("en", "english", "英文", "英语", "英語"), Language.EN),
    **dict.fromkeys(("zh", "chinese", "中文", "汉语", "简体中文", "繁體中文"), Language.ZH),
}
ME: Final = frozenset({"me", "我", "给我", "通知我"})
MINE: Final = ME | {"mine", "my", "我的"}
"""Words behind ``list`` that ask for one's own subscriptions."""
IN_FRONT: Final = frozenset({"voicejob", "please", "请"})
"""What may stand before a command: its own name too, where the whole is copied from the help."""
SHOW: Final = frozenset({"show", "view"})
"""Words before the id in a look-up, which does the same without them."""
NOISE: Final = IN_FRONT | {
    *("job", "id", "jobid", "job_id", "to", "from", "for", "of", "only", "the", "this", "任务", "作业"),
}
"""Words beside an id that are ignored."""

_WORDS: Final = re.compile(
    r"<https?://[^<>]*>|https?://\S+|(?:(?!<?https?://)[^\s,;:、])+",
    re.IGNORECASE,
)
"""A link is one word, even as Slack writes it, with a label that may have blanks."""
_AROUND_WORDS: Final = "-_/.,:;!?。、()[]{}<>=|"
_BEHIND_UUID: Final = r"(?<=[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
_ADDRESS_GOES_ON: Final = re.compile("[/=&?]")
_GLUED: Final = re.compile(rf"[,;、|(]|{_BEHIND_UUID}[^\w.#%-]", re.ASCII | re.IGNORECASE)
"""What ends a link if the address does not go on behind it; behind a UUID that is anything unusual there."""
_BEHIND_VERB: Final = " ,;:、"
"""What may stand between a verb and what follows."""
_HAN: Final = "[\u3400-\u9fff]"
_HAN_BESIDE_UUID: Final = re.compile(
    rf"(?<={_HAN})(?={UUID.pattern})|{_BEHIND_UUID}(?={_HAN})", re.IGNORECASE
)
_HAN_VERB: Final = re.compile("|".join(sorted(filter(re.compile(_HAN).match, VERBS), key=len, reverse=True)))
"""A verb in Chinese, where no blank need stand around it; the longest first, since some contain another."""
_FRAGMENT: Final = re.compile(r"#[^\s#/=&?|<>]+\Z")
"""The end of a link that looks like the name of a channel."""


def split(text: str) -> list[str]:
    """Split a normalised text into words, without what may stand before a command."""
    words = [part for word in _WORDS.findall(text) for part in _unglued(word) if shown(part)]
    while len(words) > 1 and plain(words[0]) in IN_FRONT:
        del words[0]
    if words and plain(words[0]) not in VERBS and (verb := _HAN_VERB.match(words[0])):
        words[:1] = [verb[0], words[0][verb.end() :]]
    return words


def pieces(word: str) -> Sequence[str]:
    """Split an id from text that adjoins it without a blank.

    A link is one piece, but for a fragment that looks like a channel's name.
    """
    if is_link(word):
        channel = _FRAGMENT.search(word)
        if channel and not UUID.search(channel[0]):
            return [word[: channel.start()], channel[0]]
        return [word]
    return [part for part in re.split(f"({UUID.pattern})", word, flags=re.IGNORECASE) if shown(part)]


def verb_in(word: str) -> str:
    """Return the verb that a word is or resembles, wherever it stands; empty if it is none."""
    if is_name(word) or is_link(word):
        return ""
    verb = _HAN_VERB.search(word)
    return VERBS.get(verb[0] if verb else plain(word), "") or GUESSES.get(plain(word), "")


def language_named(word: str) -> Language | None:
    """Return the language that a word names, be it by an IETF tag such as ``zh-CN``."""
    return LANGUAGES.get(plain(word)) or of_locale(plain(word))


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


def close_to(word: str, known: Iterable[str]) -> str:
    """Return the known word that a person may have mistyped, or a Chinese one inside; empty if none."""
    inside = [name for name in known if not name.isascii() and name in word]
    return next(iter([*inside, *get_close_matches(plain(word), list(known), n=1, cutoff=0.7)]), "")


def _unglued(word: str) -> Sequence[str]:
    """Split a word from Chinese around an id, and a bare link from the words that are glued to it.

    In Slack's ``<…>`` a link has an end of its own.
    """
    if word.startswith("<"):
        return [word]
    if not is_link(word):
        return _HAN_BESIDE_UUID.split(word)
    tail = _ADDRESS_GOES_ON.split(word)[-1]
    if not (glued := _GLUED.search(tail)):
        return [word]
    return [word.removesuffix(tail) + tail[: glued.start()], *_WORDS.findall(tail[glued.start() :])]


def trailing_options(words: Sequence[str]) -> Sequence[str]:
    """Return the words at the end that say who is told of what; the first word may be a name."""
    first = len(words)
    while first > 1 and _is_option(words[first - 1]):
        first -= 1
    return words[first:]


def _is_option(word: str) -> bool:
    """Whether a word says who is told of what; at the end of a name in quotes it does not."""
    return unquoted(word) == word and (plain(word) in LEVELS or plain(word) in ME)


def without_options(name: str) -> str:
    """Return a name without the options that stand behind it."""
    words = name.split()
    options = trailing_options([normalised(word) for word in words])
    return " ".join(words[: len(words) - len(options)])


def is_quoted(name: str) -> bool:
    """Whether a name of several words stands in one pair of quotes."""
    inside = unquoted(name)
    return (
        bool(inside)
        and not any(map(unquoted, (name[:1], name[-1:])))
        and all(map(unquoted, inside.replace(" ", "")))
    )


def named_behind(text: str, verb: str) -> str:
    """Return what a person typed behind a verb, as they typed it: MetaStudio may want a name just so."""
    words = AMPERSAND.sub("&", text).replace("&lt;", "<").replace("&gt;", ">").split()
    while len(words) > 1 and plain(normalised(words[0])) in IN_FRONT | SHOW:
        del words[0]
    head = normalised(words[0]) if words else ""
    if verb and head.startswith(verb):
        words[:1] = filter(None, [head[len(verb) :].lstrip(_BEHIND_VERB)])
    return " ".join(words)
