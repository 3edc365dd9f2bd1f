"""What stands in messages at the demo's page: every block, and texts that would rather be something else."""

import re
from typing import Any, Final

import pytest
from slack_sdk.errors import SlackApiError

from tests.browser.fixtures import (
    EXECUTED,
    ONLY_ME,
    OUTSIDE,
    SCROLLABLE_SIDEWAYS,
    Demo,
    DemoPage,
    expect,
    visible,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE: Final = [
    f"<img src=x onerror=window.{EXECUTED}=1>",
    f"<script>window.{EXECUTED}=1</script>",
    f'"><svg onload="window.{EXECUTED}=1">',
    f"<javascript:window.{EXECUTED}=1|click>",
    f"</textarea></title><iframe srcdoc='<script>parent.{EXECUTED}=1</script>'>",
    f"{{{{constructor.constructor('{EXECUTED}=1')()}}}} ${{window.{EXECUTED}=1}}",
    "\u202egnihtemos \u2066else\u2069 \u200b\u0000\u001b[31m",
    "__proto__ constructor hasOwnProperty",
    "*_~`<!channel> <@U0ALICE> :x: &lt;b&gt; &amp;",
    "😀👩‍👩‍👧‍👦" + "́" * 40,
]
START: Final = "<img src=x onerror=window."
"""Of the first one, what stands before a sign that would be mrkdwn in a sentence."""
LONG: Final = "W" * 5000
MARKUP: Final = """() => [...document.querySelectorAll(
    'body script, body style, iframe, object, embed, form[action], [srcdoc], [onload], [onerror], '
    + 'main img, aside img')].map((each) => each.outerHTML)"""
PROTOCOLS: Final = (
    "() => [...document.querySelectorAll('a[href]:not(.skip-link)')].map((each) => each.protocol)"
)
BACKGROUND: Final = "(control) => getComputedStyle(control).backgroundColor"


async def assert_harmless(page: DemoPage) -> None:
    """Check that no text became markup, and that nothing is wider than its place, on a phone neither."""
    assert await page.tab.evaluate(MARKUP) == []
    assert set(await page.tab.evaluate(PROTOCOLS)) <= {"https:", "http:", "mailto:"}
    for width in (360, 1440):
        await page.tab.set_viewport_size({"width": width, "height": 900})
        assert await page.tab.evaluate(OUTSIDE) == []
        assert await page.tab.evaluate(SCROLLABLE_SIDEWAYS) == []


def printable(text: str) -> str:
    """Return the characters of a text that the bot and browsers always show."""
    return "".join(char for char in text if "!" <= char <= "~").replace("[31m", "")


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(text), "action_id": f"press-{text[:200]}", **more}


def every_block(text: str) -> list[dict[str, Any]]:
    """Make each type of block, with a text in every place that takes one."""
    short, mrkdwn = text[:70], {"type": "mrkdwn", "text": text}
    question = dict.fromkeys(("confirm", "deny"), plain("Yes")) | {"title": plain(short), "text": plain(text)}
    buttons = [
        button(f"B {short}", style="primary", accessibility_label=short),
        button(f"C {short}", style="danger", confirm=question),
        button(f"D {short}", url="https://outside.example/?q=<script>"),
    ]
    return [
        {"type": "header", "text": plain(text[:150])},
        {"type": "section", "text": mrkdwn, "accessory": button(f"A {short}", value=text[:2000])},
        {"type": "section", "fields": [mrkdwn | {"text": text[:2000]}, plain(text[:2000])]},
        {"type": "context", "elements": [mrkdwn, plain(text)]},
        {"type": "divider"},
        {"type": "actions", "elements": buttons},
    ]


