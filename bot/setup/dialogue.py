"""The questions of ``voicejob init``, one after the other; each answer is tried at once."""

import asyncio
from collections.abc import Sequence
from typing import Final

from bot.checks.check import BY_HTTP, BY_SOCKET, METASTUDIO, STORE, TOKEN, Part, check_parts
from bot.config import Settings
from bot.process.console import console
from bot.process.dot_env import read_dot_env
from bot.process.sources import DOT_ENV, field_of, read_sources
from bot.setup import questions
from bot.setup.questions import Question
from bot.setup.terminal import ask, choose, confirm, say, show

MODES: Final = (
    "How does the bot connect to Slack?",
    "1  Socket Mode: the bot calls Slack, and needs no public address (recommended)",
    "2  HTTP mode: Slack calls the bot at a public https address of yours",
)
ANOTHER_SIGN_IN: Final = "A sign-in without an access key is set already, and kept."
NOT_TRIED: Final = "Not tried. Missing or wrong: {}."
OTHERS: Final = "settings that are not asked for here"
AGAIN: Final = "Try again? (n: keep it and go on)"


class Dialogue:
    """Asks for the settings. ``new`` has the answers; ``failed`` what was tried, and kept without working."""

    def __init__(self) -> None:
        self.new: dict[str, str] = {}
        self.failed: list[str] = []

    def ask_all(self) -> None:
        """Ask everything. Raises EOFError after Ctrl-D."""
        self._say_title("Slack")
        is_http = self._ask_mode()
        self._take([questions.BOT_TOKEN], TOKEN)
        if is_http:
            self._take([questions.SIGNING_SECRET], BY_HTTP)
        else:
            self._take([questions.APP_TOKEN], BY_SOCKET)
        self._say_title("MetaStudio")
        sign_in = questions.sign_in(read_sources())
        if not sign_in:
            say(ANOTHER_SIGN_IN)
        self._take([questions.REGION, questions.PROJECT, *sign_in], METASTUDIO)
        self._say_title("VoiceJob")
        self._take([questions.LANGUAGE])
        self._take([questions.TIME_ZONE])
        self._take([questions.CONSOLE])
        self._take([questions.STORE], STORE, is_tried_first=True)

    @staticmethod
    def _say_title(title: str) -> None:
        say()
        say(title, style="bold underline")

    def _ask_mode(self) -> bool:
        """Ask how the bot connects, and return whether it is HTTP mode."""
        given = read_sources()
        if questions.not_asked(questions.APP_TOKEN.key, given):
            return False  # which is said when the token's turn comes
        kept = "2" if questions.is_http_mode(given) else "1"
        first, *choices = MODES
        say(first)
        for choice in choices:
            say(choice, indent=2)
        typed = choose(f"1 or 2 [{kept}]: ", {"1", "2"}, kept, "1 or 2")
        if typed == "2":
            self.new.update(questions.without_app_token(read_dot_env(DOT_ENV)[0]))
        return typed == "2"

    def _take(
        self, asked: Sequence[Question], part: Part | None = None, *, is_tried_first: bool = False
    ) -> None:
        """Ask and try, again and again, until the answers are good or are to be kept as they are.

        With ``is_tried_first``, nothing is asked unless what is set fails.
        """
        given = read_sources(self.new)
        reasons = {question: questions.not_asked(question.key, given) for question in asked}
        for reason in filter(None, reasons.values()):
            say(reason)
        mine = [question for question, reason in reasons.items() if not reason]
        if not is_tried_first:
            self._ask(mine)
        while part and (failed := self._try(part, asked)):
            if not mine or not confirm(AGAIN):
                self.failed += failed
                return
            self._ask(mine, is_first=is_tried_first)
            is_tried_first = False

    def _ask(self, asked: Sequence[Question], *, is_first: bool = True) -> None:
        """Ask questions; the first time with what each is about."""
        for question in asked:
            if is_first:
                say()
                say(question.about)
            self._ask_one(question)

    def _ask_one(self, question: Question) -> None:
        """Ask until the answer has the right form; an empty one leaves the key as it is."""
        given = read_sources(self.new)
        kept = questions.offered(question, given)
        prompt = questions.prompt(question, kept)
        while value := questions.cleaned(question.key, ask(prompt, is_secret=question.is_secret)) or kept:
            if problem := questions.refused(question.key, value):
                say(problem, style="red", indent=2)
                continue
            if given.values.get(field_of(question.key)) != value:
                self.new[question.key] = value
            if doubt := questions.doubt(question.key, value):
                say(doubt, style="yellow", indent=2)
            return

    def _try(self, part: Part, asked: Sequence[Question]) -> list[str]:
        """Try a part of the settings, show what comes of it, and return the names of what failed.

        What needs something that is missing is not tried, and so does not fail.
        """
        given = read_sources(self.new)
        reading = Settings.of(given)
        if not reading.wrong.isdisjoint(part.fields):
            say(NOT_TRIED.format(", ".join(questions.lacking(asked, given)) or OTHERS), indent=2)
            return []
        with console().status("Trying it …"):
            items = asyncio.run(check_parts([part], reading))
        for item in items:
            if item.ok is not None:  # what comes after a failure adds nothing to it
                show(item)
        return [item.name for item in items if item.ok is False]
