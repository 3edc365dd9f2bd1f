"""Chromium on the demo's page, in the event loop of the demo itself: fixtures, and a page object.

A test that uses ``demo`` also fails if a page logged an error, threw, requested an address other than its own
server's, or executed something that came in a text.
"""

import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest
import pytest_asyncio
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.bot_switch import BotState
from bot.demo.page import STATIC, serving
from bot.demo.playground import Playground, playground
from bot.simulators.slack.workspace import BOT_TOKEN
from tests.support import PATIENCE, eventually


def missing(what: str) -> NoReturn:
    """Skip, or fail where NEEDS_BROWSER says that nothing may be missing."""
    if os.environ.get("NEEDS_BROWSER"):
        pytest.fail(what)
    pytest.skip(what, allow_module_level=True)


if find_spec("playwright") is None:
    missing("no Playwright: pip install -e '.[test]'")

from playwright.async_api import (  # noqa: E402  only where it is
    Browser,
    Locator,
    Page,
    Route,
    ViewportSize,
    async_playwright,
    expect,
)

expect.set_options(timeout=PATIENCE * 1000)

__all__ = [
    "FOLLOWED",
    "ONLY_ME",
    "OUTSIDE",
    "Browser",
    "Demo",
    "DemoPage",
    "Locator",
    "Page",
    "Route",
    "Script",
    "ViewportSize",
    "expect",
]

