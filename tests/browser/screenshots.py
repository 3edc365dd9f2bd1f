"""Make the README's pictures anew, from the demo with the real bot: ``python -m tests.browser.screenshots``.

It needs Chromium, and the fonts Noto Sans, Noto Sans CJK and Noto Color Emoji to look the same everywhere.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Locator, Page, ViewportSize, async_playwright, expect

from bot.demo.bot_switch import BotState
from bot.demo.page import serving
from bot.demo.playground import BOB, Playground, playground
from tests.browser.fixtures import QUIET, program
from tests.support import eventually

PICTURES: Final = Path(__file__).parent.parent / "bot" / "demo" / "pictures"
LARGEST: Final = 300_000
"""Bytes of a picture, so that the README loads quickly."""
WIDE: Final = ViewportSize(width=1400, height=860)
NARROW: Final = ViewportSize(width=1200, height=1000)
NEWS: Final = "女声 · Morning News"
SHOP: Final = "Shop Assistant"


async def main() -> None:
    """Play a story on the page, and take the pictures on the way."""
    PICTURES.mkdir(exist_ok=True)
    async with playground() as ground, serving(ground, 0) as address, browser() as chromium:
        await eventually(lambda: ground.bot.state is BotState.RUNNING)
        page = await _opened(chromium, address, NARROW, scale=1.5)
        await _look_up(ground, page)
        await _subscribe(ground, page)
        await _changes(ground, page)
        wide = await _opened(chromium, address, WIDE, scale=1)
        await _whole(wide)
    for picture in PICTURES.glob("*.png"):
        size = picture.stat().st_size
        print(f"{picture.name}: {size} bytes")  # noqa: T201  a command for people
        assert size < LARGEST, f"{picture} is larger than {LARGEST} bytes"


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Run Chromium while the context lasts."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=program(), args=QUIET)
        yield chromium
        await chromium.close()


async def _opened(chromium: Browser, address: str, size: ViewportSize, *, scale: float) -> Page:
    context = await chromium.new_context(
        viewport=size,
        color_scheme="light",
        locale="en-US",
        device_scale_factor=scale,
    )
    page = await context.new_page()
    await page.goto(address)
    await expect(_messages(page).first).to_be_visible()
    return page


def _messages(page: Page) -> Locator:
    return page.get_by_role("main").get_by_role("article")


async def _take(what: Locator | Page, name: str) -> None:
    await what.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


def _job_id(ground: Playground, voice: str) -> str:
    return next(job_id for job_id, job in ground.metastudio.jobs.items() if job["voice_name"] == voice)


async def _say(page: Page, text: str) -> None:
    field = page.get_by_role("main").get_by_role("combobox")
    await field.fill(text)
    await field.press("Escape")
    await field.press("Enter")
    await expect(field).to_have_value("")


async def _look_up(ground: Playground, page: Page) -> None:
    """Take a card, which only who asked for it sees."""
    await _say(page, f"/voicejob {_job_id(ground, SHOP)}")
    card = _messages(page).filter(has_text="In training").last
    await expect(card).to_contain_text("Step 5 of 8")
    await _take(card, "card")


async def _subscribe(ground: Playground, page: Page) -> None:
    """Follow the news voice in a channel where people talk."""
    await _say(page, "I upload them now. The channel is told when they have passed.")
    await _say(page, f"/voicejob subscribe {_job_id(ground, NEWS)}")
    await expect(_messages(page).filter(has_text="This channel is told of every change")).to_be_visible()


async def _changes(ground: Playground, page: Page) -> None:
    """Two changes, of which the second asks the customer to act, and what people say to it."""
    notices = _messages(page).filter(has_text="→")
    for state, words in (("SYSTEM_AUDITING", "In automatic review"), ("AUDIT_FAILED", "Review failed")):
        ground.metastudio.set_state(_job_id(ground, NEWS), state)
        await expect(notices.filter(has_text=words).last).to_be_visible(timeout=10_000)
    edited = _messages(page).filter(has_text="2 replies").filter(has_text="Review failed")
    await expect(edited).to_be_visible(timeout=10_000)
    await _take(notices.last, "your-turn")
    voices = ground.slack.channels[0].id
    ground.slack.add_message(voices, "Clip 14 was too loud. The new ones come in an hour.", user=BOB)
    await expect(_messages(page).last).to_contain_text("Clip 14")
    await _take(page.get_by_role("main"), "channel")


async def _whole(page: Page) -> None:
    """All of the demo, with the thread of the card."""
    await page.get_by_role("button", name="2 replies").first.click()
    await expect(page.get_by_role("region", name="Thread")).to_contain_text("Review failed")
    await _take(page, "demo")


if __name__ == "__main__":
    asyncio.run(main())
