"""A job's card: what it says, in which order, and that text from outside is just characters."""
# ruff: noqa: RUF001  Chinese punctuation, and look-alikes

import re
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.jobs import ENDED_STATES, GONE, STATES, Job, Phase, meaning_of
from bot.messages import claims, job_card
from bot.messages.blocks import Message, literal
from bot.messages.context import MessageContext
from bot.messages.facts import facts
from bot.messages.looked_up import looked_up
from tests.messages.reading import (
    AGO,
    CHINESE,
    CONSOLE,
    CONTEXT,
    CONTEXTS,
    HOSTILE,
    IN_CODE,
    JOB_ID,
    LINKED,
    codes_in,
    live_in,
    pressed,
    texts_of,
)
from tests.records import NOW

CHECKED = "<!date^1800000000^checked {date_short_pretty} {time}|checked 2027-01-15 08:00 UTC>"
WAITS: dict[str, Any] = {
    "voice_name": "女声",
    "state": "AUDIT_FAILED",
    "reject_times": 2,
    "lastupdate_time": NOW,
    "job_failed_code": "MSS.1",
    "job_failed_reason": "too loud",
}


def card_of(context: MessageContext = CONTEXT, *, followed_in: str = "", **answer: Any) -> Message:
    """Make the card of an answer, the way a look-up does."""
    shown = Job.from_api({"job_id": JOB_ID} | answer)
    return looked_up(shown, context, now=NOW, followed_in=followed_in)


def test_card() -> None:
    """It has six lines: the voice, the state, the cause, whose turn it is, the step, and small print."""
    message = card_of(**WAITS)

    assert texts_of(message, "plain_text")[0] == "女声"
    said, small = texts_of(message)
    assert said == (
        f":point_right: *Recordings rejected (2nd time)*, {AGO}\n"
        "“too loud” (MSS.1)\n"
        "*Your turn: upload new recordings and resubmit* in the MetaStudio console\n"
        "▰▱▱▱▱▱▱▱ Step 1 of 8 · next: review"
    )
    assert small == f"`AUDIT_FAILED` · {CHECKED} · `{JOB_ID}`"
    assert message.text == (
        f"女声 · job `{JOB_ID}`: Recordings rejected (2nd time), {AGO}. “too loud” (MSS.1). Your turn: "
        "upload new recordings and resubmit in the MetaStudio console. Step 1 of 8 · next: review."
    )


def test_card_in_chinese() -> None:
    """The same lines, with Chinese punctuation, and names and codes as they are."""
    message = card_of(CHINESE, **WAITS)

    assert texts_of(message)[0] == (
        f":point_right: *审核失败，等待重传语料（第 2 次）* · {AGO}\n"
        "“too loud”（MSS.1）\n"
        "*需要您处理：请在 MetaStudio 控制台中重新上传语料并再次提交*\n"
        "▰▱▱▱▱▱▱▱ 第 1/8 步 · 下一步：审核"
    )
    assert message.text == (
        f"女声 · 任务 `{JOB_ID}` · 审核失败，等待重传语料（第 2 次） · {AGO}。“too loud”（MSS.1）。"
        "需要您处理：请在 MetaStudio 控制台中重新上传语料并再次提交。第 1/8 步 · 下一步：审核。"
    )
    assert [label for label, *_ in pressed(message)] == ["我来处理", "订阅", "通知我", "原因", "刷新"]


@pytest.mark.parametrize("context", CONTEXTS, ids=["en", "zh"])
@pytest.mark.parametrize("state", [*STATES, GONE, "BRAND_NEW", None])
def test_card_of_any_state(state: str | None, context: MessageContext) -> None:
    """It says where the job is, whose turn it is, in bold if it may be yours, and what is next."""
    words, shown, meaning = context.words, Job(state=state), meaning_of(state)
    message = card_of(context, state=state)
    turn, next_ = job_card.turn(shown, context), job_card.next_step(state, words)
    lines = texts_of(message)[0].splitlines()

    assert lines[0] == f"{job_card.ICONS[meaning.phase]} *{job_card.label(state, words)}*"
    assert lines[1] == turn
    may_be_ours = {Phase.WAITS_FOR_CUSTOMER, Phase.UNKNOWN, Phase.ENDED_BADLY}
    assert turn.startswith("*") is (meaning.phase in may_be_ours and state != GONE)
    assert [line.count("▰") for line in lines[2:]] == ([meaning.step] if next_ else [])
    assert next_ in message.text
    assert bool(next_) is (state in STATES and state not in {*ENDED_STATES, "SPLIT_FAILED"})
    assert (f"`{state}`" in texts_of(message)[1]) is (state in STATES)