PROGRAMS: Final = ("chromium-headless-shell", "chromium", "/usr/bin/chromium")
"""Debian's names. The first is the same browser without its windows, and opens pages three times as fast."""
ARGUMENTS: Final = (
    "--disable-gpu",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
"""Besides Playwright's own: the browser can reach nothing but this machine."""
DESKTOP: Final[ViewportSize] = {"width": 1440, "height": 900}
ONLY_ME: Final = "Only visible to you"
FOLLOWED: Final = "RefreshUnsubscribe"
"""The labels of two buttons that only the card of a followed job has side by side."""
EXECUTED: Final = "__executed"
"""What the scripts in hostile texts set on the window, if they are executed."""
MOST_TABS: Final = 80
"""How often the Tab key is pressed at most to come to a control."""
SCROLLABLE_SIDEWAYS: Final = """() => [...document.querySelectorAll('*')]
    .filter((each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0)
    .filter((each) => each === document.documentElement || each === document.body
        || ['auto', 'scroll'].includes(getComputedStyle(each).overflowX))
    .map((each) => `${each.tagName} ${each.id} ${each.className}`)"""
OUTSIDE: Final = """() => [...document.querySelectorAll('article')].flatMap((article) =>
    [...article.querySelectorAll('*')]
        .filter((each) => each.getBoundingClientRect().right > article.getBoundingClientRect().right + 1)
        .map((each) => each.outerHTML.slice(0, 100)))"""
"""What is wider than its message."""
VIOLATIONS: Final = """async (rules) => {
    const { violations } = await axe.run(document, { resultTypes: ['violations'], ...rules });
    return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).flatMap(
        ({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`));
}"""


@asynccontextmanager
async def running_chromium() -> AsyncIterator[Browser]:
    """Run Chromium while the context lasts; without it there is no test in a browser."""
    found = next(filter(None, map(shutil.which, (os.environ.get("CHROMIUM", ""), *PROGRAMS))), None)
    program = found or missing("no Chromium: install the package chromium, or set CHROMIUM")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        await browser.close()


def _axe() -> str:
    path = Path(os.environ.get("AXE_CORE", ""))
    if not path.is_file():
        missing("no axe-core: npm pack axe-core, and set AXE_CORE to its axe.min.js")
    return path.read_text(encoding="utf-8")


async def visible(*found: Locator) -> None:
    """Wait until each of these is seen."""
    for each in found:
        await expect(each).to_be_visible()


async def gone(*found: Locator) -> None:
    """Wait until none of these is seen."""
    for each in found:
        await expect(each).to_be_hidden()


def button_in(place: Locator, label: str) -> Locator:
    """Find buttons by their label; to a screen reader, a name may follow it."""
    return place.get_by_role("button").filter(has_text=re.compile(f"^{re.escape(label)}$"))


class DemoPage:
    """Page object: one browser tab with the demo's page, and the problems that were seen in it."""

    def __init__(self, tab: Page, address: str) -> None:
        self.tab = tab
        self.problems: list[str] = []
        self.expected_problems = "$^"
        """Regular expression of the problems that a test causes itself."""
        self.conversation = tab.get_by_role("main")
        """The open channel."""
        self.title = self.conversation.get_by_role("heading", level=2)
        self.field = self.conversation.get_by_role("combobox")
        self.offers = self.conversation.get_by_role("option")
        """What is offered to complete what was typed."""
        self.channels = tab.get_by_role("navigation", name="Channels")
        self.thread = tab.get_by_role("region", name="Thread")
        self.panel = tab.get_by_role("complementary", name="MetaStudio")
        self.dialog = tab.get_by_role("dialog")
        """The question before a button with a confirmation."""
        self._watch(address, f"{address.replace('http', 'ws', 1)}live")

    def _watch(self, address: str, socket_address: str) -> None:
        """Record everything that a page should not do."""

        def note(what: str, *, is_wrong: bool) -> None:
            self.problems += [what] * is_wrong

        self.tab.on("console", lambda it: note(it.text, is_wrong=it.type in {"error", "warning"}))
        self.tab.on("pageerror", lambda error: note(f"threw {error}", is_wrong=True))
        self.tab.on("request", lambda it: note(it.url, is_wrong=not it.url.startswith((address, "data:"))))
        self.tab.on("websocket", lambda it: note(it.url, is_wrong=it.url != socket_address))

    def message(self, *texts: str) -> Locator:
        """Find messages of the open channel that contain all of these texts."""
        return self._messages(self.conversation, texts)

    def posted(self, *texts: str) -> Locator:
        """Find messages of the open channel that everybody sees."""
        return self.message(*texts).filter(has_not_text=ONLY_ME)

    def reply(self, *texts: str) -> Locator:
        """Find messages of the open thread."""
        return self._messages(self.thread, texts)

    def _messages(self, place: Locator, texts: tuple[str, ...]) -> Locator:
        found = place.get_by_role("article")
        for text in texts:
            found = found.filter(has_text=text)
        return found

    def channel(self, name: str) -> Locator:
        """Find a channel in the list."""
        return self.channels.get_by_role("button", name=name)

    def job(self, name: str) -> Locator:
        """Find a job in the panel."""
        return self.panel.get_by_role("listitem").filter(has=self.tab.get_by_text(name, exact=True))

    def job_button(self, label: str, voice: str) -> Locator:
        """Find a button of a job in the panel."""
        return self.panel.get_by_role("button", name=f"{label} {voice}", exact=True)

    async def send(self, text: str) -> None:
        """Send a text in the open channel."""
        await self.field.fill(text)
        await self.press_keys("Escape", "Enter")  # the first one closes what is offered, if anything is
        await expect(self.field).to_have_value("")

    async def press_keys(self, *keys: str) -> None:
        """Press these keys, one after the other."""
        for key in keys:
            await self.tab.keyboard.press(key)

    async def type(self, text: str, *keys: str) -> None:
        """Type a text where the focus is, and then press these keys."""
        await self.tab.keyboard.type(text)
        await self.press_keys(*keys)

    async def open(self, name: str) -> None:
        """Open a channel."""
        await self.channel(name).click()
        await expect(self.title).to_contain_text(name)

    async def press(self, name: str, *texts: str) -> None:
        """Press a button of the newest message that contains these texts."""
        await button_in(self.message(*texts).last, name).click()

    async def tab_to(self, control: Locator, key: str = "Tab") -> None:
        """Press the Tab key until a control has the focus."""
        for _ in range(MOST_TABS):
            if await control.evaluate("control => control === document.activeElement"):
                return
            await self.press_keys(key)
        pytest.fail(f"The Tab key does not lead to {control}")

    async def accessibility_violations(self, *rules: str) -> list[str]:
        """Return the serious and critical violations that axe finds, of all rules or of these."""
        if not await self.tab.evaluate("() => 'axe' in window"):
            await self.tab.evaluate(_axe())
        return list(await self.tab.evaluate(VIOLATIONS, {"runOnly": rules} if rules else {}))


class Demo:
    """The demo, its page as it is served, and the tabs that are open."""

    def __init__(self, ground: Playground, chromium: Browser) -> None:
        self.ground = ground
        self.address = ""
        self.allows_violations = False
        """Whether the test breaks Slack's rules with the bot's token."""
        self.client = AsyncWebClient(token=BOT_TOKEN, base_url=ground.slack.api_url)
        """Speaks with Slack as the bot does."""
        self._chromium = chromium
        self._server = AsyncExitStack()
        self._contexts = AsyncExitStack()
        self._pages: list[DemoPage] = []

    async def serve(self) -> None:
        """Serve the page, at the same port each time."""
        port = int(self.address.rstrip("/").rpartition(":")[2] or 0)
        self.address = await self._server.enter_async_context(serving(self.ground, port))

    async def stop_serving(self) -> None:
        """Stop serving the page; the rest of the demo goes on."""
        await self._server.aclose()

    async def open_page(self, path: str = "", size: ViewportSize = DESKTOP, **options: Any) -> DemoPage:
        """Open the page in a new browser context, and wait for the first message."""
        options = {"locale": "en-US", "timezone_id": "UTC"} | options
        opened = await self._chromium.new_context(viewport=size, **options)
        opened.set_default_timeout(PATIENCE * 1000)
        self._contexts.push_async_callback(opened.close)
        page = DemoPage(await opened.new_page(), self.address)
        self._pages.append(page)
        await page.tab.goto(f"{self.address}{path}")
        await visible(page.message().first)
        return page

    async def close(self) -> list[str]:
        """Close everything, and return the unexpected problems of all tabs."""
        problems = []
        for page in self._pages:
            if await page.tab.evaluate(f"() => window.{EXECUTED} ?? null") is not None:
                problems.append("executed a text")
            problems += [each for each in page.problems if not re.search(page.expected_problems, each)]
        await self._contexts.aclose()
        await self._server.aclose()
        return problems

    async def post(self, channel: str, text: str, **arguments: Any) -> str:
        """Post a message with the bot's token, and return its ``ts``. Raises SlackApiError."""
        self.allows_violations = True
        channel_id = self.channel_id(channel)
        posted = await self.client.chat_postMessage(channel=channel_id, text=text, **arguments)
        return str(posted["ts"])

    def channel_id(self, name: str) -> str:
        """Return the id of a channel."""
        return next(channel.id for channel in self.ground.slack.channels if channel.name == name)

    def job_id(self, name: str) -> str:
        """Return the id of the first job with this name."""
        jobs = self.ground.metastudio.jobs
        return next(job_id for job_id, job in jobs.items() if job["voice_name"] == name)


@asynccontextmanager
async def running_demo(chromium: Browser, **options: Any) -> AsyncIterator[Demo]:
    """Run the demo and serve its page; its bot is connected. Afterwards, no page must have had a problem.

    ``options`` are those of the playground.
    """
    async with playground(**options) as ground:
        await eventually(lambda: ground.bot.state in {BotState.RUNNING, BotState.BROKEN})
        assert ground.bot.state is BotState.RUNNING, ground.bot.says
        running = Demo(ground, chromium)
        await running.serve()
        try:
            yield running
        finally:
            problems = await running.close()
        assert problems == []
        assert running.allows_violations or ground.slack.violations == []


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Run the browser, once for all tests."""
    async with running_chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def demo(chromium: Browser) -> AsyncIterator[Demo]:
    """Run the demo; its page and its bot must have kept all rules."""
    async with running_demo(chromium) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def page(demo: Demo) -> DemoPage:
    """Open the page on a desktop."""
    return await demo.open_page()


Script = Callable[..., Awaitable[Any]]
"""Runs JavaScript with an argument, in a time zone without summer time, and returns its result."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def script(chromium: Browser) -> AsyncIterator[Script]:
    """Run scripts beside the page's modules, without the page and without the demo."""

    async def answer(route: Route) -> None:
        await route.fulfill(path=STATIC / route.request.url.partition("/static/")[2])

    opened = await chromium.new_page(locale="en-US", timezone_id="America/Bogota")
    await opened.route("**/*", answer)
    await opened.goto("http://127.0.0.1/static/style/tokens.css")
    yield opened.evaluate
    await opened.close()
