"""What a person does at the demo's page, and sees there: the real bot answers, in a real browser."""

import asyncio
import re
from typing import Final

import pytest

from bot.demo.bot_switch import BotState
from bot.demo.playground import BOB
from bot.simulators.slack.workspace import ALICE
from tests.browser.fixtures import ONLY_ME, Demo, Visit, expect
from tests.support import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEWS: Final = "女声 · Morning News"
BOOK: Final = "Audiobook <beta>"
SHOP: Final = "Shop Assistant"
TOLD: Final = "This channel is told of every change"


async def subscribe(demo: Demo, visit: Visit, voice: str, level: str = "") -> None:
    """Subscribe the open channel by a command, and wait for the card."""
    await visit.say(f"/voicejob subscribe {demo.job_id(voice)} {level}")
    await expect(visit.posted(voice, "Subscribed by")).to_be_visible()


class TestLookingUp:
    async def test_typing_and_pressing_enter_is_enough(self, demo: Demo, visit: Visit) -> None:
        """Part of a voice's name and two presses of Enter show the job, to nobody but me."""
        await visit.field.click()
        await visit.page.keyboard.type("/voicejob book")
        await expect(visit.offers).to_have_count(1)
        await expect(visit.offers).to_contain_text(BOOK)
        await visit.page.keyboard.press("Enter")
        await expect(visit.field).to_have_value(f"/voicejob {demo.job_id(BOOK)}")
        await visit.page.keyboard.press("Enter")

        card = visit.message(BOOK, "In manual review")
        await expect(card).to_contain_text(ONLY_ME)
        await expect(card.get_by_role("heading")).to_have_text(BOOK)
        await expect(card.get_by_role("button", name="Subscribe channel")).to_be_visible()
        await expect(visit.field).to_have_value("")
        await expect(visit.field).to_be_focused()

    async def test_refresh_shows_what_changed_since(self, demo: Demo, visit: Visit) -> None:
        """The card stays one card, and says where the job is now."""
        await visit.say(f"/voicejob {demo.job_id(SHOP)}")
        await expect(visit.message(SHOP, "In training")).to_be_visible()
        await visit.move("Next state of", SHOP)
        await visit.press("Refresh", SHOP)

        await expect(visit.message(SHOP)).to_have_count(1)
        await expect(visit.message(SHOP)).to_contain_text("RESULT_REVIEW")

    async def test_the_panel_looks_jobs_up(self, visit: Visit) -> None:
        """Look up shows the job in the open channel, and leaves alone what was being typed there."""
        await visit.field.fill("a draft")

        await visit.move("Look up", NEWS)

        await expect(visit.message(NEWS, ONLY_ME)).to_be_visible()
        await expect(visit.field).to_have_value("a draft")

    async def test_the_panel_says_why_it_can_not(self, demo: Demo, visit: Visit) -> None:
        """What goes wrong with a look-up is told where it is told for a command that was typed."""
        await visit.field.fill("a draft")
        await demo.go_away()
        await expect(visit.page.get_by_role("alert").filter(has_text="Trying again")).to_be_visible()
        await visit.move("Look up", NEWS)

        await expect(visit.conversation.get_by_role("alert")).to_have_text("The demo does not answer.")
        await expect(visit.field).to_have_value("a draft")
        await visit.page.close()
        visit.forgive("WebSocket connection|ERR_CONNECTION_REFUSED")

    async def test_what_else_is_typed_gets_its_answer(self, visit: Visit) -> None:
        """Slips, help and unknown commands are answered, to nobody but me."""
        for typed, says in (
            ("/voicejob hepl", "Did you mean /voicejob help"),
            ("/voicejob 00000000-0000-4000-8000-000000000000", "MetaStudio has no job"),
            ("/voicejob help", "posts its card here"),
            ("/voicejob list", "This channel has no subscriptions"),
            ("/nonsense", "/nonsense is no command here"),
        ):
            await visit.say(typed)
            await expect(visit.message(says, ONLY_ME)).to_be_visible()


