"""What people type after the command."""

import re
from contextlib import suppress
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.job_ids import JOB_ID, UUID
from bot.domain.job_names import Wanted
from bot.domain.keys import Selector, SelectorKind
from bot.domain.languages import Language
from bot.domain.records import Level
from bot.errors import BadLink, BadUsage, NoJobId, SeveralJobIds
from bot.listeners.command_parser import parse
from bot.listeners.command_words import GUESSES, KINDS, LANGUAGES, LEVELS, ME, TAGS, VERBS
from bot.listeners.mentions import LINKING
from bot.listeners.request import (
    BadName,
    ChannelIsNoJob,
    EndsOne,
    NoName,
    OtherChannel,
    OtherPerson,
    PersonElsewhere,
    PersonInPrivate,
    Request,
    TooManyPeople,
    UnknownLanguage,
    Verb,
    WholeChannel,
)
from bot.messages import texts as texts_of_people
from tests.profiles import examples
from tests.strategies import HOSTILE_PIECES, texts

U = "26f06524-4f75-4b3a-a853-b649a21aaf66"
V = "26f06524-4f75-4b3a-a853-000000000000"
LINK = f"https://e.example/jobs/{U}"
BOB, TEAM = "<@U0BOB|bob>", "<!subteam^S0TEAM|@voices>"
ALL, IMPORTANT = Level.ALL, Level.IMPORTANT
EN, ZH = Language.EN, Language.ZH


def wanted(job_id: str, name: str = "") -> Wanted:
    return Wanted(job_id, "" if UUID.fullmatch(job_id) else name or job_id)


def look_up(job_id: str = U, name: str = "") -> Request:
    return Request(Verb.LOOK_UP, wanted(job_id, name))


def subscribe(level: Level | None = None, job_id: str = U, *, me: bool = False) -> Request:
    return Request(Verb.SUBSCRIBE, wanted(job_id), level, for_me=me)


def unsubscribe(job_id: str = U, *, me: bool = False) -> Request:
    return Request(Verb.UNSUBSCRIBE, wanted(job_id), for_me=me)


def language(chosen: Language | None = None, *, me: bool = False) -> Request:
    return Request(Verb.LANGUAGE, language=chosen, for_me=me)


