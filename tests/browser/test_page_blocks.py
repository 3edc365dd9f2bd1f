"""What stands in messages at the demo's page: every block, and texts that would rather be something else."""

import re
from typing import Any, Final

import pytest
from slack_sdk.errors import SlackApiError

from tests.browser.fixtures import (
    EXECUTED,
    ONLY_ME,
    SCROLLABLE_SIDEWAYS,
    Demo,
    DemoPage,
    Locator,
    expect,
    style,
    visible,
)
from tests.support import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE: Final = [
    f"<img src=x onerror=window.{EXECUTED}=1>",
    f"<script>window.{EXECUTED}=1</script>",
    f'"><svg onload="window.{EXECUTED}=1">',
    f"<javascript:window.{EXECUTED}=1|click>",
    f"<data:text/html,<script>window.{EXECUTED}=1</script>|click>",
    f"</textarea></title><iframe srcdoc='<script>parent.{EXECUTED}=1</script>'>",
    f"' onmouseover='window.{EXECUTED}=1' x='",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)}",
    "\u202egnihtemos \u2066else\u2069 \u200b\u0000\u001b[31m",
    "__proto__ constructor hasOwnProperty",
    "*_~`<!channel> <@U0ALICE> :x: &lt;b&gt; &amp;",
    "😀👩‍👩‍👧‍👦" + "́" * 40,
]
LONG: Final = "W" * 5000
MARKUP: Final = """() => [...document.querySelectorAll(
    'body script, body style, iframe, object, embed, form[action], [srcdoc], '
    + '[onload], [onerror], [onmouseover], '
    + '#conversation img, #thread img, #panel img')].map((each) => each.outerHTML)"""
PROTOCOLS: Final = (
    "() => [...document.querySelectorAll('a[href]:not(.skip-link)')].map((each) => each.protocol)"
)
OUTSIDE: Final = """() => [...document.querySelectorAll('article')].flatMap((article) =>
    [...article.querySelectorAll('*')]
        .filter((each) => each.getBoundingClientRect().right > article.getBoundingClientRect().right + 1)
        .map((each) => each.outerHTML.slice(0, 100)))"""


async def assert_harmless(page: DemoPage) -> None:
    """Check that no text became markup, and that nothing is wider than its place, on a phone neither."""
    assert await page.tab.evaluate(MARKUP) == []
    assert set(await page.tab.evaluate(PROTOCOLS)) <= {"https:", "http:", "mailto:"}
    for width in (360, 1440):
        await page.resize(width, 900)
        assert await page.tab.evaluate(OUTSIDE) == []
        assert await page.tab.evaluate(SCROLLABLE_SIDEWAYS) == []


def printable(text: str) -> str:
    """Return the characters of a text that the bot and browsers always show."""
    return "".join(char for char in text if "!" <= char <= "~").replace("[31m", "")


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def confirm(text: str) -> dict[str, Any]:
    return {"title": plain(text), "text": plain(f"{text} "), "confirm": plain(text[:30]), "deny": plain("No")}


def button(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(text), "action_id": f"press-{text[:200]}", **more}


