"""The demo's page for everybody: by keyboard, by screen reader, in the dark, on a phone, without motion."""

from typing import Any, Final

import pytest

from tests.browser.fixtures import DESKTOP, PHONE, Demo, Visit, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOOK: Final = "Audiobook <beta>"
NARROWEST: Final = {"width": 360, "height": 640}
LANDSCAPE: Final = {"width": 844, "height": 390}
MOVING: Final = """() => [...document.querySelectorAll('*')].flatMap((each) => {
    const styles = [null, '::before', '::after'].map((part) => getComputedStyle(each, part));
    const seconds = styles.flatMap((style) => [style.transitionDuration, style.animationDuration]);
    return seconds.join(', ').split(', ').map(parseFloat).filter((duration) => duration > 0.01);
})"""
RINGED: Final = """() => {
    const focused = document.activeElement;
    const rings = [focused, focused.parentElement, ...document.querySelectorAll(':focus-within')].map(
        (each) => getComputedStyle(each));
    const isRinged = (style) => style.outlineStyle !== 'none' || style.boxShadow !== 'none';
    return focused === document.body || rings.some(isRinged) ? null : focused.outerHTML.slice(0, 200);
}"""


async def follow(demo: Demo, visit: Visit) -> None:
    """Let the open channel follow a job, and be told of a change."""
    await visit.say(f"/voicejob subscribe {demo.job_id(BOOK)}")
    await expect(visit.posted(BOOK, "Subscribed by")).to_be_visible()
    demo.ground.send_back(demo.job_id(BOOK))
    await expect(visit.message("replied to a thread")).to_be_visible()


class TestWithoutBarriers:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
    async def test_axe_finds_none(self, demo: Demo, size: dict[str, int], scheme: str) -> None:
        """With messages, offers, a thread, a question, and trouble, in each theme."""
        visit = await demo.visit(viewport=size, color_scheme=scheme)
        await follow(demo, visit)
        found = {"messages": await visit.barriers()}
        await visit.field.press_sequentially("/voicejob ")
        await expect(visit.offers.first).to_be_visible()
        found["offers"] = await visit.barriers()
        await visit.field.fill("")
        await visit.press("Unsubscribe", BOOK, "Subscribed by")
        await expect(visit.page.get_by_role("dialog")).to_be_visible()
        found["dialog"] = await visit.barriers()
        await visit.page.keyboard.press("Escape")
        await visit.message("replied to a thread").get_by_role("button").first.click()
        await expect(visit.thread).to_be_visible()
        found["thread"] = await visit.barriers()

        assert {place: barriers for place, barriers in found.items() if barriers} == {}

    async def test_axe_finds_none_in_what_goes_wrong(self, demo: Demo, visit: Visit) -> None:
        """Refused messages, Slack's own lines, archived channels, many jobs, a lost connection."""
        for number in range(8):
            demo.ground.new_job(f"Voice {number}")
        demo.ground.fail(demo.job_id(BOOK))
        demo.ground.note(demo.channel_id("voices"), "Slack says something.")
        demo.ground.note(demo.channel_id("voices"), "voicejob was added.", kind="joined")
        demo.ground.note(demo.channel_id("voices"), "Slack refused this.", kind="refused")
        demo.ground.slack.archive(demo.channel_id("audiobooks"))
        await expect(visit.conversation.get_by_text("Slack refused this.")).to_be_visible()
        await demo.go_away()
        await expect(visit.page.get_by_role("alert").filter(has_text="Trying again")).to_be_visible()
        visit.forgive("WebSocket connection")

        assert await visit.barriers() == []
        await visit.page.close()
        visit.forgive("WebSocket connection")

    async def test_phones_have_one_view_at_a_time(self, demo: Demo) -> None:
        """The bar at the bottom leads to channels, messages and jobs; nothing else is in the way."""
        visit = await demo.visit(viewport=PHONE, has_touch=True, is_mobile=True)
        tabs = visit.page.get_by_role("navigation", name="Views")
        channels = visit.page.get_by_role("navigation", name="Channels")
        await expect(visit.conversation).to_be_visible()
        await expect(channels).to_be_hidden()
        await expect(visit.panel).to_be_hidden()

        await tabs.get_by_role("button", name="Jobs").tap()
        await expect(visit.panel).to_be_visible()
        await expect(visit.conversation).to_be_hidden()
        assert await visit.barriers() == []
        await visit.panel.get_by_role("button", name=f"Look up {BOOK}").tap()
        await expect(visit.message(BOOK)).to_be_visible()

        await tabs.get_by_role("button", name="Channels").tap()
        await expect(channels).to_be_visible()
        assert await visit.barriers() == []
        await visit.channel("audiobooks").tap()
        await expect(visit.conversation.get_by_role("heading", level=2)).to_have_text("audiobooks")
        await expect(channels).to_be_hidden()

    async def test_a_thread_covers_a_phone(self, demo: Demo) -> None:
        """One button leads back."""
        visit = await demo.visit(viewport=PHONE, has_touch=True, is_mobile=True)
        await follow(demo, visit)
        await visit.message("replied to a thread").get_by_role("button").first.tap()
        await expect(visit.thread).to_be_visible()
        await expect(visit.conversation).to_be_hidden()

        await visit.thread.get_by_role("button", name="Close thread").tap()

        await expect(visit.conversation).to_be_visible()
        await expect(visit.thread).to_be_hidden()

    @pytest.mark.parametrize("size", [NARROWEST, LANDSCAPE, {"width": 1024, "height": 700}], ids=str)
    async def test_nothing_scrolls_sideways(self, demo: Demo, size: dict[str, int]) -> None:
        """Not in any of the views, nor in a thread."""
        visit = await demo.visit(viewport=size)
        await follow(demo, visit)
        assert await visit.sideways() == []
        await visit.field.press_sequentially("/voicejob ")
        assert await visit.sideways() == []
        await visit.field.fill("")
        await visit.message("replied to a thread").get_by_role("button").first.click()
        assert await visit.sideways() == []
        await visit.page.keyboard.press("Escape")
        if size == NARROWEST:
            tabs = visit.page.get_by_role("navigation", name="Views")
            for name in ("Jobs", "Channels"):
                await tabs.get_by_role("button", name=name).click()
                assert await visit.sideways() == []

    async def test_large_text_still_fits(self, demo: Demo) -> None:
        """At twice the size of the letters, the page still has all in its width."""
        visit = await demo.visit(viewport=DESKTOP)
        await visit.runs("() => { document.documentElement.style.fontSize = '200%'; }")
        await follow(demo, visit)

        assert await visit.sideways() == []