HELP, LIST = Request(Verb.HELP), Request(Verb.LIST)
UNDERSTOOD: dict[str, Request] = {
    "": Request(Verb.START),
    "“Help”!": HELP,
    "帮助！": HELP,  # noqa: RUF001  from a Chinese keyboard
    "？": HELP,  # noqa: RUF001
    U: look_up(),
    "list mine": Request(Verb.MINE),
    "我的订阅": Request(Verb.MINE),
    "Waiting": Request(Verb.WAITING),
    "最近": Request(Verb.RECENT),
    "等待": Request(Verb.WAITING),
    "show me waiting": Request(Verb.WAITING),
    f"请帮我查询{U}": look_up(),
    f"{U} in #other": look_up(),
    "状态": Request(Verb.STATUS),
    f"details {U}": Request(Verb.DETAILS, Wanted(U)),
    f"原因 {U}": Request(Verb.DETAILS, Wanted(U)),
    f"<{LINK}|subscribe to all of it>": look_up(),
    f"{U} {U.upper()}": look_up(U.upper()),
    f"{U.replace('-', '–')} please": look_up(),  # noqa: RUF001  a phone's dashes
    '"list"': look_up("list"),
    "voicejob": look_up("voicejob"),
    "all": look_up("all"),
    "list2": look_up("list2"),
    f"看 {U}": look_up(),
    "subscribe job": subscribe(None, "job"),
    "/voicejob list": LIST,
    f"subscribe：{U}": subscribe(),  # noqa: RUF001
    f"`/voicejob subscribe {U}`": subscribe(),
    f"subscribe {U} ALL all": subscribe(ALL),
    f"SUBSCRIBE\n`{U}`\tIMPORTANT": subscribe(IMPORTANT),
    f"subscribe <{LINK}|a b> important": subscribe(IMPORTANT),
    'subscribe "all" all': subscribe(ALL, "all"),
    'subscribe my-job "important"': subscribe(IMPORTANT, "my-job"),
    f"subscribe (job_id={U})": subscribe(),
    f"*subscribe* `{U}` _important_": subscribe(IMPORTANT),
    "subscribe _my_job_": subscribe(None, "_my_job_"),
    f"sub\u00adscribe \u200b{U}\u200b": subscribe(),
    "subscribe to my-job please": subscribe(None, "my-job"),
    f"subscribe 请 任务：{U}": subscribe(),  # noqa: RUF001
    f"subscribe {LINK}（important）": subscribe(IMPORTANT),  # noqa: RUF001
    f"subscribe e.example/jobs/{U}|important": subscribe(IMPORTANT),
    "subscribe https://e.example/jobs/my-job,important": Request(Verb.SUBSCRIBE, Wanted("my-job"), IMPORTANT),
    f"subscribe <{LINK}|a,important#other>": subscribe(),
    f"{LINK}#other": look_up(),
    f"subscribe https://e.example/jobs#{U}": subscribe(),
    f"e.example/p/{V}/jobs/abc123": Request(Verb.LOOK_UP, Wanted("abc123")),
    f"subscribe e.example/?project={V}&job_id={U}": subscribe(),
    f"unsubscribe {U} important": unsubscribe(),
    "please list": LIST,
    f"show {U}": look_up(),
    f"sub {U}": subscribe(),
    '"follow"': look_up("follow"),
    f"subscribe {U} all to me": subscribe(ALL, me=True),
    f"subscribe me {U}": subscribe(me=True),
    'subscribe "me"': subscribe(None, "me"),
    'subscribe "me" me': subscribe(None, "me", me=True),
    f"unsubscribe {U} me": unsubscribe(me=True),
    "language": language(),
    "language: EN": language(EN),
    "language me zh_CN": language(ZH, me=True),
    "language 中文 for me": language(ZH, me=True),
    "订阅列表": LIST,
    f"订阅 {U}": subscribe(),
    f"订阅{U}重要": subscribe(IMPORTANT),
    f"请 关注 {LINK}全部，给我": subscribe(ALL, me=True),  # noqa: RUF001
    f"訂閱 任务：{U}": subscribe(),  # noqa: RUF001
    f"取消订阅{LINK}": unsubscribe(),
    f"“取消订阅 {U} 我”": unsubscribe(me=True),
    f"https://e.example/订阅/{U}": look_up(),
    "语言": language(),
    "语言设置英文 我": language(EN, me=True),
}
"""What is typed, and what is wanted."""


@pytest.mark.parametrize(("text", "request_"), UNDERSTOOD.items(), ids=map(ascii, UNDERSTOOD))
def test_what_is_understood(text: str, request_: Request) -> None:
    """Cases, quotes, links, punctuation and noise around the words change nothing."""
    assert parse(text) == request_


def named(name: str, verb: Verb = Verb.LOOK_UP, level: Level | None = None, *, me: bool = False) -> Request:
    job_id = name if JOB_ID.fullmatch(name) else ""
    return Request(verb, Wanted(job_id, name), level, for_me=me)


