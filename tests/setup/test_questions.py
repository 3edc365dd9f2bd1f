"""What is asked, what is offered, and what becomes of what was typed."""

from pathlib import Path
from typing import Any

import pytest

from bot.process.sources import read_sources
from bot.setup import questions
from bot.setup.questions import ACCESS_KEY, APP_TOKEN, BOT_TOKEN, PROJECT, REGION, SECRET_KEY, Question

LONG = "xoxb-0123456789-abcd"
KEY, CURLY = "SLACK_BOT_TOKEN", "\N{LEFT SINGLE QUOTATION MARK}{}\N{RIGHT SINGLE QUOTATION MARK}"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *(
            (form.format(LONG), LONG)
            for form in ("{}", " {}\n", '"{}"', "'{}' ", "`{}`", "“{}”", CURLY, "' {} '")
        ),
        *((form.format(LONG), LONG) for form in (f"{KEY}={{}}", f"export {KEY} = '{{}}'", '"{}"\t')),
        ("a 'b' c", "a 'b' c"),
        ("SLACK_APP_TOKEN=x", "SLACK_APP_TOKEN=x"),
        (" '' ", ""),
    ],
)
def test_what_is_copied_along_goes(typed: str, meant: str) -> None:
    """Blanks and quotes around it, and the key before it, as in a line of .env."""
    assert questions.cleaned(KEY, typed) == meant


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        (KEY, LONG, None),
        (KEY, "foo", "SLACK_BOT_TOKEN: must begin with xoxb-"),
        (KEY, "xoxb-a b", "SLACK_BOT_TOKEN: has a blank"),
        (KEY, "xoxb-\x1b", "SLACK_BOT_TOKEN: has a character that can't be shown"),
        ("METASTUDIO_REGION", "?", "METASTUDIO_REGION: may have letters"),
        ("VOICEJOB_LANGUAGE", "fr", "VOICEJOB_LANGUAGE: must be en or zh"),
        ("VOICEJOB_STORE", "/a b.sqlite", None),
    ],
)
def test_the_form_is_judged_as_the_settings_do(key: str, value: str, says: str | None) -> None:
    """By the sentence of that key, whatever else is missing."""
    refused = questions.refused(key, value)

    assert (refused or "").startswith(says or "")
    assert (refused is None) == (says is None)


@pytest.mark.parametrize(
    ("question", "value", "prompt"),
    [
        (REGION, "cn-north-4", "METASTUDIO_REGION [cn-north-4]: "),
        (PROJECT, "", "HUAWEICLOUD_SDK_PROJECT_ID: "),
        (BOT_TOKEN, "", "SLACK_BOT_TOKEN (hidden): "),
        (BOT_TOKEN, LONG, "SLACK_BOT_TOKEN (hidden) [set: …abcd]: "),
        (BOT_TOKEN, "xoxb-short", "SLACK_BOT_TOKEN (hidden) [set]: "),
        (ACCESS_KEY, "AKEXAMPLE", "HUAWEICLOUD_SDK_AK (hidden) [set]: "),
    ],
)
def test_prompt(question: Question, value: str, prompt: str) -> None:
    """What Enter takes stands in brackets: of a secret its end, and that only if it is long."""
    assert questions.prompt(question, value) == prompt


@pytest.mark.parametrize(
    ("text", "new", "question", "value"),
    [
        ("", {}, BOT_TOKEN, ""),
        ("", {}, REGION, "cn-north-4"),
        ("METASTUDIO_REGION=a-1", {}, REGION, "a-1"),
        ("METASTUDIO_REGION=?", {}, REGION, "cn-north-4"),
        (f"slack_bot_token='{LONG}'", {}, BOT_TOKEN, LONG),
        ("SLACK_BOT_TOKEN=foo", {}, BOT_TOKEN, ""),
        ("CLOUD_SDK_AK=AK", {}, ACCESS_KEY, "AK"),
        ("METASTUDIO_REGION=a-1", {"METASTUDIO_REGION": "b-1"}, REGION, "b-1"),
    ],
)
def test_what_is_offered(text: str, new: dict[str, str], question: Question, value: str) -> None:
    """What was just answered, else what .env has, unless it is wrong, else the default."""
    Path(".env").write_text(text)

    assert questions.offered(question, read_sources(new)) == value


