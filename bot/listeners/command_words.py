"""PURE. The words of commands in English and Chinese, and the splitting of typed text into words."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from bot.domain.characters import AMPERSAND, normalised
from bot.domain.job_ids import UUID, is_link, unquoted
from bot.domain.keys import SelectorKind
from bot.domain.languages import Language, of_locale
from bot.domain.records import Level
from bot.listeners.mentions import LINKING
from bot.listeners.quotes import HAN, in_quotes, without_quotes

VERBS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("help", "h", "帮助", "幫助", "使用帮助", "说明", "用法", "怎么用"), "help"),
    **dict.fromkeys(
        ("list", "ls", "subscriptions", "列表", "列出", "清单", "订阅列表", "查看订阅", "查询订阅"), "list"
    ),
    **dict.fromkeys(("subscribe", "sub", "follow", "订阅", "訂閱", "关注"), "subscribe"),
    **dict.fromkeys(("unsubscribe", "unsub", "unfollow", "取消订阅", "取消訂閱"), "unsubscribe"),
    **dict.fromkeys(("退订", "取消关注", "停止订阅", "不再订阅"), "unsubscribe"),
    **dict.fromkeys(("details", "detail", "why", "详情", "原因", "查看原因", "为什么", "为何"), "details"),
    **dict.fromkeys(("waiting", "todo", "待办", "待处理", "等待", "等待处理"), "waiting"),
    **dict.fromkeys(("recent", "latest", "最近", "最近变化"), "recent"),
    **dict.fromkeys(("status", "状态"), "status"),
    **dict.fromkeys(("mine", "我的订阅"), "mine"),
    **dict.fromkeys(("language", "lang", "语言", "語言", "语言设置", "设置语言", "切换语言"), "language"),
}
"""Each word of a verb, and the verb. A job that is called so can be looked up in quotes."""
GUESSES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("watch", "跟踪"), "subscribe"),
    **dict.fromkeys(("stop", "mute", "cancel", "delete", "remove", "取消", "删除"), "unsubscribe"),
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
SHOW: Final = frozenset({"show", "view", "查询", "查看", "显示", "看"})
"""Words before a command or before the id in a look-up, which do the same without them."""
KINDS: Final[Mapping[str, SelectorKind]] = {
    **dict.fromkeys(("project", "项目", "本项目", "整个项目", "全部任务", "所有任务"), SelectorKind.PROJECT),
    **dict.fromkeys(("batch", "批次", "批次名称"), SelectorKind.BATCH),
    **dict.fromkeys(("tag", "标签", "声音标签", "任务标签"), SelectorKind.TAG),
}
"""The words in front of what selects several jobs."""
TAGS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("ecommerce", "e-commerce", "电商"), "ECOMMERCE"),
    **dict.fromkeys(("news", "新闻"), "NEWS"),
    **dict.fromkeys(("marketing", "营销"), "MARKETING"),
    **dict.fromkeys(("live", "livestream", "livestreaming", "直播"), "LIVE"),
    **dict.fromkeys(("education", "education and training", "教培", "教育"), "EDUCATION"),
    **dict.fromkeys(("customer", "customer service", "客服"), "CUSTOMER"),
    **dict.fromkeys(("storytelling", "story telling", "story", "故事"), "STORYTELLING"),
}
"""MetaStudio's tags, each by its own name and by what cards show."""
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
_EVERYTHING: Final = frozenset(
    {"all", "everything", "全部", "所有", "一切", "全部任务", "所有任务", "全部订阅", "所有订阅"}
)
_BESIDE_EVERYTHING: Final = NOISE | MINE | {"jobs", "subscriptions", "订阅", "的"}
_POLITE: Final = frozenset({"please", "请"})
_AMONG_OPTIONS: Final = frozenset({"only", "and", "to", "for", "和"})
"""What may stand between and behind options and means nothing there."""
_VOCABULARY: Final = frozenset().union(
    *(VERBS, GUESSES, LEVELS, LANGUAGES, KINDS, MINE, IN_FRONT, SHOW, NOISE, _POLITE, _AMONG_OPTIONS, LINKING)
)
_BEHIND_VERB: Final = " ,;:、"
"""What may stand between a verb and what follows."""
_HAN: Final = f"[{HAN}]"
_HAN_BESIDE_UUID: Final = re.compile(
    rf"(?<={_HAN})(?={UUID.pattern})|{_BEHIND_UUID}(?={_HAN})", re.IGNORECASE
)
_HAN_VERB: Final = re.compile("|".join(sorted(filter(re.compile(_HAN).match, VERBS), key=len, reverse=True)))
"""A verb in Chinese, where no blank need stand around it; the longest first, since some contain another."""
_HAN_SHOW: Final = re.compile("请?(?:帮我)?(?:查询|查看|显示)(?:一下)?(?=.)")
"""The same for what may stand before the name in a look-up."""
_PLAIN_NAME: Final = re.compile(r"[\w.&+·-]+(?: [\w.&+·-]+)*")
_FRAGMENT: Final = re.compile(r"#[^\s#/=&?|<>]+\Z")
"""The end of a link that looks like the name of a channel."""