class TestFollowing:
    async def test_a_channel_is_told(self, demo: Demo, visit: Visit) -> None:
        """The button posts the card; a change edits it, and is told in its thread and in the channel."""
        await visit.say(f"/voicejob {demo.job_id(BOOK)}")
        await visit.press("Subscribe channel", BOOK)
        card = visit.posted(BOOK, TOLD)
        await expect(card).to_contain_text("In manual review")
        await expect(card).not_to_contain_text(ONLY_ME)
        await expect(card).not_to_contain_text("(edited)")

        await visit.move("Next state of", BOOK)

        await expect(card).to_contain_text("(edited)")
        await expect(card).to_contain_text("Recordings waiting to be cut")
        await expect(card).not_to_contain_text("In manual review")
        told = visit.message("replied to a thread")
        await expect(told).to_contain_text(BOOK)
        await expect(told).to_contain_text("In manual review → Recordings waiting to be cut")
        await expect(card.get_by_role("button", name="1 reply")).to_be_visible()
        await expect(visit.thread).to_be_hidden()

        await told.get_by_role("button").first.click()

        await expect(visit.reply(BOOK, TOLD)).to_be_visible()
        await expect(visit.reply("In manual review → Recordings waiting to be cut")).to_be_visible()
        await expect(visit.thread.get_by_role("article")).to_have_count(2)

    async def test_important_is_less(self, demo: Demo, visit: Visit) -> None:
        """At the level important, the channel shows what asks for action; the thread has the rest."""
        await subscribe(demo, visit, NEWS, "important")
        card = visit.message(NEWS, "important changes only")

        await visit.move("Next state of", NEWS)
        await expect(card.get_by_role("button", name="1 reply")).to_be_visible()
        await expect(visit.message("replied to a thread")).to_have_count(0)

        await visit.move("Send back", NEWS)
        await expect(visit.message("replied to a thread", "Your turn")).to_be_visible()
        await card.get_by_role("button", name="2 replies").click()
        await expect(visit.thread.get_by_role("article")).to_have_count(3)

    async def test_a_private_channel(self, demo: Demo, visit: Visit) -> None:
        """The bot says why it can't post; once it is invited, Try again posts the card."""
        await visit.open("casting")
        await expect(visit.conversation).to_contain_text("voicejob is not in this channel")
        await visit.say(f"/voicejob subscribe {demo.job_id(NEWS)}")
        refused = visit.message("/invite @voicejob", ONLY_ME)
        await expect(refused).to_be_visible()

        await visit.field.click()
        await visit.page.keyboard.type("/inv")
        await visit.page.keyboard.press("Tab")
        await expect(visit.field).to_have_value("/invite @voicejob")
        await visit.page.keyboard.press("Enter")
        await expect(
            visit.conversation.get_by_text("voicejob was added to #casting by alice.")
        ).to_be_visible()
        await expect(visit.conversation).to_contain_text("voicejob is a member")
        await visit.press("Try again")

        await expect(visit.posted(NEWS, TOLD)).to_be_visible()
        await expect(visit.message("/invite @voicejob", ONLY_ME)).to_have_count(0)

    async def test_a_failure_has_its_reason(self, demo: Demo, visit: Visit) -> None:
        """When the job fails, the channel is told why, and the card has no buttons any more."""
        await subscribe(demo, visit, SHOP)
        await visit.move("Fail", SHOP)

        told = visit.message("replied to a thread", "Recording 14.wav is longer than 15 seconds.")
        await expect(told).to_contain_text("MSS.41000017")
        card = visit.message(SHOP, "The job is over")
        await expect(card).to_be_visible()
        await expect(card.get_by_role("button", name="Unsubscribe")).to_have_count(0)

    async def test_a_deleted_job(self, demo: Demo, visit: Visit) -> None:
        """A job that is deleted in the panel is gone there, and can't be looked up."""
        job_id = demo.job_id(SHOP)
        await visit.move("Delete", SHOP)

        await expect(visit.job(SHOP)).to_have_count(0)
        await visit.say(f"/voicejob {job_id}")
        await expect(visit.message("MetaStudio has no job", job_id)).to_be_visible()

    async def test_its_own_direct_messages(self, demo: Demo, visit: Visit) -> None:
        """A person can follow a job for herself."""
        await visit.open("voicejob")
        await subscribe(demo, visit, SHOP)

        await visit.move("Next state of", SHOP)

        await expect(visit.message("replied to a thread", "In training →")).to_be_visible()

    async def test_one_can_also_just_talk(self, visit: Visit) -> None:
        """A message is shown as it was typed, with line breaks by Shift and Enter, and marks."""
        await visit.field.click()
        await visit.page.keyboard.type("Who *uploads* 1 < 2 & 3?")
        await visit.page.keyboard.press("Shift+Enter")
        await visit.page.keyboard.type("I do.")
        await visit.page.keyboard.press("Enter")

        said = visit.message("Who uploads 1")
        await expect(said).to_contain_text("Who uploads 1 < 2 & 3?")
        await expect(said.locator("strong", has_text="uploads")).to_be_visible()
        await expect(said).not_to_contain_text(ONLY_ME)
        await expect(said.locator("br")).to_have_count(1)


