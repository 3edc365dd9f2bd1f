"""The tree of errors, and the sentences that people read for them, in Slack and at a command's end."""

import ast
import re
from pathlib import Path

import pytest

from bot import errors
from bot.demo.page import PortTaken
from bot.demo.stage import StoryFailed
from bot.domain.languages import Language
from bot.errors import BadSettings, BadUsage, MetaStudioError, SlackRefused, StoreTrouble, VoiceJobError
from bot.listeners import request
from bot.messages import operator
from bot.messages.errors import sentence
from bot.messages.texts import words_in
from bot.process.output import OutputLost

ONLY_CAUGHT = {"SlackError", "StoreError", "MetaStudioError"}
CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type)]
KINDS = {kind.__name__: kind for kind in CLASSES if issubclass(kind, VoiceJobError)}
OF_PEOPLE = {
    name: kind
    for name, kind in KINDS.items()
    if issubclass(kind, BadUsage | MetaStudioError) and name not in ONLY_CAUGHT
} | {
    kind.__name__: kind
    for kind in (VoiceJobError, errors.BeingStopped, StoreTrouble, *vars(request).values())
    if isinstance(kind, type) and issubclass(kind, VoiceJobError)
}
"""What people do, or wait for, in Slack can end in these."""
ELSEWHERE = {kind.__name__ for kind in (OutputLost, PortTaken, StoryFailed)}
"""These end a command, and are no part of the bot itself."""


def fields(code: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", operator.ERRORS.get(code, "")))


def made(kind: type[VoiceJobError]) -> VoiceJobError:
    """Make an error of any kind that people read."""
    if issubclass(kind, MetaStudioError):
        return kind(job_id="a-job", status=400, code="X.1", request_id="0123abcd")
    return kind("what was typed") if issubclass(kind, BadUsage) else kind()


def test_every_error_has_a_sentence() -> None:
    """Each class that is raised is drawn, and has a sentence for people or for whoever runs the bot."""
    of_operator = {code.partition(".")[0] for code in operator.ERRORS}

    assert {"VoiceJobError", *re.findall(r"─ (\w+)", errors.__doc__ or "")} == KINDS.keys()
    assert KINDS.keys() - ONLY_CAUGHT <= of_operator | OF_PEOPLE.keys()
    assert of_operator <= (KINDS.keys() - ONLY_CAUGHT) | ELSEWHERE
    assert operator.METASTUDIO_FAULTS.keys() < KINDS.keys()


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", OF_PEOPLE.values(), ids=OF_PEOPLE)
def test_sentence_for_people(kind: type[VoiceJobError], language: Language) -> None:
    """It has the error's values in the quotes of the surface; any other error has that of the base."""
    words, error = words_in(language), made(kind)
    values = {name: f"<{value}>" for name, value in error.values.items()}

    assert sentence(error, words, "<{}>".format) == words(f"error-{kind.__name__}", **values)
    assert sentence(type("New", (VoiceJobError,), {})(), words) == words("error-VoiceJobError")


@pytest.mark.parametrize("code", operator.ERRORS)
def test_sentence_for_whoever_runs_the_bot(code: str) -> None:
    """It is that of the variant, is a whole one, and has each value in quotes and nothing else."""
    name, _, variant = code.partition(".")
    error = type(name, (VoiceJobError,), {})(variant, **{field: f"{{{field}}}" for field in fields(code)})
    template = operator.ERRORS[code]

    assert operator.sentence(error, "<{}>".format) == template.replace("{", "<{").replace("}", "}>")
    assert re.fullmatch(r"[A-Z{].{20,}(\.|: \{fault\}|:\n  \{problems\}|: \{what\})", template)


def test_every_raise_fills_the_sentence() -> None:
    """Wherever an error is made, the fields of its sentence get their values."""
    simple = {name for name, kind in KINDS.items() if kind.__init__ is VoiceJobError.__init__}
    modules = [ast.parse(path.read_text()) for path in Path(errors.__file__).parent.rglob("*.py")]
    calls = [node for module in modules for node in ast.walk(module) if isinstance(node, ast.Call)]
    every = [(name, call) for call in calls if (name := getattr(call.func, "id", "")) in simple]

    assert len(every) > len(simple - ONLY_CAUGHT)
    assert all(fields(name) <= {keyword.arg for keyword in call.keywords} for name, call in every)


def test_values_are_shown() -> None:
    """Slack's code may be any; each problem of settings has its line; the log has no sentence."""
    refused = SlackRefused(key="K", error="brand_new", page="P")
    assert "“brand_new”. Look for what this" in operator.sentence(refused)
    assert operator.sentence(BadSettings(["A: x", "B: y"])).endswith("these settings:\n  A: x\n  B: y")
    assert str(StoreTrouble(path="/x", reason="")) == "StoreTrouble path=/x reason=-"


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if issubclass(kind, MetaStudioError)])
def test_metastudio_errors(kind: type[MetaStudioError]) -> None:
    """A person reads who can help, and no code; the log has what support asks for; a trace has nothing."""
    error, name = made(kind), kind.__name__
    english, chinese = (sentence(error, words_in(language)).lower() for language in Language)

    assert str(error) == f"{name} status=400 code=X.1 request=0123abcd"
    assert (str(kind(job_id="a-job")), repr(error)) == (f"{name} status=0 code=- request=-", f"{name}()")
    assert not re.search("400|x.1|0123abcd", english + chinese)
    if name not in ONLY_CAUGHT:
        way = "try again in" if kind.transient else "try again in|check|it may be|your admin"
        assert re.search(way, english)
        assert re.search("重试" if kind.transient else "重试|检查|可能|管理员", chinese)