NAMED: dict[str, tuple[Request, str]] = {
    "Morning News": (named("Morning News"), ""),
    "女声": (named("女声"), ""),
    "show  Ｎｏｖａ &amp; Co.": (named("Ｎｏｖａ & Co."), ""),  # noqa: RUF001  as it was typed
    "“The Voice”": (named("The Voice"), ""),
    "hepl": (named("hepl"), "help"),
    "lisa": (named("lisa"), "list"),
    "watch Nova": (named("watch Nova"), "subscribe Nova"),
    "laguage zh": (named("laguage zh"), "language zh"),
    "set language to english": (named("set language to english"), "language en"),
    "中文": (named("中文"), "language me zh"),
    "subscribe ../x": (named("../x", Verb.SUBSCRIBE), ""),
    "subscribe my-job importent": (named("my-job importent", Verb.SUBSCRIBE), "subscribe my-job important"),
    "subscribe Morning News all me": (named("Morning News", Verb.SUBSCRIBE, ALL, me=True), ""),
    'subscribe "All for me" important': (named("All for me", Verb.SUBSCRIBE, IMPORTANT), ""),
    "订阅女声 · 早间 全部": (named("女声 · 早间", Verb.SUBSCRIBE, ALL), ""),
    "unsubscribe Morning News": (named("Morning News", Verb.UNSUBSCRIBE), ""),
    "why Nova Pro": (named("Nova Pro", Verb.DETAILS), ""),
    "为什么女声": (named("女声", Verb.DETAILS), ""),
    "please show me Nova Pro": (named("Nova Pro"), ""),
    "show me Nova": (named("Nova"), ""),
    "show me": (named("me"), ""),
    "查询 女声": (named("女声"), ""),
    "请查看一下女声 · 早间": (named("女声 · 早间"), ""),
    "cancel Nova": (named("cancel Nova"), "unsubscribe Nova"),
    "remove batch A": (named("remove batch A"), "unsubscribe batch A"),
    "删除 女声": (named("删除 女声"), "unsubscribe 女声"),
    "batch A": (named("batch A"), "subscribe batch A"),
    "subscibe batch “A, me” all": (
        named("subscibe batch “A, me” all"),
        'subscribe batch "A, me" all',
    ),
    "project": (named("project"), "subscribe project"),
    "tag": (named("tag"), "subscribe tag <name>"),
    "details batch A": (named("batch A", Verb.DETAILS), "subscribe batch A"),
    "subscribe project Nova": (named("project Nova", Verb.SUBSCRIBE), "subscribe project"),
    "subscribe project importent": (
        named("project importent", Verb.SUBSCRIBE),
        "subscribe project important",
    ),
    'subscribe "project"': (named("project", Verb.SUBSCRIBE), ""),
    "subscribe Nova for me": (named("Nova", Verb.SUBSCRIBE, me=True), ""),
    "unsubscribe Take 2 all": (named("Take 2", Verb.UNSUBSCRIBE), ""),
    'subscribe "@bob"': (named("@bob", Verb.SUBSCRIBE), ""),
    "Take #2": (named("Take #2"), ""),
}
"""Jobs that are meant by the names of their voices, and the command that was meant if there is none."""


@pytest.mark.parametrize(("text", "expected"), NAMED.items(), ids=map(ascii, NAMED))
def test_jobs_have_names(text: str, expected: tuple[Request, str]) -> None:
    """What is no id is the name of a voice; what may be a slip is looked for as a name first."""
    request = parse(text)
    assert (request, request.wanted.guess.meant if request.wanted.guess else "") == expected


def wide(kind: SelectorKind, value: str = "", verb: Verb = Verb.SUBSCRIBE, **options: Any) -> Request:
    return Request(verb, selector=Selector(kind, value), **options)


