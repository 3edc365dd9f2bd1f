"""``voicejob run``: the bot as a process, from its settings to its end."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from bot import app as bot
from bot.config import Settings, unknown_keys
from bot.errors import BadSettings, VoiceJobError
from bot.messages.operator import sentence
from bot.network import variables
from bot.telemetry import logs
from bot.telemetry.logs import LogFormat

log = logging.getLogger(__name__)

YOUNG_OBJECTS: Final = 10_000
"""New objects between two garbage collections: few are in reference cycles, so that this is enough."""


def run() -> None:
    """Read the settings, and run until SIGTERM or Ctrl-C.

    Raises VoiceJobError; where the log is JSON, it is logged instead, and SystemExit raised.
    """
    logs.set_up()
    reading = Settings.read()
    logs.set_up(reading.settings.voicejob_log)
    for warning in unknown_keys():
        log.warning("%s", warning)
    try:
        if problems := [*reading.problems, *variables.problems()]:
            raise BadSettings(problems, variant="start", hint=reading.hint)
        asyncio.run(_run(reading.settings))
    except VoiceJobError as error:
        if reading.settings.voicejob_log is LogFormat.TEXT:
            raise
        log.critical("%s", sentence(error))  # whoever reads JSON gets nothing else
        sys.exit(error.exit_code)


async def _run(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C, which cancels the start if the bot is not ready yet."""
    stop, is_ready = asyncio.Event(), asyncio.Event()

    def ready(mode: str) -> None:
        is_ready.set()
        log.info("ready: %s", mode)
        _freeze()

    def end() -> None:
        stop.set()
        if not is_ready.is_set():
            running.cancel()

    running = asyncio.ensure_future(bot.run(settings, stop=stop, ready=ready))
    on_signals(end)
    with suppress(asyncio.CancelledError):
        await running
    log.info("stopped")


def _freeze() -> None:
    """Leave the objects that exist by now out of garbage collections, and collect less often.

    A full collection that visited them would delay everybody's acknowledgement by 50 ms. This one takes as
    long, so it runs when Slack can reach the bot already.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 10, 10)


def on_signals(end: Callable[[], object]) -> None:
    """Call ``end`` at SIGTERM, SIGINT, and when the terminal is closed, unless that is ignored (nohup)."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(number, end)
