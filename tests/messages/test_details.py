"""Why a job failed: in two lines for a card, and at length with the job's history."""
# ruff: noqa: RUF001  Chinese punctuation

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from bot.domain.causes import Cause, Fault, Reviewer
from bot.domain.findings import AuditResult, Findings, OperationLog
from bot.domain.jobs import Job
from bot.domain.languages import Language
from bot.messages import causes, details, facts, history, job_card
from bot.messages.blocks import date
from bot.messages.context import MessageContext
from bot.messages.texts import words_in
from tests.messages.reading import CHINESE, CONTEXT, CONTEXTS, HOSTILE, JOB_ID, check, pressed, texts_of
from tests.records import NOW

ENGLISH_WORDS, CHINESE_WORDS = (words_in(language) for language in Language)
HOUR = 3600
WAV = Fault(code="MSS.20020018", count=12, names=("a.wav", "b.wav", "c.wav", "d.wav", "e.wav"))
LENGTH = Fault(code="MSS.20020029", count=1, names=("f.wav",))
NEW = Fault(code="MSS.20020099", count=2, message="Odd.")


def by(reviewer: Reviewer, said: str = "", *faults: Fault) -> Cause:
    return Cause(by=reviewer, said=said, faults=faults)


LINES: list[tuple[Cause, list[str], list[str]]] = [
    (
        by(Reviewer.ADMIN, "Too *fast*.\nAgain."),
        ["Reviewer at MetaStudio: “Too ∗fast∗. Again.”"],
        ["人工审核意见：“Too ∗fast∗. Again.”"],
    ),
    (
        by(Reviewer.ADMIN),
        ["A reviewer at MetaStudio sent it back. No reason was given."],
        ["人工审核未通过，审核员未说明原因。"],
    ),
    (
        by(Reviewer.SYSTEM),
        ["The automatic review sent it back. No reason was given."],
        ["系统审核未通过，未说明原因。"],
    ),
    (by(Reviewer.ALGORITHM, "Odd."), ["MetaStudio: “Odd.”"], ["算法侧失败原因：“Odd.”"]),
    (by(Reviewer.ALGORITHM), [], []),
    (
        by(Reviewer.SYSTEM, "", WAV),
        ["Automatic review: Audio that can't be read as WAV (a.wav, b.wav and 10 more)"],
        ["系统审核：音频无法按 WAV 读取（a.wav、b.wav 等，另有 10 个）"],
    ),
    (
        by(Reviewer.SYSTEM, "", NEW, LENGTH),
        [
            "Automatic review: Error `MSS.20020099` · “Odd.” (2 files)",
            "Audio that is too short or too long (f.wav)",
        ],
        ["系统审核：错误 `MSS.20020099` · “Odd.”（2 个文件）", "音频过短或过长（f.wav）"],
    ),
    (
        by(Reviewer.SYSTEM, "", LENGTH, replace(NEW, message="", count=1), WAV),
        [
            "Automatic review: Audio that is too short or too long (f.wav)",
            "Error `MSS.20020099` (one file); and other faults",
        ],
        ["系统审核：音频过短或过长（f.wav）", "错误 `MSS.20020099`（1 个文件）；另有其他问题"],
    ),
    (
        by(Reviewer.SYSTEM, "", replace(NEW, code="")),
        ["Automatic review: “Odd.” (2 files)"],
        ["系统审核：“Odd.”（2 个文件）"],
    ),
]


@pytest.mark.parametrize(("cause", "english", "chinese"), LINES)
def test_lines(cause: Cause, english: list[str], chinese: list[str]) -> None:
    """Who refused it, and why: a known code in our words, another one as it came; two lines at most."""
    assert causes.lines(cause, ENGLISH_WORDS) == english
    assert causes.lines(cause, CHINESE_WORDS) == chinese


@pytest.mark.parametrize(
    "code", ["line", "unknown", "files-more", "MSS.line", "MSS_20020018", "MSS.20020027"]
)
def test_only_codes_of_metastudio_have_words_of_ours(code: str) -> None:
    """A code that is like another name in the catalogs is shown as it came, with where to ask."""
    fault = Fault(code=code, count=1)

    assert causes.what(fault, ENGLISH_WORDS) == f"Error `{code}`"
    assert causes.what_to_do(fault, ENGLISH_WORDS) == ENGLISH_WORDS("fault-ask")