class TestTheList:
    async def test_unsubscribing_asks_first(self, demo: Demo, visit: Visit) -> None:
        """The dialog can be refused by its button and by Escape; focus comes back; yes ends it."""
        await subscribe(demo, visit, NEWS)
        await visit.say("/voicejob list")
        listed = visit.message("1 subscription", ONLY_ME)
        button = listed.get_by_role("button", name="Unsubscribe")
        dialog = visit.page.get_by_role("dialog")

        await button.click()
        await expect(dialog.get_by_role("heading")).to_have_text("Unsubscribe this channel?")
        await expect(dialog).to_contain_text("It will not be told any more")
        await dialog.get_by_role("button", name="Keep it").click()
        await expect(dialog).to_have_count(0)
        await expect(button).to_be_focused()

        await visit.page.keyboard.press("Enter")
        await expect(dialog).to_be_visible()
        await visit.page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await expect(button).to_be_focused()
        await expect(listed).to_be_visible()

        await button.click()
        await dialog.get_by_role("button", name="Unsubscribe").click()
        await expect(visit.message("This channel has no subscriptions", ONLY_ME)).to_be_visible()
        await expect(visit.message(NEWS, "Stopped by @alice")).to_be_visible()

    async def test_the_level_can_be_changed_there(self, demo: Demo, visit: Visit) -> None:
        """The list is shown anew in its place, and the card says it too."""
        await subscribe(demo, visit, NEWS)
        await visit.say("/voicejob list")
        await visit.press("Only important", "1 subscription")

        await expect(visit.message("1 subscription")).to_have_count(1)
        await expect(visit.message("1 subscription")).to_contain_text("important changes only")
        await expect(visit.posted("Subscribed by", "(edited)")).to_contain_text("important changes only")

    async def test_a_long_list_has_pages(self, demo: Demo, visit: Visit) -> None:
        """Eight subscriptions are shown at a time; More shows the others, and leads back."""
        channel = demo.channel_id("audiobooks")
        for letter in "ABCDEFGHIJ":
            job_id = demo.ground.new_job(f"Voice {letter}")["job_id"]
            await demo.ground.slack.command("/voicejob", f"subscribe {job_id}", channel=channel)
        await visit.open("audiobooks")
        await visit.say("/voicejob list")
        listed = visit.message("10 subscriptions in this channel")
        await expect(listed).to_contain_text("1 to 8")
        await expect(listed.get_by_role("button", name="Unsubscribe")).to_have_count(8)
        first = set(re.findall("Voice [A-J]", await listed.inner_text()))

        await listed.get_by_role("button", name="More").click()

        await expect(listed).to_contain_text("9 to 10")
        await expect(listed.get_by_role("button", name="Unsubscribe")).to_have_count(2)
        second = set(re.findall("Voice [A-J]", await listed.inner_text()))
        assert (len(first), len(second), len(first | second)) == (8, 2, 10)
        await listed.get_by_role("button", name="From the start").click()
        await expect(listed).to_contain_text("1 to 8")


