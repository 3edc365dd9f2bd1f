"""What a person does at the demo's page, and sees there: the real bot answers, in a real browser."""

import asyncio
import re
import time
from typing import Final

import pytest

from bot.demo.playground import BOB
from bot.domain.languages import Language
from bot.simulators.slack.workspace import ALICE
from tests.browser.fixtures import (
    FOLLOWED,
    ONLY_ME,
    Browser,
    Demo,
    DemoPage,
    button_in,
    expect,
    gone,
    running_demo,
    visible,
)
from tests.support import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEWS: Final = "女声 · Morning News"
BOOK: Final = "Audiobook <beta>"
SHOP: Final = "Shop Assistant"
DAY: Final = 24 * 60 * 60


async def choose(page: DemoPage, group: str, label: str) -> None:
    await page.panel.get_by_role("group", name=group).get_by_role("radio", name=label).check()


async def without_ages(page: DemoPage) -> list[str]:
    """Return the messages without how long ago something was: that goes on while one looks."""
    return [re.sub(r"\d+ \w+ ago", "", text) for text in await page.message().all_inner_texts()]


async def test_looking_up_and_the_panel(demo: Demo, page: DemoPage) -> None:
    """A command is sent once, and its card is mine alone; jobs go on, are made, fail and are deleted."""
    await page.field.fill(f"/voicejob {demo.job_id(BOOK)}")
    await asyncio.gather(*(page.press_keys("Enter") for _ in range(4)))  # only the first one sends it
    card = page.message(BOOK, ONLY_ME)
    await expect(card).to_contain_text("In manual review")
    await page.field.fill("a draft")
    await page.job_button("Next state of", BOOK).click()
    await page.press("Refresh", BOOK)
    await expect(card).to_contain_text("Queued for splitting")
    assert len(demo.ground.slack.ephemeral(ALICE, demo.channel_id("voices"))) == 1
    await page.job_button("Look up", NEWS).click()
    await visible(page.message(NEWS, ONLY_ME))
    await expect(page.field).to_have_value("a draft")

    slider, name = page.panel.get_by_role("slider"), page.panel.get_by_label("Name of a new voice")
    await slider.press("End")
    await visible(page.panel.get_by_text("a state every second"))
    await expect(page.job(NEWS)).to_contain_text("Step 2 of 8")
    await slider.press("Home")
    await visible(page.panel.get_by_text("off", exact=True))
    await eventually(lambda: demo.ground.clockwork.seconds is None)
    await name.fill("Bedtime <Stories>")
    await page.press_keys("Enter")
    await visible(page.job("Bedtime <Stories>"))
    await expect(name).to_have_value("")
    await page.job_button("Fail", BOOK).click()
    await expect(page.job(BOOK)).to_contain_text("Failed before the last step")
    await expect(page.job_button("Next state of", BOOK)).to_be_disabled()
    await page.job_button("Delete", SHOP).click()
    await gone(page.job(SHOP))


async def test_typing(demo: Demo, page: DemoPage) -> None:
    """Messages are posted as they were typed; arrows, Tab, Escape and a click choose completions."""
    await page.send(" /voicejob help ")
    await visible(page.posted("/voicejob help"))
    await page.press_keys("ArrowUp")  # in the empty field, it brings back what was sent last
    await expect(page.field).to_have_value(re.compile("/voicejob help"))
    await page.field.fill("Who *uploads* 1 < 2 & 3?")
    await page.press_keys("Shift+Enter")
    await page.type("I do.", "Enter")
    await expect(page.field).to_have_value("")  # until then it takes nothing
    said = page.posted("Who uploads 1 < 2 & 3?")
    await visible(said.locator("strong", has_text="uploads"))
    await expect(said.locator("br")).to_have_count(1)

    await page.type("/voicejob ")
    await visible(page.conversation.get_by_text("real Slack offers no jobs here"))
    offered = await page.offers.all_inner_texts()
    selected = page.conversation.get_by_role("option", selected=True)
    for key, place in (("ArrowDown", 1), ("ArrowUp", 0), ("ArrowUp", -1), ("ArrowDown", 0)):
        await page.press_keys(key)
        await expect(selected).to_have_text([offered[place]], use_inner_text=True)
    await page.press_keys("Tab")
    await expect(page.field).to_have_value(f"/voicejob {demo.job_id(NEWS)}")
    await page.field.fill("/voicejob he")
    await page.offers.first.click()
    await expect(page.field).to_have_value("/voicejob help")
    await page.send("/voicejob li")  # with Escape before Enter
    await visible(page.message("No job li, and no voice with that in its name", ONLY_ME))


