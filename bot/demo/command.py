"""``voicejob demo`` as a process: the story, or the page until a signal ends it."""

import asyncio
import os
import sys
import threading
import webbrowser
from typing import Final

from bot.demo.page import serving
from bot.demo.playground import playground
from bot.demo.story import play
from bot.domain.languages import Language
from bot.process.console import console
from bot.process.output import wait_less
from bot.run import on_signals

SCREENS: Final = ("DISPLAY", "WAYLAND_DISPLAY")
"""Environment variables that a desktop of Linux or BSD sets."""


async def tell_story(language: Language) -> None:
    """Play the story; SIGTERM and Ctrl-C cancel it, so that its files are removed."""
    playing = asyncio.ensure_future(play(console(), language))
    on_signals(playing.cancel)
    try:
        await playing
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def serve_page(port: int, language: Language, *, open_browser: bool) -> None:
    """Serve the demo's page until SIGTERM or Ctrl-C."""
    stop = asyncio.Event()

    def end() -> None:
        wait_less()
        stop.set()

    on_signals(end)
    async with playground(language) as ground, serving(ground, port) as address:
        console().print(f"The demo is at {address}", "Ctrl-C ends it.", sep="\n")
        if open_browser and _has_screen():
            # Some browsers come back only when they are closed: they must not keep the demo from ending.
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        await stop.wait()
    console().print("The demo has ended; nothing of it is kept.")


def _has_screen() -> bool:
    """Whether there is a screen for a browser; without one, a text browser would take over the terminal."""
    return sys.platform in {"darwin", "win32"} or any(os.environ.get(name) for name in SCREENS)