NAMES = [
    ("女声 :x: *bold*", "女声 :x: *bold*"),
    (None, "Voice without a name"),
    ("\x00\u202e \u2066", "Voice without a name"),
    ("👍" * 150, "👍" * 150),
    ("n" * 151, f"{'n' * 149}…"),
]


@pytest.mark.parametrize(("name", "shown"), NAMES)
def test_card_leads_with_the_voice(name: str | None, shown: str) -> None:
    """The first thing is the name, as plain text; where nothing can be seen of it, that there is none."""
    message = card_of(voice_name=name)

    assert message.blocks[0]["text"]["text"] == shown
    assert message.text.startswith(literal(shown))


TIMES = {
    None: "",
    0: "",
    1: "",
    -3: "",
    2: " (2nd time)",
    3: " (3rd time)",
    4: " (4th time)",
    20: " (20th time)",
}


@pytest.mark.parametrize(
    ("times", "said"), [*TIMES.items(), (21, " (many times)"), (10**4000, " (many times)")]
)
def test_how_often_a_state_occurred(times: int | None, said: str) -> None:
    """It stands beside the state from the second time on."""
    first = texts_of(card_of(state="AUDITING", reject_times=times))[0].splitlines()[0]

    assert first == f":hourglass_flowing_sand: *In manual review{said}*"


def test_state_of_which_nothing_can_be_seen_is_none() -> None:
    """Bold around nothing would be two asterisks."""
    assert job_card.label("\x1b\u202e", CONTEXT.words) == job_card.label(None, CONTEXT.words)


def test_time_that_is_not_known_is_not_shown() -> None:
    """MetaStudio's placeholder for no time, and what is no time, leave the state alone."""
    for time in (0, 2147483647, None, "soon"):
        assert "<!date" not in texts_of(card_of(state="WAITING", lastupdate_time=time))[0]


BOTH = {"job_failed_code": "MSS.1", "job_failed_reason": "太长。"}
CAUSES: list[tuple[dict[str, Any], str, str]] = [
    (BOTH, "“太长。” (MSS.1)", "“太长。”（MSS.1）"),
    ({"job_failed_reason": "太长。"}, "“太长。”", "“太长。”"),
    ({"job_failed_code": "MSS.1"}, "Error MSS.1", "错误码：MSS.1"),
]


@pytest.mark.parametrize(("given", "english", "chinese"), CAUSES)
def test_failure_has_its_cause(given: dict[str, Any], english: str, chinese: str) -> None:
    """Reason and error code stand above what to do, when something failed or may have, and only then.

    What an earlier failure left is not why a result is ready, or a job deleted.
    """
    failed = ("FAILED", "AUDIT_FAILED", "SPLIT_FAILED")
    for state in (*failed, "BRAND_NEW"):
        for context, cause in ((CONTEXT, english), (CHINESE, chinese)):
            message = card_of(context, state=state, **given)
            assert texts_of(message)[0].splitlines()[1] == cause
            assert cause in message.text
    for works in {*STATES, GONE} - {*failed}:
        assert not re.search("MSS|太长", str(card_of(state=works, **given)))


def test_long_cause_is_cut() -> None:
    """A card stays a card, however much MetaStudio has to say."""
    cause = texts_of(card_of(state="FAILED", job_failed_reason="r" * 5000))[0].splitlines()[1]

    assert cause == f"“{'r' * 499}…”"


LINKS = [CONSOLE, f"https://e.example/{'x' * 482}"]
NO_LINKS = [f"https://e.example/{'&' * 150}", "https://e.example/a|b"]
"""Too long where they are escaped, or no link in Slack's form."""


@pytest.mark.parametrize("url", [*LINKS, *NO_LINKS])
def test_where_to_do_it(url: str) -> None:
    """The console is a link if its address fits into a line, and a button in any case."""
    message = card_of(replace(CONTEXT, console_url=lambda _: url), state="CREATING")
    link = f"in the <{url.replace('&', '&amp;')}|MetaStudio console>"

    assert (link if url in LINKS else "in the MetaStudio console\n") in texts_of(message)[0]
    assert "submit the job in the MetaStudio console." in message.text
    assert pressed(message)[-1] == ("Open console", job_card.OPEN_CONSOLE, url)


