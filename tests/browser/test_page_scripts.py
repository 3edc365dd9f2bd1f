"""The page's scripts that only compute: mrkdwn, dates, emoji, and the completion of commands."""

import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from bot.demo.page_view import WORKSPACE
from bot.messages.blocks import code, date, escape
from tests.browser.fixtures import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALL: Final = (
    """async ([module, name, ...given]) => (await import(`/static/js/${module}.js`))[name](...given)"""
)
DRAW: Final = """async (texts) => {
    const { draw, parse } = await import("/static/js/mrkdwn.js");
    const names = {
        user: (id) => ({ U0ALICE: "alice", U0BOB: "bob" })[id] ?? null,
        channel: (id) => ({ C01: "voices" })[id] ?? null,
        isMe: (id) => id === "U0ALICE",
        openChannel: () => {},
    };
    return texts.map((text) => {
        const place = document.createElement("div");
        place.append(...draw(parse(text), names));
        const all = [...place.querySelectorAll("*")];
        return {
            html: place.innerHTML,
            text: place.textContent,
            tags: all.map((each) => each.localName),
            links: all.filter((each) => each.href).map((each) => each.href),
            attributes: all.flatMap((each) => each.getAttributeNames()),
        };
    });
}"""
LINK: Final = '<a href="{0}" target="_blank" rel="noopener noreferrer">{1}</a>'
URL: Final = "https://a.example/?x=1&amp;y=2"
DRAWN: Final = {
    "~gone~": "<s>gone</s>",
    "*bold _and italic_*": "<strong>bold <em>and italic</em></strong>",
    "2*3*4": "2*3*4",
    "`*plain* &lt;b&gt;`": "<code>*plain* &lt;b&gt;</code>",
    "one\ntwo": "one<br>two",
    "```\ncode *x*\n```": "<pre>code *x*</pre>",
    "&gt; quoted\n&gt; more\nnot": "<blockquote>quoted<br>more</blockquote>not",
    "<b>bold</b>": "&lt;b&gt;bold&lt;/b&gt;",
    "<@U0BOB>": '<span class="mention">@bob</span>',
    "<@U0ALICE>": '<span class="mention of-me">@alice</span>',
    "<#C01>": '<button type="button" class="mention">#voices</button>',
    "<!channel>": '<span class="mention of-me">@channel</span>',
    f"<{URL}|here>": LINK.format(URL, "here"),
    f"&lt;{URL}&gt; ok": f"&lt;{LINK.format(URL, URL)}&gt; ok",
    f"see {URL}.": f"see {LINK.format(URL, URL)}.",
    "<javascript:alert(1)|click>": "&lt;javascript:alert(1)|click&gt;",
    "<data:text/html,<script>|x>": "&lt;data:text/html,&lt;script&gt;|x&gt;",
    ":white_check_mark:": '<span class="emoji" role="img" aria-label="white check mark">✅</span>',
    ":no_such: :constructor: 12:30:45": ":no_such: :constructor: 12:30:45",
}
TAGS: Final = {"strong", "em", "s", "code", "pre", "blockquote", "br", "a", "span", "button", "time"}
ATTRIBUTES: Final = {"href", "rel", "target", "class", "type", "role", "aria-label", "datetime", "title"}
NAMES: Final = ["A <beta>", "&lt;b&gt;", "*a* _b_ ~c~", ":x:", "<!channel>", "&amp;", "女声", "a|b", "x_"]


async def draw(script: Script, texts: list[str], field: str = "text") -> list[Any]:
    return [each[field] for each in await script(DRAW, texts)]


async def test_mrkdwn_is_drawn(script: Script) -> None:
    """Marks count at the borders of words and not in code; only web and mail addresses are links."""
    assert dict(zip(DRAWN, await draw(script, list(DRAWN), "html"), strict=True)) == DRAWN


async def test_what_is_escaped_is_read_as_it_was(script: Script) -> None:
    """The bot's code spans, and the field's escaping, keep every character; emoji alone are drawn."""
    chance = random.Random(8)  # noqa: S311  the same mixtures each time
    mixtures = ["".join(chance.choices("ab<>&;ltgmp \"'/", k=20)) for _ in range(500)]
    typed = [text for text in mixtures if not text.lstrip().startswith(">")]

    assert await draw(script, [f"{code(name)}." for name in NAMES]) == [f"{name}." for name in NAMES]
    assert await draw(script, [escape(text) for text in typed]) == typed


