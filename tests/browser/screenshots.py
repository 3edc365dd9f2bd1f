"""Make the README's pictures anew, from the demo with the real bot: ``python -m tests.browser.screenshots``.

It needs Chromium, and the fonts Noto Sans, Noto Sans CJK and Noto Color Emoji to look the same everywhere.
"""

import asyncio
from pathlib import Path
from typing import Final

from bot.demo.playground import BOB
from tests.browser.fixtures import Demo, Locator, Page, expect, running_chromium, running_demo, visible

PICTURES: Final = Path(__file__).parents[2] / "bot" / "demo" / "pictures"
NEWS: Final = "女声 · Morning News"
SHOP: Final = "Shop Assistant"


async def main() -> None:
    """Take all pictures."""
    async with running_chromium() as chromium, running_demo(chromium) as demo:
        await take_all(demo)


async def take_all(demo: Demo) -> None:
    """Look up a job, subscribe to another one, and let that change twice; the second asks for action."""
    page = await demo.open_page(size={"width": 1200, "height": 1000}, device_scale_factor=1.5)
    await page.send(f"/voicejob {demo.job_id(SHOP)}")
    card = page.message("In training").last
    await expect(card).to_contain_text("Step 5 of 8")
    await take(card, "card")
    await page.send("I upload them now. The channel is told when they have passed.")
    await page.send(f"/voicejob subscribe {demo.job_id(NEWS)}")
    await visible(page.posted("This channel is told of every change"))
    for state, words in (("SYSTEM_AUDITING", "In automatic review"), ("AUDIT_FAILED", "Review failed")):
        demo.ground.metastudio.set_state(demo.job_id(NEWS), state)
        await visible(page.message("→", words).last)
    await visible(page.message("2 replies", "Review failed"))
    await take(page.message("→").last, "your-turn")
    answer = "Clip 14 was too loud. The new ones come in an hour."
    demo.ground.slack.add_message(demo.channel_id("voices"), answer, user=BOB)
    await expect(page.message().last).to_contain_text("Clip 14")
    await take(page.conversation, "channel")

    page = await demo.open_page(size={"width": 1400, "height": 860})
    await page.tab.get_by_role("button", name="2 replies").first.click()
    await expect(page.thread).to_contain_text("Review failed")
    await take(page.tab, "demo")


async def take(what: Locator | Page, name: str) -> None:
    """Write a picture of the page or of a part of it."""
    await what.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    asyncio.run(main())
