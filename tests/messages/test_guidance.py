"""Help, and what people read when a command or a look-up went wrong."""
# ruff: noqa: RUF001  Chinese punctuation

import re

import pytest

from bot import errors
from bot.domain.job_ids import SOME_JOB, SOME_NAME, SOME_PERSON
from bot.errors import BadJobId, BadUsage, JobNotFound, ServiceDown
from bot.messages import guidance, job_card
from bot.messages.context import MessageContext
from bot.messages.errors import sentence
from bot.slack.manifest import manifest
from tests.messages.reading import (
    CHINESE,
    CONTEXT,
    CONTEXTS,
    HOSTILE,
    IN_CODE,
    JOB_ID,
    codes_in,
    live_in,
    pressed,
    texts_of,
)

SHORTCUT = manifest()["features"]["shortcuts"][0]["name"]
TYPED = [
    *("<{0}>", "details <{0}>", "waiting", "recent"),
    *("subscribe <{0}>", "subscribe <{0}> all", "subscribe <{0}> <@{1}>", "subscribe batch <{2}>"),
    *("subscribe <{0}> me", "unsubscribe <{0}>"),
    *("list", "status", "language en|zh", JOB_ID),
]
IN_EACH_LANGUAGE = pytest.mark.parametrize(
    ("context", "word"),
    [(CONTEXT, "job id or name"), (CHINESE, "任务 ID 或名称")],
    ids=["en", "zh"],
)


@IN_EACH_LANGUAGE
def test_help_names_what_can_be_typed(context: MessageContext, word: str) -> None:
    """It has each command once, in groups with a bold head, and an example, in the text as in the blocks."""
    message = guidance.help(context)
    groups = texts_of(message)
    others = [context.words(name) for name in ("some-person", "some-name")]
    typed = [f"/voicejob {words.format(word, *others)}" for words in TYPED]

    assert len(groups) == 4
    assert all(re.fullmatch(r"\*[^*]+\*", group.splitlines()[0]) for group in groups[:3])
    assert message.text == "\n".join(groups).replace("*", "")
    assert [code for code in codes_in(message) if code not in {"me", "mine", SHORTCUT}] == typed * 2


def test_help_names_the_shortcut() -> None:
    """By the name that the manifest gives it, in every language."""
    for context in CONTEXTS:
        assert f"`{SHORTCUT}`" in guidance.help(context).text


def test_help_in_each_language() -> None:
    """A line says what a command is for; that they can be typed in Chinese, only the Chinese help says."""
    english, chinese = (guidance.help(context).text.splitlines() for context in (CONTEXT, CHINESE))

    assert english[:2] == [
        "Look up",
        "`/voicejob &lt;job id or name&gt;` where the job is, whose turn it is, what comes next",
    ]
    assert chinese[:2] == ["查询", "`/voicejob &lt;任务 ID 或名称&gt;` 查看任务的状态、由谁处理、下一步"]
    assert "帮助、订阅、取消订阅、列表、详情" in chinese[-2]


def test_usage_says_what_was_wrong_first() -> None:
    """Then comes what was probably meant, or else what can be typed, and never both."""
    ways = "Try `/voicejob &lt;job id or name&gt;` or `/voicejob help`."
    guessed, unclear = (guidance.usage(BadUsage("hlep", meant=meant), CONTEXT) for meant in ("help", ""))
    chinese = guidance.usage(BadUsage("hlep", meant="help"), CHINESE)

    assert guessed.text == "I don't understand `hlep`. Did you mean `/voicejob help`?"
    assert unclear.text == f"I don't understand `hlep`. {ways}"
    assert chinese.text == "我无法理解 `hlep` 的意思。您要输入的是 `/voicejob help` 吗？"
    assert texts_of(guessed) == [guessed.text]


@IN_EACH_LANGUAGE
def test_usage_names_what_is_missing(context: MessageContext, word: str) -> None:
    """Where a job was not named, the place for its id has the reader's words."""
    message = guidance.usage(BadUsage("subscribe", meant=f"subscribe {SOME_JOB}"), context)

    assert codes_in(message)[:2] == ["subscribe", f"/voicejob subscribe <{word}>"]
    assert "?" not in message.text.replace("？", "?")