async def test_a_voice_may_have_any_name(demo: Demo, page: DemoPage) -> None:
    """Its name is text: in the panel, the suggestions, the card, the notice, the thread and the list."""
    for name in (*HOSTILE, LONG):
        demo.ground.metastudio.add_job(voice_name=name, state="AUDITING")
    followed = demo.job_id(HOSTILE[0]), demo.job_id(LONG)
    for job_id in followed:
        await page.send(f"/voicejob subscribe {job_id}")

    for name in HOSTILE:
        job_id = demo.job_id(name)
        await expect(page.panel.get_by_text(job_id)).to_have_count(1)
        await page.field.fill(f"/voicejob {job_id[:-1]}")
        await expect(page.offers).to_have_count(1)
        await page.press_keys("Tab", "Enter")
        title = page.message(job_id, ONLY_ME).get_by_role("heading")
        named = page.panel.get_by_role("listitem").filter(has_text=job_id).locator("strong")
        for shown in (title, named):
            assert printable(await shown.inner_text()) == printable(name)
    reordering = page.panel.locator("strong").filter(has_text="gnihtemos")
    assert not set("\u202e\u2066\u2069") & set(await reordering.text_content() or "")

    await visible(*(page.posted(job_id) for job_id in followed))
    demo.ground.send_back(followed[0])
    await page.send("/voicejob list")
    await visible(page.message("follows 2 jobs", START))
    await page.message("replied to a thread", START).get_by_role("button").first.click()
    await visible(page.reply("In manual review →", START))
    await assert_harmless(page)


async def test_texts_in_messages_stay_texts(demo: Demo, page: DemoPage) -> None:
    """A hostile or long text that is typed, or in any block or dialog, is shown as it is, not executed."""
    for text in (HOSTILE[0], LONG):
        await page.send(text)
        await visible(page.message(text).first)
    await page.send(f"/<img/src=x/onerror=window.{EXECUTED}=1>")
    await visible(page.message("is no command here", "<img/src=x"))
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        await demo.post("voices", "x", blocks=[{"type": HOSTILE[0]}])
    refused = "Slack refused a message of the bot (chat.postMessage: invalid_blocks"
    await expect(page.conversation.get_by_text(refused)).to_contain_text("unknown block type '<img src=x")
    await assert_harmless(page)

    await page.open("audiobooks")
    for texts in (HOSTILE[:5], HOSTILE[5:]):
        await demo.post("audiobooks", "x", blocks=[block for text in texts for block in every_block(text)])
    titles = page.conversation.get_by_role("article").get_by_role("heading")
    shown = [text.replace(":x:", "❌") for text in HOSTILE]
    await expect(titles).to_have_text(shown, use_inner_text=False)
    for place, text in enumerate(shown):
        await page.conversation.get_by_role("button").filter(has_text=re.compile("^C ")).nth(place).click()
        await expect(page.dialog.get_by_role("heading")).to_have_text(text[:70], use_inner_text=False)
        await page.press_keys("Escape")
    await assert_harmless(page)


async def test_each_block_is_drawn(demo: Demo, page: DemoPage) -> None:
    """Headings, texts, fields, lines, buttons and mentions look like what they are."""
    text = "A *strong* text"
    await demo.post("voices", "Everything", blocks=every_block(text))
    message = page.message(text)
    await expect(message.get_by_role("heading")).to_have_text(text)
    await expect(message.locator("strong").filter(has_text="strong")).to_have_count(3)
    await expect(message.get_by_role("separator")).to_have_count(1)
    buttons = [message.get_by_role("button", name=f"{start}{text}", exact=True) for start in ("A ", "", "C ")]
    backgrounds = {await each.evaluate(BACKGROUND) for each in buttons}
    assert len(backgrounds) == 3
    link = message.get_by_role("link", name=f"D {text}")
    await expect(link).to_have_attribute("href", "https://outside.example/?q=<script>")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")

    channel = f"<#{demo.channel_id('audiobooks')}>"
    await demo.post("voices", f"*Look*, <@U0BOB>: {channel} &amp; <https://outside.example|there>")
    mentions = page.message("Look, @bob: #audiobooks & there")
    await mentions.get_by_role("button", name="#audiobooks").click()
    await expect(page.title).to_have_text("audiobooks")