PROJECT, BATCH, TAG = SelectorKind.PROJECT, SelectorKind.BATCH, SelectorKind.TAG
WIDE: dict[str, Request] = {
    "subscribe project": wide(PROJECT),
    "Subscribe to the whole PROJECT important only": wide(PROJECT, level=IMPORTANT),
    "`/voicejob subscribe project all me`": wide(PROJECT, level=ALL, for_me=True),
    "unsubscribe project all": wide(PROJECT, verb=Verb.UNSUBSCRIBE),
    "订阅项目重要": wide(PROJECT, level=IMPORTANT),
    "订阅 全部任务，给我": wide(PROJECT, for_me=True),  # noqa: RUF001
    "subscribe batch Morning  News": wide(BATCH, "Morning News"),
    "subscribe batch: A&amp;B #2, important": wide(BATCH, "A&B #2", level=IMPORTANT),
    "subscribe batch 'Bob's voices' to me please": wide(BATCH, "Bob's voices", for_me=True),
    'subscribe batch "me"': wide(BATCH, "me"),
    "subscribe batch “all important”": wide(BATCH, "all important"),
    'subscribe batch "me" all me': wide(BATCH, "me", level=ALL, for_me=True),
    'subscribe batch "A" and "B"': wide(BATCH, '"A" and "B"'),
    "subscribe batch 「A」所有": wide(BATCH, "A", level=ALL),
    "“subscribe batch A me”": wide(BATCH, "A", for_me=True),
    f"unsubscribe batch {U}": wide(BATCH, U, Verb.UNSUBSCRIBE),
    "订阅批次“早间 新闻”重要": wide(BATCH, "早间 新闻", level=IMPORTANT),
    "订阅批次名称：女声，全部，给我": wide(BATCH, "女声", level=ALL, for_me=True),  # noqa: RUF001
    "退订批次女声": wide(BATCH, "女声", Verb.UNSUBSCRIBE),
    "subscribe tag news": wide(TAG, "NEWS"),
    "subscribe tag Education and Training all": wide(TAG, "EDUCATION", level=ALL),
    "订阅标签 客服": wide(TAG, "CUSTOMER"),
    "subscribe tag Podcast": wide(TAG, "Podcast"),
    f"subscribe {U} all {BOB} {TEAM} <@U0BOB>": Request(
        Verb.SUBSCRIBE, Wanted(U), ALL, mentions=("U0BOB", "S0TEAM")
    ),
    f"subscribe {BOB}, {TEAM}: Morning News": Request(
        Verb.SUBSCRIBE, Wanted("", "Morning News"), mentions=("U0BOB", "S0TEAM")
    ),
    f"subscribe batch A and tell {BOB}.": wide(BATCH, "A", mentions=("U0BOB",)),
    f"subscribe batch “{BOB}'s”": wide(BATCH, "@bob's"),
    "subscribe batch 'for @here' <@W0EVE>": wide(BATCH, "for @here", mentions=("W0EVE",)),
    f"订阅项目并通知{BOB}和{TEAM}": wide(PROJECT, mentions=("U0BOB", "S0TEAM")),
}
"""What selects several jobs, or names people who are to be told."""


@pytest.mark.parametrize(("text", "request_"), WIDE.items(), ids=map(ascii, WIDE))
def test_several_jobs_and_people(text: str, request_: Request) -> None:
    """A name is what stands between its kind and the options; in quotes, no word is one."""
    assert parse(text) == request_


def test_tags_are_those_that_cards_show() -> None:
    """Each tag can be named by its label in both languages."""
    for catalog in ("en", "zh"):
        text = (resources.files(texts_of_people) / f"{catalog}.ftl").read_text()
        labels = re.findall(r"^use-(\w+) = (.+)$", text, re.MULTILINE)
        assert labels
        assert [parse(f"subscribe tag {label}") for _, label in labels] == [
            wide(TAG, tag) for tag, _ in labels
        ]


def escaped(text: str) -> str:
    """Write what was typed as Slack does for an app with ``should_escape``."""
    linked = re.sub(r"(?<!\S)(https://[\w./?=&#-]+)(?!\S)", r"<\1>", text)
    linked = re.sub(r"(?<!\S)(e\.example/[\w./?=&-]+)(?!\S)", r"<http://\1|\1>", linked)
    return re.sub(r"(?<!\S)#(other|casting|voices)\b", r"<#C0OTHER|\1>", linked)


BOTH = {text: told for text, told in (UNDERSTOOD | WIDE).items() if escaped(text) != text}


@pytest.mark.parametrize(("text", "request_"), BOTH.items(), ids=map(ascii, BOTH))
def test_what_slack_escapes_means_the_same(text: str, request_: Request) -> None:
    """Links and names mean the same for an app whose manifest has ``should_escape``, and for an older one."""
    assert parse(escaped(text)) == request_


@pytest.mark.parametrize("name", ["Nova.ai", "bob@e.example"])
def test_what_slack_takes_for_a_link(name: str) -> None:
    """A name of which Slack makes a link by itself is what was typed."""
    scheme = "mailto:" if "@" in name else "http://"
    assert parse(f"subscribe <{scheme}{name}|{name}> all") == parse(f"subscribe {name} all")
    assert parse(f"subscribe batch <{scheme}{name}|{name}>") == wide(BATCH, name)


