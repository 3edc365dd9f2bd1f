"""The tree of errors, and the sentences that people read for them."""

import ast
import re
from pathlib import Path

import pytest

from bot import errors
from bot.demo.page import PortTaken
from bot.demo.stage import StoryFailed
from bot.errors import BadSettings, MetaStudioError, SlackRefused, StoreTrouble, VoiceJobError
from bot.listeners.command_parser import OtherChannel, OtherPerson
from bot.messages.errors import sentence
from bot.messages.texts import en
from bot.process.output import OutputLost

ONLY_CAUGHT = {"SlackError", "StoreError", "MetaStudioError"}
CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type)]
KINDS = {kind.__name__: kind for kind in CLASSES if issubclass(kind, VoiceJobError)}
ELSEWHERE = {kind.__name__ for kind in (OtherChannel, OtherPerson, OutputLost, PortTaken, StoryFailed)}


def fields(code: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", en.ERRORS[code]))


def test_every_error_has_a_sentence() -> None:
    """The table has a sentence for each class that is raised, and for no other; each class is drawn."""
    assert {"VoiceJobError", *re.findall(r"─ (\w+)", errors.__doc__ or "")} == KINDS.keys()
    assert {code.partition(".")[0] for code in en.ERRORS} == (KINDS.keys() - ONLY_CAUGHT) | ELSEWHERE
    assert en.METASTUDIO_FAULTS.keys() < KINDS.keys()


@pytest.mark.parametrize("code", en.ERRORS)
def test_sentence(code: str) -> None:
    """It is that of the variant, is a whole one, and has each value in quotes and nothing else."""
    name, _, variant = code.partition(".")
    error = type(name, (VoiceJobError,), {})(variant, **{field: f"{{{field}}}" for field in fields(code)})

    assert sentence(error, "<{}>".format) == en.ERRORS[code].replace("{", "<{").replace("}", "}>")
    assert re.fullmatch(r"[A-Z{].{20,}(\.|: \{fault\}|:\n  \{problems\}|: \{what\})", en.ERRORS[code])


def test_every_raise_fills_the_sentence() -> None:
    """Wherever an error is made, the fields of its sentence get their values."""
    simple = {name for name, kind in KINDS.items() if kind.__init__ is VoiceJobError.__init__}
    modules = [ast.parse(path.read_text()) for path in Path(errors.__file__).parent.rglob("*.py")]
    calls = [node for module in modules for node in ast.walk(module) if isinstance(node, ast.Call)]
    made = [(name, call) for call in calls if (name := getattr(call.func, "id", "")) in simple]

    assert len(made) > len(simple - ONLY_CAUGHT)
    assert all(fields(name) <= {keyword.arg for keyword in call.keywords} for name, call in made)


def test_values_are_shown() -> None:
    """Slack's code may be any; each problem of settings has its line; the log has no sentence."""
    assert "“brand_new”. Look for what this" in sentence(SlackRefused(key="K", error="brand_new", page="P"))
    assert sentence(BadSettings(["A: x", "B: y"])).endswith("these settings:\n  A: x\n  B: y")
    assert str(StoreTrouble(path="/x", reason="")) == "StoreTrouble path=/x reason=-"


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if issubclass(kind, MetaStudioError)])
def test_metastudio_errors(kind: type[MetaStudioError]) -> None:
    """A person reads who can help, and no code; the log has what support asks for; a trace has nothing."""
    error, name = kind(job_id="a-job", status=400, code="X.1", request_id="0123abcd"), kind.__name__
    said = "try again in" if name in ONLY_CAUGHT else sentence(error).lower()

    assert str(error) == f"{name} status=400 code=X.1 request=0123abcd"
    assert (str(kind(job_id="a-job")), repr(error)) == (f"{name} status=0 code=- request=-", f"{name}()")
    assert re.search("try again in" if kind.transient else "try again|check the|whoever runs", said)
    assert not re.search("400|x.1|0123abcd", said)
