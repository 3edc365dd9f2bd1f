"""``voicejob init``: the questions, one after the other, each answer tried at once; then ``.env``."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from bot.checks.check import BY_HTTP, BY_SOCKET, METASTUDIO, STORE, TOKEN, Part, check_parts
from bot.config import Settings, unknown_keys
from bot.network import variables
from bot.process.console import console, print_aside
from bot.process.dot_env import read_dot_env
from bot.process.sources import DOT_ENV, dot_env_path, field_of, read_sources
from bot.setup import env_file, questions
from bot.setup.questions import Question
from bot.setup.terminal import ask, confirm, is_terminal, say, show

NO_TERMINAL: Final = (
    "`voicejob init` asks questions, so it needs a terminal. Without one, write .env by hand: `voicejob docs "
    "settings` has each key, and `voicejob check` tries them."
)
INTRODUCTION: Final = (
    "I ask for what the bot needs, try each answer, and write all of it to “{path}” at the end. Enter takes "
    "what stands in brackets; where nothing does, it skips the question. Ctrl-C leaves everything as it was."
)
MODES: Final = (
    "How does the bot connect to Slack?",
    "1  Socket Mode: the bot calls Slack, and needs no public address (recommended)",
    "2  HTTP mode: Slack calls the bot at a public https address of yours",
)
ANOTHER_SIGN_IN: Final = "A sign-in without an access key is set already, and kept."
AGAIN: Final = "Try again? (n: keep it and go on)"
NEXT: Final = "Next: `voicejob check` tries everything once more, and `voicejob run` starts the bot."
NEXT_TIME: Final = "Next: mend that, here or in the file, then `voicejob check` tries everything."


def init() -> int:
    """Ask, try and write. Return the exit code; raises BadSettings before the first question."""
    if not is_terminal():
        print_aside(NO_TERMINAL)
        return 2
    variables.check_environment()
    env_file.look_at()
    try:
        new = _ask_all()
    except EOFError:
        print_aside("\nNothing was written.")
        return 1
    except KeyboardInterrupt:
        print_aside("\nNothing was written.")
        raise
    return _write(new)


def _ask_all() -> dict[str, str]:
    """Ask everything, and return the values for ``.env``."""
    new: dict[str, str] = {}
    say(INTRODUCTION.format(path=dot_env_path()))
    _say_title("Slack")
    is_http = _ask_mode(new)
    _take([questions.BOT_TOKEN], new, TOKEN)
    if is_http:
        _take([questions.SIGNING_SECRET], new, BY_HTTP)
    else:
        _take([questions.APP_TOKEN], new, BY_SOCKET)
    _say_title("MetaStudio")
    sign_in = questions.sign_in(read_sources())
    if not sign_in:
        say(ANOTHER_SIGN_IN)
    _take([questions.REGION, questions.PROJECT, *sign_in], new, METASTUDIO)
    _say_title("VoiceJob")
    _take([questions.LANGUAGE], new)
    _take([questions.STORE], new, STORE, is_tried_first=True)
    return new


def _say_title(title: str) -> None:
    say()
    say(title, style="bold underline")


def _ask_mode(new: dict[str, str]) -> bool:
    """Ask how the bot connects, and return whether it is HTTP mode."""
    given = read_sources()
    if questions.not_asked(questions.APP_TOKEN.key, given):
        return False  # which is said when the token's turn comes
    kept = "2" if questions.is_http_mode(given) else "1"
    first, *choices = MODES
    say(first)
    for choice in choices:
        say(choice, indent=2)
    while (typed := ask(f"1 or 2 [{kept}]: ").strip() or kept) not in {"1", "2"}:
        pass
    if typed == "2":
        new.update(questions.without_app_token(read_dot_env(DOT_ENV)[0]))
    return typed == "2"


def _take(
    asked: Sequence[Question], new: dict[str, str], part: Part | None = None, *, is_tried_first: bool = False
) -> None:
    """Ask the questions and try the answers, again and again, until they are good or are to be kept.

    With ``is_tried_first`` they are asked only if what is set fails. What is answered is added to ``new``.
    """
    given = read_sources(new)
    mine = []
    for question in asked:
        if reason := questions.not_asked(question.key, given):
            say(reason)
        else:
            mine.append(question)
    is_first = True
    while True:
        if not is_tried_first:
            for question in mine:
                _answer(question, new, is_first=is_first)
            is_first = False
        is_tried_first = False
        if part is None or _works(part, new) or not mine or not confirm(AGAIN):
            return


def _answer(question: Question, new: dict[str, str], *, is_first: bool) -> None:
    """Ask one question until the answer has the right form; an empty one leaves the key as it is."""
    if is_first:
        say()
        say(question.about)
    given = read_sources(new)
    kept = questions.offered(question, given)
    prompt = questions.prompt(question, kept)
    while value := questions.cleaned(question.key, ask(prompt, is_secret=question.is_secret)) or kept:
        if problem := questions.refused(question.key, value):
            say(problem, style="red", indent=2)
            continue
        if given.values.get(field_of(question.key)) != value:
            new[question.key] = value
        return


def _works(part: Part, new: Mapping[str, str]) -> bool:
    """Try a part of the settings, and show what comes of it; without them there is nothing to try."""
    reading = Settings.of(read_sources(new))
    if not reading.wrong.isdisjoint(part.fields):
        say("Not tried: something that it needs is left out, or wrong.", indent=2)
        return True
    with console().status("Trying it …"):
        items = asyncio.run(check_parts([part], reading))
    for item in items:
        if item.ok is not None:  # what comes after a failure adds nothing to it
            show(item)
    return all(item.ok is not False for item in items)


def _write(new: Mapping[str, str]) -> int:
    """Write ``.env``, say what was written and what comes next, and return the exit code."""
    changes = questions.changes(read_dot_env(DOT_ENV)[0], new)
    try:
        is_written = env_file.write(changes)
    except OSError as error:
        print_aside(f".env: could not be written ({error.strerror}). It is as it was.")
        return 1
    say()
    keys = ", ".join(key if value else f"{key} (switched off)" for key, value in changes.items())
    if changes:
        say(f"Written to “{dot_env_path()}”, which only its owner can read: {keys}.")
    else:
        closed = " It can be read by its owner only now." if is_written else ""
        say(f"“{dot_env_path()}” has all of that already.{closed}")
    for warning in unknown_keys():
        say(f"{warning}.")
    if problems := Settings.read().problems:
        say("Still missing or wrong:")
    for problem in problems:
        say(problem, indent=2)
    say(NEXT_TIME if problems else NEXT)
    return 0
