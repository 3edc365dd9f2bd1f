"""The tree of errors, and the sentences that people read."""

import re
from collections.abc import Iterator

import pytest

from bot import errors
from bot.errors import (
    AddressTaken,
    BadJobId,
    BadSettings,
    BadUsage,
    CredentialsRefused,
    JobNotFound,
    MetaStudioError,
    PartBroken,
    SlackRefused,
    SlackUnreachable,
    StoreCorrupt,
    StoreError,
    StoreNotWritable,
    StoreTooNew,
    StoreTrouble,
    TimedOut,
    VoiceJobError,
)

DRAWN = re.compile(r"^(?P<branch>[│ ]*[├└]── (?=\w+ )|(?=\w+$))(?P<name>\w+)", re.MULTILINE)
"""A line of the picture: its root alone, or a branch with a name and what it stands for."""


def drawn_tree() -> dict[str, str]:
    """Read the picture in the module's docstring: each class and the one it hangs on."""
    path: list[str] = []
    parents = {}
    for line in DRAWN.finditer(errors.__doc__ or ""):
        depth = len(line["branch"]) // 4
        path[depth:] = [line["name"]]
        parents[line["name"]] = path[depth - 1] if depth else ""
    return parents


def below(kind: type[VoiceJobError]) -> Iterator[type[VoiceJobError]]:
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from below(child)


def made(kind: type[VoiceJobError]) -> VoiceJobError:
    """Make an error of any kind, the way its class is made."""
    if issubclass(kind, MetaStudioError):
        return kind(job_id="a-job", status=400, code="X.1", request_id="0123abcd")
    if issubclass(kind, BadUsage):
        return kind("some text")
    if issubclass(kind, BadSettings):
        return BadSettings(["SLACK_BOT_TOKEN: not set, and needed"])
    special: dict[type[VoiceJobError], VoiceJobError] = {
        SlackRefused: SlackRefused(key="SLACK_BOT_TOKEN", error="invalid_auth"),
        SlackUnreachable: SlackUnreachable(url="https://slack.example/api/", reason="TimeoutError"),
        AddressTaken: AddressTaken(address="127.0.0.1:3000", reason="address in use"),
        PartBroken: PartBroken(part="watcher", reason="ZeroDivisionError"),
        StoreTooNew: StoreTooNew(path="voicejob.sqlite", version="2", known="1"),
    }
    if issubclass(kind, StoreNotWritable | StoreCorrupt | StoreTrouble):
        return kind(path="voicejob.sqlite", reason="disk full")
    if issubclass(kind, StoreError) and kind not in special:
        return kind(path="voicejob.sqlite")
    return special.get(kind) or kind()


def name_of(kind: type[VoiceJobError]) -> str:
    return kind.__name__


KINDS: list[type[VoiceJobError]] = sorted({VoiceJobError, *below(VoiceJobError)}, key=name_of)
METASTUDIO_KINDS: list[type[MetaStudioError]] = [kind for kind in KINDS if issubclass(kind, MetaStudioError)]

every_kind = pytest.mark.parametrize("kind", KINDS, ids=name_of)
every_metastudio_kind = pytest.mark.parametrize("kind", METASTUDIO_KINDS, ids=name_of)


class TestTree:
    """The picture and the classes."""

    def test_picture_is_true(self) -> None:
        """The tree in the docstring has every class of the module, each on its own branch."""
        real = {kind.__name__: kind.__mro__[1].__name__ for kind in KINDS} | {"VoiceJobError": ""}

        assert real == drawn_tree()


class TestSentences:
    """What a person reads."""

    @every_kind
    def test_sentence_is_whole(self, kind: type[VoiceJobError]) -> None:
        """Every kind says what happened and what to do, with no placeholder left unfilled."""
        sentence = made(kind).sentence()

        assert len(sentence) > 20
        assert not re.search(r"[{}]", sentence)
        assert "None" not in sentence

    @every_kind
    def test_sentence_ends_as_one(self, kind: type[VoiceJobError]) -> None:
        """A sentence begins with a capital, a quote or what was typed, and ends with a full stop."""
        first_line = made(kind).sentence().partition("\n")[0]

        assert re.match(r"[A-Z“]", first_line)
        assert first_line.endswith((".", ":"))

    @every_metastudio_kind
    def test_no_machine_words_in_a_sentence(self, kind: type[VoiceJobError]) -> None:
        """A person reads no status, no code, no request id and no class name."""
        sentence = made(kind).sentence()

        assert not re.search(r"400|X\.1|0123abcd|Error\b", sentence)

    @pytest.mark.parametrize("value", ["{text}", "{0}", "{", "}", "%s", "{text.__class__}"])
    def test_braces_in_a_value_are_just_characters(self, value: str) -> None:
        """What a person typed is not read as a placeholder."""
        assert value in BadJobId(value).sentence()

    def test_quote_wraps_values_and_nothing_else(self) -> None:
        """Whoever shows a sentence says how a value from outside is quoted."""
        sentence = JobNotFound(job_id="a-job").sentence("<{}>".format)

        assert sentence.count("<") == sentence.count("<a-job>") == 1

    def test_value_is_quoted_without_being_asked(self) -> None:
        """Without a wish, values stand in quotation marks."""
        assert "“a-job”" in JobNotFound(job_id="a-job").sentence()

    def test_all_settings_problems_are_told(self) -> None:
        """Every problem of the settings has its own line."""
        problems = ["PORT: too large", "SLACK_BOT_TOKEN: not set, and needed"]
        told = BadSettings(problems).sentence().splitlines()

        assert [f"  {problem}" for problem in problems] == told[1:]

    @every_metastudio_kind
    def test_says_who_can_help(self, kind: type[MetaStudioError]) -> None:
        """Each failed look-up tells the person to try again, to check the id, or who should look."""
        sentence = made(kind).sentence().lower()

        assert re.search(r"try again|check the|whoever runs", sentence)

    @pytest.mark.parametrize(
        "kind",
        [kind for kind in METASTUDIO_KINDS if kind.transient],
        ids=name_of,
    )
    def test_transient_errors_say_to_try_again(self, kind: type[MetaStudioError]) -> None:
        """What may pass by itself is worth another try, and the sentence says so."""
        assert "try again in" in made(kind).sentence().lower()


class TestLog:
    """What the log says."""

    @every_metastudio_kind
    def test_str_has_what_support_asks_for(self, kind: type[MetaStudioError]) -> None:
        """The class, the status, the code and the request id stand in one line, and nothing else does."""
        assert str(made(kind)) == f"{kind.__name__} status=400 code=X.1 request=0123abcd"

    def test_str_without_an_answer(self) -> None:
        """Where nothing was answered, a dash stands for what is not known."""
        assert str(TimedOut(job_id="a-job")) == "TimedOut status=0 code=- request=-"

    def test_repr_shows_no_values(self) -> None:
        """The repr of an error, which a trace may print, holds no value from outside."""
        assert "secret" not in repr(CredentialsRefused(job_id="secret", code="secret"))

    def test_other_errors_read_as_their_sentence(self) -> None:
        """An error of usage or settings is its own sentence."""
        assert str(BadUsage("x")) == BadUsage("x").sentence()