class TestTrouble:
    async def test_the_bot_can_be_stopped_and_started(self, demo: Demo, visit: Visit) -> None:
        """While it is stopped, commands fail; afterwards it tells what it missed, and knows what it knew."""
        await subscribe(demo, visit, SHOP)
        await visit.panel.get_by_role("button", name="Stop the bot").click()
        await expect(visit.panel.get_by_text("Stopped", exact=True)).to_be_visible()
        await visit.say("/voicejob list")
        await expect(visit.message('/voicejob failed with the error "dispatch_failed"')).to_be_visible()
        await visit.move("Next state of", SHOP)

        await visit.panel.get_by_role("button", name="Start the bot", exact=True).click()

        await expect(visit.panel.get_by_text("Running", exact=True)).to_be_visible()
        await expect(visit.message("replied to a thread", "In training →")).to_be_visible()
        await visit.say("/voicejob list")
        await expect(visit.message("1 subscription", SHOP)).to_be_visible()

    async def test_a_restart_loses_nothing(self, demo: Demo, visit: Visit) -> None:
        """The panel shows how the bot comes back, and that it did; what follows is told as before."""
        await subscribe(demo, visit, SHOP)
        demo.ground.slack.fail("auth.test", delay=1.5)

        await visit.panel.get_by_role("button", name="Restart the bot").click()

        await expect(visit.panel.get_by_text("Starting", exact=True)).to_be_visible()
        await expect(visit.panel).to_contain_text("Started 2 times.")
        await expect(visit.panel.get_by_text("Running", exact=True)).to_be_visible()
        await visit.move("Next state of", SHOP)
        await expect(visit.message("replied to a thread", "In training →")).to_be_visible()
        await expect(visit.posted(SHOP, TOLD)).to_have_count(1)

    async def test_metastudio_is_down(self, demo: Demo, visit: Visit) -> None:
        """A look-up says so, and Try again shows the card when it is back."""
        await visit.choose("MetaStudio", "Down")
        await visit.say(f"/voicejob {demo.job_id(SHOP)}")
        problem = visit.message("MetaStudio", ONLY_ME).filter(
            has=visit.page.get_by_role("button", name="Try again")
        )
        await expect(problem).to_be_visible()
        await expect(problem.get_by_role("img", name="warning")).to_be_visible()

        await visit.choose("MetaStudio", "Works")
        await problem.get_by_role("button", name="Try again").click()

        await expect(visit.message(SHOP, "In training")).to_be_visible()
        await expect(visit.message("Try again")).to_have_count(0)

    async def test_slack_refuses(self, demo: Demo, visit: Visit) -> None:
        """The subscription is paused and says why; Try again in the list posts the card later."""
        await visit.choose("Slack", "Refuses")
        await visit.say(f"/voicejob subscribe {demo.job_id(SHOP)}")
        await expect(visit.message("restricted_action", "Try again")).to_be_visible()

        await visit.choose("Slack", "Works")
        await visit.say("/voicejob list")
        await expect(visit.message("1 subscription", "Paused")).to_be_visible()
        await visit.press("Try again", "1 subscription")

        await expect(visit.posted(SHOP, TOLD)).to_be_visible()
        await expect(visit.message("1 subscription")).not_to_contain_text("Paused")

    @pytest.mark.parametrize("mood", ["Limits", "Down"])
    async def test_slack_can_not_take_it_now(self, demo: Demo, visit: Visit, mood: str) -> None:
        """The person is told that it is kept, and the card comes by itself when Slack works again."""
        await visit.choose("Slack", mood)
        await visit.say(f"/voicejob subscribe {demo.job_id(SHOP)}")
        await expect(visit.message(SHOP, "comes here by itself")).to_be_visible()
        await expect(visit.posted(SHOP, TOLD)).to_have_count(0)

        await visit.choose("Slack", "Works")

        await expect(visit.posted(SHOP, TOLD)).to_be_visible()

    async def test_metastudio_is_slow(self, demo: Demo, visit: Visit) -> None:
        """A look-up takes its time, and then shows the card."""
        await visit.choose("MetaStudio", "Slow")
        await visit.say(f"/voicejob {demo.job_id(SHOP)}")

        await expect(visit.message(SHOP, "In training")).to_be_visible()

    async def test_an_archived_channel(self, visit: Visit) -> None:
        """Nobody can type there any more; the list says that it is archived."""
        await visit.field.fill("/archive")
        await visit.field.press("Enter")

        await expect(visit.conversation.get_by_text("alice archived this channel.")).to_be_visible()
        await expect(visit.field).to_have_count(0)
        await expect(visit.conversation).to_contain_text("This channel is archived")
        await expect(visit.channel("voices")).to_contain_text("archived")

    async def test_an_archived_channel_can_be_opened_again(self, visit: Visit) -> None:
        """The way out is where one typed, and has the focus; then one types there again."""
        await visit.field.fill("/archive")
        await visit.field.press("Enter")
        unarchive = visit.conversation.get_by_role("button", name="Unarchive")
        await expect(unarchive).to_be_focused()
        await expect(visit.channel("voices").get_by_text("archived")).to_be_in_viewport(ratio=1)
        await visit.page.get_by_role("link", name="Skip to the message field").press("Enter")
        await expect(unarchive).to_be_focused()
        await visit.runs("() => document.activeElement.blur()")
        await visit.move("Look up", NEWS)
        await expect(unarchive).to_be_focused()

        await visit.page.keyboard.press("Enter")

        await expect(visit.conversation.get_by_text("alice unarchived this channel.")).to_be_visible()
        await expect(visit.field).to_be_focused()
        await expect(unarchive).to_have_count(0)
        await expect(visit.channel("voices")).not_to_contain_text("archived")

    async def test_a_start_can_be_stopped(self, demo: Demo, visit: Visit) -> None:
        """While the bot can't come to its end of starting, the switch stops it."""
        await demo.ground.bot.stop()
        demo.ground.slack.fail("auth.test", delay=9)
        await visit.panel.get_by_role("button", name="Start the bot", exact=True).click()
        await eventually(lambda: demo.ground.bot.state is BotState.STARTING)

        await visit.panel.get_by_role("button", name="Stop the bot").click()

        await eventually(lambda: demo.ground.bot.state is BotState.STOPPED)
        await expect(visit.panel.get_by_role("button", name="Start the bot", exact=True)).to_be_enabled()

    async def test_the_server_goes_away_and_comes_back(self, demo: Demo, visit: Visit) -> None:
        """The page says so, keeps what it shows and what was typed, and is current again by itself."""
        await visit.field.fill("a draft")
        await demo.go_away()
        lost = visit.page.get_by_role("alert").filter(has_text="The demo has stopped or is restarting")
        await expect(lost).to_be_visible()
        await expect(visit.message("morning news are ready")).to_be_visible()
        await visit.page.keyboard.press("Enter")
        await expect(visit.conversation.get_by_text("The demo does not answer.")).to_be_visible()
        demo.ground.slack.add_message(demo.channel_id("voices"), "Said meanwhile.", user=BOB)
        demo.ground.delete(demo.job_id(SHOP))

        await demo.serve()

        await expect(visit.message("Said meanwhile.")).to_be_visible()
        await expect(visit.job(SHOP)).to_have_count(0)
        await expect(lost).to_have_count(0)
        await expect(visit.field).to_have_value("a draft")
        await visit.say("Back again.")
        await expect(visit.message("Back again.")).to_have_count(1)
        visit.forgive("WebSocket connection|ERR_CONNECTION_REFUSED")


