"""A real browser at the demo's page, in the same event loop as the demo: what tests of the page need.

Every page must keep to itself: a test fails if the page logged an error, threw, opened a dialog of the
browser's, asked for an address other than its own server's, or ran something that came in a text.
"""

import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest
import pytest_asyncio
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.bot_switch import BotState
from bot.demo.page import HOST, STATIC, serving
from bot.demo.playground import Playground, playground
from bot.network.servers import Site
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
    ConsoleMessage,
    Dialog,
    Error,
    Locator,
    Page,
    Request,
    WebSocket,
    async_playwright,
    expect,
)

expect.set_options(timeout=PATIENCE * 1000)

__all__ = ["ONLY_ME", "Demo", "Locator", "Page", "Script", "Visit", "expect"]

PROGRAMS: Final = ("chromium-headless-shell", "chromium", "/usr/bin/chromium")
"""Debian's names. The first is the same browser without its windows, and opens pages three times as fast."""
QUIET: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
DESKTOP: Final = {"width": 1440, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
ONLY_ME: Final = "Only visible to you"
RAN: Final = "__ran"
"""What the scripts in hostile texts set on the window, if they run."""
MOST_STOPS: Final = 80
"""How often the Tab key is pressed at most to come to some control."""


def program() -> str:
    """Find Chromium; without it there is no test in a browser."""
    found = next(filter(None, map(shutil.which, (os.environ.get("CHROMIUM", ""), *PROGRAMS))), None)
    return found or missing("no Chromium: install the package chromium, or set CHROMIUM")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Start the browser, once for all tests."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program(), args=QUIET)
        yield browser
        await browser.close()


@dataclass(kw_only=True)
class Visit:
    """One tab with the demo's page in it, and what was wrong there."""

    page: Page
    ground: Playground
    address: str
    complaints: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)
    """What a test expects to go wrong, as regular expressions."""

    def watch(self) -> None:
        """Write down everything that a page should not do."""
        self.page.on("console", self._on_console)
        self.page.on("pageerror", self._on_error)
        self.page.on("dialog", self._on_dialog)
        self.page.on("request", self._on_request)
        self.page.on("websocket", self._on_socket)

    def _on_console(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self.complaints.append(f"console: {said.text}")

    def _on_error(self, error: Error) -> None:
        self.complaints.append(f"threw: {error}")

    async def _on_dialog(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:")):
            self.complaints.append(f"asked for {request.url}")

    def _on_socket(self, socket: WebSocket) -> None:
        if socket.url != f"{self.address.replace('http', 'ws', 1)}live":
            self.complaints.append(f"opened {socket.url}")

    def forgive(self, pattern: str) -> None:
        """Take complaints that a test expects for none, whenever they come."""
        self.forgiven.append(pattern)

    def unforgiven(self) -> list[str]:
        """List the complaints that nobody expected."""
        return [each for each in self.complaints if not any(re.search(bad, each) for bad in self.forgiven)]

    # What a person sees.

    @property
    def conversation(self) -> Locator:
        """The open channel."""
        return self.page.get_by_role("main")

    @property
    def thread(self) -> Locator:
        """The pane of the open thread."""
        return self.page.get_by_role("region", name="Thread")

    @property
    def panel(self) -> Locator:
        """The simulated MetaStudio."""
        return self.page.get_by_role("complementary", name="MetaStudio")

    @property
    def field(self) -> Locator:
        """Where one types in the open channel."""
        return self.conversation.get_by_role("combobox")

    @property
    def offers(self) -> Locator:
        """What is offered to complete what was typed."""
        return self.conversation.get_by_role("option")

    @property
    def last(self) -> Locator:
        """The newest message of the open channel."""
        return self.conversation.get_by_role("article").last

    def message(self, *texts: str) -> Locator:
        """Find messages of the open channel that have all of these texts."""
        return _with(self.conversation.get_by_role("article"), texts)

    def posted(self, *texts: str) -> Locator:
        """Find messages of the open channel that everybody sees."""
        return self.message(*texts).filter(has_not_text=ONLY_ME)

    def reply(self, *texts: str) -> Locator:
        """Find messages of the open thread."""
        return _with(self.thread.get_by_role("article"), texts)

    def channel(self, name: str) -> Locator:
        """Find a channel in the list."""
        return self.page.get_by_role("navigation", name="Channels").get_by_role("button", name=name)

    def job(self, name: str) -> Locator:
        """Find a job in the panel."""
        return self.panel.get_by_role("listitem").filter(has=self.page.get_by_text(name, exact=True))

    # What a person does.

    async def say(self, text: str) -> None:
        """Type something in the open channel, and send it."""
        await self.field.fill(text)
        await self.page.keyboard.press("Escape")  # the offers, if there are any
        await self.page.keyboard.press("Enter")
        await expect(self.field).to_have_value("")

    async def open(self, name: str) -> None:
        """Open a channel."""
        await self.channel(name).click()
        await expect(self.conversation.get_by_role("heading", level=2)).to_contain_text(name)

    async def press(self, name: str, *texts: str) -> None:
        """Press a button of the newest message that has these texts."""
        await self.message(*texts).last.get_by_role("button", name=name, exact=True).click()

    async def move(self, what: str, voice: str) -> None:
        """Press a button of a job in the panel."""
        await self.panel.get_by_role("button", name=f"{what} {voice}", exact=True).click()

    async def choose(self, who: str, mood: str) -> None:
        """Put somebody in another mood."""
        group = self.panel.get_by_role("group", name=who)
        await group.get_by_role("radio", name=mood).check()

    async def tab_to(self, control: Locator, key: str = "Tab") -> None:
        """Press the Tab key until a control has the focus, as one does without a mouse."""
        for _ in range(MOST_STOPS):
            if await control.evaluate("control => control === document.activeElement"):
                return
            await self.page.keyboard.press(key)
        pytest.fail(f"The Tab key does not lead to {control}")

    # How the page is.

    async def runs(self, script: str, argument: Any = None) -> Any:
        """Run a script in the page, and give what it gives."""
        return await self.page.evaluate(script, argument)

    async def sideways(self) -> list[str]:
        """Name what can be scrolled sideways: the page, or one of its parts."""
        found: list[str] = await self.page.evaluate(SIDEWAYS)
        return found

    async def colour(self, control: Locator, name: str = "backgroundColor") -> str:
        """Give a colour, or another style, as the browser computed it."""
        found = await control.evaluate("(control, name) => getComputedStyle(control)[name]", name)
        return str(found)

    async def barriers(self) -> list[str]:
        """Name what axe finds serious or critical for people who can't see, or use no mouse."""
        await self.page.evaluate(_axe())
        found: list[str] = await self.page.evaluate(BARRIERS)
        return found


SIDEWAYS: Final = """() => [...document.querySelectorAll('*')]
    .filter((each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0)
    .filter((each) => each === document.documentElement || each === document.body
        || ['auto', 'scroll'].includes(getComputedStyle(each).overflowX))
    .map((each) => `${each.tagName} ${each.id} ${each.className}`)"""

BARRIERS: Final = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ['violations'] });
    return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).flatMap(
        ({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`));
}"""


def _with(found: Locator, texts: tuple[str, ...]) -> Locator:
    for text in texts:
        found = found.filter(has_text=text)
    return found


@cache
def _axe() -> str:
    place = os.environ.get("AXE_CORE", "")
    if not Path(place).is_file():
        missing("no axe-core: npm pack axe-core, and set AXE_CORE to its axe.min.js")
    return Path(place).read_text(encoding="utf-8")


@dataclass(kw_only=True)
class Demo:
    """The demo as it is served, and the tabs that are open."""

    ground: Playground
    chromium: Browser
    address: str = ""
    may_break_rules: bool = False
    """Whether the test sends with the bot's token what the bot would not."""
    _served: AsyncExitStack = field(default_factory=AsyncExitStack)
    _opened: AsyncExitStack = field(default_factory=AsyncExitStack)
    _visits: list[Visit] = field(default_factory=list)

    async def serve(self) -> None:
        """Serve the page, at the port where it was served before."""
        port = int(self.address.rstrip("/").rpartition(":")[2] or 0)
        self.address = await self._served.enter_async_context(serving(self.ground, port))

    async def go_away(self) -> None:
        """Stop serving the page; the rest of the demo goes on."""
        await self._served.aclose()

    async def visit(self, path: str = "", **context: Any) -> Visit:
        """Open the page in a browser of its own; ``context`` are its time zone, colours, and size."""
        usual = {"locale": "en-US", "timezone_id": "UTC", "viewport": DESKTOP}
        made = await self.chromium.new_context(**usual | context)
        made.set_default_timeout(PATIENCE * 1000)
        self._opened.push_async_callback(made.close)
        return await self._tab(await made.new_page(), path)

    async def another_tab(self, visit: Visit) -> Visit:
        """Open the page once more in the same browser."""
        return await self._tab(await visit.page.context.new_page(), "")

    async def _tab(self, page: Page, path: str) -> Visit:
        visit = Visit(page=page, ground=self.ground, address=self.address)
        visit.watch()
        self._visits.append(visit)
        await page.goto(f"{self.address}{path}")
        if not path:
            await expect(visit.conversation.get_by_role("article").first).to_be_visible()
        return visit

    async def end(self) -> list[str]:
        """Close all, and give the complaints of all tabs."""
        open_ones = [visit.page for visit in self._visits if not visit.page.is_closed()]
        ran = [await page.evaluate(f"() => window.{RAN} ?? null") for page in open_ones]
        await self._opened.aclose()
        await self._served.aclose()
        complaints = [each for visit in self._visits for each in visit.unforgiven()]
        return complaints + [f"ran: {each}" for each in ran if each is not None]

    def slack(self) -> AsyncWebClient:
        """Give a client with the bot's token, to post what the bot would not."""
        self.may_break_rules = True
        return AsyncWebClient(token=BOT_TOKEN, base_url=self.ground.slack.api_url)

    def channel_id(self, name: str) -> str:
        """Give the id of a channel."""
        return next(channel.id for channel in self.ground.slack.channels if channel.name == name)

    def job_id(self, name: str) -> str:
        """Give the id of the first job with this name."""
        jobs = self.ground.metastudio.jobs
        return next(job_id for job_id, job in jobs.items() if job["voice_name"] == name)


@pytest_asyncio.fixture(loop_scope="session")
async def demo(chromium: Browser) -> AsyncIterator[Demo]:
    """Run the demo; nothing that a page did there was wrong."""
    async with playground() as ground:
        await eventually(lambda: ground.bot.state in {BotState.RUNNING, BotState.BROKEN})
        assert ground.bot.state is BotState.RUNNING, ground.bot.says
        made = Demo(ground=ground, chromium=chromium)
        await made.serve()
        try:
            yield made
        finally:
            complaints = await made.end()
        assert complaints == []
        assert made.may_break_rules or ground.slack.violations == []


@pytest_asyncio.fixture(loop_scope="session")
async def visit(demo: Demo) -> Visit:
    """Open the page on a desktop."""
    return await demo.visit()


Script = Callable[..., Awaitable[Any]]
"""Runs JavaScript with an argument, in a time zone, and gives its result."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def script(chromium: Browser) -> AsyncIterator[Script]:
    """Run scripts beside the page's modules, without the page and without the demo."""
    application = web.Application()
    application.router.add_static("/static", STATIC)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await Site(runner, HOST, 0).start()
    pages: dict[str, Page] = {}

    async def run(source: str, argument: Any = None, *, zone: str = "UTC") -> Any:
        if zone not in pages:
            pages[zone] = await chromium.new_page(locale="en-US", timezone_id=zone)
            await pages[zone].goto(f"http://{HOST}:{runner.addresses[0][1]}/static/style/tokens.css")
        return await pages[zone].evaluate(source, argument)

    yield run
    for page in pages.values():
        await page.close()
    await runner.cleanup()
