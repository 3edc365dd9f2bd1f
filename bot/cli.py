"""The command line: parse, call, print, exit code. The only place that prints.

Exit codes: 0 done, 1 it did not work, 2 the settings or the arguments are wrong.
"""

import asyncio
import gc
import json
import logging
import os
import signal
import sys
import time
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from bot import app as bot
from bot import cards, terminal
from bot.config import MetaStudioSettings, Settings
from bot.errors import BadSettings, BadUsage, MetaStudioError, VoiceJobError
from bot.job_ids import job_id_from
from bot.jobs import Job, without_personal_fields

log = logging.getLogger(__name__)

LOG_FORMAT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
BAD_INPUT: Final = 2
DEMO_PORT: Final = 8910
SCREENS: Final = ("DISPLAY", "WAYLAND_DISPLAY")
"""Environment variables that a desktop of Linux or BSD sets."""
QUIET: Final = {"httpx": logging.WARNING, "slack_sdk": logging.WARNING, "stamina": logging.ERROR}
"""Libraries that would log each request and each try; what came of them is logged here."""

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def main() -> None:
    """Run the command line: what goes wrong becomes a sentence and an exit code."""
    try:
        cli()
    except (BadSettings, BadUsage) as error:
        err.print(str(error), markup=False, soft_wrap=True)
        sys.exit(BAD_INPUT)
    except VoiceJobError as error:
        err.print(error.sentence(), markup=False, soft_wrap=True)
        if isinstance(error, MetaStudioError):
            err.print(str(error), markup=False, soft_wrap=True)
        sys.exit(1)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  typer passes the option's value
    if wanted:
        typer.echo(version("voicejob"))
        raise typer.Exit


@cli.callback()
def options(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """See in Slack where voice training jobs at Huawei Cloud MetaStudio stand."""


@cli.command()
def run() -> None:
    """Run the bot, with the settings from the environment or .env, until it is stopped."""
    _log_to_stderr()
    asyncio.run(_run(Settings.load()))


@cli.command()
def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Play a story in the terminal, check it, and exit.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where the page is served; 0 finds a free port.")
    ] = DEMO_PORT,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """Run the same bot against a Slack and a MetaStudio inside this process: no account, no network.

    It serves a page on this machine, on which you can type, press and let jobs go on, until Ctrl-C. With
    --once there is no page: it plays a story in the terminal, checks it, and exits with 0, or with 1 and
    what went wrong.
    """
    _log_to_stderr(logging.ERROR)  # people make trouble here on purpose, and see on the page what comes of it
    # The bot itself does not carry its stand-ins.
    if once:
        from bot.demo.story import play  # noqa: PLC0415

        asyncio.run(play(out))
    else:
        asyncio.run(_demo(port, open_browser=browser))


@cli.command()
def show(
    job_id: Annotated[str, typer.Argument(help="The job's id, or a link that holds it.")],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what MetaStudio sent, without personal fields.")
    ] = False,
) -> None:
    """Look up one job and print it."""
    _log_to_stderr(logging.WARNING)
    found = job_id_from(job_id)
    settings = MetaStudioSettings.load()
    answer = asyncio.run(_answer(settings, found))
    if as_json:
        # In ASCII: what comes from outside can neither break the output nor command the terminal.
        typer.echo(json.dumps(without_personal_fields(answer), indent=2))
    else:
        out.print(terminal.draw(_card(settings, Job.from_api(answer | {"job_id": found}))))


async def _run(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C. Before the bot is ready, that breaks the start off."""
    stop, is_ready = asyncio.Event(), asyncio.Event()

    def ready(way: str) -> None:
        is_ready.set()
        _freeze()
        log.info("ready: %s", way)

    def end() -> None:
        stop.set()
        if not is_ready.is_set():
            running.cancel()

    running = asyncio.ensure_future(bot.run(settings, stop=stop, ready=ready))
    _on_signals(end)
    with suppress(asyncio.CancelledError):
        await running
    log.info("stopped")


def _freeze() -> None:
    # What exists by now stays to the end. Frozen, it is no longer walked by each full garbage collection,
    # which would hold up everybody's acknowledgement for 50 ms.
    gc.collect()
    gc.freeze()


async def _demo(port: int, *, open_browser: bool) -> None:
    """Serve the demo's page until SIGTERM or Ctrl-C."""
    from bot.demo.page import serving  # noqa: PLC0415
    from bot.demo.playground import playground  # noqa: PLC0415

    stop = asyncio.Event()
    _on_signals(stop.set)
    async with playground() as ground, serving(ground, port) as address:
        out.print(f"The demo is at {address}", "Ctrl-C ends it.", sep="\n")
        if open_browser and _has_screen():
            await asyncio.to_thread(webbrowser.open, address)
        await stop.wait()
    out.print("The demo has ended; nothing of it is kept.")


def _has_screen() -> bool:
    """Say whether a browser has where to show: without, a text browser would take over the terminal."""
    return sys.platform in {"darwin", "win32"} or any(os.environ.get(name) for name in SCREENS)


def _on_signals(end: Callable[[], object]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)


async def _answer(settings: MetaStudioSettings, job_id: str) -> dict[str, Any]:
    async with bot.metastudio_from(settings) as metastudio:
        return await metastudio.answer(job_id)


def _card(settings: MetaStudioSettings, job: Job) -> list[dict[str, Any]]:
    """Make the blocks of a card, without the buttons: there is nothing to press in a terminal."""
    card = cards.job(job, region=settings.metastudio_region, now=int(time.time()))
    return [block for block in card.blocks if block["type"] != "actions"]


def _log_to_stderr(level: int = logging.INFO) -> None:
    """Log a line an event. Never DEBUG: there, the libraries log whole messages."""
    logging.basicConfig(level=level, format=LOG_FORMAT)
    for name, quiet in QUIET.items():
        logging.getLogger(name).setLevel(quiet)
