"""The page's scripts that only compute: mrkdwn, dates, emoji, and the completion of commands."""

import random
import re
from typing import Any, Final

import pytest

from bot.demo.page_view import WORKSPACE
from bot.messages.blocks import code, date, escape
from tests.browser.fixtures import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

DRAWN: Final = """async (texts) => {
    const { draw, parse, parsePlain } = await import("/static/js/mrkdwn.js");
    const names = {
        user: (id) => ({ U0ALICE: "alice", U0BOB: "bob" })[id] ?? null,
        channel: (id) => ({ C01: "voices" })[id] ?? null,
        isMe: (id) => id === "U0ALICE",
        openChannel: () => {},
    };
    return texts.map((text) => {
        const place = document.createElement("div");
        place.append(...draw(parse(text), names));
        return HOW;
    });
}"""
HTML: Final = DRAWN.replace("HOW", "place.innerHTML")
TEXT: Final = DRAWN.replace("HOW", "place.textContent")
PLAIN: Final = DRAWN.replace("HOW", "place.textContent").replace("parse(text)", "parsePlain(text)")
FOUND: Final = DRAWN.replace(
    "HOW",
    """({
        tags: [...place.querySelectorAll("*")].map((each) => each.localName),
        links: [...place.querySelectorAll("[href]")].map((each) => each.href),
        others: [...place.querySelectorAll("*")].flatMap((each) => each.getAttributeNames()),
    })""",
)

JOBS: Final = [
    {
        "job_id": "aaaa-1",
        "voice_name": "Morning News",
        "label": "In training",
        "is_over": False,
        "position": 1,
    },
    {"job_id": "aabb-2", "voice_name": "女声", "label": "In review", "is_over": False, "position": 2},
    {"job_id": "cccc-3", "voice_name": "", "label": "Ready", "is_over": True, "position": 0},
]
PUBLIC: Final = {"id": "C01", "name": "voices", "kind": "public", "bot_is_member": True}
OFFERED: Final = """async ([text, caret, workspace, jobs, channel]) => {
    const { complete } = await import("/static/js/completion.js");
    return complete(text, caret, { workspace, jobs, channel });
}"""
SENDABLE: Final = """async ([text, workspace, jobs]) => {
    const { isSendable } = await import("/static/js/completion.js");
    return isSendable(text, { workspace, jobs });
}"""
FILLED: Final = """async ([format, epoch]) => {
    const { fillTokens } = await import("/static/js/dates.js");
    return fillTokens(format, new Date(epoch * 1000));
}"""
AWAY: Final = """async ([format, seconds]) => {
    const { fillTokens } = await import("/static/js/dates.js");
    return fillTokens(format, new Date(Date.now() + seconds * 1000));
}"""


async def html(script: Script, text: str) -> str:
    return str((await script(HTML, [text]))[0])


async def offered(script: Script, text: str, caret: int | None = None, **channel: Any) -> list[str]:
    place = len(text) if caret is None else caret
    offers = await script(OFFERED, [text, place, WORKSPACE, JOBS, PUBLIC | channel])
    return [str(offer["insert"]) for offer in offers]