class TestThePanel:
    async def test_jobs_can_run_by_themselves(self, demo: Demo, visit: Visit) -> None:
        """The slider sets how fast; the channel is told; at its beginning all stands still."""
        await subscribe(demo, visit, NEWS)
        slider = visit.panel.get_by_role("slider")
        await slider.focus()
        await visit.page.keyboard.press("End")

        await expect(visit.panel.get_by_text("a state every second")).to_be_visible()
        await expect(visit.message("replied to a thread", NEWS)).to_be_visible()
        await visit.page.keyboard.press("Home")
        await expect(visit.panel.get_by_text("off", exact=True)).to_be_visible()
        await eventually(lambda: demo.ground.clockwork.seconds is None)

    async def test_a_new_job(self, demo: Demo, visit: Visit) -> None:
        """A new job has the name that was typed, and can be looked up by it."""
        await visit.panel.get_by_label("Name of a new voice").fill("Bedtime <Stories>")
        await visit.page.keyboard.press("Enter")

        await expect(visit.job("Bedtime <Stories>")).to_be_visible()
        await expect(visit.panel.get_by_label("Name of a new voice")).to_have_value("")
        await visit.field.press_sequentially("/voicejob bedt")
        await expect(visit.offers).to_have_count(1)
        await visit.page.keyboard.press("Tab")
        await expect(visit.field).to_have_value(f"/voicejob {demo.job_id('Bedtime <Stories>')}")

    async def test_a_job_shows_where_it_is(self, visit: Visit) -> None:
        """Its card in the panel says whose turn it is, the step, and what can be done."""
        job = visit.job(BOOK)
        await expect(job).to_contain_text("MetaStudio\u2019s turn")
        await expect(job).to_contain_text("Step 3 of 8")

        await visit.move("Send back", BOOK)

        await expect(job).to_contain_text("Customer\u2019s turn")
        await expect(job).to_contain_text("Review failed, new recordings needed")
        button = job.get_by_role("button", name=f"Send back {BOOK}")
        await expect(button).to_be_disabled()

    async def test_a_job_comes_to_its_end(self, demo: Demo, visit: Visit) -> None:
        """At the end of its path, nothing more can happen to it."""
        next_state = visit.panel.get_by_role("button", name=f"Next state of {SHOP}")
        while demo.ground.metastudio.next_state(demo.job_id(SHOP)):
            before = demo.ground.metastudio.jobs[demo.job_id(SHOP)]["state"]
            await next_state.click()
            await eventually(
                lambda was=before: demo.ground.metastudio.jobs[demo.job_id(SHOP)]["state"] != was  # type: ignore[misc]
            )

        await expect(visit.job(SHOP)).to_contain_text("Ended well")
        await expect(next_state).to_be_disabled()

    async def test_the_tour_ticks_itself_off(self, demo: Demo, visit: Visit) -> None:
        """What was done is counted, however it was done."""
        await expect(visit.panel.get_by_text("0 of 5 done")).to_be_visible()
        await visit.say(f"/voicejob {demo.job_id(BOOK)}")
        await expect(visit.panel.get_by_text("1 of 5 done")).to_be_visible()
        await visit.press("Subscribe channel", BOOK)
        await expect(visit.panel.get_by_text("2 of 5 done")).to_be_visible()
        await visit.move("Next state of", BOOK)
        await expect(visit.panel.get_by_text("3 of 5 done")).to_be_visible()

    async def test_the_tour_outlives_a_reload(self, visit: Visit) -> None:
        """What was done in this tab stays done, also what the messages do not tell."""
        await visit.panel.get_by_role("button", name="Restart the bot").click()
        await expect(visit.panel.get_by_text("1 of 5 done")).to_be_visible()

        await visit.page.reload()

        await expect(visit.panel.get_by_text("1 of 5 done")).to_be_visible()

    async def test_another_demo_begins_anew(self, demo: Demo, visit: Visit) -> None:
        """Where another demo answers at the same address, nothing of the one before stays."""
        await visit.panel.get_by_role("button", name="Restart the bot").click()
        await expect(visit.panel.get_by_text("1 of 5 done")).to_be_visible()
        await visit.field.fill("a draft")
        await demo.go_away()
        await expect(visit.page.get_by_role("alert").filter(has_text="Trying again")).to_be_visible()
        demo.ground.instance = "another"

        await demo.serve()

        await expect(visit.field).to_have_value("")
        await expect(visit.panel.get_by_text("0 of 5 done")).to_be_visible()
        visit.forgive("WebSocket connection|ERR_CONNECTION_REFUSED")


