"""What stands in messages at the demo's page: every block, and texts that would rather be something else."""

import re
from typing import Any, Final

import pytest
from slack_sdk.errors import SlackApiError

from tests.browser.fixtures import ONLY_ME, RAN, Demo, Visit, expect
from tests.support import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE: Final = [
    f"<img src=x onerror=window.{RAN}=1>",
    f"<script>window.{RAN}=1</script>",
    f'"><svg onload="window.{RAN}=1">',
    f"<javascript:window.{RAN}=1|click>",
    f"<data:text/html,<script>window.{RAN}=1</script>|click>",
    f"</textarea></title><iframe srcdoc='<script>parent.{RAN}=1</script>'>",
    f"' onmouseover='window.{RAN}=1' x='",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)}",
    "\u202egnihtemos \u2066else\u2069 \u200b\u0000\u001b[31m",
    "__proto__ constructor hasOwnProperty",
    "*_~`<!channel> <@U0ALICE> :x: &lt;b&gt; &amp;",
    "😀👩‍👩‍👧‍👦" + "́" * 40,
]
ASKING: Final = re.compile("^C ")
LONG: Final = "W" * 5000
MARKUP: Final = """() => [...document.querySelectorAll(
    'body script, body style, iframe, object, embed, form[action], [srcdoc], '
    + '[onload], [onerror], [onmouseover], '
    + '#conversation img, #thread img, #panel img')].map((each) => each.outerHTML)"""
LINKS: Final = "() => [...document.querySelectorAll('a[href]:not(.skip-link)')].map((each) => each.protocol)"
OUTSIDE: Final = """() => [...document.querySelectorAll('article')].flatMap((article) =>
    [...article.querySelectorAll('*')]
        .filter((each) => each.getBoundingClientRect().right > article.getBoundingClientRect().right + 1)
        .map((each) => each.outerHTML.slice(0, 100)))"""
WIDTH: Final = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def stays_harmless(visit: Visit) -> None:
    """See that no text became markup, and that nothing is wider than its place."""
    assert await visit.runs(MARKUP) == []
    assert set(await visit.runs(LINKS)) <= {"https:", "http:", "mailto:"}
    assert await visit.runs(WIDTH) == 0
    assert await visit.runs(OUTSIDE) == []
    assert await visit.sideways() == []


def seen(text: str) -> str:
    """Leave of a text what everybody can see of it: the bot, and browsers, may leave out the rest."""
    return "".join(char for char in text if "!" <= char <= "~").replace("[31m", "")


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def confirming(text: str) -> dict[str, Any]:
    return {"title": plain(text), "text": plain(text), "confirm": plain(text[:30]), "deny": plain("No")}


def button(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(text), "action_id": f"press-{text[:200]}", **more}


def everything(text: str) -> list[dict[str, Any]]:
    """Make each block that there is, with a text in every place that takes one."""
    short = text[:70]
    return [
        {"type": "header", "text": plain(text[:150])},
        {"type": "section", "text": mrkdwn(text), "accessory": button(f"A {short}", value=text[:2000])},
        {"type": "section", "fields": [mrkdwn(text[:2000]), plain(text[:2000])]},
        {
            "type": "context",
            "elements": [
                mrkdwn(text),
                plain(text),
                {"type": "image", "image_url": "https://outside.example/small.png", "alt_text": text[:2000]},
            ],
        },
        {"type": "divider"},
        {
            "type": "image",
            "image_url": "https://outside.example/large.png",
            "alt_text": text[:2000],
            "title": plain(text[:2000]),
        },
        {
            "type": "actions",
            "elements": [
                button(f"B {short}", style="primary", accessibility_label=short),
                button(f"C {short}", style="danger", confirm=confirming(short)),
                button(f"D {short}", url="https://outside.example/?q=<script>"),
            ],
        },
    ]


REFUSED: Final[list[tuple[list[dict[str, Any]], str]]] = [
    ([{"type": "header", "text": plain("x" * 151)}], "/blocks/0/text: 151 characters, at most 150"),
    ([{"type": "header", "text": mrkdwn("x")}], "/blocks/0/text: not a plain_text object"),
    ([{"type": f"<img src=x onerror=window.{RAN}=1>"}], "unknown block type '<img src=x"),
    ([{"type": "divider"}] * 51, "51 blocks, at most 50"),
    ([{"type": "section"}], "needs text or fields"),
    ([{"type": "actions", "elements": []}], "/blocks/0/elements: empty"),
]


