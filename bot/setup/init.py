"""``voicejob init``: look at what is there, ask, and write ``.env``."""

from collections.abc import Mapping
from typing import Final

from bot.config import Settings, unknown_keys
from bot.network import variables
from bot.process.console import print_aside
from bot.process.dot_env import read_dot_env
from bot.process.sources import DOT_ENV, dot_env_path
from bot.setup import env_file, questions
from bot.setup.dialogue import Dialogue
from bot.setup.terminal import is_terminal, say

NO_TERMINAL: Final = (
    "`voicejob init` asks questions, so it needs a terminal. Without one, write .env by hand: `voicejob docs "
    "settings` has each key, and `voicejob check` tries them."
)
INTRODUCTION: Final = (
    "I ask for what the bot needs, try each answer, and write all of it to “{path}” at the end. Enter takes "
    "what stands in brackets; where nothing does, it skips the question. Ctrl-C leaves everything as it was."
)
NOTHING: Final = "\nNothing was written."
NEXT: Final = "Next: `voicejob check` tries everything once more, `voicejob run` starts the bot."
FIX: Final = "Next: fix that, with `voicejob init` or in the file, then run `voicejob check`."


def init() -> int:
    """Ask, try and write. Return the exit code; raises BadSettings before the first question."""
    if not is_terminal():
        print_aside(NO_TERMINAL)
        return 2
    variables.check_environment()
    env_file.look_at()
    say(INTRODUCTION.format(path=dot_env_path()))
    dialogue = Dialogue()
    try:
        dialogue.ask_all()
    except EOFError:
        print_aside(NOTHING)
        return 1
    except KeyboardInterrupt:
        print_aside(NOTHING)
        raise
    say()
    if not _write(questions.changes(read_dot_env(DOT_ENV)[0], dialogue.new)):
        return 1
    _say_what_is_next(dialogue.failed)
    return 0


def _write(changes: Mapping[str, str]) -> bool:
    """Write ``.env``, and say what was written or why not; return whether it worked."""
    try:
        is_written = env_file.write(changes)
    except OSError as error:
        print_aside(f".env: could not be written ({error.strerror}). It is as it was.")
        return False
    keys = ", ".join(key if value else f"{key} (switched off)" for key, value in changes.items())
    if changes:
        say(f"Written to “{dot_env_path()}”, which only its owner can read: {keys}.")
    else:
        now = "and now only its owner can read it" if is_written else "so it stays as it is"
        say(f"There is nothing new to write to “{dot_env_path()}”, {now}.")
    return True


def _say_what_is_next(failed: list[str]) -> None:
    """Say what the bot still lacks, as far as ``.env`` and the answers show, and which command comes next."""
    for warning in unknown_keys():
        say(f"{warning}.")
    problems = Settings.read().problems
    if problems:
        say("Still missing or wrong:")
    for problem in problems:
        say(problem, indent=2)
    if failed:
        say(f"Kept, though it did not work: {', '.join(failed)}.")
    say(FIX if problems or failed else NEXT)