def split(text: str) -> list[str]:
    """Split a normalised text into words, without what may stand before a command."""
    words = [part for word in _WORDS.findall(text) for part in _unglued(word) if shown(part)]
    del words[: _in_front(words)]
    if words and plain(words[0]) not in VERBS and (verb := _HAN_VERB.match(words[0])):
        words[:1] = [verb[0], words[0][verb.end() :]]
    return [_without_show(words[0]), *words[1:]] if words else words


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
    return bool(word) and not unquoted(word[0]) and not unquoted(word[-1])


def is_everything(words: Sequence[str]) -> bool:
    """Whether words behind a verb mean all jobs or all subscriptions."""
    said = {word if is_name(word) else plain(word) for word in words}
    return bool(said & _EVERYTHING) and said <= _EVERYTHING | _BESIDE_EVERYTHING


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
    for at in range(len(words) - 1, 0, -1):
        if _is_option(words[at]):
            first = at
        elif plain(words[at]) not in _AMONG_OPTIONS:
            break
    is_me = first < len(words) and plain(words[first]) in ME
    return words[first - 1 if is_me and first > 1 and plain(words[first - 1]) in {"to", "for"} else first :]


def _is_option(word: str) -> bool:
    """Whether a word says who is told of what, or is only polite; the end of a name in quotes does not."""
    return unquoted(word) == word and (plain(word) in LEVELS or plain(word) in ME | _POLITE)


def options_behind(name: str) -> tuple[str, Sequence[str]]:
    """Split what was typed into a name, of one word at least, and the options behind it, in lower case."""
    words = name.split()
    options = trailing_options([normalised(word) for word in words])
    return " ".join(words[: len(words) - len(options)]), [plain(word) for word in options]


def without_options(name: str) -> str:
    """Return a name without the options that stand behind it."""
    return options_behind(name)[0]


def is_slip_of_level(word: str) -> bool:
    """Whether a word is nearly one that says of what a channel is told."""
    return plain(word) not in LEVELS and bool(get_close_matches(plain(word), ["important"], n=1, cutoff=0.8))


def written(name: str) -> str:
    """Return a name as it stands in a command: in quotes, if it could be taken for something else."""
    words = [plain(normalised(word)) for word in name.split()]
    is_plain = _PLAIN_NAME.fullmatch(name) and not any(word in _VOCABULARY for word in words)
    is_chinese = any(word in name for word in _VOCABULARY if not word.isascii())
    return name if is_plain and not is_chinese and not is_slip_of_level(words[-1]) else in_quotes(name)


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
    del words[: _in_front([normalised(word) for word in words])]
    head = normalised(words[0]) if words else ""
    if verb and head.startswith(verb):
        words[:1] = filter(None, [head[len(verb) :].lstrip(_BEHIND_VERB)])
    elif words:
        words[0] = _without_show(words[0])
    return " ".join(words)


def unwrapped(text: str) -> str:
    """Return a command without quotes around the whole of it, as it stands in the help."""
    inside = without_quotes(text.strip())
    words = split(normalised(inside))
    return inside if len(words) > 1 and plain(words[0]) in VERBS else text


def _in_front(words: Sequence[str]) -> int:
    """Return how many words stand before a command and change nothing."""
    count = 0
    while count < len(words) - 1:
        is_shown_to_me = bool(count) and plain(words[count - 1]) in SHOW and plain(words[count]) in ME
        if is_name(words[count]) or not (plain(words[count]) in IN_FRONT | SHOW or is_shown_to_me):
            break
        count += 1
    return count


def _without_show(word: str) -> str:
    """Return a word in Chinese without what asks to see what it names."""
    return (
        word if _HAN_VERB.match(word) else _HAN_SHOW.sub("", word, count=1) if _HAN_SHOW.match(word) else word
    )
