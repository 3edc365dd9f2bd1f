"""The command line: parse, call, print, exit code. The only place that prints.

Exit codes: 0 done, 1 it did not work, 2 the settings or the arguments are wrong. What ``run`` does not need
is imported where it is used, since a bot keeps in memory what it imports.
"""

import asyncio
import gc
import json
import logging
import os
import signal
import sys
import threading
import time
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from io import TextIOWrapper
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from bot import app as bot
from bot import cards, logs
from bot.checks import settings as known_settings
from bot.checks.item import Item
from bot.config import MetaStudioSettings, Settings
from bot.errors import BadSettings, BadUsage, MetaStudioError, VoiceJobError
from bot.job_ids import job_id_from
from bot.jobs import Job, without_personal_fields
from bot.logs import LogFormat
from bot.metastudio.proxies import check_proxies

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

log = logging.getLogger(__name__)

BAD_INPUT: Final = 2
DEMO_PORT: Final = 8910
MARKS: Final = {
    True: ("ok     ", "green"),
    False: ("failed ", "bold red"),
    None: ("-      ", "yellow"),
}
"""How a line of ``check`` begins, and its colour on a terminal."""
SCREENS: Final = ("DISPLAY", "WAYLAND_DISPLAY")
"""Environment variables that a desktop of Linux or BSD sets."""

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # which fills the lines of help
    context_settings={"help_option_names": ["-h", "--help"]},
)


@cache
def console(*, stderr: bool = False) -> "Console":
    """Give what draws on the terminal."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def main() -> None:
    """Run the command line: what goes wrong becomes a sentence and an exit code."""
    if isinstance(sys.stdout, TextIOWrapper):
        # Where it is not UTF-8, some of our characters would be an error. stderr escapes them by itself.
        sys.stdout.reconfigure(errors="replace")
    try:
        cli()
    except (BadSettings, BadUsage) as error:
        _say_aside(str(error))
        sys.exit(BAD_INPUT)
    except VoiceJobError as error:
        _say_aside(error.sentence())
        if isinstance(error, MetaStudioError):
            _say_aside(str(error))
        sys.exit(1)


def _say_aside(text: str) -> None:
    """Print what is no output for another program to read."""
    console(stderr=True).print(text, markup=False, soft_wrap=True)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  typer passes the option's value
    from importlib.metadata import version

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
    # People make trouble here on purpose, and see on the page what comes of it.
    logs.set_up(level=logging.ERROR)
    if once:
        from bot.demo.story import play

        asyncio.run(play(console()))
    else:
        asyncio.run(_demo(port, open_browser=browser))


@cli.command()
def manifest(
    *,
    url: Annotated[
        str | None, typer.Option(help="HTTP mode: the bot's public address, https://host.")
    ] = None,
) -> None:
    """Print the Slack app's manifest: for Socket Mode, or with --url for HTTP mode."""
    from bot import manifest as app_manifest

    try:
        host = None if url is None else app_manifest.address(url)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--url") from None
    text = app_manifest.as_yaml(app_manifest.manifest(host))
    typer.echo(text, nl=False)
    _say_aside("This link makes the app at Slack, with the manifest filled in:")
    _say_aside(app_manifest.new_app_link(text))


@cli.command()
def check(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False
) -> None:
    """Try all settings for real: at Slack, at MetaStudio, on the disk and at the port. Say what to do.

    It prints a line for each, within half a minute, and exits with 0, or with 1 if anything failed. A bot
    that runs meanwhile goes on, and keeps its store.
    """
    logs.set_up(level=logging.CRITICAL)  # what goes wrong is in the lines
    asyncio.run(_check(as_json=as_json))


@cli.command()
def run() -> None:
    """Run the bot, until it is stopped.

    Its settings come from the environment or from .env; the README names them, and `voicejob check` tries
    them.
    """
    logs.set_up()
    known = known_settings.read()
    logs.set_up(known.settings.voicejob_log)
    for slip in known.unknown:
        log.warning("%s", slip)
    try:
        if known.problems:
            raise BadSettings(list(known.problems))
        asyncio.run(_run(known.settings))
    except VoiceJobError as error:
        if known.settings.voicejob_log is LogFormat.TEXT:
            raise
        log.critical("%s", error.sentence())  # whoever reads JSON gets nothing else
        raise typer.Exit(BAD_INPUT if isinstance(error, BadSettings) else 1) from None


@cli.command()
def show(
    job_id: Annotated[str, typer.Argument(help="The job's id, or a link that holds it.")],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what MetaStudio sent, without personal fields.")
    ] = False,
) -> None:
    """Look up one job and print it."""
    logs.set_up(level=logging.WARNING)
    found = job_id_from(job_id)
    settings = MetaStudioSettings.load()
    answer = asyncio.run(_answer(settings, found))
    if as_json:
        # In ASCII: what comes from outside can neither break the output nor command the terminal.
        typer.echo(json.dumps(without_personal_fields(answer), indent=2))
    else:
        from bot import terminal

        console().print(terminal.draw(_card(settings, Job.from_api(answer | {"job_id": found}))))


async def _run(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C. Before the bot is ready, that breaks the start off."""
    check_proxies()
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
    from bot.demo.page import serving
    from bot.demo.playground import playground

    stop = asyncio.Event()
    _on_signals(stop.set)
    async with playground() as ground, serving(ground, port) as address:
        console().print(f"The demo is at {address}", "Ctrl-C ends it.", sep="\n")
        if open_browser and _has_screen():
            # Some browsers come back only when they are closed: they must not keep the demo from ending.
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        await stop.wait()
    console().print("The demo has ended; nothing of it is kept.")


def _has_screen() -> bool:
    """Say whether a browser has where to show: without, a text browser would take over the terminal."""
    return sys.platform in {"darwin", "win32"} or any(os.environ.get(name) for name in SCREENS)


def _on_signals(end: Callable[[], object]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)


async def _check(*, as_json: bool) -> None:
    from bot.checks.check import check

    items = await check(known_settings.read())
    good = all(item.ok is not False for item in items)
    if as_json:
        typer.echo(json.dumps({"ok": good, "items": [asdict(item) for item in items]}, indent=2))
    else:
        for item in items:
            console().print(_line(item), soft_wrap=True)
    sys.stdout.flush()
    # Python would wait for a thread that looks up a host's name, however long that hangs.
    os._exit(0 if good else 1)


def _line(item: Item) -> "Text":
    from rich.text import Text

    mark, colour = MARKS[item.ok]
    return Text.assemble((mark, colour), (item.name, "bold"), f": {item.says}")


async def _answer(settings: MetaStudioSettings, job_id: str) -> dict[str, Any]:
    check_proxies()
    async with bot.metastudio_from(settings) as metastudio:
        return await metastudio.answer(job_id)


def _card(settings: MetaStudioSettings, job: Job) -> list[dict[str, Any]]:
    """Make the blocks of a card, without the buttons: there is nothing to press in a terminal."""
    card = cards.job(job, region=settings.metastudio_region, now=int(time.time()))
    return [block for block in card.blocks if block["type"] != "actions"]
