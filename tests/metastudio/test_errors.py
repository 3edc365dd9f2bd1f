"""What MetaStudio, its gateway or IAM answered instead of a job, and which error that is."""

import json
from collections.abc import Mapping
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.languages import Language
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
from bot.messages.texts import words_in
from bot.metastudio.errors import error_for, iam_refusal, refusal
from tests.profiles import examples
from tests.strategies import json_values


def body_of(answer: Any) -> bytes:
    return answer if isinstance(answer, bytes) else json.dumps(answer).encode()


def read(body: Any = b"", *, status: int = 400, headers: Mapping[str, str] | None = None) -> MetaStudioError:
    return refusal(status, headers or {}, body_of(body))


NOT_OWN = ["", "NEW.1", "404", "APIGW.", "APIGW.ABCD", "MSS.41", "mss.41000003", "XMSS.41000003"]


def test_without_an_own_code_only_some_statuses_speak() -> None:
    """What has no code of Huawei Cloud's may come from anything on the way."""
    known = {408: TimedOut, 429: Throttled} | dict.fromkeys(range(500, 600), ServiceDown)
    for code, status in product(NOT_OWN, range(201, 600)):
        assert error_for(status, code) is known.get(status, UnreadableAnswer), (status, code)


NOT_FOUND = "MSS.41000003"
WITH_CODE: list[dict[str, Any]] = [
    *({name: NOT_FOUND, "error_msg": "x"} for name in ("error_code", "errorCode", "code")),
    {"status": 404, "badRequest": {"code": NOT_FOUND}},
    {"error_code": None, "error": {"code": NOT_FOUND}},
    {"error": {"code": 404}, "details": {"code": NOT_FOUND}},
]
WITHOUT_CODE = [
    *(b"", b"<html><h1>502 Bad Gateway</h1></html>", b'{"error_code": "MSS.4', b"null", b'"MSS.41000003"'),
    *(b'{"a": {"b": {"error_code": "MSS.41000003"}}}', b"\xff\xfe\x00"),
    *(b'{"error_code": ' + b"9" * 5000 + b"}", b"[" * 5000 + b"]" * 5000),
]


def test_code_in_the_body() -> None:
    """By each of its names, at the top or one level down, before the status; without one that decides."""
    for body in WITH_CODE:
        error = read(body, status=404)
        assert (type(error), error.status, error.code) == (JobNotFound, 404, NOT_FOUND), body
    for odd in WITHOUT_CODE:
        errors = [read(odd, status=status) for status in (404, 502)]
        assert [(type(error), error.code) for error in errors] == [(UnreadableAnswer, ""), (ServiceDown, "")]


@given(status=st.integers(201, 599), answer=json_values())
@examples(20)
def test_any_json_is_read(status: int, answer: Any) -> None:
    """Whatever JSON comes, with whatever status, it becomes an error with a sentence."""
    error = read(answer, status=status)

    assert all(sentence(error, words_in(each)) for each in Language)
    assert str(error).isprintable()


def test_request_id() -> None:
    """It comes from X-Request-Id, else from IAM's header, else from the body; 64 characters are kept."""
    iams = {"X-IAM-Trace-Id": "token_cn-north-4_cc33"}
    found = [
        read({"request_id": "bb22"}, headers={"X-Request-Id": "aa11"} | iams),
        read({"request_id": "bb22"}, headers=iams),
        read({"error": {"request_id": "bb22"}}),
        read(headers={"X-Request-Id": "f" * 10_000}),
    ]

    assert [error.request_id for error in found] == ["aa11", iams["X-IAM-Trace-Id"], "bb22", "f" * 64]


def test_what_is_kept_of_an_answer() -> None:
    """No line breaks, escapes or markup, and nothing of the message, which may quote what was sent."""
    hostile = "aa\r\nbb cc\x1b[31mbb\u2028cc`a<!channel>" + "9" * 10_000
    for read_by in (refusal, iam_refusal):
        answer = {"error_code": hostile, "request_id": hostile, "error_msg": "signature SECRETSECRET"}
        error = read_by(401, {}, body_of(answer))

        assert error.code == error.request_id == "aabbcc31mbbccachannel".ljust(64, "9")
        assert "SECRETSECRET" not in f"{error} {error!r} {vars(error)}"


def test_retry_after_is_read_in_seconds() -> None:
    """Plain seconds are read; anything else counts as not given."""
    odd = ("", "-1", "1.5", "٣", "²", "Wed, 21 Oct 2026 07:28:00 GMT")
    for value, seconds in {"7": 7.0, "0": 0.0, "9" * 5000: float("inf"), **dict.fromkeys(odd)}.items():
        assert read(status=429, headers={"Retry-After": value}).retry_after == seconds, value


NOT_IAMS: list[Any] = [
    *(b"<html>Please log in</html>", b"", {}, {"message": "no Route matched"}, {"error_code": "1101"}),
    {"code": 401, "message": "Unauthorized"},
    {"error": {"code": 999, "message": "no", "title": "No"}},
    {"error": {"code": 404, "message": "no", "status": "NOT_FOUND"}},
    {"error": "Unauthorized"},
    [{"error": {"code": 401, "message": "no", "title": "No"}}],
]


def test_what_is_not_iams_is_no_word_about_the_user() -> None:
    """Something between the bot and IAM answers in a form of its own; an object with 401 or 403 is IAM's."""
    for answer, status in product(NOT_IAMS, (302, 400, 401, 403, 404, 407, 410)):
        is_refusal = status in {401, 403} and isinstance(answer, dict)
        expected = CredentialsRefused if is_refusal else UnreadableAnswer
        assert type(iam_refusal(status, {}, body_of(answer))) is expected, (answer, status)