class TestMrkdwn:
    @pytest.mark.parametrize(
        ("text", "drawn"),
        [
            ("*bold*", "<strong>bold</strong>"),
            ("_italic_", "<em>italic</em>"),
            ("~gone~", "<s>gone</s>"),
            ("*bold _and italic_*", "<strong>bold <em>and italic</em></strong>"),
            ("2*3*4", "2*3*4"),
            ("snake_case_name", "snake_case_name"),
            ("* no *", "* no *"),
            ("*no", "*no"),
            ("**", "**"),
            ("`*plain* &lt;b&gt;`", "<code>*plain* &lt;b&gt;</code>"),
            ("``", "``"),
            ("one\ntwo", "one<br>two"),
            ("```\ncode *x*\n```", "<pre>code *x*</pre>"),
            ("&gt; quoted\n&gt; more\nnot", "<blockquote>quoted<br>more</blockquote>not"),
            ("&amp;lt;b&amp;gt;", "&amp;lt;b&amp;gt;"),
            ("<b>bold</b>", "&lt;b&gt;bold&lt;/b&gt;"),
        ],
    )
    async def test_marks(self, script: Script, text: str, drawn: str) -> None:
        """Marks count at the borders of words, and nothing counts inside code."""
        assert await html(script, text) == drawn

    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("<https://a.example/?x=1&amp;y=2|here>", ['href="https://a.example/?x=1&amp;y=2"', ">here</a>"]),
            ("<mailto:a@b.example|mail>", ['href="mailto:a@b.example"', ">mail</a>"]),
            ("see https://a.example/x.", ['href="https://a.example/x"', "</a>."]),
            ("(https://a.example)", ['href="https://a.example"', "</a>)"]),
            ("&lt;https://a.example/x&gt; ok", ['&lt;<a href="https://a.example/x"', "</a>&gt; ok"]),
            ("https://a.example/x&lt;y", ['href="https://a.example/x"', "</a>&lt;y"]),
            ("https://a.example/?x=1&amp;y=2.", ['href="https://a.example/?x=1&amp;y=2"', "</a>."]),
            ("https://a.example/?x&amp;", ['href="https://a.example/?x&amp;"', "&amp;</a>"]),
        ],
    )
    async def test_links(self, script: Script, text: str, parts: list[str]) -> None:
        """Links to the web and to mail open elsewhere, and tell the other side nothing."""
        drawn = await html(script, text)

        for part in [*parts, 'rel="noopener noreferrer"', 'target="_blank"']:
            assert part in drawn

    @pytest.mark.parametrize(
        "text",
        [
            "<javascript:alert(1)|click>",
            "<JaVaScRiPt:alert(1)>",
            "<data:text/html,<script>alert(1)</script>|x>",
            "<data:text/html;base64,PHNjcmlwdD4=|x>",
            "<vbscript:x|y>",
            "<file:///etc/passwd|y>",
            "< javascript:alert(1)|click>",
            "<java&amp;#x73;cript:alert(1)|x>",
            "<//evil.example|x>",
        ],
    )
    async def test_other_links_are_text(self, script: Script, text: str) -> None:
        """No other address becomes a link; the text stays to be read."""
        assert "<a" not in await html(script, text)
        assert (await script(TEXT, [text]))[0].replace("&", "&amp;") == text

    @pytest.mark.parametrize(
        ("text", "drawn"),
        [
            ("<@U0BOB>", '<span class="mention">@bob</span>'),
            ("<@U0ALICE>", '<span class="mention of-me">@alice</span>'),
            ("<@U9|carol>", '<span class="mention">@carol</span>'),
            ("<@U9>", '<span class="mention">@U9</span>'),
            ("<#C01>", "#voices</button>"),
            ("<#C9|elsewhere>", '<span class="mention">#elsewhere</span>'),
            ("<!channel>", ">@channel</span>"),
        ],
    )
    async def test_mentions(self, script: Script, text: str, drawn: str) -> None:
        """People and channels are called by their names, as far as they are known."""
        assert (await html(script, text)).endswith(drawn)

    async def test_emoji(self, script: Script) -> None:
        """A name of an emoji is one, with its name for those who can't see it; another name is text."""
        drawn = await html(script, "a :x: :hourglass_flowing_sand: :no_such: :constructor: 12:30:45")

        assert 'aria-label="hourglass flowing sand"' in drawn
        assert "⏳" in drawn
        assert drawn.count("<span") == 2
        assert ":no_such: :constructor: 12:30:45" in drawn

    async def test_plain_text_knows_only_emoji(self, script: Script) -> None:
        """In plain text, marks, links and entities are characters."""
        text = "*b* <https://a.example> &lt; `c`\n&gt; :x:"

        assert (await script(PLAIN, [text]))[0] == "*b* <https://a.example> &lt; `c`&gt; ❌"

    async def test_what_the_bot_quotes_stays_as_it_is(self, script: Script) -> None:
        """The bot's code spans give back every character of a name, whatever it is made of."""
        names = [
            "Audiobook <beta>",
            "&lt;b&gt;",
            "*a* _b_ ~c~",
            ":x:",
            "<!channel>",
            "&amp;",
            "女声",
            "a|b",
            "x_",
        ]

        drawn = await script(HTML, [code(name) for name in names])
        texts = await script(TEXT, [f"{code(name)} (job {code('1')})." for name in names])

        assert all(each.startswith("<code>") and each.endswith("</code>") for each in drawn)
        assert texts == [f"{name} (job 1)." for name in names]

    async def test_no_text_becomes_markup(self, script: Script) -> None:
        """Of any mixture of signs, only what mrkdwn knows is made, and no attribute that runs."""
        some = random.Random(7)  # noqa: S311  the same mixtures each time
        pieces = [
            *"<>&*_~`|:!@#^\n\"'= ",
            "```",
            "<img src=x onerror=a>",
            "javascript:",
            "https://a.example",
            "&lt;",
        ]
        texts = ["".join(some.choices(pieces, k=some.randint(1, 25))) for _ in range(2000)]

        found: list[dict[str, Any]] = await script(FOUND, texts)

        tags = {tag for each in found for tag in each["tags"]}
        assert tags <= {"strong", "em", "s", "code", "pre", "blockquote", "br", "a", "span", "button", "time"}
        assert {"strong", "code", "a", "blockquote"} <= tags
        assert all(link.startswith("https://a.example") for each in found for link in each["links"])
        attributes = {name for each in found for name in each["others"]}
        assert attributes <= {
            "href",
            "target",
            "rel",
            "class",
            "type",
            "role",
            "aria-label",
            "datetime",
            "title",
        }

    async def test_escaped_text_is_read_as_it_was(self, script: Script) -> None:
        """What the message box escapes, the page shows as it was typed, up to line breaks and marks."""
        some = random.Random(8)  # noqa: S311  the same mixtures each time
        texts = ["".join(some.choices("ab<>&;ltgmp \"'/", k=20)) for _ in range(500)]
        texts = [text for text in texts if not text.lstrip().startswith(">")]

        assert await script(TEXT, [escape(text) for text in texts]) == texts

    async def test_long_text_is_read_at_once(self, script: Script) -> None:
        """No mixture of marks takes long, even at the length that Slack allows."""
        texts = [
            mark * (3000 // len(mark)) for mark in ("*a ", "_", "<", "`", "*_~", "a*", "&gt;\n", "<a ", ":a")
        ]
        texts.append("https://a" + "&amp;." * 500)
        timed = f"""async (texts) => {{
            const start = performance.now();
            await ({TEXT})(texts);
            return performance.now() - start;
        }}"""

        for text in texts:
            assert await script(timed, [text]) < 1000, text[:9]


class TestDates:
    EPOCH: Final = 1704067200
    """Midnight at Greenwich, at the beginning of 2024."""

    @pytest.mark.parametrize(
        ("zone", "told"),
        [
            ("UTC", "2024-01-01 12:00 AM"),
            ("Asia/Shanghai", "2024-01-01 8:00 AM"),
            ("America/New_York", "2023-12-31 7:00 PM"),
            ("Asia/Kolkata", "2024-01-01 5:30 AM"),
        ],
    )
    async def test_readers_see_their_own_time(self, script: Script, zone: str, told: str) -> None:
        """The same moment has another day and hour elsewhere."""
        filled = await script(FILLED, ["{date_num} {time}", self.EPOCH], zone=zone)

        assert filled.replace("\u202f", " ") == told

    @pytest.mark.parametrize(
        ("token", "told"),
        [
            ("{date}", "January 1st, 2024"),
            ("{date_short}", "Jan 1, 2024"),
            ("{date_long}", "Monday, January 1st, 2024"),
            ("{date_short_pretty}", "Jan 1, 2024"),
            ("{time_secs}", "12:00:00 AM"),
            ("{nonsense} {constructor}", "{nonsense} {constructor}"),
        ],
    )
    async def test_tokens(self, script: Script, token: str, told: str) -> None:
        """Each of Slack's tokens has its form; an unknown one stays as it is."""
        filled = await script(FILLED, [token, self.EPOCH])

        assert filled.replace("\u202f", " ") == told

    @pytest.mark.parametrize(("days", "told"), [(0, "today"), (-1, "yesterday"), (1, "tomorrow")])
    async def test_near_days_have_names(self, script: Script, days: int, told: str) -> None:
        """Pretty dates say today, yesterday and tomorrow, with a capital at the beginning of a line."""
        assert (
            await script(AWAY, ["{date_short_pretty} {date_pretty}", days * 86400])
            == f"{told.capitalize()} {told}"
        )

    @pytest.mark.parametrize("days", [-170, -3, 3, 170])
    async def test_near_dates_have_no_year(self, script: Script, days: int) -> None:
        """Within about half a year, everybody knows which year is meant."""
        filled = await script(AWAY, ["{date} {date_short} {date_long_pretty}", days * 86400])

        assert not re.search(r"\d{4}", filled)
        assert re.search(r"\d{4}", await script(AWAY, ["{date_num}", days * 86400]))

    @pytest.mark.parametrize(
        ("seconds", "told"), [(-7200, "2 hours ago"), (-180, "3 minutes ago"), (86400 * 3, "in 3 days")]
    )
    async def test_how_long_ago(self, script: Script, seconds: int, told: str) -> None:
        """A distance is told in its largest unit."""
        assert await script(AWAY, ["({ago})", seconds]) == f"({told})"

    @pytest.mark.parametrize(
        ("day", "told"),
        [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st")],
    )
    async def test_ordinals(self, script: Script, day: int, told: str) -> None:
        """Days are counted in English."""
        filled = await script(FILLED, ["{date}", self.EPOCH + (day - 1) * 86400])

        assert filled == f"January {told}, 2024"

    async def test_the_bots_dates_are_understood(self, script: Script) -> None:
        """A date token of the bot becomes a moment in the reader's time zone; a broken one its fallback."""
        token = date(self.EPOCH)
        drawn = await script(HTML, [token], zone="America/New_York")
        broken = await script(TEXT, ["<!date^99999999999999999^{time}|some day>"])

        assert 'datetime="2024-01-01T00:00:00.000Z"' in drawn[0]
        assert ">Dec 31, 2023 7:00" in drawn[0]
        assert broken == ["some day"]


class TestCompletion:
    @pytest.mark.parametrize(
        ("typed", "first"),
        [
            ("/voicejob s", "/voicejob subscribe "),
            ("/voicejob UNS", "/voicejob unsubscribe "),
            ("/voicejob li", "/voicejob list"),
            ("/voicejob he", "/voicejob help"),
            ("/voicejob aab", "/voicejob aabb-2"),
            ("/voicejob morn", "/voicejob aaaa-1"),
            ("/voicejob 女", "/voicejob aabb-2"),
            ("/voicejob subscribe aab", "/voicejob subscribe aabb-2 "),
            ("/voicejob subscribe aabb-2 im", "/voicejob subscribe aabb-2 important"),
            ("/voicejob unsubscribe NEWS", "/voicejob unsubscribe aaaa-1"),
            ("/inv", "/invite @voicejob"),
            ("/voicej", "/voicejob "),
        ],
    )
    async def test_what_is_typed_finds_it(self, script: Script, typed: str, first: str) -> None:
        """Verbs, ids by their beginning, voices by a part of their name, levels, and Slack's own commands."""
        assert (await offered(script, typed))[0] == first

    @pytest.mark.parametrize(
        "typed",
        [
            "",
            "hello",
            "voicejob",
            "/voicejob nothing-like-that",
            "/voicejob list now",
            "/voicejob subscribe aabb-2 all more",
            "/voicejob subscribe nothing x",
            "/voicejob aaaa-1",
            "/no",
            "/voicejob \nsub",
        ],
    )
    async def test_nothing_to_offer(self, script: Script, typed: str) -> None:
        """What can't go on, is complete, or is no command gets no offers."""
        assert await offered(script, typed) == []

    async def test_the_order(self, script: Script) -> None:
        """Jobs that go on come before those that are over, and both levels are offered after a job."""
        assert await offered(script, "/voicejob unsubscribe ") == [
            f"/voicejob unsubscribe {job_id}" for job_id in ("aaaa-1", "aabb-2", "cccc-3")
        ]
        assert await offered(script, "/voicejob subscribe aaaa-1 ") == [
            "/voicejob subscribe aaaa-1 all",
            "/voicejob subscribe aaaa-1 important",
        ]

    async def test_jobs_come_first(self, script: Script) -> None:
        """Who has typed the command alone is offered jobs, marked as the demo's, and then all verbs."""
        many = [JOBS[0] | {"job_id": f"job-{number}"} for number in range(100)]
        found = await offered(script, "/voicejob ")
        among_many = await script(OFFERED, ["/voicejob ", 10, WORKSPACE, many, PUBLIC])

        assert found[:3] == ["/voicejob aaaa-1", "/voicejob aabb-2", "/voicejob cccc-3"]
        assert found[3:] == [f"/voicejob {verb}" for verb in ("subscribe ", "unsubscribe ", "list", "help")]
        assert [offer["insert"] for offer in among_many[-4:]] == found[3:]
        marked = ["real Slack offers no jobs" in offer.get("note", "") for offer in among_many]
        assert marked == [True] * 8 + [False] * 4

    async def test_no_name_turns_the_line_around(self, script: Script) -> None:
        """Signs that reorder what stands around them are left out of what is offered."""
        jobs = [JOBS[0] | {"voice_name": "\u202egnihtemos\u2066 else\u2069"}]

        offers = await script(OFFERED, ["/voicejob aaaa", 14, WORKSPACE, jobs, PUBLIC])

        assert [offer["label"] for offer in offers] == ["gnihtemos else"]

    async def test_only_what_stands_before_the_caret_counts(self, script: Script) -> None:
        """Somebody may go back in a text."""
        assert (await offered(script, "/voicejob li and more", 12))[0] == "/voicejob list"

    async def test_the_fitting_command_comes_first(self, script: Script) -> None:
        """Where the bot is missing, inviting it comes before putting it out."""
        outside = await offered(script, "/", bot_is_member=False)
        inside = await offered(script, "/")

        assert outside[:2] == ["/voicejob ", "/invite @voicejob"]
        assert inside.index("/remove @voicejob") < inside.index("/invite @voicejob")

    async def test_there_are_never_too_many(self, script: Script) -> None:
        """Of a hundred jobs, a dozen is offered."""
        jobs = [JOBS[0] | {"job_id": f"job-{number}"} for number in range(100)]

        offers = await script(OFFERED, ["/voicejob job", 13, WORKSPACE, jobs, PUBLIC])

        assert len(offers) == 12

    @pytest.mark.parametrize(
        ("text", "can"),
        [
            ("hello", True),
            ("/voicejob", True),
            ("/voicejob ", False),
            ("/voicejob aaaa-1", True),
            ("/voicejob aaaa", False),
            ("/voicejob list", True),
            ("/voicejob subscribe", False),
            ("/voicejob subscribe aaaa-1 ", True),
            ("/invite", False),
            ("/invite @voicejob", True),
        ],
    )
    async def test_enter_sends_what_is_whole(self, script: Script, text: str, can: bool) -> None:  # noqa: FBT001
        """A whole command can be sent though something could be added to it."""
        assert await script(SENDABLE, [text, WORKSPACE, JOBS]) is can