IN_FILE, ELSEWHERE = {".env": "SLACK_APP_TOKEN=xapp-1"}, "set in the environment"
NAMED = "kept in the file that SLACK_APP_TOKEN_FILE names"
SOURCES: list[tuple[dict[str, str], dict[str, str], str]] = [
    ({}, {}, ""),
    (IN_FILE, {}, ""),
    (IN_FILE, {"SLACK_APP_TOKEN": "xapp-2"}, f"SLACK_APP_TOKEN: {ELSEWHERE}"),
    ({}, {"slack_app_token": "xapp-2"}, f"SLACK_APP_TOKEN: {ELSEWHERE}"),
    ({"token": "xapp-1"}, {"SLACK_APP_TOKEN_FILE": "token"}, f"SLACK_APP_TOKEN: {NAMED}"),
    ({".env": "SLACK_APP_TOKEN_FILE=token", "token": "xapp-1"}, {}, f"SLACK_APP_TOKEN: {NAMED}"),
    ({"SLACK_APP_TOKEN": "xapp-1"}, {"CREDENTIALS_DIRECTORY": "."}, "SLACK_APP_TOKEN: systemd gives it"),
    ({".env": "SLACK_APP_TOKEN_FILE=token"}, {}, "SLACK_APP_TOKEN_FILE: the file that it names"),
    (
        {".env": "SLACK_APP_TOKEN_FILE=x\nSLACK_APP_TOKEN=y"},
        {},
        "SLACK_APP_TOKEN and SLACK_APP_TOKEN_FILE: both",
    ),
]
"""Files, the environment, and what is said instead of a question."""


@pytest.mark.parametrize(("files", "environment", "says"), SOURCES)
def test_what_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, str], environment: dict[str, str], says: str
) -> None:
    """What does not come from .env, where an answer would change nothing; it is said instead."""
    for name, text in files.items():
        Path(name).write_text(text)
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    said = questions.not_asked(APP_TOKEN.key, read_sources()) or ""

    assert said.startswith(says)
    assert bool(said) == bool(says)


USER = {"HUAWEICLOUD_IAM_USER": "me"}
BOTH = {"SLACK_APP_TOKEN": "xapp-1", "SLACK_SIGNING_SECRET": "hush"}


@pytest.mark.parametrize(
    ("given", "asked", "is_http"),
    [
        ({}, [ACCESS_KEY, SECRET_KEY], False),
        (USER, [], False),
        ({"METASTUDIO_AUTH_TOKEN": "t"} | BOTH, [], False),
        (USER | {"HUAWEICLOUD_SDK_SK": "x"}, [ACCESS_KEY, SECRET_KEY], False),
        ({"CLOUD_SDK_AK": "x", "SLACK_SIGNING_SECRET": "hush"}, [ACCESS_KEY, SECRET_KEY], True),
        (USER | BOTH | {"SLACK_APP_TOKEN": ""}, [], True),
    ],
)
def test_ways(given: dict[str, str], asked: list[Question], *, is_http: bool) -> None:
    """Another way to sign in is kept, without an access key; a signing secret alone means HTTP mode."""
    found = read_sources(given)

    assert list(questions.sign_in(found)) == asked
    assert questions.is_http_mode(found) == is_http


def test_only_what_changes_is_written() -> None:
    """Values as before are not; what switches Socket Mode off is there only where it is on."""
    old: dict[str, Any] = {"A": "1", "B": "2", "SLACK_APP_TOKEN_FILE": "token"}

    assert questions.changes(old, {"A": "1", "B": "3", "C": "4", "D": ""}) == {"B": "3", "C": "4"}
    assert questions.without_app_token(old) == {"SLACK_APP_TOKEN_FILE": ""}


ID = "0123456789abcdef0123456789ABCDEF"


@pytest.mark.parametrize(
    ("key", "value", "is_doubtful"),
    [(PROJECT.key, ID, False), (PROJECT.key, "cn-north-4", True), (REGION.key, "cn-north-4", False)],
)
def test_a_project_s_name_is_no_id(key: str, value: str, *, is_doubtful: bool) -> None:
    """What does not look like an id is doubted; other keys are not."""
    assert bool(questions.doubt(key, value)) == is_doubtful


def test_what_is_lacking_is_named() -> None:
    """What is missing, and what is wrong, wherever it comes from."""
    given = read_sources({"METASTUDIO_REGION": "?", "CLOUD_SDK_AK": "AK"})

    assert questions.lacking([REGION, PROJECT, ACCESS_KEY], given) == [REGION.key, PROJECT.key]
