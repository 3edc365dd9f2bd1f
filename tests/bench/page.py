"""What the demo's page costs to open: requests, bytes over the wire, and time to the first drawn message.

``python -m tests.bench.page [--visits N]``, or ``--quick`` for one; it needs Chromium. Each visit is a
browser without a cache.
"""

import argparse
from collections import defaultdict
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

from tests.bench.report import Figure, options, run
from tests.browser.fixtures import Browser, running_chromium, running_demo

DRAWN: Final = """new MutationObserver(() => {
    if (!window.drawnAt && document.querySelector("main article")) window.drawnAt = performance.now();
}).observe(document, { childList: true, subtree: true });"""
"""Notes when the first message is in the document, in milliseconds from the start of the navigation."""


async def measure(given: argparse.Namespace, _: Path) -> list[Figure]:
    """Open the page several times."""
    async with running_chromium() as chromium, running_demo(chromium) as demo:
        seen = [await visit(chromium, demo.address) for _ in range(given.visits)]
    return [Figure(name, median(each[name] for each in seen)) for name in seen[0]]


async def visit(chromium: Browser, address: str) -> dict[str, float]:
    """Open the page once, in a browser that has nothing of it."""
    context = await chromium.new_context()
    page = await context.new_page()
    counted: defaultdict[str, float] = defaultdict(float)
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
    given = options(__doc__, visits=(9, 1, "with an empty cache each"))
    run(partial(measure, given), f"The demo's page: medians of {given.visits} visits")
