"""``voicejob``, and ``python -m bot``: what goes wrong becomes a sentence and an exit code.

Exit codes: 0 done, 1 it did not work, 2 the settings or the arguments are wrong.
"""

import sys

from bot.console import exit_code, print_aside
from bot.errors import MetaStudioError, VoiceJobError
from bot.network.trust import no_certificates
from bot.output import OutputLost, taken_over

with no_certificates():
    from bot.run import run


def main() -> None:
    """Run the command that was typed."""
    try:
        with taken_over():
            _obey()
    except VoiceJobError as error:
        if not (isinstance(error, OutputLost) and error.is_closed):
            print_aside(error.sentence())
        if isinstance(error, MetaStudioError):
            print_aside(str(error))
        sys.exit(exit_code(error))


def _obey() -> None:
    """Run the bot at once, and anything else by the command line that typer makes.

    A running bot keeps in memory what it imports, and typer with the other commands is two MiB of it.
    """
    if sys.argv[1:] == ["run"]:
        run()
    else:
        from bot.cli import cli  # noqa: PLC0415

        cli()


if __name__ == "__main__":
    main()