class TestNames:
    async def test_a_voice_may_be_called_anything(self, demo: Demo, visit: Visit) -> None:
        """Its name is text: in the panel, in the offers, and in the card."""
        for name in HOSTILE:
            job_id = demo.ground.metastudio.add_job(voice_name=name, state="AUDITING")["job_id"]
            await expect(visit.panel.get_by_text(job_id)).to_have_count(1)
            await visit.field.fill(f"/voicejob {job_id[:-1]}")
            await expect(visit.offers).to_have_count(1)
            await visit.page.keyboard.press("Tab")
            await visit.page.keyboard.press("Enter")
            title = visit.message(job_id, ONLY_ME).get_by_role("heading")
            await expect(title).to_be_visible()
            assert seen(await title.inner_text()) == seen(name)
            named = visit.panel.get_by_role("listitem").filter(has_text=job_id).locator("strong")
            assert seen(await named.inner_text()) == seen(name)
        await stays_harmless(visit)

    async def test_nor_do_names_harm_elsewhere(self, demo: Demo, visit: Visit) -> None:
        """They are text in what is told, in the line that leads to a thread, in it, and in the list."""
        name = " ".join(HOSTILE[:6])
        job_id = demo.ground.metastudio.add_job(voice_name=name, state="AUDITING")["job_id"]
        await visit.say(f"/voicejob subscribe {job_id}")
        await expect(visit.posted(job_id)).to_be_visible()
        demo.ground.send_back(job_id)
        told = visit.message("replied to a thread", HOSTILE[0])
        await expect(told).to_be_visible()
        await visit.say("/voicejob list")
        await expect(visit.message("1 subscription", HOSTILE[0])).to_be_visible()
        await told.get_by_role("button").first.click()
        await expect(visit.reply("In manual review →", HOSTILE[0])).to_be_visible()

        await stays_harmless(visit)

    async def test_a_name_of_5000_signs_breaks_nothing(self, demo: Demo, visit: Visit) -> None:
        """Not even without a blank, and not on a phone."""
        job_id = demo.ground.metastudio.add_job(voice_name=LONG, state="AUDITING")["job_id"]
        await visit.say(f"/voicejob subscribe {job_id}")
        await expect(visit.posted(job_id)).to_be_visible()
        await visit.say("/voicejob list")
        await expect(visit.message("1 subscription", ONLY_ME)).to_be_visible()

        await stays_harmless(visit)
        await visit.page.set_viewport_size({"width": 360, "height": 740})
        await stays_harmless(visit)

    async def test_a_name_does_not_turn_its_surroundings_around(self, demo: Demo, visit: Visit) -> None:
        """A card of the panel and its buttons have the name without signs that reorder a line."""
        demo.ground.metastudio.add_job(voice_name="\u202egnihtemos\u2066", state="AUDITING")

        await expect(visit.panel.get_by_role("button", name="Look up gnihtemos", exact=True)).to_be_visible()
        title = visit.panel.locator("strong").filter(has_text="gnihtemos")
        assert await title.text_content() == "gnihtemos"
        assert await visit.colour(title, "unicodeBidi") == "isolate"


class TestTyped:
    async def test_what_is_typed_stays_text(self, demo: Demo, visit: Visit) -> None:
        """Whatever somebody types in a channel or a thread is shown as it was typed."""
        typed = [text for text in HOSTILE if "_" not in text.replace(RAN, "") and "\u0000" not in text]
        for text in typed:
            await visit.say(text)
        await visit.say(LONG)
        await expect(visit.message(LONG)).to_have_count(1)
        for text in typed:
            await expect(visit.message(text).first).to_be_visible()
        await stays_harmless(visit)

        parent = demo.ground.slack.messages(demo.channel_id("voices"))[0]
        demo.ground.slack.add_message(parent.channel, LONG, thread_ts=parent.ts)
        await visit.conversation.get_by_role("button", name="1 reply").click()
        await expect(visit.reply(LONG)).to_have_count(1)
        await stays_harmless(visit)

    async def test_unknown_commands_stay_text(self, visit: Visit) -> None:
        """Slack's own lines are plain text too."""
        await visit.say(f"/<img/src=x/onerror=window.{RAN}=1>")

        await expect(visit.message("is no command here", "<img/src=x")).to_be_visible()
        await stays_harmless(visit)


