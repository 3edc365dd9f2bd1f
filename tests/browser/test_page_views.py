"""The app's Home tab, its shortcut in a message's menu, and its modal, as a person uses them."""

import re
from typing import Final

import pytest

from bot.demo.playground import BOB
from bot.simulators.slack.workspace import ALICE
from tests.browser.fixtures import (
    DESKTOP,
    EXECUTED,
    ONLY_ME,
    SCROLLABLE_SIDEWAYS,
    Demo,
    DemoPage,
    Locator,
    ViewportSize,
    button_in,
    expect,
    gone,
    visible,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEWS: Final = "女声 · Morning News"
BOOK: Final = "Audiobook <beta>"
SHOP: Final = "Shop Assistant"
ASKED: Final = "Does anybody know"
"""A colleague's message that names two jobs."""
LOOK_UP: Final = "Look up voice job"
PHONE: Final[ViewportSize] = {"width": 390, "height": 800}
HOSTILE: Final = f"<img src=x onerror=window.{EXECUTED}=1>"


def home(page: DemoPage) -> Locator:
    return page.conversation.get_by_role("region", name="Home of voicejob")


async def open_tab(page: DemoPage, name: str) -> None:
    """Open one of the tabs of the conversation with the app."""
    await page.conversation.get_by_role("button", name=name).click()


async def menu_of(page: DemoPage, message: Locator) -> Locator:
    """Open a message's menu by keyboard, and return the button that opened it."""
    more = message.get_by_role("button", name="More actions")
    await more.focus()
    await page.press_keys("Enter")
    await visible(page.tab.get_by_role("menuitem", name=LOOK_UP))
    return more


async def scan(page: DemoPage) -> list[str]:
    """Return what axe finds on a phone and a desktop in both themes, and what scrolls sideways."""
    found = []
    for size in (PHONE, DESKTOP):
        await page.tab.set_viewport_size(size)
        found += await page.accessibility_violations()
        found += await page.tab.evaluate(SCROLLABLE_SIDEWAYS)
        await page.tab.emulate_media(color_scheme="dark")
        found += await page.accessibility_violations("color-contrast")
        await page.tab.emulate_media(color_scheme="light")
    return found


async def test_the_home_tab(demo: Demo, page: DemoPage) -> None:
    """It shows what waits and what one follows; its buttons are answered in it, and the focus stays."""
    demo.ground.send_back(demo.job_id(BOOK))
    await page.send(f"/voicejob subscribe {demo.job_id(NEWS)}")
    await page.open("voicejob")
    await open_tab(page, "Home")
    await expect(home(page)).to_contain_text("Recordings rejected")
    await expect(page.tab).to_have_title(re.compile("voicejob Home · VoiceJob demo$"))
    await gone(page.conversation.get_by_role("log"))
    assert await scan(page) == []

    chinese = button_in(home(page), "中文")
    await chinese.focus()
    await page.press_keys("Enter")
    await visible(home(page).locator("[lang=zh]"), button_in(home(page), "刷新"))
    assert await page.tab.evaluate("() => document.activeElement !== document.body")
    await button_in(home(page), "English").click()
    await button_in(home(page), "Unsubscribe").click()
    await page.dialog.get_by_role("button", name="Stop updates").click()
    await gone(button_in(home(page), "Unsubscribe"))


async def test_the_address_names_the_home_tab(demo: Demo, page: DemoPage) -> None:
    """A reload and Back lead to it; what the bot says meanwhile is unread; a stopped bot shows nothing."""
    await page.panel.get_by_role("button", name="Stop the bot").click()
    await visible(page.panel.get_by_text("Stopped", exact=True))
    await page.open("voicejob")
    await open_tab(page, "Home")
    await visible(page.conversation.get_by_text("It is not running"))
    await page.panel.get_by_role("button", name="Start the bot", exact=True).click()
    await visible(page.panel.get_by_text("Running", exact=True))
    await page.tab.reload()
    await visible(button_in(home(page), "Refresh"))

    demo.allows_violations = True
    await demo.client.chat_postMessage(channel=ALICE, text="A message to Alice.")
    await visible(page.conversation.get_by_role("button", name="Messages 1 unread"))
    await open_tab(page, "Messages")
    await visible(page.message("A message to Alice."))
    await page.tab.go_back()
    await visible(home(page))
    await gone(page.channels.get_by_text("unread"))


async def test_the_shortcut_opens_a_modal(page: DemoPage) -> None:
    """It shows each job that the message names; Escape closes it, and the focus returns."""
    more = await menu_of(page, page.message(ASKED))
    await page.press_keys("Escape")
    await gone(page.tab.get_by_role("menu"))
    await expect(more).to_be_focused()
    await page.press_keys("Enter", "ArrowDown", "Enter")
    await expect(page.dialog.get_by_role("heading", level=2)).to_be_focused()
    await expect(page.dialog.get_by_role("heading", level=3)).to_have_text([SHOP, BOOK])
    assert await scan(page) == []

    details = button_in(page.dialog, "Details").first
    await details.focus()
    await page.press_keys("Enter")
    await visible(button_in(page.dialog, "Back"))
    assert await page.tab.evaluate("() => document.querySelector('dialog').contains(document.activeElement)")
    await button_in(page.dialog, "Back").click()
    await expect(page.dialog.get_by_role("heading", level=3)).to_have_text([SHOP, BOOK])
    await page.press_keys("Escape")
    await gone(page.dialog)
    await expect(more).to_be_focused()
    await gone(page.message(ONLY_ME))


async def test_the_shortcut_works_everywhere(demo: Demo, page: DemoPage) -> None:
    """In threads, in channels without the bot, on one's own words; not on what only one person sees."""
    slack, voices = demo.ground.slack, demo.channel_id("voices")
    parent = page.message("morning news are ready")
    await parent.hover()
    await parent.get_by_role("button", name="Reply in thread").click()
    first = next(each for each in slack.messages(voices) if "morning news" in each.text)
    slack.add_message(voices, f"Is it {demo.job_id(NEWS)}?", user=BOB, thread_ts=first.ts)
    await menu_of(page, page.reply("Is it"))
    await page.press_keys("Enter")  # a reply has no thread of its own
    await expect(page.dialog.get_by_role("heading", level=3)).to_have_text(NEWS)
    await page.dialog.get_by_role("button", name="Close").last.click()
    await gone(page.dialog)
    await visible(page.thread)

    await page.open("casting")
    demo.ground.metastudio.add_job(job_id="5a0c5f5e-0000-4000-8000-000000000001", voice_name=HOSTILE)
    await page.send("Hear 5a0c5f5e-0000-4000-8000-000000000001")
    await page.send("/voicejob help")
    await visible(page.message(ONLY_ME))
    await gone(page.message(ONLY_ME).get_by_role("button", name="More actions"))
    await menu_of(page, page.message("Hear"))
    await page.press_keys("ArrowDown", "Enter")
    await expect(page.dialog.get_by_role("heading", level=3)).to_have_text(HOSTILE)


async def test_what_can_fail_is_said_there(demo: Demo, page: DemoPage) -> None:
    """Without the bot, a shortcut and a press in a view tell it where they were used."""
    await menu_of(page, page.message(ASKED))
    await page.press_keys("ArrowDown", "Enter")
    await expect(page.dialog.get_by_role("heading", level=3)).to_have_text([SHOP, BOOK])
    await demo.ground.bot.stop()
    await button_in(page.dialog, "Refresh").first.click()
    failed = re.compile("The bot did not take that")
    await expect(page.dialog.get_by_role("alert")).to_have_text(failed)
    await page.press_keys("Escape")
    await menu_of(page, page.message(ASKED))
    await page.press_keys("ArrowDown", "Enter")
    await expect(page.message(ASKED).get_by_role("alert")).to_have_text(failed)


async def test_a_finger_finds_the_menu(demo: Demo) -> None:
    """On a phone, one button at a message stands for all, and a modal covers the screen."""
    page = await demo.open_page(size=PHONE, has_touch=True, is_mobile=True)
    message = page.message(ASKED)
    await gone(message.get_by_role("button", name="Reply in thread"))
    await message.get_by_role("button", name="More actions").tap()
    await page.tab.get_by_role("menuitem", name=LOOK_UP).tap()
    await expect(page.dialog.get_by_role("heading", level=3)).to_have_text([SHOP, BOOK])
    assert await page.dialog.bounding_box() == {"x": 0, "y": 0, **PHONE}
    await page.dialog.get_by_role("button", name="Close").last.tap()
    await gone(page.dialog)
