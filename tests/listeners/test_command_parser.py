"""What people type after the command."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.job_ids import JOB_ID, UUID
from bot.domain.job_names import Wanted
from bot.domain.languages import Language
from bot.domain.records import Level
from bot.errors import BadLink, BadUsage, NoJobId, SeveralJobIds
from bot.listeners.command_parser import parse
from bot.listeners.command_words import GUESSES, LANGUAGES, LEVELS, ME, VERBS
from bot.listeners.request import BadName, OtherChannel, OtherPerson, Request, UnknownLanguage, Verb
from tests.profiles import examples
from tests.strategies import HOSTILE_PIECES, texts

U = "26f06524-4f75-4b3a-a853-b649a21aaf66"
V = "26f06524-4f75-4b3a-a853-000000000000"
LINK = f"https://e.example/jobs/{U}"
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
}
"""Jobs that are meant by the names of their voices, and the command that was meant if there is none."""


@pytest.mark.parametrize(("text", "expected"), NAMED.items(), ids=map(ascii, NAMED))
def test_jobs_have_names(text: str, expected: tuple[Request, str]) -> None:
    """What is no id is the name of a voice; what may be a slip is looked for as a name first."""
    request = parse(text)
    assert (request, request.wanted.guess.meant if request.wanted.guess else "") == expected


NOT_UNDERSTOOD: dict[str, tuple[type[BadUsage], str, str]] = {
    "详情": (NoJobId, "详情", "details <job_id>"),
    "x" * 257: (BadName, "x" * 257, ""),
    f"help {U}": (BadUsage, U, "help"),
    "list all of them": (BadUsage, "all of them", "list"),
    f"subscibe {U} importnt": (BadUsage, "subscibe", f"subscribe {U} important"),
    f"job {U} Unsubscribe!": (BadUsage, "Unsubscribe", f"unsubscribe {U}"),
    f"subscribe {U} all important": (BadUsage, "all important", f"subscribe {U} all"),
    "subscribe important": (NoJobId, "subscribe important", "subscribe <job_id> important"),
    "unsubscribe all": (NoJobId, "unsubscribe all", "unsubscribe <job_id>"),
    f"move {U}": (BadUsage, "move", U),
    'subscribe "all" "important"': (NoJobId, 'subscribe "all" "important', "subscribe <job_id>"),
    f"{U} 取消订阅": (BadUsage, "取消订阅", f"unsubscribe {U}"),
    f"subscribe {U} in #other": (OtherChannel, "#other", f"subscribe {U}"),
    f"subscribe {LINK}|#other,all": (OtherChannel, "#other", f"subscribe {U} all"),
    f"subscribe {LINK}#other": (OtherChannel, "#other", f"subscribe {U}"),
    f"subscribe {LINK}紧急": (BadUsage, "紧急", f"subscribe {U}"),
    f"subscribe {LINK}%20important": (BadLink, f"{LINK}%20important", ""),
    f"{LINK},{V}": (SeveralJobIds, f"{LINK},{V}", ""),
    f"subscribe <#C0OTHER|other> {U}": (OtherChannel, "<#C0OTHER|other>", f"subscribe {U}"),
    f"subscibe {U} in #other": (OtherChannel, "#other", f"subscribe {U}"),
    f"stop {U} @bob": (OtherPerson, "@bob", f"unsubscribe {U}"),
    "subscribe #other": (OtherChannel, "#other", "subscribe <job_id>"),
    "subscribe me": (NoJobId, "subscribe me", "subscribe <job_id> me"),
    f"subscribe {U} important me @bob.": (OtherPerson, "@bob", f"subscribe {U} important me"),
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
    f"subscribe {U} <!subteam^S0TEAM>": (OtherPerson, "<!subteam^S0TEAM>", f"subscribe {U}"),
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
    if meant:
        command = meant.replace("<job_id>", U)
        assert str(parse(command)) == command


@pytest.mark.parametrize("word", [*filter(str.isascii, [*VERBS, *GUESSES, *LEVELS, *LANGUAGES, *ME])])
def test_a_job_may_be_called_like_a_word_of_the_commands(word: str) -> None:
    """In quotes, each word of the vocabulary is the name of a job."""
    assert parse(f'"{word}"') == look_up(word)
    assert parse(f'subscribe "{word}" me') == subscribe(None, word, me=True)


PIECES = [
    *(*VERBS, *GUESSES, *LEVELS, *LANGUAGES, *ME),
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
        assert bool(request.wanted.typed) is (request.verb in about_job)
        assert not request.wanted.job_id or JOB_ID.fullmatch(request.wanted.job_id)
        assert request.level is None or request.verb is Verb.SUBSCRIBE
        assert request.language is None or request.verb is Verb.LANGUAGE
        assert not request.for_me or request.verb in {Verb.SUBSCRIBE, Verb.UNSUBSCRIBE, Verb.LANGUAGE}