def test_what_says_the_same_stands_once() -> None:
    """A job's own reason is not repeated by its cause; else each has a line."""
    said = {"state": "FAILED", "job_failed_code": "MSS.1", "job_failed_reason": "Too long. Cut it."}
    shown, own = Job.from_api(said), "“Too long. Cut it.” (MSS.1)"
    for cause, line in (
        (by(Reviewer.ALGORITHM, "Too  long."), []),
        (by(Reviewer.ALGORITHM, "Too long…"), []),
        (by(Reviewer.ALGORITHM, "Too short."), ["MetaStudio: “Too short.”"]),
        (
            by(Reviewer.SYSTEM, "", LENGTH, WAV),
            ["Audio that is too short or too long (f.wav); and other faults"],
        ),
    ):
        found = job_card.why(shown, cause, ENGLISH_WORDS)
        assert found[0] == own
        assert [each.removeprefix("Automatic review: ") for each in found[1:]] == line


def test_details_do_not_repeat_the_job() -> None:
    """What the job itself says of its failure is not quoted once more as the algorithm's."""
    broke = {"time": at(1), "action": "A", "external_info": {"algorithm_failure_reason": "Too long."}}
    shown = Job.from_api(
        JOB | {"state": "FAILED", "job_failed_reason": "Too long.", "lastupdate_time": at(1)}
    )
    message = details.details(shown, found({}, [broke]), CONTEXT, now=NOW)

    assert texts_of(message)[0].splitlines()[1] == "“Too long.”"
    assert "*Why*" not in str(message.blocks)


def test_long_history_ends_with_the_newest() -> None:
    """Of a hundred steps the last ones are shown, and how many stand before them."""
    log = OperationLog.from_api({"operations": [{"action": f"STEP_{n}", "time": n + 1} for n in range(100)]})
    head, *steps = history.lines(log, ENGLISH_WORDS)

    assert head == f"{100 - history.MOST_STEPS} earlier steps are left out."
    assert ["STEP_80" in steps[0], "STEP_99" in steps[-1], len(steps)] == [True, True, history.MOST_STEPS]


def at(hours: int) -> int:
    return NOW - hours * HOUR


LOG = [
    {"time": at(100), "action": "COMMIT_JOB", "operator": "USER"},
    {
        "time": at(52),
        "action": "AUDIT_NOT_PASS",
        "operator": "ADMIN",
        "external_info": {"admin_audit_failure_reason": "Sign it.\n> Twice."},
    },
    {"time": at(3), "action": "COMMIT_JOB", "operator": "Zhang San"},
    {"time": at(2), "action": "TRAINING_FINISH"},
    {"time": at(1), "action": "NEW_STEP", "operator": "SYSTEM"},
]
ERRORS = [{"error_code": "MSS.20020018", "audio_name": f"x/{number}.wav"} for number in range(7)]
AUDIT = {
    "system_audit_result": {"audit_time": at(1), "errors": [*ERRORS, {"error_message": "Odd."}]},
    "admin_audit_result": {"message": "Sign it.\n> Twice.", "audit_time": at(52), "attachment_name": "a.pdf"},
}
SNR = {"actual": "12", "expected": ">=20", "suggestion": "请降低噪声", "suggestion_en": "Less noise"}
JOB = {
    "job_id": JOB_ID,
    "voice_name": "女声",
    "state": "AUDIT_FAILED",
    "reject_times": 2,
    "job_type": "BASIC",
    "assess_result": {"snr": SNR, "speed": {"actual": "5"}, "sound": {"suggestion": "轻一点"}},
}


def found(audit: Any = AUDIT, log: Any = LOG, count: int = 6) -> Findings:
    return Findings(
        None if audit is None else AuditResult.from_api(audit),
        None if log is None else OperationLog.from_api({"operations": log, "count": count}),
    )


def sections(context: MessageContext, findings: Findings, **fields: Any) -> list[str]:
    """Return the text of each section between the state and the small print, moments as ``<hours ago>``."""
    message = details.details(Job.from_api(JOB | fields), findings, context, now=NOW)
    texts = texts_of(message)[1:-1]
    for hours in (100, 52, 3, 2, 1):
        for form in ("{ago}", "{date_short_pretty} {time}"):
            token = date(at(hours), form)
            texts = [text.replace(token, f"<{hours}>") for text in texts]
    return texts


