"""The demo's page for everybody: by keyboard, by screen reader, in the dark, on a phone."""

from typing import Final

import pytest

from tests.browser.fixtures import (
    DESKTOP,
    FOLLOWED,
    ONLY_ME,
    SCROLLABLE_SIDEWAYS,
    Demo,
    DemoPage,
    ViewportSize,
    button_in,
    expect,
    gone,
    visible,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOOK: Final = "Audiobook <beta>"
BROADCAST: Final = "replied to a thread"
NARROWEST: Final[ViewportSize] = {"width": 360, "height": 640}
LANDSCAPE: Final[ViewportSize] = {"width": 844, "height": 390}
TABLET: Final[ViewportSize] = {"width": 1024, "height": 700}
FOCUS: Final = """() => {
    const focused = document.activeElement;
    const rings = [focused, focused.parentElement, ...document.querySelectorAll(':focus-within')].map(
        (each) => getComputedStyle(each));
    const isSeen = rings.some((style) => style.outlineStyle !== 'none' || style.boxShadow !== 'none');
    return [focused === document.body || isSeen, focused.outerHTML];
}"""
FONT_SIZE: Final = "(size) => { document.documentElement.style.fontSize = size; }"


async def scan(page: DemoPage) -> list[str]:
    """Return what axe finds on a desktop and a phone in both themes, and what scrolls sideways."""
    found = []
    for size in (NARROWEST, DESKTOP):
        await page.tab.set_viewport_size(size)
        found += await page.accessibility_violations()
        await page.tab.emulate_media(color_scheme="dark")
        found += await page.accessibility_violations("color-contrast")
        await page.tab.emulate_media(color_scheme="light")
    await page.tab.evaluate(FONT_SIZE, "200%")
    found += await page.tab.evaluate(SCROLLABLE_SIDEWAYS)
    await page.tab.evaluate(FONT_SIZE, "")
    for size in (NARROWEST, LANDSCAPE, TABLET, DESKTOP):
        await page.tab.set_viewport_size(size)
        found += await page.tab.evaluate(SCROLLABLE_SIDEWAYS)
    return found


async def test_every_state_is_accessible(demo: Demo, page: DemoPage) -> None:
    """Messages, completions, a question, a thread and errors pass axe, and fit into any width."""
    await page.send(f"/voicejob subscribe {demo.job_id(BOOK)}")
    await visible(page.posted(BOOK, FOLLOWED))
    demo.ground.send_back(demo.job_id(BOOK))
    await visible(page.message(BROADCAST))
    found = {"messages": await scan(page)}
    await page.type("/voicejob ")
    await visible(page.offers.first)
    found["completions"] = await scan(page)
    await page.field.fill("")
    await page.press("Unsubscribe", BOOK, FOLLOWED)
    await visible(page.dialog)
    found["question"] = await scan(page)
    await page.press_keys("Escape")
    await page.message(BROADCAST).get_by_role("button").first.click()
    await visible(page.thread)
    found["thread"] = await scan(page)
    await page.press_keys("Escape")

    for number in range(8):  # so many that their cards are folded
        demo.ground.new_job(f"Voice {number}")
    demo.ground.fail(demo.job_id(BOOK))
    for kind in ("slackbot", "joined", "refused"):
        demo.ground.note(demo.channel_id("voices"), f"Slack's own line: {kind}.", kind=kind)
    demo.ground.slack.archive(demo.channel_id("audiobooks"))
    await visible(page.conversation.get_by_text("Slack's own line: refused."))
    await demo.stop_serving()
    page.expected_problems = "WebSocket connection"
    await visible(page.tab.get_by_role("alert").filter(has_text="Trying again"))
    found["errors"] = await scan(page)

    assert {state: problems for state, problems in found.items() if problems} == {}


async def test_a_phone_shows_one_view_at_a_time(demo: Demo) -> None:
    """The bar at the bottom leads to channels, messages and jobs; a thread covers them until it is closed."""
    page = await demo.open_page(size=NARROWEST, has_touch=True, is_mobile=True)
    bar = page.tab.get_by_role("navigation", name="Views")
    parts = {"Channels": page.channels, "Jobs": page.panel, "Thread": page.thread, "": page.conversation}

    async def shows(name: str) -> None:
        for each, part in parts.items():
            await expect(part).to_be_visible(visible=each == name)
        assert await page.accessibility_violations() == []
        assert await page.tab.evaluate(SCROLLABLE_SIDEWAYS) == []

    await shows("")
    await bar.get_by_role("button", name="Jobs").tap()
    await shows("Jobs")
    await page.job_button("Look up", BOOK).tap()
    await page.press("Subscribe", BOOK)
    await visible(page.posted(BOOK, FOLLOWED))
    demo.ground.send_back(demo.job_id(BOOK))
    await page.message(BROADCAST).get_by_role("button").first.tap()
    await shows("Thread")
    await page.thread.get_by_role("button", name="Close thread").tap()
    await visible(page.conversation)
    await bar.get_by_role("button", name="Channels").tap()
    await shows("Channels")
    await page.channel("audiobooks").tap()
    await expect(page.title).to_have_text("audiobooks")
    await gone(page.channels)


async def test_everything_works_by_keyboard(demo: Demo, page: DemoPage) -> None:
    """Look a job up, subscribe, move it on, read the thread, reply, and come back; the tour counts that."""
    await expect(page.field).to_be_focused()
    await page.tab_to(page.tab.get_by_role("link", name="Skip to the message field"), "Shift+Tab")
    await page.press_keys("Enter")
    await expect(page.field).to_be_focused()
    await page.type("/voicejob book", "Enter", "Enter")
    await visible(page.message(BOOK, ONLY_ME), page.panel.get_by_text("1 of 5 done"))
    await page.tab_to(button_in(page.message(BOOK), "Subscribe"), "Shift+Tab")
    await page.press_keys("Enter")
    card = page.posted(BOOK, FOLLOWED)
    await visible(card, page.panel.get_by_text("2 of 5 done"))

    await page.tab_to(page.job_button("Send back", BOOK))
    await page.press_keys("Space")
    await expect(card).to_contain_text("(edited)")
    broadcast = page.message(BROADCAST, BOOK, "In manual review → Recordings rejected")
    await visible(page.panel.get_by_text("3 of 5 done"), card.get_by_role("button", name="1 reply"))
    await expect(page.job(BOOK)).to_contain_text("Your turn")
    await expect(page.job_button("Send back", BOOK)).to_be_disabled()

    await page.tab_to(broadcast.get_by_role("button").first, "Shift+Tab")
    await page.press_keys("Enter")
    await expect(page.thread.get_by_placeholder("Reply")).to_be_focused()
    await visible(page.reply("→ Recordings rejected", "Also sent to the channel"))
    await page.press_keys("Escape")
    await gone(page.thread)
    assert await page.tab.evaluate("() => document.querySelector('main').contains(document.activeElement)")

    button = card.get_by_role("button", name="Unsubscribe")
    await button.focus()
    demo.ground.advance(demo.job_id(BOOK))
    await visible(card.get_by_role("button", name="2 replies"))  # the card is drawn anew
    await expect(button).to_be_focused()


async def test_screen_readers(page: DemoPage) -> None:
    """Messages that come are read out, not a whole channel; the focus goes everywhere and is seen."""
    await expect(page.tab).to_have_title("#voices · VoiceJob demo")
    log = page.conversation.get_by_role("log")
    await expect(log).to_have_attribute("aria-live", "polite")
    await page.open("audiobooks")
    await expect(log).to_have_attribute("aria-live", "off")  # a whole channel is not read out
    await expect(log).to_have_accessible_name("Messages in #audiobooks")
    await expect(log).to_have_attribute("aria-live", "polite")
    stops = {}
    for _ in range(40):
        await page.press_keys("Tab")
        is_seen, control = await page.tab.evaluate(FOCUS)
        stops[control] = is_seen
    assert all(stops.values()), stops
    assert len(stops) > 30  # nothing holds the focus