@pytest.mark.parametrize("state", ["WAITING", "AUDIT_FAILED", "SUCCEED", "FAILED", GONE])
def test_buttons(state: str) -> None:
    """A job that goes on can be followed, where it is not yet; any can be asked for again, and explained."""
    subscribe = ("Subscribe", job_card.SUBSCRIBE, JOB_ID)
    tell_me = ("Tell me", job_card.TELL_ME, JOB_ID)
    always = [
        ("Why?" if state in {"AUDIT_FAILED", "FAILED"} else "Details", job_card.DETAILS, JOB_ID),
        ("Refresh", job_card.REFRESH, JOB_ID),
    ]
    goes_on = state in {"WAITING", "AUDIT_FAILED"}
    asked = [("I'm on it", claims.TAKE, f"{JOB_ID} AUDIT_FAILED")] if state == "AUDIT_FAILED" else []

    assert pressed(card_of(state=state)) == asked + ([subscribe, tell_me] if goes_on else []) + always
    assert pressed(card_of(state=state, followed_in="C1")) == asked + ([tell_me] if goes_on else []) + always
    assert pressed(card_of(state=state, followed_in="D1")) == asked + always


def test_card_says_that_the_job_is_followed() -> None:
    """Who reads it in a direct message with the bot is addressed."""
    for channel_id, said in (
        ("C1", "This channel follows it."),
        ("D1", "You follow it."),
        ("U1", "You follow it."),
    ):
        message = card_of(followed_in=channel_id)
        assert texts_of(message)[0].splitlines()[-1] == said
        assert message.text.endswith(f" {said}")


DETAILS: list[tuple[str, Any, str, str]] = [
    ("job_type", "BASIC", "Edition: Basic (20 sentences)", "版本：基础版（20 句话）"),
    ("job_type", "NEW_ONE", "Edition: `NEW_ONE`", "版本： `NEW_ONE`"),
    ("language", "CN", "Language: Chinese", "原始输入语言：中文"),
    ("sex", "FEMALE", "Gender: Female", "性别：女性"),
    ("tag", "ECOMMERCE", "Use: E-commerce", "任务标签：电商"),
    ("create_type", "PACKAGE", "Recordings: One package", "语料：整包上传"),
    ("reject_times", 2, "Times in this state: 2", "该状态出现的次数：2"),
    ("batch_name", "*spring*", "Batch: ∗spring∗", "批次名称：∗spring∗"),
    ("asset_id", "asset-1", "Model asset: `asset-1`", "资产 ID： `asset-1`"),
    ("dhtms_job_id", "avatar-1", "Avatar job: `avatar-1`", "形象制作任务： `avatar-1`"),
]
"""A field's name, a value, and the line that the details have of it."""


@pytest.mark.parametrize(("name", "value", "english", "chinese"), DETAILS)
def test_details(name: str, value: Any, english: str, chinese: str) -> None:
    """What is known and not on the card has a line in the details, and what is not known has none."""
    shown = Job.from_api({name: value})
    for context, line, region in ((CONTEXT, english, "Region: "), (CHINESE, chinese, "区域： ")):
        (section,) = facts(shown, context)
        assert section["text"]["text"].splitlines() == [line, f"{region}`cn-north-4`"]


def test_details_have_the_times() -> None:
    """They are moments, since details are read once."""
    (section,) = facts(Job(create_time=NOW, lastupdate_time=NOW), LINKED)
    at = "<!date^1800000000^{date_short_pretty} {time}|2027-01-15 08:00 UTC>"

    assert section["text"]["text"].splitlines()[:2] == [f"Created: {at}", f"In this state since: {at}"]


def test_details_have_the_measures() -> None:
    """As they came, with what was expected, and MetaStudio's suggestion in the reader's language."""
    snr = {
        "actual": "12 dB",
        "expected": "20 & up",
        "suggestion": "请降低噪声",
        "suggestion_en": "Less *noise*",
    }
    shown = Job.from_api(
        {"assess_result": {"snr": snr, "speed": {"actual": 5.1}, "reverb": "?", "sound": {}}}
    )
    measured = [texts_of(Message("", facts(shown, context)))[1].splitlines() for context in CONTEXTS]

    assert measured == [
        ["Speaking rate: 5.1", "Signal to noise: 12 dB (expected: 20 &amp; up). “Less ∗noise∗”"],
        ["语速：5.1", "信噪比：12 dB（预期：20 &amp; up），“请降低噪声”"],
    ]


def test_hostile_values_stay_plain() -> None:
    """In every field that is shown, markup reaches Slack as characters, in the blocks and in the text."""
    fields = ("voice_name", "state", "job_failed_code", "job_failed_reason")
    answers: list[dict[str, Any]] = [dict.fromkeys(fields, value) for value in ("tame", HOSTILE)]
    tame, hostile = (card_of(**answer) for answer in answers)

    assert len(live_in(tame)) == len(live_in(hostile))
    assert codes_in(tame) == codes_in(hostile) == [JOB_ID] * 2
    assert IN_CODE in codes_in(card_of(job_id=HOSTILE))
