"""Messages as Slack reads them, and the followed jobs that they are about."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bot.domain.following import Following
from bot.domain.jobs import Job
from bot.domain.languages import Language
from bot.domain.records import Pause
from bot.messages.blocks import Message
from bot.messages.context import MessageContext
from bot.messages.texts import words_in
from bot.simulators.slack.blockkit import buttons
from tests.blocks import problems
from tests.records import NOW, following

JOB_ID = "26f06524-4f75-4b3a-a853-b649a21aaf66"
AGO = "<!date^1800000000^{ago}|2027-01-15 08:00 UTC>"
HOSTILE = "<!channel> <@U1> *x* &lt; `y` _z_ ~w~ :x: <https://e.example|l> & > \u202e :x"
IN_CODE = HOSTILE.replace("`", "'").replace(" \u202e", "")
"""How the hostile text reads inside a code span."""
CONTEXT = MessageContext(
    region="cn-north-4",
    bot_name="voicejob",
    command="/voicejob",
    console_url=lambda _: None,
    words=words_in(Language.EN),
)
CHINESE = CONTEXT.in_language(Language.ZH)
CONTEXTS = [CONTEXT, CHINESE]
CONSOLE = "https://console.example/?job=1&tab=2"
LINKED = replace(CONTEXT, console_url=lambda _: CONSOLE)
"""As if the operator had told where the console is."""


def followed(*states: str, job: Any = None, job_id: str = JOB_ID, **given: Any) -> Following:
    """Return a job that is followed, seen in these states, of which the channel was told the first."""
    made = following(*(states or ("PROCESSING",)), job_id=job_id, **{"by": "U0ALICE"} | given)
    usual = {"voice_name": "Morning News", "state": made.state}
    shown = Job.from_api(usual | (job or {}) | {"job_id": job_id})
    return replace(made, record=replace(made.record, job=shown))


def paused_of(reason: str, *states: str, **given: Any) -> Following:
    """Return a job that is followed in a conversation where Slack refuses the bot for this reason."""
    return followed(*states, pause=Pause(reason=reason, since=NOW, tries=1, next_try=NOW + 300), **given)


def _text_objects(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict) and part.get("type") in {"mrkdwn", "plain_text"}:
        yield part
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
    for each in inner:
        yield from _text_objects(each)


def texts_of(message: Message, kind: str = "mrkdwn") -> list[str]:
    """List the texts of one kind in the blocks, at any depth."""
    return [part["text"] for part in _text_objects(message.blocks) if part["type"] == kind]


def every_text(message: Message) -> list[str]:
    """List all that is read or heard of a message."""
    spoken = [each.get("accessibility_label", "") for _, each in buttons(message.blocks)]
    return [message.text, *(part["text"] for part in _text_objects(message.blocks)), *spoken]


def pressed(message: Message) -> list[tuple[str, str, str]]:
    """List the buttons: the label of each, its action_id, and its value or address."""
    every = [button for _, button in buttons(message.blocks)]
    return [(each["text"]["text"], each["action_id"], each.get("value") or each["url"]) for each in every]


OURS = re.compile(
    r"^> (?=\S)|"
    r"<!date\^\d+\^[^<>|^`*]*\|[^<>|`*]*\d{4}-\d\d-\d\d \d\d:\d\d UTC>"
    r"|<(?:@[UW]|!subteam\^S)[A-Z0-9]+>|<#[CG][A-Z0-9]+>"
    r"|<https://(?:console|e)\.example/[^<>|]*\|MetaStudio (?:console|控制台)>",
    re.MULTILINE,
)
"""What we write with angle brackets: quotations, moments, people, channels, the address of the operator."""
BOLD = re.compile(r"(?<![^\s(])\*(?! )[^*\n]+(?<! )\*(?=[\s.,:;)]|$)")
"""Bold needs a space or a mark of ASCII's at both sides."""
FORMATTING = re.compile(r"[*~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:[\w'+-]+:")
ICONS = re.compile(
    "^:(?:hourglass_flowing_sand|point_right|white_check_mark|x|warning"
    "|alarm_clock|raising_hand|card_index_dividers): ",
    re.MULTILINE,
)
OUR_LABELS = (
    {
        context.words(f"button-{name}")
        for context in CONTEXTS
        for name in (
            "subscribe",
            "tell-me",
            "details",
            "why",
            "refresh",
            "console",
            "unsubscribe",
            "take",
            "release",
        )
    }
    | {
        context.words(f"button-{name}")
        for context in CONTEXTS
        for name in (
            "take-over",
            "show-waiting",
            "try-again",
            "all",
            "important",
            "more",
            "start",
            "show",
            "back",
        )
    }
    | {context.words(f"button-language-{language}") for context in CONTEXTS for language in Language}
)


def read_mrkdwn(text: str) -> tuple[str, list[str]]:
    """Read mrkdwn by Slack's rules: return what may be markup, and what is only shown, in code spans.

    Asserts that no span is broken, and that what is in angle brackets or formatted is ours.
    """
    pieces = text.split("`")
    live, codes = "``".join(pieces[::2]), pieces[1::2]
    assert len(pieces) % 2, f"a code span does not end: {text!r}"
    assert all(len(inside.splitlines()) == 1 for inside in codes), "a code span has one line, and not none"
    assert not re.search("[<>]", OURS.sub("", live) + "".join(codes)), text
    assert not re.search(r"&(?!amp;|lt;|gt;)", text), text
    assert not re.search(r"^\s*&gt;", live, re.MULTILINE), f"a quote begins: {text!r}"
    alive = FORMATTING.search(BOLD.sub("", ICONS.sub("", OURS.sub("", live))))
    assert not alive, f"{alive} is formatted: {text!r}"
    return live, [code.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for code in codes]


def live_in(message: Message) -> list[str]:
    """List what may be markup: in the text, and in each mrkdwn of the blocks."""
    return [read_mrkdwn(text)[0] for text in (message.text, *texts_of(message))]


def codes_in(message: Message) -> list[str]:
    """List what stands in code spans: in the text, and in each mrkdwn of the blocks."""
    return [code for text in (message.text, *texts_of(message)) for code in read_mrkdwn(text)[1]]


def check(message: Message) -> None:
    """Assert that Slack takes a message, and that nothing in it is alive, or unseen, but what is ours."""
    assert problems({"text": message.text, "blocks": message.blocks}) == []
    assert len(message.text) <= 4000
    assert live_in(message)
    for part in _text_objects(message.blocks):
        # A label of ours needs no emoji=False, which keeps a name like ":x:" from being drawn.
        is_verbatim = part["type"] == "mrkdwn" and part.get("verbatim") is True
        is_plain = part["type"] == "plain_text" and part.get("emoji") is False
        assert is_verbatim or is_plain or part["text"] in OUR_LABELS
    for text in every_text(message):
        assert not {unicodedata.category(char) for char in text} & {"Cs"}
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x1b\x7f\x9b]", text)