NOT_UNDERSTOOD: dict[str, tuple[type[BadUsage], str, str]] = {
    "详情": (NoJobId, "详情", "details <job_id>"),
    "x" * 257: (BadName, "x" * 257, ""),
    f"help {U}": (BadUsage, U, "help"),
    "list all of them": (BadUsage, "all of them", "list"),
    f"subscibe {U} importnt": (BadUsage, "subscibe", f"subscribe {U} important"),
    f"job {U} Unsubscribe!": (BadUsage, "Unsubscribe", f"unsubscribe {U}"),
    f"subscribe {U} all important": (BadUsage, "all important", f"subscribe {U} all"),
    "subscribe important": (NoJobId, "subscribe important", "subscribe <job_id> important"),
    "unsubscribe": (NoJobId, "unsubscribe", "unsubscribe <job_id>"),
    "unsubscribe from all": (EndsOne, "from all", "list"),
    "unsubscribe all jobs for me": (EndsOne, "all jobs for me", "list mine"),
    "subscribe all for me": (BadUsage, "all for me", "subscribe project me"),
    "订阅所有": (BadUsage, "所有", "subscribe project"),
    "取消订阅全部任务": (EndsOne, "全部任务", "list"),
    f"move {U}": (BadUsage, "move", U),
    'subscribe "all" "important"': (NoJobId, 'subscribe "all" "important', "subscribe <job_id>"),
    f"{U} 取消订阅": (BadUsage, "取消订阅", f"unsubscribe {U}"),
    f"subscribe {U} in #other": (OtherChannel, "#other", f"subscribe {U}"),
    f"subscribe {LINK}|#other,all": (OtherChannel, "#other", f"subscribe {U} all"),
    f"subscribe {LINK}#other": (OtherChannel, "#other", f"subscribe {U}"),
    f"subscribe {LINK}紧急": (BadUsage, "紧急", f"subscribe {U}"),
    f"subscribe {LINK}%20important": (BadLink, f"{LINK}%20important", ""),
    f"{LINK},{V}": (SeveralJobIds, f"{LINK},{V}", ""),
    f"subscribe <#C0OTHER|other> {U}": (OtherChannel, "#other", f"subscribe {U}"),
    f"subscribe <#C0PRIVATE|> {U}": (OtherChannel, "#C0PRIVATE", f"subscribe {U}"),
    "subscribe Morning News in #casting": (OtherChannel, "#casting", "subscribe Morning News"),
    "subscribe batch A in #2026": (OtherChannel, "#2026", "subscribe batch A"),
    "list #other": (OtherChannel, "#other", "list"),
    "#voices": (ChannelIsNoJob, "#voices", "subscribe <job_id>"),
    "Nova <#C0OTHER|other>": (ChannelIsNoJob, "#other", "Nova"),
    f"subscibe {U} in #other": (OtherChannel, "#other", f"subscribe {U}"),
    f"stop {U} @bob": (PersonElsewhere, "@bob", f"unsubscribe {U}"),
    f"details {U} {BOB}": (PersonElsewhere, "@bob", f"details {U}"),
    f"list {BOB}": (PersonElsewhere, "@bob", "list"),
    f"unsubscribe batch A {BOB}": (PersonElsewhere, "@bob", "unsubscribe batch A"),
    BOB: (PersonElsewhere, "@bob", "subscribe <job_id> <@U0BOB>"),
    "@bob": (PersonElsewhere, "@bob", "subscribe <job_id> <@person>"),
    f"Nova {BOB}": (PersonElsewhere, "@bob", "subscribe Nova <@U0BOB>"),
    f"watch Nova {TEAM}": (PersonElsewhere, "@voices", "subscribe Nova <!subteam^S0TEAM>"),
    f"subscibe {U} all {BOB}": (BadUsage, "subscibe", f"subscribe {U} all <@U0BOB>"),
    f"subscribe {BOB}": (NoJobId, "subscribe", "subscribe <job_id> <@U0BOB>"),
    f"subscribe {U} @bob": (OtherPerson, "@bob", f"subscribe {U} <@person>"),
    f"订阅{U}@张三": (OtherPerson, "@张三", f"subscribe {U}"),
    f"subscribe {U}, @bob and {TEAM}": (OtherPerson, "@bob", f"subscribe {U} <@person> <!subteam^S0TEAM>"),
    f"subscribe {U} me {BOB}": (PersonInPrivate, "@bob", f"subscribe {U} me"),
    f"subscribe {U} @here": (WholeChannel, "@here", f"subscribe {U} <@person>"),
    f"subscribe {U} <!channel>": (WholeChannel, "@channel", f"subscribe {U} <@person>"),
    f"subscribe batch A <!everyone|everyone> {BOB}": (
        WholeChannel,
        "@everyone",
        "subscribe batch A <@person> <@U0BOB>",
    ),
    "@channel": (WholeChannel, "@channel", "subscribe <job_id> <@person>"),
    f"unsubscribe {U} @here": (WholeChannel, "@here", f"unsubscribe {U}"),
    "subscribe project " + " ".join(f"<@U{number}>" for number in range(11)): (
        TooManyPeople,
        "11",
        "subscribe project <@person>",
    ),
    "subscribe batch": (NoName, "batch", "subscribe batch <name>"),
    "subscribe batch all": (NoName, "batch", "subscribe batch <name> all"),
    'unsubscribe tag ""': (NoName, "tag", "unsubscribe tag <name>"),
    f"订阅批次：{BOB}": (NoName, "批次", "subscribe batch <name> <@U0BOB>"),  # noqa: RUF001
    "subscribe batch " + "x" * 257: (BadName, "x" * 257, ""),
    "subscribe batch A all important": (BadUsage, "all important", "subscribe batch A all"),
    "subscribe batch A importent": (BadUsage, "importent", "subscribe batch A important"),
    f"subscribe project {U}": (BadUsage, "project", f"subscribe {U}"),
    "subscribe #other": (OtherChannel, "#other", "subscribe <job_id>"),
    "subscribe me": (NoJobId, "subscribe me", "subscribe <job_id> me"),
    f"subscribe {U} important me @bob.": (PersonInPrivate, "@bob", f"subscribe {U} important me"),
    f"把{U}取消订阅": (BadUsage, "取消订阅", f"unsubscribe {U}"),
    f"{U} stop": (BadUsage, "stop", f"unsubscribe {U}"),
    f"取消{U}": (BadUsage, "取消", f"unsubscribe {U}"),
    f"请帮我订阅{U}": (BadUsage, "请帮我订阅", f"subscribe {U}"),
    f"订阅 {U} 全部 重要": (BadUsage, "全部 重要", f"subscribe {U} all"),
    "取消订阅": (NoJobId, "取消订阅", "unsubscribe <job_id>"),
    "language fr": (UnknownLanguage, "fr", "language en"),
    "language me chinse": (BadUsage, "chinse", "language me zh"),
    "language zh en": (BadUsage, "zh en", "language zh"),
    "语言 设为中文": (BadUsage, "设为中文", "language zh"),
    f"subscribe {U} <!date^1>": (OtherPerson, "<!date^1>", f"subscribe {U} <@person>"),
    f"{U} {V}": (SeveralJobIds, f"{U} {V}", ""),
    f"subscibe {U} {V}": (BadUsage, "subscibe", "subscribe <job_id>"),
    "subscribe <https://e.example/|x>": (BadLink, "<https://e.example/|x>", ""),
}
"""What is typed, how it is refused, the words that are not understood, and the command that is suggested."""