class TestBlocks:
    async def test_each_block_is_drawn(self, demo: Demo, visit: Visit) -> None:
        """Headings, texts, fields, pictures, lines and buttons look like what they are."""
        await demo.slack().chat_postMessage(
            channel=demo.channel_id("voices"), text="Everything", blocks=everything("A *strong* text")
        )
        message = visit.message("A *strong* text")
        await expect(message.get_by_role("heading")).to_have_text("A *strong* text")
        await expect(message.locator("strong").filter(has_text="strong")).to_have_count(3)
        await expect(message.get_by_role("separator")).to_have_count(1)
        await expect(message.get_by_role("img", name="A *strong* text")).to_have_count(2)
        await expect(message.locator("figcaption")).to_have_text("A *strong* text")
        accessory = message.get_by_role("button", name="A A *strong* text")
        await expect(accessory).to_be_visible()
        plainly = await visit.colour(accessory)
        green = await visit.colour(message.get_by_role("button", name="A *strong* text", exact=True))
        red = await visit.colour(message.get_by_role("button", name="C A *strong* text"))
        assert len({plainly, green, red}) == 3
        link = message.get_by_role("link", name="D A *strong* text")
        await expect(link).to_have_attribute("href", "https://outside.example/?q=<script>")
        await expect(link).to_have_attribute("rel", "noopener noreferrer")
        await expect(message.get_by_text("Slack would refuse this")).to_have_count(0)

    async def test_a_question_before_a_button(self, demo: Demo, visit: Visit) -> None:
        """All four texts of the dialog are shown; the button is pressed only after yes."""
        asked = confirming("Really?") | {
            "confirm": plain("Do it"),
            "deny": plain("Leave it"),
            "style": "danger",
        }
        blocks = [
            {"type": "actions", "elements": [button("Go", confirm=asked | {"text": plain("It will go.")})]}
        ]
        await demo.slack().chat_postMessage(channel=demo.channel_id("voices"), text="Go", blocks=blocks)

        await visit.press("Go", "Go")

        dialog = visit.page.get_by_role("dialog", name="Really?")
        await expect(dialog).to_contain_text("It will go.")
        await expect(dialog.get_by_role("button", name="Do it")).to_be_visible()
        await dialog.get_by_role("button", name="Leave it").click()
        await expect(dialog).to_have_count(0)
        await expect(visit.conversation.get_by_role("alert")).to_have_count(0)

    async def test_a_link_may_ask_first(self, demo: Demo, visit: Visit) -> None:
        """Nothing is opened before yes."""
        opened: list[str] = []
        await visit.page.expose_function("opened", lambda url, *_: opened.append(str(url)))
        await visit.runs("() => { window.open = opened; }")
        link = button("Go", url="https://outside.example/", confirm=confirming("Really?"))
        blocks = [{"type": "actions", "elements": [link]}]
        await demo.slack().chat_postMessage(channel=demo.channel_id("voices"), text="Go", blocks=blocks)
        control = visit.conversation.get_by_role("link", name="Go")
        dialog = visit.page.get_by_role("dialog", name="Really?")

        await control.click()
        await dialog.get_by_role("button", name="No").click()
        await expect(control).to_be_focused()
        assert (opened, len(visit.page.context.pages)) == ([], 1)
        await control.click()
        await dialog.get_by_role("button", name="Really?").click()

        await eventually(lambda: opened == ["https://outside.example/"])
        assert len(visit.page.context.pages) == 1

    async def test_an_answer_finds_its_button(self, demo: Demo, visit: Visit) -> None:
        """A message that is drawn anew meanwhile has the waiting button, its focus, and what it is told."""
        demo.ground.slack.freeze()  # the bot hears nothing of a press, and Slack gives up after a while
        client, channel = demo.slack(), demo.channel_id("voices")
        asking: dict[str, Any] = button("Go", confirm=confirming("Really?"))
        blocks: list[dict[str, Any]] = [{"type": "actions", "elements": [asking]}]
        posted = await client.chat_postMessage(channel=channel, text="Go", blocks=blocks)
        control = visit.conversation.get_by_role("button", name="Go", exact=True)
        await control.click()
        changed = [*blocks, {"type": "section", "text": plain("Changed once.")}]
        await client.chat_update(channel=channel, ts=posted["ts"], text="Go", blocks=changed)
        await expect(visit.message("Changed once.")).to_be_visible()
        await visit.page.get_by_role("dialog").get_by_role("button", name="Really?").click()
        await expect(control).to_be_focused()
        await expect(control).to_have_attribute("aria-busy", "true")
        again = [*blocks, {"type": "section", "text": plain("Changed twice.")}]
        await client.chat_update(channel=channel, ts=posted["ts"], text="Go", blocks=again)
        await expect(visit.message("Changed twice.")).to_be_visible()
        await expect(control).to_have_attribute("aria-busy", "true")
        await expect(control).to_be_focused()

        await expect(visit.message("Changed twice.").get_by_role("alert")).to_contain_text(
            "operation_timeout"
        )
        await expect(control).to_have_attribute("aria-busy", "false")

    async def test_an_answer_without_its_button(self, demo: Demo, visit: Visit) -> None:
        """Where the button is gone, its message has the answer; where that is gone, the channel has it."""
        client, channel = demo.slack(), demo.channel_id("voices")
        blocks = [{"type": "actions", "elements": [button("Go")]}]
        demo.ground.slack.freeze()
        for is_deleted in (False, True):
            posted = await client.chat_postMessage(channel=channel, text="Go", blocks=blocks)
            await visit.conversation.get_by_role("button", name="Go", exact=True).click()
            if is_deleted:
                message = demo.ground.slack.find(channel, posted["ts"])
                assert message
                demo.ground.slack.delete_message(message)
            else:
                await client.chat_update(channel=channel, ts=posted["ts"], text="Gone.", blocks=[])
            await expect(visit.conversation.get_by_role("button", name="Go", exact=True)).to_have_count(0)

            place = visit.conversation if is_deleted else visit.message("Gone.")
            await expect(place.get_by_role("alert").last).to_contain_text("operation_timeout")

    async def test_a_button_that_the_bot_does_not_know(self, demo: Demo, visit: Visit) -> None:
        """Pressing it is no failure: the bot says what to do instead."""
        blocks = [{"type": "actions", "elements": [button("Nobody's")]}]
        await demo.slack().chat_postMessage(channel=demo.channel_id("voices"), text="Go", blocks=blocks)
        await visit.press("Nobody's")

        await expect(visit.message("This button is of an earlier version")).to_have_count(1)
        await expect(visit.conversation.get_by_role("alert")).to_have_count(0)

    async def test_texts_stay_texts(self, demo: Demo, visit: Visit) -> None:
        """A hostile text in each place of a message is read, not run, and so in the dialog."""
        channel, client = demo.channel_id("voices"), demo.slack()
        for start in range(0, len(HOSTILE), 5):
            blocks = [block for text in HOSTILE[start : start + 5] for block in everything(text)]
            await client.chat_postMessage(channel=channel, text="x", blocks=blocks)
        titles = visit.conversation.get_by_role("article").get_by_role("heading")
        await expect(titles).to_have_count(len(HOSTILE))

        assert await titles.all_text_contents() == [text.replace(":x:", "❌") for text in HOSTILE]
        await stays_harmless(visit)
        dialog = visit.page.get_by_role("dialog")
        for place, text in enumerate(HOSTILE):
            await visit.conversation.get_by_role("button").filter(has_text=ASKING).nth(place).click()
            await expect(dialog.get_by_role("heading")).to_be_visible()
            assert await dialog.get_by_role("heading").text_content() == text[:70].replace(":x:", "❌")
            await visit.page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await stays_harmless(visit)

    async def test_long_texts_stay_in_their_places(self, demo: Demo, visit: Visit) -> None:
        """The longest word that each block takes is broken, on a desktop and on a phone."""
        blocks = everything("W" * 3000)
        await demo.slack().chat_postMessage(channel=demo.channel_id("voices"), text="x", blocks=blocks)
        await expect(visit.last.get_by_role("heading")).to_be_visible()

        await stays_harmless(visit)
        await visit.page.set_viewport_size({"width": 360, "height": 740})
        await stays_harmless(visit)

    @pytest.mark.parametrize("refused", [slice(0, 3), slice(3, 6)], ids=["three", "three more"])
    async def test_what_slack_refuses_is_told(self, demo: Demo, visit: Visit, refused: slice) -> None:
        """Instead of the message, a red line says what is wrong with it."""
        client = demo.slack()
        for blocks, why in REFUSED[refused]:
            with pytest.raises(SlackApiError, match="invalid_blocks"):
                await client.chat_postMessage(channel=demo.channel_id("voices"), text="No", blocks=blocks)
            note = visit.conversation.get_by_text("Slack refused a message of the bot").filter(has_text=why)
            await expect(note).to_contain_text("chat.postMessage: invalid_blocks")

        await expect(visit.conversation.get_by_role("article")).to_have_count(1)
        await stays_harmless(visit)

    async def test_a_message_without_blocks(self, demo: Demo, visit: Visit) -> None:
        """Its text is mrkdwn, with people and channels by their names, which lead there."""
        text = (
            f"*Look*, <@{'U0BOB'}>: <#{demo.channel_id('audiobooks')}> &amp; <https://outside.example|there>"
        )
        await demo.slack().chat_postMessage(channel=demo.channel_id("voices"), text=text)
        message = visit.message("Look, @bob: #audiobooks & there")
        await expect(message.locator("strong", has_text="Look")).to_be_visible()

        await message.get_by_role("button", name="#audiobooks").click()

        await expect(visit.conversation.get_by_role("heading", level=2)).to_have_text("audiobooks")