def test_details() -> None:
    """Who refused it and why, what to do, the rules that fit, what is history, each step, and the facts."""
    assert sections(CONTEXT, found()) == [
        (
            "*Why*\n"
            "The automatic review sent it back, <1>:\n"
            "• *Audio that can't be read as WAV*: 0.wav, 1.wav, 2.wav, 3.wav, 4.wav and 2 more. "
            "Convert these files to WAV, and upload them again.\n"
            "• *“Odd.”*: one file. Look in the MetaStudio console, or ask Huawei Cloud support."
        ),
        "*Out of range*\nLevel: 轻一点\nSignal to noise: 12 (expected: ≥ 20). “Less noise”",
        (
            "*When you record again*\n"
            "• One long WAV or MP3 with pauses of 2 to 3 seconds, or single files of 5 to 15 seconds; "
            "48 kHz; no joined snippets.\n"
            "• Stay a fist away from the microphone, without peaks.\n"
            "• Choose a quieter room.\n"
            "• Submitting again may use up one resource; the console says so before."
        ),
        (
            "*Earlier results, not about the last upload*\n"
            "A reviewer at MetaStudio sent it back, <52>:\n> Sign it.\n> › Twice."
        ),
        (
            "*History*\n"
            "One earlier step is left out.\n"
            "<100> · Submitted, by your team\n"
            "<52> · Review not passed, by a reviewer at MetaStudio, after 2 days: “Sign it. &gt; Twice.”\n"
            "<3> · Submitted, after 2 days 1 hour\n"
            "<2> · Training ended, after 1 hour\n"
            "<1> · `NEW_STEP`, by MetaStudio, after 1 hour"
        ),
        "*More*\nEdition: Basic (20 sentences)\nTimes in this state: 2\nRegion: `cn-north-4`",
    ]


def test_details_in_chinese() -> None:
    """The same in Chinese, with MetaStudio's suggestions in Chinese."""
    assert sections(CHINESE, found(count=5)) == [
        (
            "*原因*\n系统审核未通过（<1>）：\n"
            "• *音频无法按 WAV 读取* ：0.wav、1.wav、2.wav、3.wav、4.wav 等，另有 2 个。"
            "请将这些文件转换为 WAV 后重新上传。\n• *“Odd.”* ：1 个文件。"
            "请在 MetaStudio 控制台中查看，或联系华为云技术支持。"
        ),
        "*超出范围*\n音量：轻一点\n信噪比：12（预期：≥ 20），“请降低噪声”",
        (
            "*重新录制时*\n"
            "• 一个长的 WAV 或 MP3 文件，句间停顿 2 至 3 秒；或每句 5 至 15 秒的单个文件；"
            "48 kHz；请勿拼接。\n"
            "• 与麦克风保持一拳距离，避免爆音。\n• 请选择更安静的房间。\n"
            "• 每次提交可能会消耗一个资源，控制台会事先提示。"
        ),
        "*以前的审核结果，与最近一次上传无关*\n人工审核未通过（<52>）：\n> Sign it.\n> › Twice.",
        (
            "*历史*\n<100> · 提交任务（用户）\n"
            "<52> · 审核未通过（管理员） · 用时 2 天 · “Sign it. &gt; Twice.”\n"
            "<3> · 提交任务 · 用时 2 天 1 小时\n<2> · 训练结束 · 用时 1 小时\n"
            "<1> · `NEW_STEP`（系统） · 用时 1 小时"
        ),
        "*更多*\n版本：基础版（20 句话）\n该状态出现的次数：2\n区域： `cn-north-4`",
    ]


@pytest.mark.parametrize("context", CONTEXTS, ids=["en", "zh"])
@pytest.mark.parametrize(
    ("audit", "log", "says"),
    [
        (None, LOG, ["details-no-audit", "details-again"]),
        (AUDIT, None, ["details-no-log", "details-again"]),
        (None, None, ["details-neither", "details-again"]),
        (AUDIT, LOG, []),
        ({}, [], ["details-no-reason"]),
    ],
)
def test_what_is_missing_is_said(audit: Any, log: Any, says: list[str], context: MessageContext) -> None:
    """What MetaStudio did not answer is named, with what to do; and that it has no reason, if it has none."""
    words = context.words
    told = "\n".join(sections(context, found(audit, log), assess_result={}))
    every = ("details-no-audit", "details-no-log", "details-neither", "details-again", "details-no-reason")
    said = {
        name: words(name, **({"console": words("console")} if "reason" in name else {})) for name in every
    }

    assert [name for name in every if said[name].rstrip("。") in told] == says