async def test_the_list(demo: Demo, page: DemoPage) -> None:
    """The level is changed there; unsubscribing asks first; a reload shows all as it was."""
    await page.send(f"/voicejob subscribe {demo.job_id(NEWS)}")
    await visible(page.posted(NEWS, FOLLOWED))
    await page.send("/voicejob list")
    listed = page.message("follows one job", ONLY_ME)
    await expect(listed).to_contain_text("only important")
    await page.press("Every update", "follows one job")
    await expect(listed).to_contain_text("every update")
    button = button_in(listed, "Unsubscribe")
    await button.click()
    await page.dialog.get_by_role("button", name="Keep").click()
    await gone(page.dialog)
    await expect(button).to_be_focused()
    await page.press_keys("Enter")
    await page.dialog.get_by_role("button", name="Stop updates").click()
    await visible(page.message("This channel follows no job", ONLY_ME))
    await visible(page.message(NEWS, "Updates stopped by @alice"))

    shown = await without_ages(page)
    await visible(page.panel.get_by_text("1 of 5 done"))
    await page.tab.reload()
    await visible(page.panel.get_by_text("1 of 5 done"))
    await expect(page.message()).to_have_count(len(shown))
    assert await without_ages(page) == shown


async def test_private_and_archived_channels(demo: Demo, page: DemoPage) -> None:
    """The bot has to be invited before it can post; nobody can type in an archived channel."""
    await page.open("casting")
    await expect(page.conversation).to_contain_text("voicejob is not in this channel")
    await page.send(f"/voicejob subscribe {demo.job_id(NEWS)}")
    await visible(page.message("/invite @voicejob", ONLY_ME))
    await page.type("/inv", "Tab", "Enter")
    await visible(page.conversation.get_by_text("voicejob was added to #casting by alice."))
    await page.press("Try again")
    await visible(page.posted(NEWS, FOLLOWED), page.panel.get_by_text("2 of 5 done"))
    await gone(page.message("/invite @voicejob", ONLY_ME))

    await page.field.fill("/archive")
    await page.press_keys("Enter")
    await visible(page.conversation.get_by_text("alice archived this channel."))
    await gone(page.field)
    await visible(page.channel("casting").get_by_text("archived"))
    unarchive = page.conversation.get_by_role("button", name="Unarchive")
    await expect(unarchive).to_be_focused()
    await page.press_keys("Enter")
    await visible(page.conversation.get_by_text("alice unarchived this channel."))
    await expect(page.field).to_be_focused()


async def test_trouble(demo: Demo, page: DemoPage) -> None:
    """What MetaStudio or Slack refuses can be tried again; a bot that was stopped tells what it missed."""
    moods = demo.ground.moods
    await choose(page, "MetaStudio", "Down")
    await choose(page, "Slack", "Limits")
    await eventually(lambda: (moods.metastudio, moods.slack) == ("down", "limits"))
    await page.send(f"/voicejob {demo.job_id(SHOP)}")
    problem = page.message("Try again", ONLY_ME)
    await visible(problem.get_by_role("img", name="warning"))
    await choose(page, "MetaStudio", "Works")
    await page.press("Try again", ONLY_ME)
    await visible(page.message(SHOP, "Training"))
    await gone(problem)

    await choose(page, "Slack", "Refuses")
    await page.send(f"/voicejob subscribe {demo.job_id(SHOP)}")
    await visible(page.message("restricted_action", "Try again"))
    await choose(page, "Slack", "Works")
    await page.send("/voicejob list")
    await visible(page.message("follows one job", "Paused"))
    await page.press("Try again", "follows one job")
    await visible(page.posted(SHOP, FOLLOWED))
    await expect(page.message("follows one job")).not_to_contain_text("Paused")

    await page.panel.get_by_role("button", name="Stop the bot").click()
    await visible(page.panel.get_by_text("Stopped", exact=True))
    await page.send("/voicejob list")
    await visible(page.message('/voicejob failed with the error "dispatch_failed"'))
    await page.press("Refresh", SHOP, FOLLOWED)
    await expect(page.posted(SHOP).get_by_role("alert")).to_contain_text("dispatch_failed")
    await expect(button_in(page.posted(SHOP), "Refresh")).to_be_focused()
    await page.job_button("Next state of", SHOP).click()
    await page.panel.get_by_role("button", name="Start the bot", exact=True).click()
    await visible(page.posted(SHOP, "Result in review"), page.panel.get_by_text("Running", exact=True))
    await expect(page.panel).to_contain_text("Started 2 times.")
    await expect(page.posted(SHOP, FOLLOWED)).to_have_count(1)


async def test_the_server_goes_away_and_comes_back(demo: Demo, page: DemoPage) -> None:
    """The page says so, keeps what it shows and the draft, and is current again; another demo begins anew."""
    page.expected_problems = "WebSocket connection|ERR_CONNECTION_REFUSED"
    await page.panel.get_by_role("button", name="Restart the bot").click()
    await visible(page.panel.get_by_text("1 of 5 done"))
    await page.field.fill("a draft")
    await demo.stop_serving()
    lost = page.tab.get_by_role("alert").filter(has_text="The demo has stopped or is restarting")
    await visible(lost, page.message("morning news are ready"))
    await page.field.press("Enter")
    await expect(page.conversation.get_by_role("alert")).to_have_text("The demo does not answer.")
    demo.ground.slack.add_message(demo.channel_id("voices"), "Said meanwhile.", user=BOB)
    demo.ground.delete(demo.job_id(SHOP))

    await demo.serve()
    await visible(page.message("Said meanwhile."))
    await gone(page.job(SHOP), lost)
    await expect(page.field).to_have_value("a draft")
    await demo.stop_serving()
    await visible(lost)
    demo.ground.instance = "another"
    await demo.serve()
    await visible(page.panel.get_by_text("0 of 5 done"))
    await expect(page.field).to_have_value("")