@pytest.mark.parametrize(
    ("meant", "shown"),
    [
        (f"unsubscribe batch {SOME_NAME}", "Type `/voicejob unsubscribe batch &lt;name&gt;`."),
        (f"subscribe {SOME_JOB} {SOME_PERSON}", "Type `/voicejob subscribe &lt;job id or name&gt; @person`."),
        (
            "subscribe a <@U0BOB> <!subteam^S0>",
            "Did you mean `/voicejob subscribe a` <@U0BOB> <!subteam^S0>?",
        ),
        ('subscribe "a <@U0BOB>"', 'Did you mean `/voicejob subscribe "a &lt;@U0BOB&gt;"`?'),
    ],
)
def test_usage_shows_who_is_named(meant: str, shown: str) -> None:
    """Slack shows names outside of code alone; only who was named, and no job's name, becomes one."""
    assert guidance.usage(BadUsage("x", meant=meant), CONTEXT).text == f"I don't understand `x`. {shown}"


def test_what_was_typed_is_only_shown() -> None:
    """A mention that was typed is none, nor is any markup."""
    hostile, tame = (guidance.usage(BadUsage(text), CONTEXT) for text in (HOSTILE, "tame"))

    assert live_in(hostile) == live_in(tame)
    assert IN_CODE.startswith(codes_in(hostile)[0].rstrip("…"))


TRY_AGAIN_HELPS = "Throttled ServiceDown Unreachable TimedOut UnreadableAnswer VoiceJobError"
IT_DOES_NOT = "JobNotFound RequestRefused CredentialsRefused PermissionDenied WrongProject"


@pytest.mark.parametrize("name", [*TRY_AGAIN_HELPS.split(), *IT_DOES_NOT.split()])
def test_problem(name: str) -> None:
    """It is the error's sentence; a button asks for the same job again, unless that can't help."""
    error = getattr(errors, name)(job_id=JOB_ID)
    message = guidance.problem(error, CONTEXT, job_id=JOB_ID)
    again = [("Try again", job_card.TRY_AGAIN, JOB_ID)] if name in TRY_AGAIN_HELPS else []

    assert message.text == sentence(error, CONTEXT.words, "`{}`".format)
    assert texts_of(message) == [f":warning: {message.text}"]
    assert pressed(message) == again
    assert (
        pressed(guidance.problem(error, CONTEXT))
        == pressed(guidance.problem(error, CONTEXT, job_id=""))
        == []
    )


def test_word_for_which_there_is_no_job_has_a_hint() -> None:
    """Whoever typed a word that is no id reads how one looks; a button would not help."""
    message = guidance.problem(JobNotFound(job_id="hlp"), CONTEXT)

    assert message.text.startswith("No job `hlp` in this project. It may be mistyped, ")
    assert message.text.endswith(
        f"A job id usually looks like `{JOB_ID}`; `/voicejob help` shows what I can do."
    )
    assert "looks like" not in guidance.problem(JobNotFound(job_id=JOB_ID), CONTEXT).text
    assert pressed(guidance.problem(BadJobId("x y"), CONTEXT, job_id="x y")) == []


def test_problem_has_a_reference() -> None:
    """The first eight signs of the request's id find it in the log; MetaStudio's own answer is not shown."""
    error = ServiceDown(request_id="0123abcdEFGH4567", status=503, code="APIGW.0613")
    english, chinese = (guidance.problem(error, context, job_id=JOB_ID) for context in (CONTEXT, CHINESE))

    assert english.text.endswith("in a few minutes. (Reference for your admin: `0123abcd`)")
    assert chinese.text.endswith("请几分钟后重试。（供管理员查询的请求编号 `0123abcd`）")
    assert texts_of(english)[-1] == "Reference for your admin: `0123abcd`"
    assert not re.search("EFGH|503|APIGW", str(english))
    for silent in (ServiceDown(status=503), JobNotFound(job_id=JOB_ID, request_id="0123abcd")):
        assert "Reference" not in guidance.problem(silent, CONTEXT).text