class TestReading:
    async def test_unread_channels_are_marked(self, demo: Demo, visit: Visit) -> None:
        """A channel that I don't look at counts what is new, until I open it; my own words don't count."""
        await visit.open("audiobooks")
        voices = demo.channel_id("voices")
        for text, user in (("One.", BOB), ("Two.", BOB), ("Mine.", ALICE)):
            demo.ground.slack.add_message(voices, text, user=user)

        await expect(visit.channel("voices")).to_contain_text("2 unread")
        await expect(visit.page).to_have_title(re.compile(r"^\(2\)"))
        await visit.open("voices")
        await expect(visit.channel("voices")).not_to_contain_text("unread")
        await expect(visit.conversation.get_by_role("separator", name="New")).to_be_visible()
        await expect(visit.channel("voices")).to_have_attribute("aria-current", "page")
        await expect(visit.page).to_have_title(re.compile(r"^#voices"))

    async def test_the_first_news_of_a_day(self, demo: Demo, visit: Visit) -> None:
        """What is new on another day has a line for the day, and one for what is new."""
        demo.ground.slack.add_message(demo.channel_id("audiobooks"), "One.", user=BOB)
        await expect(visit.channel("audiobooks")).to_contain_text("1 unread")

        await visit.open("audiobooks")

        lines = visit.conversation.get_by_role("separator")
        await expect(lines).to_have_text(["Today", "New"])

    async def test_a_hidden_tab_counts_what_is_new(self, demo: Demo, visit: Visit) -> None:
        """Its title says so, though the browser lets it draw nothing."""
        await visit.runs("""() => {
            Object.defineProperty(document, 'hidden', { get: () => true });
            Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
            window.requestAnimationFrame = () => 0;
            document.dispatchEvent(new Event('visibilitychange'));
        }""")
        demo.ground.slack.add_message(demo.channel_id("voices"), "One.", user=BOB)

        await expect(visit.page).to_have_title(re.compile(r"^\(1\) #voices"))

    async def test_the_address_names_the_channel(self, visit: Visit) -> None:
        """A reload comes back to it, and the browser's Back and Forward go through the channels."""
        title = visit.conversation.get_by_role("heading", level=2)
        await visit.open("audiobooks")
        await visit.open("casting")

        await visit.page.reload()
        await expect(title).to_have_text("casting")
        await visit.page.go_back()
        await expect(title).to_have_text("audiobooks")
        await visit.page.go_back()
        await expect(title).to_have_text("voices")
        await visit.page.go_forward()
        await expect(title).to_have_text("audiobooks")

    async def test_an_address_of_nothing(self, demo: Demo) -> None:
        """A channel that is not there is as good as none."""
        visit = await demo.visit("#/C0NOWHERE")

        await expect(visit.conversation.get_by_role("heading", level=2)).to_have_text("voices")

    async def test_a_reload_keeps_all(self, demo: Demo, visit: Visit) -> None:
        """What was posted, what only I see, and the panel are there again."""
        await subscribe(demo, visit, BOOK)
        await visit.move("Next state of", BOOK)
        await expect(visit.posted("Subscribed by", "(edited)")).to_be_visible()
        before = await visit.conversation.get_by_role("article").all_inner_texts()

        await visit.page.reload()

        await expect(visit.conversation.get_by_role("article")).to_have_count(len(before))
        assert await visit.conversation.get_by_role("article").all_inner_texts() == before
        await expect(visit.job(BOOK)).to_contain_text("Recordings waiting to be cut")

    async def test_two_tabs_show_the_same(self, demo: Demo, visit: Visit) -> None:
        """What is done in one tab is seen in the other."""
        other = await demo.another_tab(visit)
        await visit.say("From the first tab.")
        await expect(other.message("From the first tab.")).to_be_visible()

        await other.move("Send back", BOOK)

        await expect(visit.job(BOOK)).to_contain_text("Customer\u2019s turn")
        await other.page.close()
        await visit.say("Alone again.")
        await expect(visit.message("Alone again.")).to_be_visible()

    async def test_a_long_channel_stays_where_one_reads(self, demo: Demo, visit: Visit) -> None:
        """Who scrolled back stays there and is told that there is more; one press leads to it."""
        voices = demo.channel_id("voices")
        for number in range(40):
            demo.ground.slack.add_message(voices, f"Message number {number}.", user=BOB)
        await expect(visit.message("Message number 39.")).to_be_in_viewport()
        await visit.message("Message number 3.").scroll_into_view_if_needed()
        await expect(visit.message("Message number 39.")).not_to_be_in_viewport()

        demo.ground.slack.add_message(voices, "The newest one.", user=BOB)

        await expect(visit.message("Message number 3.")).to_be_in_viewport()
        await visit.conversation.get_by_role("button", name="New messages").click()
        await expect(visit.message("The newest one.")).to_be_in_viewport()

    async def test_readers_see_their_own_time(self, demo: Demo, visit: Visit) -> None:
        """The same message has another hour in Shanghai and in New York."""
        shanghai = await demo.visit(timezone_id="Asia/Shanghai")
        new_york = await demo.visit(timezone_id="America/New_York")

        hours = [await each.last.locator("time").inner_text() for each in (visit, shanghai, new_york)]
        moments = [await each.last.locator("time").get_attribute("datetime") for each in (visit, shanghai)]

        assert len(set(hours)) == 3
        assert len(set(moments)) == 1
        assert all(re.fullmatch(r"\d{1,2}:\d{2}\s[AP]M", hour) for hour in hours)