def test_reviewers_attachment_is_named() -> None:
    """It is opened in the console; what was attached to an earlier review is not."""
    now = {"admin_audit_result": {"message": "Look.", "attachment_name": "*a*.pdf", "audit_time": at(1)}}
    shown = sections(CONTEXT, found(now))[0]

    assert shown == (
        "*Why*\nA reviewer at MetaStudio sent it back, <1>:\n> Look.\n"
        "MetaStudio attached ∗a∗.pdf: open it in the MetaStudio console."
    )
    assert "attached" not in str(sections(CONTEXT, found()))


def test_a_job_that_goes_on_has_no_why() -> None:
    """What was said before is history; there is a button to ask again, and one for the console."""
    texts = sections(CONTEXT, found(), state="AUDITING")
    message = details.details(Job.from_api(JOB), found(), CONTEXT, now=NOW)

    assert [text.splitlines()[0] for text in texts] == [
        *("*Out of range*", "*Earlier results, not about the last upload*", "*History*", "*More*")
    ]
    assert pressed(message) == [("Refresh", job_card.DETAILS_AGAIN, JOB_ID)]
    assert message.text.startswith(
        f"女声 · job `{JOB_ID}`: Recordings rejected (2nd time). Automatic review: "
    )


SPANS = {
    0: ("less than a minute", "1 分钟以内"),
    60: ("1 minute", "1 分钟"),
    3599: ("59 minutes", "59 分钟"),
    3600: ("1 hour", "1 小时"),
    7260: ("2 hours 1 minute", "2 小时 1 分钟"),
    86_400: ("1 day", "1 天"),
    86_460: ("1 day", "1 天"),
    200_000: ("2 days 7 hours", "2 天 7 小时"),
}


@pytest.mark.parametrize(("seconds", "said"), SPANS.items())
def test_how_long_a_step_took(seconds: int, said: tuple[str, str]) -> None:
    """It is told in its two largest units that stand side by side."""
    assert tuple(history.span(seconds, words) for words in (ENGLISH_WORDS, CHINESE_WORDS)) == said


@pytest.mark.parametrize("filler", [HOSTILE, "&", "女"])
def test_as_much_as_there_may_be(filler: str) -> None:
    """4,096 faults of a kind each, and the longest words in every field, fit into one message."""
    long = (filler * 1024)[:1024]
    error = dict.fromkeys(("audio_name", "text_name", "error_message"), long)
    errors = [error | {"error_code": f"{number}{long}"} for number in range(4096)]
    reasons = dict.fromkeys(("algorithm_failure_reason", "admin_audit_failure_reason"), f"{long}\n" * 9)
    step = {"time": at(1), "action": long, "operator": long, "external_info": reasons}
    audit = {
        "system_audit_result": {"audit_time": at(2), "errors": errors},
        "admin_audit_result": {"message": "x\n" * 1000, "attachment_name": long, "audit_time": at(1)},
    }
    measures = dict.fromkeys(("speed", "sound", "snr", "reverb"), dict.fromkeys(SNR, long))
    findings = found(audit, [step] * 100, 4000)
    for state, context in product(("AUDIT_FAILED", "FAILED", "AUDITING"), CONTEXTS):
        shown = Job.from_api(JOB | {"state": state, "reject_times": 1, "assess_result": measures})
        check(details.details(shown, findings, context, now=NOW))


@pytest.mark.parametrize(
    ("state", "is_passed"),
    [("AUDITING", False), ("AUDIT_FAILED", False), ("FAILED", False), ("WAITING", True), ("SUCCEED", True)],
)
def test_what_is_out_of_range_may_have_passed(state: str, *, is_passed: bool) -> None:
    """Whoever reads of a bad measure of a job that has gone on reads that the review let it pass."""
    passed = CONTEXT.words("details-measures-passed")

    assert (passed in "\n".join(sections(CONTEXT, found(), state=state))) is is_passed
    assert passed not in "\n".join(sections(CONTEXT, found(), state=state, assess_result={}))


@pytest.mark.parametrize(
    ("sent", "read"), [(">=35", "≥ 35"), ("<= 4", "≤ 4"), ("3.5 to <=4", "3.5 to ≤ 4"), (35, "35")]
)
def test_bounds_are_read_as_signs(sent: Any, read: str) -> None:
    """A measure's bounds are sent as they are typed."""
    shown = Job.from_api(JOB | {"assess_result": {"snr": SNR | {"actual": sent}}})

    assert f"Signal to noise: {read} (" in facts.measures_out_of_range(shown, ENGLISH_WORDS)[0]