async def test_channels(demo: Demo) -> None:
    """Unread messages are counted and marked, drafts are kept, and the address names the channel."""
    page = await demo.open_page("#/C0NOWHERE")
    await expect(page.title).to_have_text("voices")
    await page.field.fill("for voices")
    await page.open("audiobooks")
    await expect(page.field).to_have_value("")
    for text, user in (("One.", BOB), ("Two.", BOB), ("Mine.", ALICE)):
        demo.ground.slack.add_message(demo.channel_id("voices"), text, user=user)
    await expect(page.channel("voices")).to_contain_text("2 unread")
    await expect(page.tab).to_have_title(re.compile(r"^\(2\) #audiobooks"))
    await page.open("voices")
    await expect(page.field).to_have_value("for voices")
    await expect(page.channel("voices")).not_to_contain_text("unread")
    await expect(page.channel("voices")).to_have_attribute("aria-current", "page")
    await expect(page.conversation.get_by_role("separator")).to_have_text(["Today", "New"])

    await page.send(f"/voicejob subscribe {demo.job_id(NEWS)} me")
    await expect(page.channel("voicejob")).to_contain_text("1 unread")
    await page.open("voicejob")
    await visible(page.conversation.get_by_text("Sending messages to this app has been turned off."))
    await visible(page.posted(NEWS, FOLLOWED), page.panel.get_by_text("0 of 5 done"))
    await gone(page.field)
    await page.open("casting")
    await page.tab.reload()
    for move, name in ((page.tab.go_back, "voicejob"), (page.tab.go_forward, "casting")):
        await move()
        await expect(page.title).to_have_text(name)


async def test_days_in_chinese(chromium: Browser) -> None:
    """Days part the messages, and in a thread they stand beside the times; a message has its own language."""
    behind = [5.0]
    async with running_demo(
        chromium, language=Language.ZH, clock=lambda: time.time() - behind[0] * DAY
    ) as demo:
        page, slack = await demo.open_page(), demo.ground.slack
        await page.open("audiobooks")
        behind[0] = 4
        first = slack.add_message(demo.channel_id("audiobooks"), "The first.", user=BOB)
        behind[0] = 1
        for thread in (None, first.ts):
            slack.add_message(first.channel, "The second.", user=BOB, thread_ts=thread)
        behind[0] = 0
        await page.send(f"/voicejob {demo.job_id(NEWS)}")
        card = page.message(NEWS)
        await visible(button_in(card, "订阅"), card.get_by_text(re.compile("秒钟?前")))
        await expect(card.locator("[lang=zh]")).to_contain_text("需要您处理")
        days: list[str | re.Pattern[str]] = [re.compile(r"^\d+月\d+日星期.$"), "昨天", "今天"]
        await expect(page.conversation.get_by_role("separator")).to_have_text(days)
        await page.message("The first.").get_by_role("button", name="1 reply").click()
        await visible(page.reply("The second.", "昨天"))
        await visible(page.panel.get_by_text("Press 订阅 on"))
        await expect(page.job(NEWS)).to_contain_text("Step 1 of 8: Upload")
        await page.send("/voicejob language me en")
        await page.send(f"/voicejob {demo.job_id(BOOK)}")
        await visible(page.message(BOOK).locator("[lang=en]").get_by_text(re.compile(r"\d seconds? ago")))


async def test_reading_and_replying(demo: Demo, page: DemoPage) -> None:
    """Who scrolled back stays there; a thread takes replies, but no commands; other browsers see the same."""
    voices = demo.channel_id("voices")
    for number in range(40):
        demo.ground.slack.add_message(voices, f"Message number {number}.", user=BOB)
    await expect(page.message("Message number 39.")).to_be_in_viewport()
    await page.message("Message number 3.").scroll_into_view_if_needed()
    demo.ground.slack.add_message(voices, "The newest one.", user=BOB)
    to_the_end = page.conversation.get_by_role("button", name="New messages")
    await visible(to_the_end)
    await expect(page.message("Message number 3.")).to_be_in_viewport()
    await to_the_end.click()
    newest = page.message("The newest one.")
    await expect(newest).to_be_in_viewport()

    await newest.hover()
    await newest.get_by_role("button", name="Reply in thread").click()
    field = page.thread.get_by_placeholder("Reply")
    await expect(field).to_be_focused()
    await page.type("/voicejob list", "Enter")
    await expect(page.thread.get_by_role("alert")).to_contain_text("Slack takes no commands in threads")
    await expect(field).to_have_value("/voicejob list")
    await field.fill("I do.")
    await page.press_keys("Enter")
    await visible(page.reply("I do."))
    await gone(page.message("I do."))
    await page.press_keys("Escape")
    await expect(newest.get_by_role("button", name="Reply in thread")).to_be_focused()

    other = await demo.open_page()
    await visible(other.message("The newest one.").get_by_role("button", name="1 reply"))