def image(name: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": "image", "image_url": f"https://outside.example/{name}", "alt_text": text[:2000], **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def every_block(text: str) -> list[dict[str, Any]]:
    """Make each type of block, with a text in every place that takes one."""
    short, mrkdwn = text[:70], {"type": "mrkdwn", "text": text}
    return [
        {"type": "header", "text": plain(text[:150])},
        {"type": "section", "text": mrkdwn, "accessory": button(f"A {short}", value=text[:2000])},
        {"type": "section", "fields": [mrkdwn | {"text": text[:2000]}, plain(text[:2000])]},
        {"type": "context", "elements": [mrkdwn, plain(text), image("small.png", text)]},
        {"type": "divider"},
        image("large.png", text, title=plain(text[:2000])),
        actions(
            button(f"B {short}", style="primary", accessibility_label=short),
            button(f"C {short}", style="danger", confirm=confirm(short)),
            button(f"D {short}", url="https://outside.example/?q=<script>"),
        ),
    ]


async def test_a_voice_may_have_any_name(demo: Demo, page: DemoPage) -> None:
    """Its name is text: in the panel, the suggestions, the card, the notice, the thread and the list."""
    for name in HOSTILE:
        job_id = demo.ground.metastudio.add_job(voice_name=name, state="AUDITING")["job_id"]
        await expect(page.panel.get_by_text(job_id)).to_have_count(1)
        await page.field.fill(f"/voicejob {job_id[:-1]}")
        await expect(page.offers).to_have_count(1)
        await page.press_keys("Tab", "Enter")
        title = page.message(job_id, ONLY_ME).get_by_role("heading")
        await visible(title)
        assert printable(await title.inner_text()) == printable(name)
        named = page.panel.get_by_role("listitem").filter(has_text=job_id).locator("strong")
        assert printable(await named.inner_text()) == printable(name)
    reordering = page.panel.locator("strong").filter(has_text="gnihtemos")
    assert not set("\u202e\u2066\u2069") & set(await reordering.text_content() or "")
    assert await style(reordering, "unicodeBidi") == "isolate"
    await assert_harmless(page)

    for name in (" ".join(HOSTILE[:6]), LONG):
        job_id = demo.ground.metastudio.add_job(voice_name=name, state="AUDITING")["job_id"]
        await page.send(f"/voicejob subscribe {job_id}")
        await visible(page.posted(job_id))
    demo.ground.send_back(demo.job_id(" ".join(HOSTILE[:6])))
    broadcast = page.message("replied to a thread", HOSTILE[0])
    await visible(broadcast)
    await page.send("/voicejob list")
    await visible(page.message("2 subscriptions", HOSTILE[0]))
    await broadcast.get_by_role("button").first.click()
    await visible(page.reply("In manual review →", HOSTILE[0]))
    await assert_harmless(page)


async def test_typed_text_stays_text(demo: Demo, page: DemoPage) -> None:
    """Whatever somebody types in a channel, a thread or as a command is shown as it was typed."""
    typed = [text for text in HOSTILE if "_" not in text.replace(EXECUTED, "") and "\u0000" not in text]
    for text in (*typed, LONG):
        await page.send(text)
        await visible(page.message(text).first)
    await page.send(f"/<img/src=x/onerror=window.{EXECUTED}=1>")
    await visible(page.message("is no command here", "<img/src=x"))

    parent = demo.ground.slack.messages(demo.channel_id("voices"))[0]
    demo.ground.slack.add_message(parent.channel, LONG, thread_ts=parent.ts)
    await page.conversation.get_by_role("button", name="1 reply").click()
    await expect(page.reply(LONG)).to_have_count(1)
    await assert_harmless(page)


async def test_each_block_is_drawn(demo: Demo, page: DemoPage) -> None:
    """Headings, texts, fields, pictures, lines and buttons look like what they are, and so do mentions."""
    text = "A *strong* text"
    await demo.post("voices", "Everything", blocks=every_block(text))
    message = page.message(text)
    await expect(message.get_by_role("heading")).to_have_text(text)
    await expect(message.locator("strong").filter(has_text="strong")).to_have_count(3)
    await expect(message.get_by_role("separator")).to_have_count(1)
    await expect(message.get_by_role("img", name=text)).to_have_count(2)
    await expect(message.locator("figcaption")).to_have_text(text)
    buttons = [
        message.get_by_role("button", name=name, exact=True) for name in (f"A {text}", text, f"C {text}")
    ]
    assert len({await style(each, "backgroundColor") for each in buttons}) == 3
    link = message.get_by_role("link", name=f"D {text}")
    await expect(link).to_have_attribute("href", "https://outside.example/?q=<script>")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    await expect(message.get_by_text("Slack would refuse this")).to_have_count(0)

    channel = f"<#{demo.channel_id('audiobooks')}>"
    await demo.post("voices", f"*Look*, <@U0BOB>: {channel} &amp; <https://outside.example|there>")
    mentions = page.message("Look, @bob: #audiobooks & there")
    await visible(mentions.locator("strong", has_text="Look"))
    await mentions.get_by_role("button", name="#audiobooks").click()
    await expect(page.title).to_have_text("audiobooks")


async def test_a_confirmation_comes_first(demo: Demo, page: DemoPage) -> None:
    """The dialog shows its four texts; only after yes, the button is pressed, or its address opened."""
    opened: list[str] = []
    await page.tab.expose_function("opened", lambda url, *_: opened.append(str(url)))
    await page.tab.evaluate("() => { window.open = opened; }")
    asked = {"title": "Really?", "text": "It will go.", "confirm": "Do it", "deny": "Leave it"}
    question = {name: plain(text) for name, text in asked.items()}
    link = button("Away", url="https://outside.example/", confirm=question)
    await demo.post("voices", "Go", blocks=[actions(button("Go", confirm=question), link)])
    control = page.conversation.get_by_role("link", name="Away")

    await page.press("Go", "Go")
    for text in asked.values():
        await visible(page.dialog.get_by_text(text))
    await page.dialog.get_by_role("button", name="Leave it").click()
    await expect(page.dialog).to_have_count(0)
    await control.click()
    await page.dialog.get_by_role("button", name="Leave it").click()
    await expect(control).to_be_focused()
    assert (opened, len(page.tab.context.pages)) == ([], 1)
    await expect(page.message("This button is of an earlier version")).to_have_count(0)

    await control.click()
    await page.dialog.get_by_role("button", name="Do it").click()
    await eventually(lambda: opened == ["https://outside.example/"])
    await page.press("Go", "Go")
    await page.dialog.get_by_role("button", name="Do it").click()
    await visible(page.message("This button is of an earlier version").first)
    await expect(page.conversation.get_by_role("alert")).to_have_count(0)
    assert len(page.tab.context.pages) == 1


async def test_an_error_is_shown_where_its_button_was(demo: Demo, page: DemoPage) -> None:
    """A button that waits keeps waiting, and the focus, though its message is drawn anew or loses it."""
    demo.ground.slack.freeze()  # the bot receives nothing, and Slack gives up after three seconds
    client, channel = demo.client, demo.channel_id("voices")

    def control(name: str) -> Locator:
        return page.conversation.get_by_role("button", name=name, exact=True)

    async def update(ts: str, text: str, *blocks: dict[str, Any]) -> None:
        changed = [*blocks, {"type": "section", "text": plain(text)}]
        await client.chat_update(channel=channel, ts=ts, text=text, blocks=changed)
        await visible(page.message(text))

    await demo.post("voices", "x", blocks=[actions(button("Deleted"))])
    emptied = await demo.post("voices", "x", blocks=[actions(button("Emptied"))])
    asking = actions(button("Kept", confirm=confirm("Really?")))
    kept = await demo.post("voices", "x", blocks=[asking])
    await control("Deleted").click()
    demo.ground.slack.delete_message(demo.ground.slack.messages(channel)[1])
    await control("Emptied").click()
    await update(emptied, "Emptied.")
    await control("Kept").click()
    await update(kept, "Changed once.", asking)
    await page.dialog.get_by_role("button", name="Really?").click()
    for _ in range(2):
        await expect(control("Kept")).to_be_focused()
        await expect(control("Kept")).to_have_attribute("aria-busy", "true")
        await update(kept, "Changed twice.", asking)

    alert = page.conversation.get_by_role("alert").filter(has_text="operation_timeout")
    await expect(alert).to_have_count(3)
    for message in (page.message("Emptied."), page.message("Changed twice.")):
        await expect(message.get_by_role("alert")).to_contain_text("operation_timeout")
    await expect(control("Kept")).to_have_attribute("aria-busy", "false")


async def test_texts_in_blocks_stay_texts(demo: Demo, page: DemoPage) -> None:
    """A hostile or long text in each place of a message and in the dialog is read, not executed."""
    for start in range(0, len(HOSTILE), 5):
        texts = HOSTILE[start : start + 5]
        await demo.post("voices", "x", blocks=[block for text in texts for block in every_block(text)])
    await demo.post("audiobooks", "x", blocks=every_block(LONG[:3000]))
    titles = page.conversation.get_by_role("article").get_by_role("heading")
    await expect(titles).to_have_count(len(HOSTILE))
    shown = [text.replace(":x:", "❌") for text in HOSTILE]
    assert await titles.all_text_contents() == shown
    for place, text in enumerate(shown):
        await page.conversation.get_by_role("button").filter(has_text=re.compile("^C ")).nth(place).click()
        await expect(page.dialog.get_by_role("heading")).to_have_text(text[:70], use_inner_text=False)
        await page.press_keys("Escape")
    await expect(page.dialog).to_have_count(0)
    await assert_harmless(page)

    with pytest.raises(SlackApiError, match="invalid_blocks"):
        await demo.post("audiobooks", "x", blocks=[{"type": HOSTILE[0]}])
    await page.open("audiobooks")
    note = page.conversation.get_by_text(
        "Slack refused a message of the bot (chat.postMessage: invalid_blocks"
    )
    await expect(note).to_contain_text("unknown block type '<img src=x")
    await expect(page.message()).to_have_count(1)
    await assert_harmless(page)
