"""What MetaStudio, its gateway or IAM answered instead of a job, and which error that is."""

import json
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import (
    CredentialsRefused,
    JobNotFound,
    MetaStudioError,
    ServiceDown,
    Throttled,
    TimedOut,
    UnreadableAnswer,
)
from bot.messages.errors import sentence
from bot.metastudio.errors import error_for, iam_refusal, refusal
from tests.faults import DOCUMENTED
from tests.profiles import examples
from tests.strategies import json_values


def body_of(answer: Any) -> bytes:
    return answer if isinstance(answer, bytes) else json.dumps(answer).encode()


def read(body: Any = b"", *, status: int = 400, headers: Mapping[str, str] | None = None) -> MetaStudioError:
    return refusal(status, headers or {}, body_of(body))


def test_status_and_code_choose_the_error() -> None:
    """Every documented answer is one class of the tree; throttling, faults and time-outs may pass."""
    for status, code, expected in DOCUMENTED:
        assert error_for(status, code) is expected, (status, code)
        assert expected.transient is (expected in {Throttled, ServiceDown, TimedOut})


NOT_OWN = ["", "NEW.1", "404", "APIGW.", "APIGW.ABCD", "MSS.41", "mss.41000003", "XMSS.41000003"]


def test_without_an_own_code_only_some_statuses_speak() -> None:
    """What has no code of Huawei Cloud's may come from anything on the way."""
    known = {408: TimedOut, 429: Throttled} | dict.fromkeys(range(500, 600), ServiceDown)
    for code, status in product(NOT_OWN, range(201, 600)):
        assert error_for(status, code) is known.get(status, UnreadableAnswer), (status, code)


@pytest.mark.parametrize(
    "body",
    [
        {"error_code": "MSS.41000003", "error_msg": "x"},
        {"errorCode": "MSS.41000003", "errorMsg": "x"},
        {"code": "MSS.41000003", "message": "x"},
        {"status": 404, "badRequest": {"code": "MSS.41000003"}},
        {"error_code": None, "error": {"code": "MSS.41000003"}},
        {"error": {"code": 404}, "details": {"code": "MSS.41000003"}},
    ],
    ids=str,
)
def test_code_is_found(body: dict[str, Any]) -> None:
    """By each of its names, at the top or one level down, and before the status in the place of a code."""
    error = read(body, status=404)

    assert (type(error), error.status, error.code) == (JobNotFound, 404, "MSS.41000003")


WITHOUT_CODE = [
    *(b"", b"<html><h1>502 Bad Gateway</h1></html>", b'{"error_code": "MSS.4', b"null", b'"MSS.41000003"'),
    *(b'{"a": {"b": {"error_code": "MSS.41000003"}}}', b"\xff\xfe\x00"),
    *(b'{"error_code": ' + b"9" * 5000 + b"}", b"[" * 5000 + b"]" * 5000),
]


@pytest.mark.parametrize("body", WITHOUT_CODE, ids=lambda body: ascii(body)[:40])
def test_without_a_code_the_status_decides(body: bytes) -> None:
    """A body that holds no code, or is no JSON, leaves the choice to the status."""
    errors = [read(body, status=status) for status in (404, 502)]

    assert [(type(error), error.code) for error in errors] == [(UnreadableAnswer, ""), (ServiceDown, "")]


@given(status=st.integers(201, 599), answer=json_values())
@examples(20)
def test_any_json_is_read(status: int, answer: Any) -> None:
    """Whatever JSON comes, with whatever status, it becomes an error with a sentence."""
    error = read(answer, status=status)

    assert sentence(error)
    assert str(error).isprintable()


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"X-Request-Id": "aa11", "X-IAM-Trace-Id": "cc33"}, {"request_id": "bb22"}, "aa11"),
        ({"X-IAM-Trace-Id": "token_cn-north-4_cc33"}, {"request_id": "bb22"}, "token_cn-north-4_cc33"),
        ({}, {"error": {"request_id": "bb22"}}, "bb22"),
        ({"X-Request-Id": "f" * 10_000}, {}, "f" * 64),
    ],
)
def test_request_id(headers: dict[str, str], body: dict[str, Any], expected: str) -> None:
    """It comes from X-Request-Id, else from IAM's header, else from the body; 64 characters are kept."""
    assert expected == read(body, headers=headers).request_id


def test_hostile_values_are_cleaned() -> None:
    """Line breaks, escapes, markup and long text in a code or a request id do not reach the log."""
    hostile = "aa\r\nbb cc\x1b[31mbb\u2028cc`a<!channel>" + "9" * 10_000
    error = read({"error_code": hostile, "request_id": hostile})

    assert error.code == error.request_id == "aabbcc31mbbccachannel".ljust(64, "9")
    assert "\n" not in str(error)


@pytest.mark.parametrize("read_by", [refusal, iam_refusal])
def test_text_of_the_answer_is_not_kept(read_by: Callable[..., MetaStudioError]) -> None:
    """The message may quote what was sent to sign in, so it is nowhere in the error."""
    error = read_by(401, {}, body_of({"error_code": "APIGW.0301", "error_msg": "signature SECRETSECRET"}))

    assert "SECRETSECRET" not in f"{error} {error!r} {vars(error)}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *(("7", 7.0), ("0", 0.0), ("9" * 5000, float("inf")), ("", None), ("-1", None), ("1.5", None)),
        *(("٣", None), ("²", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None)),
    ],
    ids=lambda value: str(value)[:9],
)
def test_retry_after_is_read_in_seconds(value: str, expected: float | None) -> None:
    """Plain seconds are read; anything else counts as not given."""
    assert expected == read(status=429, headers={"Retry-After": value}).retry_after


@pytest.mark.parametrize(
    "answer",
    [
        *(b"<html>Please log in</html>", b"", {}, {"message": "no Route matched"}, {"error_code": "1101"}),
        {"code": 401, "message": "Unauthorized"},
        {"error": {"code": 999, "message": "no", "title": "No"}},
        {"error": {"code": 404, "message": "no", "status": "NOT_FOUND"}},
        {"error": "Unauthorized"},
        [{"error": {"code": 401, "message": "no", "title": "No"}}],
    ],
    ids=str,
)
def test_what_is_not_iams_is_no_word_about_the_user(answer: Any) -> None:
    """Something between the bot and IAM answers in a form of its own; an object with 401 or 403 is IAM's."""
    for status in (302, 400, 401, 403, 404, 407, 410):
        is_refusal = status in {401, 403} and isinstance(answer, dict)
        expected = CredentialsRefused if is_refusal else UnreadableAnswer
        assert type(iam_refusal(status, {}, body_of(answer))) is expected, status
