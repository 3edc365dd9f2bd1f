"""``voicejob``, and ``python -m bot``: an error becomes a sentence and an exit code.

Exit codes: 0 done, 1 it did not work, 2 the settings or the arguments are wrong, 130 by Ctrl-C.
"""

import os
import sys
from typing import Final

from bot.errors import VoiceJobError
from bot.messages.operator import sentence
from bot.network.trust import no_certificates
from bot.process.console import print_aside
from bot.process.environment import harmful
from bot.process.output import OutputLost, queued_output

INTERRUPTED: Final = 130
"""The exit code that shells and typer use for Ctrl-C."""


def main() -> None:
    """Run the command of ``sys.argv``."""
    for name in harmful(os.environ, sys.argv[1:]):
        del os.environ[name]
    try:
        with queued_output():
            _run_command()
    except VoiceJobError as error:
        if not (isinstance(error, OutputLost) and error.is_closed):
            print_aside(sentence(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _run_command() -> None:
    """Run the bot directly, and any other command by typer.

    A running bot keeps in memory what it imports, and typer with the other commands would take two MiB.
    Some libraries read the environment when they are imported: it has been cleaned by now.
    """
    if sys.argv[1:] == ["run"]:
        with no_certificates():
            from bot.run import run  # noqa: PLC0415
        run()
    else:
        with no_certificates():
            from bot.cli import cli  # noqa: PLC0415
        cli(prog_name="voicejob")


if __name__ == "__main__":
    main()
