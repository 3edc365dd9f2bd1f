"""The command line: parse, call, print, exit code. What only one command needs is imported in it."""

import asyncio
import json
import logging
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from bot.domain.languages import Language
from bot.network import variables
from bot.process.console import console, print_aside
from bot.process.output import wait_for_stdout
from bot.process.version import VERSION
from bot.telemetry import logs

DEMO_PORT: Final = 8910
WIDEST_PAGE: Final = 100
"""In columns: longer lines are hard to read."""
LONGEST_ECHO: Final = 40
"""Characters of a wrong argument that are repeated."""
TRY: Final = "Try"
SET_UP: Final = "Set up"
RUN: Final = "Run"
"""The panels of help in which the commands are."""


class Commands(TyperGroup):
    """The commands. Help shows no type beside an option that takes no value.

    A wrong value is told without the two words that pydantic puts first.
    """

    def get_params(self, ctx: Any) -> Any:
        """Return the options that stand before a command."""
        return _without_types(super().get_params(ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; None if there is none of this name."""
        if command := super().get_command(ctx, cmd_name):
            _without_types(command.get_params(ctx))
        return command

    def invoke(self, ctx: Any) -> Any:
        """Run a command, whose arguments are read now. Raises BadParameter."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise


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
    language: Annotated[Language, typer.Option(help="The language that the bot writes.")] = Language.EN,
) -> None:
    """Try the bot here, between a simulated Slack and MetaStudio: no account, no network.

    It is the same bot. A page in the browser, served until Ctrl-C, lets you type, press, and move jobs on.
    With --once there is no page: a story is played in the terminal and checked; the exit code is 0, or 1
    with what went wrong.
    """
    from bot.demo import command

    # People make trouble here on purpose, and see on the page what comes of it.
    logs.set_up(level=logging.ERROR)
    if once:
        asyncio.run(command.tell_story(language))
    else:
        asyncio.run(command.serve_page(port, language, open_browser=browser))


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
def init() -> None:
    """Ask for the settings, say where each is found, try each, and write them to .env.

    What .env has already is kept where Enter is pressed. It asks in a terminal, and exits with 2 where there
    is none. Nothing is written before the end: Ctrl-C leaves all as it is.
    """
    from bot.setup.init import init as ask_and_write

    logs.set_up(level=logging.CRITICAL)  # what goes wrong is in the lines
    raise typer.Exit(ask_and_write())


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
    from bot.config import Settings

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


@cli.command(rich_help_panel=SET_UP)
def docs(
    topic: Annotated[
        str | None, typer.Argument(metavar="TOPIC", help="The page; without it, all are listed.")
    ] = None,
) -> None:
    """Read the manual: deployment, settings, monitoring, states, reliability, development."""
    from bot.docs import TOPICS, page, similar

    if topic is None:
        typer.echo("\n".join(f"voicejob docs {name:12} {about}" for name, about in TOPICS.items()))
    elif (name := topic.lower()) not in TOPICS:
        meant = f" Did you mean {like}?" if (like := similar(topic)) else ""
        says = f"there is no page {topic[:LONGEST_ECHO]!r}.{meant} The pages are {', '.join(TOPICS)}."
        raise typer.BadParameter(says, param_hint="TOPIC")
    elif console().is_terminal:
        from bot.docs.drawing import Drawn

        console().print(Drawn(page(name)), width=min(console().width, WIDEST_PAGE))
    else:
        typer.echo(page(name), nl=False)


@cli.command("run", rich_help_panel=RUN)
def run_bot() -> None:
    """Run the bot until it is stopped.

    Its settings come from the environment or from .env: `voicejob docs settings` names them, and
    `voicejob check` tries them.
    """
    from bot.run import run

    run()


@cli.command(rich_help_panel=RUN)
def show(
    job: Annotated[
        str,
        typer.Argument(
            metavar="JOB", help="The job's id, a link that holds it, or a part of its voice's name."
        ),
    ],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what MetaStudio sent, without personal fields.")
    ] = False,
    with_details: Annotated[
        bool, typer.Option("--details", help="Add why it failed or was sent back, and its history.")
    ] = False,
    language: Annotated[
        Language | None, typer.Option(help="The language of what is printed; by default VOICEJOB_LANGUAGE.")
    ] = None,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", help="After an error, print MetaStudio's code and request id as well."),
    ] = False,
) -> None:
    """Print one job."""
    from bot.show import show as show_job

    logs.set_up(level=logging.WARNING)
    show_job(job, as_json=as_json, with_details=with_details, language=language, is_verbose=verbose)