@pytest.mark.parametrize(("text", "refused"), NOT_UNDERSTOOD.items(), ids=map(ascii, NOT_UNDERSTOOD))
def test_what_is_not_understood(text: str, refused: tuple[type[BadUsage], str, str]) -> None:
    """A slip names the wrong words, and where it can be guessed the right command, which is understood."""
    with pytest.raises(BadUsage) as caught:
        parse(text)

    meant = caught.value.meant
    assert (type(caught.value), caught.value.values["text"], meant) == refused
    if "#" in text and "://" not in text:
        with pytest.raises(refused[0]) as again:
            parse(escaped(text))
        assert (again.value.values, again.value.meant) == (caught.value.values, meant)
    if meant:
        command = meant.replace("<job_id>", U).replace("<name>", "A").replace("<@person>", "<@U0EVE>")
        assert str(parse(command)) == command


@pytest.mark.parametrize("word", [*filter(str.isascii, [*VERBS, *GUESSES, *LEVELS, *LANGUAGES, *ME])])
def test_a_job_may_be_called_like_a_word_of_the_commands(word: str) -> None:
    """In quotes, each word of the vocabulary is the name of a job."""
    assert parse(f'"{word}"') == look_up(word)
    assert parse(f'subscribe "{word}" me') == subscribe(None, word, me=True)


