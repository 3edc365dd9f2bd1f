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

CALL: Final = "async ([module, name, ...given]) => (await import(`/static/js/${module}.js`))[name](...given)"
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


MARKUP: Final = ["```", "<img src=x onerror=a>", "javascript:", "https://a.example", "&lt;"]


def mixtures(number: int, *pieces: str) -> list[str]:
    """Mix texts, the same ones each time."""
    chance = random.Random(7)  # noqa: S311  of no secret
    return ["".join(chance.choices(pieces, k=chance.randint(1, 25))) for _ in range(number)]


async def test_what_is_escaped_is_read_as_it_was(script: Script) -> None:
    """The bot's code spans, and the field's escaping, keep every character; emoji alone are drawn."""
    typed = [text for text in mixtures(500, *"ab<>&;ltgmp \"'/") if not text.lstrip().startswith(">")]

    assert await draw(script, [f"{code(name)}." for name in NAMES]) == [f"{name}." for name in NAMES]
    assert await draw(script, [escape(text) for text in typed]) == typed


async def test_no_text_becomes_other_markup(script: Script) -> None:
    """Of any mixture, only mrkdwn's elements are made, and no attribute that is executed, and at once."""
    texts = mixtures(2000, *"<>&*_~`|:!@#^\n\"'= ", *MARKUP)
    # A mark that backtracks without end, at the length that Slack allows, would time out.
    marks = ("*a ", "_", "<", "`", "*_~", "a*", "&gt;\n", "<a ", ":a")
    texts += [*(mark * (3000 // len(mark)) for mark in marks), "https://a.example" + "&amp;." * 500]

    found: list[dict[str, Any]] = await script(DRAW, texts)

    assert len(found) == len(texts)
    assert {"strong", "code", "a"} <= {tag for each in found for tag in each["tags"]} <= TAGS
    assert all(link.startswith("https://a.example") for each in found for link in each["links"])
    assert {name for each in found for name in each["attributes"]} <= ATTRIBUTES


ORDINALS: Final = {2: "nd", 3: "rd", 4: "th", 11: "th", 22: "nd"}
NEW_YEAR: Final = datetime(2024, 1, 1, 5, tzinfo=UTC)
DATES: Final = {
    (-3600, "{date_num} {time}"): "2023-12-31 11:00 PM",
    (0, "{date}"): "January 1st, 2024",
    (0, "{date_short_pretty}"): "Jan 1, 2024",
    (0, "{nonsense} {constructor}"): "{nonsense} {constructor}",
    **{(86400 * (day - 1), "{date}"): f"January {day}{th}, 2024" for day, th in ORDINALS.items()},
}
NEAR_NOW: Final = {
    (0, "{date_short_pretty} {date_pretty}"): "Today today",
    (24, "on {date_pretty}"): "on tomorrow",
    (-72, "{date} {date_short} {date_long_pretty}"): r"(?!.*\d{4}).*",
    (-2, "({ago})"): r"\(2 hours ago\)",
    (0.0001, "({ago})"): r"\(\d seconds? ago\)",
}
CHINESE: Final = {
    (-24, "{date_pretty}"): "昨天",
    (-24, "在{date_pretty}"): "在昨天",
    (-72, "{ago}"): "3天前",
    (-24 * 400, "{date_long}"): r"\d{4}年\d+月\d+日星期.",
}


async def fill(script: Script, text: str, moment: datetime) -> str:
    filled: str = await script(CALL, ["dates", "fillTokens", text, moment])
    return filled.replace("\u202f", " ")


async def test_date_tokens(script: Script) -> None:
    """Each of Slack's tokens has its form in the reader's zone and language; near days have names."""
    for (seconds, text), expected in DATES.items():
        assert await fill(script, text, NEW_YEAR + timedelta(seconds=seconds)) == expected
    for language, near in (("zh", CHINESE), ("en", NEAR_NOW)):
        await script(CALL, ["dates", "speak", language])
        for (hours, text), pattern in near.items():
            moment = datetime.now(UTC) + timedelta(hours=hours)
            assert re.fullmatch(pattern, await fill(script, text, moment))
    texts = [
        date(int(NEW_YEAR.timestamp()), "at {date_short_pretty} {time}"),
        "<!date^99999999999999999^{time}|some day>",
    ]
    drawn, broken = await draw(script, texts)
    assert ("Jan 1, 2024 12:00" in drawn, broken) == (True, "some day")


def job(job_id: str, name: str, position: int, *, is_over: bool = False) -> dict[str, Any]:
    return {"job_id": job_id, "voice_name": name, "label": "", "is_over": is_over, "position": position}


JOBS: Final = [job("aaaa-1", "Morning News", 1), job("aabb-2", "女声", 2), job("cccc-3", "", 0, is_over=True)]
IDS: Final = ("aaaa-1", "aabb-2", "cccc-3")
TELLING: Final = ("waiting", "recent", "list", "list mine", "status")
COMPLETIONS: Final = {
    "/voicejob UNS": ["unsubscribe "],
    "/voicejob morn": ["aaaa-1"],
    "/voicejob subscribe aab": ["subscribe aabb-2 "],
    "/voicejob subscribe aaaa-1 ": [f"subscribe aaaa-1 {end}" for end in ("all", "important", "me")],
    "/voicejob ": [*IDS, "subscribe ", "unsubscribe ", "details ", *TELLING, "language", "help"],
    "/voicejob list m": ["list mine"],
    "/voicejob details morn": ["details aaaa-1"],
    "/voicejob aaaa-1": [],
    "/voicejob subscribe aabb-2 all more": [],
}


SENDABLE: Final = {
    "hello": True,
    "/voicejob": True,
    "/voicejob aaaa-1": True,
    "/voicejob aaaa": False,
    "/voicejob MORNING n": True,
    "/voicejob evening": False,
    "/voicejob l": False,
    "/voicejob list mine": True,
    "/voicejob subscribe morning news all me": True,
    "/voicejob details": False,
}


async def test_completions(script: Script) -> None:
    """Verbs, ids, voices and levels complete a command, running jobs first; a whole one can be sent."""
    channel = {"id": "C01", "name": "voices", "kind": "public", "bot_is_member": True}
    context = {"workspace": WORKSPACE, "jobs": JOBS, "channel": channel}
    for typed, expected in COMPLETIONS.items():
        offered = await script(CALL, ["completion", "complete", typed, len(typed), context])
        assert [offer["insert"].removeprefix("/voicejob ") for offer in offered] == expected, typed
    for text, is_whole in SENDABLE.items():
        assert await script(CALL, ["completion", "isSendable", text, context]) is is_whole, text