class TestThreads:
    async def test_one_can_reply(self, demo: Demo, visit: Visit) -> None:
        """A reply stands in the thread, and the channel counts it; Escape leads back to where one was."""
        message = visit.message("morning news are ready")
        await message.hover()
        await message.get_by_role("button", name="Reply in thread").click()
        reply = visit.thread.get_by_role("textbox").or_(visit.thread.get_by_role("combobox"))
        await expect(reply).to_be_focused()
        await visit.page.keyboard.type("I do.")
        await visit.page.keyboard.press("Enter")

        await expect(visit.reply("I do.")).to_be_visible()
        await expect(message.get_by_role("button", name="1 reply")).to_be_visible()
        await expect(visit.message("I do.")).to_have_count(0)
        await visit.page.keyboard.press("Escape")
        await expect(visit.thread).to_be_hidden()
        await expect(message.get_by_role("button", name="Reply in thread")).to_be_focused()
        assert [each.text for each in demo.ground.slack.shown][-1] == "I do."

    async def test_a_long_one_opens_at_its_end(self, demo: Demo, visit: Visit) -> None:
        """The newest reply is seen, whatever of the height the field below it takes."""
        parent = demo.ground.slack.messages(demo.channel_id("voices"))[0]
        for number in range(1, 31):
            demo.ground.slack.add_message(
                parent.channel, f"Reply number {number}.", user=BOB, thread_ts=parent.ts
            )
        await visit.conversation.get_by_role("button", name="30 replies").click()

        await expect(visit.reply("Reply number 30.")).to_be_in_viewport(ratio=1)
        await asyncio.sleep(0.2)
        left = "body => body.scrollHeight - body.scrollTop - body.clientHeight"
        assert await visit.thread.get_by_role("log").evaluate(left) < 2

    async def test_what_the_channel_was_told_is_marked(self, demo: Demo, visit: Visit) -> None:
        """In a thread one sees which reply stands in the channel as well."""
        await subscribe(demo, visit, NEWS, "important")
        await visit.move("Next state of", NEWS)
        card = visit.message(NEWS, "important changes only")
        await expect(card.get_by_role("button", name="1 reply")).to_be_visible()
        await visit.move("Send back", NEWS)
        await card.get_by_role("button", name="2 replies").click()

        also = visit.reply("Also sent to the channel")
        await expect(also).to_have_count(1)
        await expect(also).to_contain_text("Your turn")
        await expect(visit.posted("Also sent to the channel")).to_have_count(0)

    async def test_commands_are_refused_there(self, visit: Visit) -> None:
        """As in Slack: a sentence says so, and the text stays."""
        message = visit.message("morning news are ready")
        await message.hover()
        await message.get_by_role("button", name="Reply in thread").click()
        await visit.page.keyboard.type("/voicejob list")
        await visit.page.keyboard.press("Enter")

        await expect(visit.thread.get_by_role("alert")).to_contain_text("Slack takes no commands in threads")
        assert await visit.runs("() => document.activeElement.value") == "/voicejob list"