NAMES = st.text(st.sampled_from("Aa1 \"'“」#@&-._,，全me"), min_size=1, max_size=8)  # noqa: RUF001
WORDS = st.sampled_from(
    [*VERBS, *LEVELS, *ME, *KINDS, "@here", "Nova", "女声", "importent", "please", *LINKING]
)
SELECTORS = st.just(Selector(PROJECT, "")) | st.builds(
    Selector,
    st.sampled_from([BATCH, TAG]),
    (NAMES | st.lists(WORDS, min_size=1, max_size=3).map(" ".join))
    .map(lambda name: " ".join(name.split()))
    .filter(lambda name: re.search(r"\w", name) and name.lower() not in TAGS),
)


@given(
    verb=st.sampled_from([Verb.SUBSCRIBE, Verb.UNSUBSCRIBE]),
    selector=st.none() | SELECTORS,
    level=st.sampled_from([None, *Level]),
    mentions=st.lists(st.sampled_from(["U0BOB", "W0EVE", "S0TEAM"]), unique=True),
    for_me=st.booleans(),
)
@examples(300)
def test_a_command_is_written_as_it_is_read(
    *, verb: Verb, selector: Selector | None, level: Level | None, mentions: list[str], for_me: bool
) -> None:
    """A button can carry a command as text."""
    is_new = verb is Verb.SUBSCRIBE
    request = Request(
        verb,
        Wanted() if selector else Wanted(U),
        level if is_new else None,
        for_me=for_me,
        selector=selector,
        mentions=tuple(mentions) if is_new and not for_me else (),
    )
    assert parse(str(request)) == request


PIECES = [
    *(*VERBS, *GUESSES, *LEVELS, *LANGUAGES, *ME, *KINDS, BOB, TEAM, "@bob", "#other", "<#C0OTHER|other>"),
    *(*HOSTILE_PIECES, *" ,:，：、\"'`“”<>|"),  # noqa: RUF001  Chinese keyboards
    *(
        U,
        V,
        f"<{LINK}|",
        "https://",
        "<https://e.example/jobs/",
        "voicejob",
        "job",
        "my-job",
        "subscibe",
        "lsit",
    ),
]


@given(st.lists(st.sampled_from(PIECES) | st.just(" "), max_size=12).map("".join) | texts())
@examples(200)
def test_anything_is_understood_or_bad_usage(text: str) -> None:
    """Whatever is typed, it is understood or refused as bad usage, and an id looks like one."""
    with suppress(BadUsage):
        request = parse(text)
        about_job = {Verb.LOOK_UP, Verb.SUBSCRIBE, Verb.UNSUBSCRIBE, Verb.DETAILS}
        assert bool(request.wanted.typed or request.selector) is (request.verb in about_job)
        assert not (request.selector and request.wanted.typed)
        assert not request.mentions or (request.verb is Verb.SUBSCRIBE and not request.for_me)
        assert not request.wanted.job_id or JOB_ID.fullmatch(request.wanted.job_id)
        assert request.level is None or request.verb is Verb.SUBSCRIBE
        assert request.language is None or request.verb is Verb.LANGUAGE
        assert not request.for_me or request.verb in {Verb.SUBSCRIBE, Verb.UNSUBSCRIBE, Verb.LANGUAGE}
