"""Make the README's pictures anew, from the demo with the real bot: ``python -m tests.browser.screenshots``.

``--all FOLDER`` makes other pictures: of each message in each language and theme, on a phone, to look at.
It needs Chromium, and the fonts Noto Sans, Noto Sans CJK and Noto Color Emoji to look the same everywhere.
"""

import argparse
import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bot.demo.playground import BOB, PATH
from bot.domain.languages import Language
from bot.simulators.slack.workspace import ALICE
from tests.browser import gallery
from tests.browser.fixtures import (
    Browser,
    Demo,
    DemoPage,
    Locator,
    Page,
    expect,
    running_chromium,
    running_demo,
    visible,
)

PICTURES: Final = Path(__file__).parents[2] / "bot" / "demo" / "pictures"
READ_AT: Final = 10
"""The hour of the day at which the pictures are looked at: the reader's time zone is chosen by that."""
NEWS: Final = "女声 · Morning News"
VOICES: Final = {
    "Audiobook <beta>": ("AUDITING", 1),
    "Shop Assistant": ("PROCESSING", 2),
}
"""Jobs beside the one that is followed: their states, and for how many days they have been in them."""


class Calendar:
    """The clock of the simulated Slack, which the pictures set to days that have passed.

    The bot goes by the time of the machine, which is when the last picture is taken.
    """

    def __init__(self) -> None:
        now = datetime.now(UTC)
        self.hours_east = (READ_AT - now.hour + 12) % 24 - 12
        self._midnight = (now + timedelta(hours=self.hours_east)).replace(hour=0, minute=0, second=0)
        self._behind = 0.0

    @property
    def zone(self) -> str:
        """The reader's time zone, whose names count hours to the west."""
        return f"Etc/GMT{-self.hours_east:+d}"

    def __call__(self) -> float:
        """Return the time in epoch seconds."""
        return time.time() - self._behind

    def turn(self, days_ago: int, hour: int, minute: int) -> int:
        """Set the clock to a time of a day of the reader, and return that in epoch seconds."""
        local = self._midnight - timedelta(days=days_ago, hours=self.hours_east)
        moment = (local + timedelta(hours=hour, minutes=minute)).timestamp()
        self._behind = time.time() - moment
        return int(moment)


async def main(folder: Path | None) -> None:
    """Take all pictures of the README, or those of all messages."""
    async with running_chromium() as chromium:
        if folder:
            await gallery.take_all(chromium, folder)
            return
        await take_days(chromium)
        await take_chinese_card(chromium)


async def take_days(chromium: Browser) -> None:
    """Let a job live through its week: recordings are rejected, a colleague answers, the voice gets ready."""
    calendar = Calendar()
    calendar.turn(6, 9, 38)
    async with running_demo(chromium, clock=calendar) as demo:
        job_id = await _follow(demo, calendar)
        page = await _open(demo, calendar, {"width": 1180, "height": 930})
        await _live(demo, calendar, page, job_id)
        await take(page.conversation, "channel")
        page = await _open(demo, calendar, {"width": 1400, "height": 860}, device_scale_factor=1)
        await page.posted(NEWS).first.get_by_role("button", name="replies").click()
        await expect(page.thread).to_contain_text("Succeeded")
        await page.tab.mouse.move(0, 0)  # what it hovers over is drawn in grey
        await take(page.tab, "demo", scale="css")  # the others are small enough for the README as they are


async def _follow(demo: Demo, calendar: Calendar) -> str:
    """Replace the jobs by some that have been there for days; one is followed. Return its id."""
    metastudio, slack = demo.ground.metastudio, demo.ground.slack
    for job_id in list(metastudio.jobs):
        metastudio.delete(job_id)
    began = calendar.turn(6, 9, 41)
    fields: dict[str, Any] = {"create_time": began, "lastupdate_time": began}
    job = metastudio.add_job(voice_name=NEWS, tag="NEWS", path=PATH, **fields)
    for name, (state, days) in VOICES.items():
        fields = dict.fromkeys(fields, calendar.turn(days, 9, 0))
        metastudio.add_job(voice_name=name, state=state, path=PATH, **fields)
    calendar.turn(6, 9, 41)
    typed, voices = f"subscribe {job['job_id']}", demo.channel_id("voices")
    await slack.command("/voicejob", typed, channel=voices, user=BOB)
    await slack.message_where(lambda message: job["job_id"] in message.text and not message.user)
    return str(job["job_id"])


async def _live(demo: Demo, calendar: Calendar, page: DemoPage, job_id: str) -> None:
    """Lead the job to its end, through a rejection."""
    voices = demo.channel_id("voices")

    async def become(state: str, label: str, *moment: int) -> None:
        demo.ground.metastudio.set_state(job_id, state, lastupdate_time=calendar.turn(*moment))
        await expect(page.posted(NEWS).first).to_contain_text(label)

    await become("SYSTEM_AUDITING", "In automatic review", 6, 11, 2)
    await become("AUDITING", "In manual review", 6, 11, 20)
    await become("AUDIT_FAILED", "Recordings rejected", 4, 14, 7)
    await visible(page.message("→ Recordings rejected"))
    calendar.turn(4, 14, 15)
    answer = "It's signed now. I'll record both again."
    demo.ground.slack.add_message(voices, answer, user=ALICE)
    await visible(page.message("It's signed now"))
    await become("SYSTEM_AUDITING", "In automatic review (2nd time)", 2, 10, 12)
    await become("PROCESSING", "Training", 1, 9, 30)
    await become("UPLOADING", "Uploading model", 1, 17, 45)
    await become("SUCCEED", "Succeeded", 0, 9, 12)
    await visible(page.message("→ Succeeded"))
    await expect(page.posted(NEWS).first).to_contain_text("updates stopped")


async def take_chinese_card(chromium: Browser) -> None:
    """Look up a job that waits for new recordings, in Chinese."""
    calendar = Calendar()
    async with running_demo(chromium, language=Language.ZH, clock=calendar) as demo:
        name, moment = "女声 · 早间新闻", calendar.turn(6, 14, 7)
        job = demo.ground.metastudio.add_job(voice_name=name, lastupdate_time=moment)
        for state in ("AUDIT_FAILED", "SYSTEM_AUDITING", "AUDIT_FAILED"):
            demo.ground.metastudio.set_state(job["job_id"], state, lastupdate_time=moment)
        calendar.turn(0, 9, 30)
        page = await _open(demo, calendar, {"width": 640, "height": 900}, locale="zh-CN")
        await page.send(f"/voicejob {job['job_id']}")
        card = page.message(name)
        await expect(card).to_contain_text("需要您处理")
        await take(card, "card-zh")


async def _open(demo: Demo, calendar: Calendar, size: Any, **options: Any) -> DemoPage:
    options = {"device_scale_factor": 1.5, **options}
    return await demo.open_page(size=size, timezone_id=calendar.zone, **options)


async def take(what: Locator | Page, name: str, **how: Any) -> None:
    """Write a picture of the page or of a part of it."""
    await what.screenshot(path=PICTURES / f"{name}.png", animations="disabled", **how)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="pictures of all messages, to look at")
    asyncio.run(main(parser.parse_args().all))