class TestByKeyboard:
    async def test_the_whole_way(self, visit: Visit) -> None:
        """Look up, subscribe, move the job on, read the thread, reply, and come back: without a mouse."""
        keys = visit.page.keyboard
        await expect(visit.field).to_be_focused()
        skip = visit.page.get_by_role("link", name="Skip to the message field")
        await visit.tab_to(skip, "Shift+Tab")
        await keys.press("Enter")
        await expect(visit.field).to_be_focused()
        await keys.type("/voicejob book")
        await expect(visit.offers).to_have_count(1)
        await keys.press("Enter")
        await keys.press("Enter")
        await expect(visit.message(BOOK)).to_be_visible()
        await expect(visit.field).to_be_focused()

        await visit.tab_to(visit.message(BOOK).get_by_role("button", name="Subscribe channel"), "Shift+Tab")
        await keys.press("Enter")
        await expect(visit.posted(BOOK, "Subscribed by")).to_be_visible()
        await visit.tab_to(visit.panel.get_by_role("button", name=f"Next state of {BOOK}"))
        await keys.press("Space")
        told = visit.message("replied to a thread")
        await expect(told).to_be_visible()
        await visit.tab_to(told.get_by_role("button").first, "Shift+Tab")
        await keys.press("Enter")
        await expect(visit.thread.get_by_placeholder("Reply")).to_be_focused()
        await keys.type("Good.")
        await keys.press("Enter")
        await expect(visit.reply("Good.")).to_be_visible()
        await keys.press("Escape")
        await expect(visit.thread).to_be_hidden()
        assert await visit.runs("() => document.querySelector('main').contains(document.activeElement)")

    async def test_one_sees_where_one_is(self, demo: Demo, visit: Visit) -> None:
        """Whatever has the focus shows it, and nothing holds it."""
        await follow(demo, visit)
        bare, stops = [], set()
        for _ in range(60):
            await visit.page.keyboard.press("Tab")
            bare.append(await visit.runs(RINGED))
            stops.add(await visit.runs("() => document.activeElement.outerHTML"))

        assert [each for each in bare if each] == []
        assert len(stops) > 30

    async def test_focus_stays_when_a_message_is_drawn_anew(self, demo: Demo, visit: Visit) -> None:
        """A card that changes under one's hands keeps the button that one is at."""
        await visit.say(f"/voicejob subscribe {demo.job_id(BOOK)}")
        button = visit.posted(BOOK, "Subscribed by").get_by_role("button", name="Unsubscribe")
        await button.focus()
        demo.ground.send_back(demo.job_id(BOOK))
        await expect(visit.posted(BOOK, "(edited)").first).to_be_visible()

        await expect(button).to_be_focused()

    async def test_news_are_announced(self, visit: Visit) -> None:
        """Messages come into a live region, politely; opening a channel reads nothing out."""
        log = visit.conversation.get_by_role("log")
        await expect(log).to_have_attribute("aria-live", "polite")
        await expect(log).to_have_accessible_name("Messages in #voices")
        await visit.open("audiobooks")
        await expect(log).to_have_attribute("aria-live", "off")
        await expect(log).to_have_accessible_name("Messages in #audiobooks")
        await expect(log).to_have_attribute("aria-live", "polite")


class TestLooks:
    async def test_dark_and_light(self, visit: Visit) -> None:
        """The page follows the system's colours, at once."""
        light = await visit.colour(visit.conversation), await visit.colour(visit.conversation, "color")
        await visit.page.emulate_media(color_scheme="dark")
        dark = await visit.colour(visit.conversation), await visit.colour(visit.conversation, "color")

        assert brightness(light[0]) - brightness(light[1]) > 100
        assert brightness(dark[1]) - brightness(dark[0]) > 100

    async def test_no_motion_for_those_who_want_none(self, demo: Demo, visit: Visit) -> None:
        """A button that waits turns something; where the system asks for less motion, nothing moves."""
        await visit.say(f"/voicejob {demo.job_id(BOOK)}")
        await (
            visit.message(BOOK)
            .get_by_role("button", name="Refresh")
            .evaluate("button => button.setAttribute('aria-busy', 'true')")
        )
        assert await visit.runs(MOVING) != []

        await visit.page.emulate_media(reduced_motion="reduce")

        assert await visit.runs(MOVING) == []

    async def test_the_page_is_named(self, visit: Visit) -> None:
        """A title, a language, one main part, and headings in order."""
        await expect(visit.page).to_have_title("#voices · VoiceJob demo")
        assert await visit.runs("() => document.documentElement.lang") == "en"
        assert await visit.page.get_by_role("main").count() == 1
        assert await visit.page.get_by_role("heading", level=1).count() == 1


def brightness(colour: str) -> float:
    """Tell how bright a colour is, from 0 to 255."""
    parts: list[Any] = [float(part) for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    return float(sum(parts)) / 3
