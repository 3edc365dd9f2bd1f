"""What the demo's page costs to open: requests, bytes over the wire, and time to the first drawn message.

``python -m tests.bench.page [--visits N]``, or ``--quick`` for one; it needs Chromium. Each visit is a
browser without a cache.
"""

import argparse
import asyncio
from statistics import median
from typing import Any, Final

from playwright.async_api import Browser

from bot.demo.bot_switch import BotState
from bot.demo.page import serving
from bot.demo.playground import playground
from tests.bench.figures import Figure, show
from tests.browser.fixtures import running_chromium
from tests.support import eventually

DRAWN: Final = """new MutationObserver(() => {
    if (!window.drawnAt && document.querySelector("main article")) window.drawnAt = performance.now();
}).observe(document, { childList: true, subtree: true });"""
"""Notes when the first message is in the document, in milliseconds from the start of the navigation."""


async def main(visits: int) -> None:
    """Open the page several times, and print the medians."""
    async with playground() as ground, serving(ground, 0) as address, running_chromium() as chromium:
        await eventually(lambda: ground.bot.state is BotState.RUNNING)
        seen = [await visit(chromium, address) for _ in range(visits)]
    rows = [Figure(name=name, ours=median(each[name] for each in seen)) for name in seen[0]]
    show(rows, f"The demo's page: medians of {visits} visits, each with an empty cache")


async def visit(chromium: Browser, address: str) -> dict[str, float]:
    """Open the page once, in a browser that has nothing of it."""
    context = await chromium.new_context()
    page = await context.new_page()
    counted = {"requests": 0.0, "bytes over the wire, headers included": 0.0}
    counted["bytes of the WebSocket's first frame"] = 0.0
    network = await context.new_cdp_session(page)
    await network.send("Network.enable")

    def ended(event: dict[str, Any]) -> None:
        counted["requests"] += 1
        counted["bytes over the wire, headers included"] += event["encodedDataLength"]

    def framed(event: dict[str, Any]) -> None:
        counted["bytes of the WebSocket's first frame"] += len(event["response"]["payloadData"].encode())

    network.on("Network.loadingFinished", ended)
    network.once("Network.webSocketFrameReceived", framed)
    await page.add_init_script(DRAWN)
    await page.goto(address, wait_until="networkidle")
    await page.wait_for_function("window.drawnAt")
    counted["ms to the first message in the page"] = await page.evaluate("window.drawnAt")
    await context.close()
    return counted


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, to see that all works")
    quick = parser.parse_known_args()[0].quick
    parser.add_argument("--visits", type=int, default=1 if quick else 9)
    asyncio.run(main(parser.parse_args().visits))