async def test_no_text_becomes_other_markup(script: Script) -> None:
    """Of any mixture of characters, only mrkdwn's elements are made, and no attribute that is executed."""
    chance = random.Random(7)  # noqa: S311  the same mixtures each time
    longer = ["```", "<img src=x onerror=a>", "javascript:", "https://a.example", "&lt;"]
    pieces = [*"<>&*_~`|:!@#^\n\"'= ", *longer]
    texts = ["".join(chance.choices(pieces, k=chance.randint(1, 25))) for _ in range(2000)]

    found: list[dict[str, Any]] = await script(DRAW, texts)

    assert {"strong", "code", "a"} <= {tag for each in found for tag in each["tags"]} <= TAGS
    assert all(link.startswith("https://a.example") for each in found for link in each["links"])
    assert {name for each in found for name in each["attributes"]} <= ATTRIBUTES


async def test_no_long_text_takes_for_ever(script: Script) -> None:
    """No repeated mark backtracks without end, at the length that Slack allows: that would time out."""
    marks = ("*a ", "_", "<", "`", "*_~", "a*", "&gt;\n", "<a ", ":a")
    texts = [*(mark * (3000 // len(mark)) for mark in marks), "https://a" + "&amp;." * 500]

    assert len(await draw(script, texts)) == len(texts)


NEW_YEAR: Final = datetime(2024, 1, 1, tzinfo=UTC)
DATES: Final = {
    ("{date_num} {time}", "America/New_York"): "2023-12-31 7:00 PM",
    ("{date}", "UTC"): "January 1st, 2024",
    ("{date_short_pretty}", "UTC"): "Jan 1, 2024",
    ("{nonsense} {constructor}", "UTC"): "{nonsense} {constructor}",
}
NEAR_NOW: Final = {
    (0, "{date_short_pretty} {date_pretty}"): "Today today",
    (24, "on {date_pretty}"): "on tomorrow",
    (-72, "{date} {date_short} {date_long_pretty}"): r"(?!.*\d{4}).*",
    (-2, "({ago})"): r"\(2 hours ago\)",
}


async def fill(script: Script, text: str, moment: datetime, zone: str = "UTC") -> str:
    filled: str = await script(CALL, ["dates", "fillTokens", text, moment], zone=zone)
    return filled.replace("\u202f", " ")


async def test_date_tokens(script: Script) -> None:
    """Each of Slack's tokens has its form in the reader's zone, also the bot's; near days have names."""
    assert {given: await fill(script, given[0], NEW_YEAR, given[1]) for given in DATES} == DATES
    for day, ordinal in ((2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd")):
        assert await fill(script, "{date}", NEW_YEAR.replace(day=day)) == f"January {ordinal}, 2024"
    for (hours, text), pattern in NEAR_NOW.items():
        filled = await fill(script, text, datetime.now(UTC) + timedelta(hours=hours))
        assert re.fullmatch(pattern, filled), filled
    texts = [date(int(NEW_YEAR.timestamp())), "<!date^99999999999999999^{time}|some day>"]
    drawn, broken = await draw(script, texts)
    assert ("Jan 1, 2024 12:00" in drawn, broken) == (True, "some day")


def job(job_id: str, name: str, position: int, *, is_over: bool = False) -> dict[str, Any]:
    return {"job_id": job_id, "voice_name": name, "label": "", "is_over": is_over, "position": position}


JOBS: Final = [job("aaaa-1", "Morning News", 1), job("aabb-2", "女声", 2), job("cccc-3", "", 0, is_over=True)]
COMPLETIONS: Final = {
    "/voicejob UNS": ["unsubscribe "],
    "/voicejob morn": ["aaaa-1"],
    "/voicejob subscribe aab": ["subscribe aabb-2 "],
    "/voicejob subscribe aaaa-1 ": ["subscribe aaaa-1 all", "subscribe aaaa-1 important"],
    "/voicejob ": ["aaaa-1", "aabb-2", "cccc-3", "subscribe ", "unsubscribe ", "list", "help"],
    "/voicejob aaaa-1": [],
    "/voicejob subscribe aabb-2 all more": [],
}
"""What is typed, and what is offered after the command: jobs that run come before those that are over."""


async def test_completions(script: Script) -> None:
    """Verbs, ids, voices and levels complete a command; only a whole one can be sent as it is."""
    channel = {"id": "C01", "name": "voices", "kind": "public", "bot_is_member": True}
    context = {"workspace": WORKSPACE, "jobs": JOBS, "channel": channel}
    for typed, expected in COMPLETIONS.items():
        offered = await script(CALL, ["completion", "complete", typed, len(typed), context])
        assert [offer["insert"].removeprefix("/voicejob ") for offer in offered] == expected, typed
    for text, is_whole in (("hello", True), ("/voicejob aaaa-1", True), ("/voicejob aaaa", False)):
        assert await script(CALL, ["completion", "isSendable", text, context]) is is_whole, text
