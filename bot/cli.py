"""The command line: parse, call, print, exit code. What only one command needs is imported in it."""

import asyncio
import json
import logging
import os
import sys
import threading
import time
import webbrowser
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

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
WIDEST_PAGE: Final = 100
"""In columns: longer lines are hard to read."""
LONGEST_ECHO: Final = 40
"""Characters of a wrong argument that are repeated."""
SCREENS: Final = ("DISPLAY", "WAYLAND_DISPLAY")
"""Environment variables that a desktop of Linux or BSD sets."""

TRY: Final = "Try"
SET_UP: Final = "Set up"
RUN: Final = "Run"
"""The panels of help in which the commands are."""


class Commands(TyperGroup):
    """The commands. Help shows no type beside an option that takes no value."""

    def get_params(self, ctx: Any) -> Any:
        """Return the options that stand before a command."""
        return _without_types(super().get_params(ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; None if there is none of this name."""
        if command := super().get_command(ctx, cmd_name):
            _without_types(command.get_params(ctx))
        return command


def _without_types(options: list[Any]) -> list[Any]:
    for option in options:
        if getattr(option, "is_flag", False):
            option.metavar = ""
    return options


cli = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
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


@cli.command(rich_help_panel=TRY)
def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Play and check a story in the terminal instead.")
    ] = False,
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="The page's port; 0 finds a free one.")
    ] = DEMO_PORT,
    browser: Annotated[bool, typer.Option(help="Whether to open the page in a browser.")] = True,
) -> None:
    """Try the bot here, between a simulated Slack and MetaStudio: no account, no network.

    It is the same bot. A page in the browser, served until Ctrl-C, lets you type, press, and move jobs on.
    With --once there is no page: a story is played in the terminal and checked; the exit code is 0, or 1
    with what went wrong.
    """
    # People make trouble here on purpose, and see on the page what comes of it.
    logs.set_up(level=logging.ERROR)
    if once:
        asyncio.run(_story())
    else:
        asyncio.run(_demo(port, open_browser=browser))


@cli.command(rich_help_panel=SET_UP)
def manifest(
    *,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="https://HOST", help="For HTTP mode: the address at which Slack reaches the bot."
        ),
    ] = None,
) -> None:
    """Print the Slack app's manifest, and a link with which Slack makes the app.

    It is for Socket Mode, or with --url for HTTP mode.
    """
    from bot.slack import manifest as app_manifest

    try:
        host = None if url is None else app_manifest.address(url)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--url") from None
    text = app_manifest.as_yaml(app_manifest.manifest(host))
    typer.echo(text, nl=False)
    print_aside("This link makes the app at Slack, with the manifest filled in:")
    print_aside(app_manifest.new_app_link(text))


@cli.command(rich_help_panel=SET_UP)
def check(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, with an item for each thing that was tried.")
    ] = False,
) -> None:
    """Try every setting for real, and say what to fix.

    It signs in to Slack and MetaStudio, and tries the store and the port, within half a minute. Nothing
    changes there, and a bot may run meanwhile. The exit code is 0 if all is good, 1 if anything failed, and 2
    if a variable of the network, such as HTTPS_PROXY, can't be used.
    """
    from bot.checks import report
    from bot.checks.check import check as check_all

    logs.set_up(level=logging.CRITICAL)  # what goes wrong is in the lines
    items = asyncio.run(check_all(Settings.read()))
    if as_json:
        typer.echo(json.dumps(report.as_json(items), indent=2))
    else:
        is_terminal = console().is_terminal
        for line in report.as_lines(items, wrapped=is_terminal):
            console().print(line, soft_wrap=not is_terminal)
    wait_for_stdout()  # however it went, all of it is wanted
    raise typer.Exit(0 if report.is_good(items) else 2 if variables.problems() else 1)


@cli.command("run", rich_help_panel=RUN)
def run_bot() -> None:
    """Run the bot until it is stopped.

    Its settings come from the environment or from .env; the README names them, and `voicejob check` tries
    them.
    """
    run()


@cli.command(rich_help_panel=RUN)
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


@cli.command(rich_help_panel=SET_UP)
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