class TestTyping:
    async def test_arrows_choose_among_the_offers(self, demo: Demo, visit: Visit) -> None:
        """Up and Down go round; the field tells which one is chosen; Enter and Tab take it."""
        await visit.field.press_sequentially("/voicejob ")
        await expect(visit.offers).to_have_count(7)
        await expect(visit.conversation.get_by_text("real Slack offers no jobs here")).to_be_visible()
        first, second, *_, last = await visit.offers.all_inner_texts()
        chosen = visit.conversation.get_by_role("option", selected=True)
        for key, text in (("", first), ("ArrowDown", second), ("ArrowUp", first), ("ArrowUp", last)):
            if key:
                await visit.page.keyboard.press(key)
            assert await chosen.all_inner_texts() == [text]
            name = await chosen.get_attribute("id") or "?"
            await expect(visit.field).to_have_attribute("aria-activedescendant", name)
        await visit.page.keyboard.press("ArrowDown")
        await visit.page.keyboard.press("Tab")

        await expect(visit.field).to_have_value(f"/voicejob {demo.job_id(NEWS)}")

    async def test_a_command_is_completed_to_its_end(self, demo: Demo, visit: Visit) -> None:
        """Verb, id by its beginning, and level: a few letters each."""
        job_id = demo.job_id(BOOK)
        await visit.field.press_sequentially("/v")
        await visit.page.keyboard.press("Tab")
        await visit.page.keyboard.type("sub")
        await visit.page.keyboard.press("Enter")
        await visit.page.keyboard.type(job_id[:6])
        await visit.page.keyboard.press("Enter")
        await visit.page.keyboard.type("imp")
        await visit.page.keyboard.press("Enter")
        await expect(visit.field).to_have_value(f"/voicejob subscribe {job_id} important")
        await visit.page.keyboard.press("Enter")

        await expect(visit.message(BOOK, "important changes only", "Subscribed by")).to_be_visible()

    async def test_escape_closes_the_offers(self, visit: Visit) -> None:
        """Then Enter sends what stands there."""
        await visit.field.press_sequentially("/voicejob li")
        await expect(visit.offers).to_have_count(1)
        await visit.page.keyboard.press("Escape")
        await expect(visit.offers).to_have_count(0)
        await expect(visit.field).to_have_attribute("aria-expanded", "false")
        await visit.page.keyboard.press("Enter")

        await expect(visit.message("MetaStudio has no job", ONLY_ME)).to_be_visible()

    async def test_an_offer_can_be_clicked(self, visit: Visit) -> None:
        """The field keeps the focus."""
        await visit.field.press_sequentially("/voicejob he")
        await visit.offers.first.click()

        await expect(visit.field).to_have_value("/voicejob help")
        await expect(visit.field).to_be_focused()

    async def test_up_brings_back_what_was_said(self, visit: Visit) -> None:
        """In an empty field, the key Up puts the last text there."""
        await visit.say("/voicejob hlep")
        await visit.field.click()
        await visit.page.keyboard.press("ArrowUp")

        await expect(visit.field).to_have_value("/voicejob hlep")

    async def test_a_blank_before_it_makes_it_a_message(self, visit: Visit) -> None:
        """As in Slack, a text that begins with a slash can be posted."""
        await visit.say(" /voicejob help ")

        await expect(visit.posted("/voicejob help")).to_be_visible()
        await expect(visit.message(ONLY_ME)).to_have_count(0)

    async def test_each_channel_keeps_its_draft(self, visit: Visit) -> None:
        """What was begun in one channel waits there."""
        await visit.field.fill("for voices")
        await visit.open("audiobooks")
        await expect(visit.field).to_have_value("")
        await visit.field.fill("for audiobooks")
        await visit.open("voices")

        await expect(visit.field).to_have_value("for voices")

    async def test_a_command_is_sent_once(self, demo: Demo, visit: Visit) -> None:
        """Pressing Enter again and again while the bot answers sends nothing twice."""
        await visit.field.fill(f"/voicejob {demo.job_id(BOOK)}")
        await asyncio.gather(*(visit.page.keyboard.press("Enter") for _ in range(4)))

        await expect(visit.message(BOOK, ONLY_ME)).to_be_visible()
        await visit.say("Done.")
        await expect(visit.message("Done.")).to_be_visible()
        assert len(demo.ground.slack.ephemeral(ALICE, demo.channel_id("voices"))) == 1
