"""The command line: parse, call, print, exit code. What only one command needs is imported in it."""

import asyncio
import json
import logging
import os
import sys
import threading
import time
import webbrowser
from dataclasses import asdict
from typing import Annotated, Any, Final

import typer

from bot import app as bot
from bot.config import MetaStudioSettings, Settings
from bot.domain.job_ids import job_id_from
from bot.domain.jobs import Job, without_personal_fields
from bot.domain.languages import Language
from bot.messages import job_card
from bot.messages.context import MessageContext
from bot.messages.texts import words_in
from bot.network import variables
from bot.process.console import console, print_aside
from bot.process.output import wait_for_stdout, wait_less
from bot.process.version import VERSION
from bot.run import on_signals, run
from bot.telemetry import logs

DEMO_PORT: Final = 8910
MARKS: Final = {
    True: ("ok     ", "green"),
    False: ("failed ", "bold red"),
    None: ("-      ", "yellow"),
}
"""The beginning of a line of ``check`` and its colour, by ``Item.ok``."""
WIDEST_PAGE: Final = 100
"""In columns: longer lines are hard to read."""
LONGEST_ECHO: Final = 40
"""Characters of a wrong argument that are repeated."""
SCREENS: Final = ("DISPLAY", "WAYLAND_DISPLAY")
"""Environment variables that a desktop of Linux or BSD sets."""

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # which fills the lines of help
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  typer passes the option's value
    if wanted:
        typer.echo(VERSION)
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
        asyncio.run(_story())
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
    from bot.slack import manifest as app_manifest

    try:
        host = None if url is None else app_manifest.address(url)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--url") from None
    text = app_manifest.as_yaml(app_manifest.manifest(host))
    typer.echo(text, nl=False)
    print_aside("This link makes the app at Slack, with the manifest filled in:")
    print_aside(app_manifest.new_app_link(text))


@cli.command()
def check(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False
) -> None:
    """Try all settings for real: at Slack, at MetaStudio, on the disk and at the port. Say what to do.

    It prints a line for each, within half a minute, and exits with 0, with 1 if anything failed, or with 2 if
    a variable of the network, such as HTTPS_PROXY, can't be used. A bot that runs meanwhile goes on, and
    keeps its store.
    """
    from rich.text import Text

    from bot.checks.check import check as check_all

    logs.set_up(level=logging.CRITICAL)  # what goes wrong is in the lines
    items = asyncio.run(check_all(Settings.read()))
    is_good = all(item.ok is not False for item in items)
    if as_json:
        typer.echo(json.dumps({"ok": is_good, "items": [asdict(item) for item in items]}, indent=2))
    else:
        for item in items:
            line = Text.assemble(MARKS[item.ok], (item.name, "bold"), f": {item.says}")
            console().print(line, soft_wrap=True)
    wait_for_stdout()  # however it went, all of it is wanted
    raise typer.Exit(0 if is_good else 2 if variables.problems() else 1)


@cli.command(rich_help_panel="Set up")
def init() -> None:
    """Ask for the settings, say where each is found, try each, and write them to .env.

    What .env has already is kept where Enter is pressed. It asks in a terminal, and exits with 2 where there
    is none. Nothing is written before the end: Ctrl-C leaves all as it is.
    """
    from bot.setup.dialogue import init as ask_and_write

    logs.set_up(level=logging.CRITICAL)  # what goes wrong is in the lines
    raise typer.Exit(ask_and_write())


@cli.command("run")
def run_bot() -> None:
    """Run the bot, until it is stopped.

    Its settings come from the environment or from .env; the README names them, and `voicejob check` tries
    them.
    """
    run()


@cli.command()
def show(
    job_id: Annotated[str, typer.Argument(help="The job's id, or a link that holds it.")],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what MetaStudio sent, without personal fields.")
    ] = False,
    language: Annotated[
        Language | None, typer.Option(help="The language of what is printed; by default VOICEJOB_LANGUAGE.")
    ] = None,
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
        from bot.messages import terminal

        job, context = Job.from_api(answer | {"job_id": found}), _context(settings, language)
        card = job_card.card(job, [], context, now=int(time.time()))
        console().print(terminal.draw([*card.blocks, *job_card.details(job, context)]))


def _context(settings: MetaStudioSettings, language: Language | None) -> MessageContext:
    return MessageContext(
        region=settings.metastudio_region,
        bot_name="",
        command="voicejob show",
        console_url=settings.console_url,
        words=words_in(language or settings.voicejob_language),
    )


@cli.command(rich_help_panel="Set up")
def docs(
    topic: Annotated[str | None, typer.Argument(help="The page; without it, all are listed.")] = None,
) -> None:
    """Read the manual: deployment, settings, monitoring, states, reliability, development."""
    from bot.docs import TOPICS, page, similar

    if topic is None:
        typer.echo("\n".join(f"voicejob docs {name:12} {about}" for name, about in TOPICS.items()))
    elif topic not in TOPICS:
        meant = f" Did you mean {name}?" if (name := similar(topic)) else ""
        says = f"there is no page {topic[:LONGEST_ECHO]!r}.{meant} The pages are {', '.join(TOPICS)}."
        raise typer.BadParameter(says, param_hint="TOPIC")
    elif console().is_terminal:
        from rich.markdown import Markdown

        console().print(Markdown(page(topic), hyperlinks=False), width=min(console().width, WIDEST_PAGE))
    else:
        typer.echo(page(topic), nl=False)


async def _story() -> None:
    """Play the story; SIGTERM and Ctrl-C cancel it, so that its files are removed."""
    from bot.demo.story import play

    playing = asyncio.ensure_future(play(console()))
    on_signals(playing.cancel)
    try:
        await playing
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _demo(port: int, *, open_browser: bool) -> None:
    """Serve the demo's page until SIGTERM or Ctrl-C."""
    from bot.demo.page import serving
    from bot.demo.playground import playground

    stop = asyncio.Event()

    def end() -> None:
        wait_less()
        stop.set()

    on_signals(end)
    async with playground() as ground, serving(ground, port) as address:
        console().print(f"The demo is at {address}", "Ctrl-C ends it.", sep="\n")
        if open_browser and _has_screen():
            # Some browsers come back only when they are closed: they must not keep the demo from ending.
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        await stop.wait()
    console().print("The demo has ended; nothing of it is kept.")


def _has_screen() -> bool:
    """Whether there is a screen for a browser; without one, a text browser would take over the terminal."""
    return sys.platform in {"darwin", "win32"} or any(os.environ.get(name) for name in SCREENS)


async def _answer(settings: MetaStudioSettings, job_id: str) -> dict[str, Any]:
    variables.check_environment()
    async with bot.metastudio_from(settings) as metastudio:
        return await metastudio.answer(job_id)
