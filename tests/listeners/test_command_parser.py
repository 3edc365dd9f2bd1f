"""What people type after the command."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.job_ids import JOB_ID
from bot.domain.records import Level
from bot.errors import BadJobId, BadLink, BadUsage, NoJobId, SeveralJobIds
from bot.listeners.command_parser import OtherChannel, OtherPerson, Request, Verb, parse
from bot.listeners.command_words import LEVELS, VERBS
from tests.profiles import examples
from tests.strategies import HOSTILE_PIECES, texts

U = "26f06524-4f75-4b3a-a853-b649a21aaf66"
V = "26f06524-4f75-4b3a-a853-000000000000"
LINK = f"https://e.example/jobs/{U}"
ALL, IMPORTANT = Level.ALL, Level.IMPORTANT


def look_up(job_id: str = U) -> Request:
    return Request(Verb.LOOK_UP, job_id)


def subscribe(level: Level | None = None, job_id: str = U) -> Request:
    return Request(Verb.SUBSCRIBE, job_id, level)


HELP, LIST = Request(Verb.HELP), Request(Verb.LIST)
UNDERSTOOD: dict[str, Request] = {
    "": HELP,
    "“Help”!": HELP,
    "帮助！": HELP,  # noqa: RUF001  from a Chinese keyboard
    "？": HELP,  # noqa: RUF001
    U: look_up(),
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
    "subscribe https://e.example/jobs/my-job,important": subscribe(IMPORTANT, "my-job"),
    f"subscribe <{LINK}|a,important#other>": subscribe(),
    f"{LINK}#other": look_up(),
    f"subscribe https://e.example/jobs#{U}": subscribe(),
    f"e.example/p/{V}/jobs/abc123": look_up("abc123"),
    f"subscribe e.example/?project={V}&job_id={U}": subscribe(),
    f"unsubscribe {U} important": Request(Verb.UNSUBSCRIBE, U),
}
"""What is typed, and what is wanted."""


@pytest.mark.parametrize(("text", "request_"), UNDERSTOOD.items(), ids=map(ascii, UNDERSTOOD))
def test_what_is_understood(text: str, request_: Request) -> None:
    """Cases, quotes, links, punctuation and noise around the words change nothing."""
    assert parse(text) == request_


NOT_UNDERSTOOD: dict[str, tuple[type[BadUsage], str, str]] = {
    "hepl": (BadUsage, "hepl", "help"),
    f"help {U}": (BadUsage, U, "help"),
    "list all of them": (BadUsage, "all of them", "list"),
    f"subscibe {U} importnt": (BadUsage, "subscibe", f"subscribe {U} important"),
    f"job {U} Unsubscribe!": (BadUsage, "Unsubscribe", f"unsubscribe {U}"),
    "subscribe my-job importent": (BadUsage, "importent", "subscribe my-job important"),
    f"subscribe {U} all important": (BadUsage, "all important", f"subscribe {U} all"),
    "subscribe important": (NoJobId, "subscribe important", "subscribe <job_id> important"),
    "unsubscribe all": (NoJobId, "unsubscribe all", "unsubscribe <job_id>"),
    "my job": (NoJobId, "my job", ""),
    f"show {U}": (BadUsage, "show", U),
    'subscribe "all" "important"': (NoJobId, '"all" "important"', "subscribe <job_id>"),
    f"{U} 取消订阅": (BadUsage, "取消订阅", f"unsubscribe {U}"),
    f"subscribe {U} in #other": (OtherChannel, "#other", f"subscribe {U}"),
    f"subscribe {LINK}|#other,all": (OtherChannel, "#other", f"subscribe {U} all"),
    f"subscribe {LINK}#other": (OtherChannel, "#other", f"subscribe {U}"),
    f"subscribe {LINK}重要": (BadUsage, "重要", f"subscribe {U}"),
    f"subscribe {LINK}%20important": (BadLink, f"{LINK}%20important", ""),
    f"{LINK},{V}": (SeveralJobIds, f"{LINK},{V}", ""),
    f"subscribe <#C0OTHER|other> {U}": (OtherChannel, "<#C0OTHER|other>", f"subscribe {U}"),
    f"subscibe {U} in #other": (OtherChannel, "#other", f"subscribe {U}"),
    "列表": (BadUsage, "列表", "list"),
    f"stop {U} @bob": (OtherPerson, "@bob", f"unsubscribe {U}"),
    "subscribe #other": (OtherChannel, "#other", "subscribe <job_id>"),
    f"subscribe {U} me": (OtherPerson, "me", f"subscribe {U}"),
    f"subscribe {U} important @bob.": (OtherPerson, "@bob", f"subscribe {U} important"),
    f"subscribe {U} <!subteam^S0TEAM>": (OtherPerson, "<!subteam^S0TEAM>", f"subscribe {U}"),
    f"{U} {V}": (SeveralJobIds, f"{U} {V}", ""),
    f"subscibe {U} {V}": (BadUsage, "subscibe", "subscribe <job_id>"),
    "subscribe ../x": (BadJobId, "../x", ""),
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
        request = parse(meant.replace("<job_id>", U))
        assert request.verb.value == meant.partition(" ")[0] or request == look_up()


PIECES = [
    *(*VERBS, *LEVELS, *HOSTILE_PIECES, *" ,:，：、\"'`“”<>|"),  # noqa: RUF001  Chinese keyboards
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
        assert bool(JOB_ID.fullmatch(request.job_id)) is (request.verb not in {Verb.HELP, Verb.LIST})
        assert request.level is None or request.verb is Verb.SUBSCRIBE
