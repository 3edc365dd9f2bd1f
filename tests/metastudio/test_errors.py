"""What MetaStudio, its gateway or IAM answered instead of a job, and which error that is."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import (
    CredentialsRefused,
    JobNotFound,
    MetaStudioError,
    PermissionDenied,
    RequestRefused,
    ServiceDown,
    Throttled,
    TimedOut,
    UnreadableAnswer,
    WrongProject,
)
from bot.messages.errors import sentence
from bot.metastudio.errors import error_for, iam_refusal, refusal, request_id_of
from tests.profiles import examples
from tests.strategies import json_values

TABLE: list[tuple[int, str, type[MetaStudioError]]] = [
    # The gateway's page "Error Codes".
    (400, "APIGW.0201", RequestRefused),
    (413, "APIGW.0201", RequestRefused),
    (414, "APIGW.0201", RequestRefused),
    (494, "APIGW.0201", RequestRefused),
    (502, "APIGW.0201", ServiceDown),
    (504, "APIGW.0201", ServiceDown),
    (401, "APIGW.0301", CredentialsRefused),
    (401, "APIGW.0305", CredentialsRefused),
    (401, "APIGW.0307", CredentialsRefused),
    (403, "APIGW.0302", PermissionDenied),
    (403, "APIGW.0306", PermissionDenied),
    (403, "APIGW.0310", WrongProject),
    (403, "APIGW.0801", WrongProject),
    (403, "APIGW.0802", WrongProject),
    (404, "APIGW.0101", WrongProject),
    (404, "APIGW.0103", ServiceDown),
    (429, "APIGW.0308", Throttled),
    (500, "APIGW.0601", ServiceDown),
    (500, "APIGW.0605", ServiceDown),
    (500, "APIGW.0606", ServiceDown),
    (500, "APIGW.0608", ServiceDown),
    (502, "APIGW.0610", ServiceDown),
    (504, "APIGW.0610", ServiceDown),
    (503, "APIGW.0613", ServiceDown),
    # MetaStudio's page of error codes.
    (400, "MSS.00000002", RequestRefused),
    (400, "MSS.00000003", RequestRefused),
    (400, "MSS.10000002", RequestRefused),
    (400, "MSS.10000003", RequestRefused),
    (400, "MSS.00010003", WrongProject),
    (400, "MSS.00010004", WrongProject),
    (400, "MSS.00010008", CredentialsRefused),
    (400, "MSS.00010009", WrongProject),
    (404, "MSS.41000003", JobNotFound),
    (400, "MSS.41000003", JobNotFound),  # the job's own page lists no 404
    (403, "MSS.41000012", Throttled),
    (403, "MSS.41000023", PermissionDenied),
    (500, "MSS.00021014", ServiceDown),
    (500, "MSS.00021016", ServiceDown),
    # Some pages print nine digits: they are other codes than those with eight.
    (500, "MSS.000000001", ServiceDown),
    (500, "MSS.000000002", ServiceDown),
    (400, "MSS.000000003", RequestRefused),
    (401, "MSS.000000004", CredentialsRefused),
    (400, "MSS.000000004", CredentialsRefused),
    (400, "MSS.000010008", RequestRefused),
    (400, "MSS.410000003", RequestRefused),
    # Unknown codes of their form: the status decides.
    (400, "MSS.99999999", RequestRefused),
    (401, "APIG.0301", CredentialsRefused),
    (401, "IAM.0101", CredentialsRefused),
    (403, "APIGW.9999", PermissionDenied),
    (404, "APIGW.9999", WrongProject),
    (407, "APIGW.9999", RequestRefused),
    (302, "APIGW.9999", WrongProject),
    (408, "APIGW.9999", TimedOut),
    (429, "MSS.99999999", Throttled),
    (599, "APIGW.9999", ServiceDown),
    (204, "", UnreadableAnswer),
    (200, "APIGW.0301", UnreadableAnswer),
]
"""Each status and code that is documented, and what it means to the bot."""

WITHOUT = {
    **dict.fromkeys((300, 302, 307, 400, 401, 403, 404, 405, 407, 410, 418, 451, 499), UnreadableAnswer),
    408: TimedOut,
    429: Throttled,
    **dict.fromkeys((500, 502, 503, 504, 599), ServiceDown),
}
"""What an answer means by its status that has no code of Huawei Cloud's."""
STRANGE = (
    "",
    "NEW.1",
    "404",
    "FW.0001",
    "APIGW",
    "APIGW.",
    "APIGW.ABCD",
    "MSS.41",
    "mss.41000003",
    "XMSS.41000003",
)
TABLE += [(status, code, kind) for status, kind in WITHOUT.items() for code in STRANGE]

ROWS = pytest.mark.parametrize(
    ("status", "code", "expected"), TABLE, ids=[f"{status} {code or '-'}" for status, code, _ in TABLE]
)

TRANSIENT = {Throttled, ServiceDown, TimedOut}


def body_of(answer: Any) -> bytes:
    return json.dumps(answer).encode()


def read(body: Any = b"", *, status: int = 400, headers: Mapping[str, str] | None = None) -> MetaStudioError:
    raw = body if isinstance(body, bytes) else body_of(body)
    return refusal(status, headers or {}, raw, job_id="a-job")


class TestTable:
    """Status and code together."""

    @ROWS
    def test_status_and_code_choose_the_error(
        self, status: int, code: str, expected: type[MetaStudioError]
    ) -> None:
        """Every documented answer, and every other, is one class of the tree."""
        assert expected is error_for(status, code)

    @ROWS
    def test_only_what_may_pass_is_tried_again(
        self, status: int, code: str, expected: type[MetaStudioError]
    ) -> None:
        """Throttling, faults of the service and time-outs are transient; all else would come again."""
        assert (expected in TRANSIENT) is error_for(status, code).transient

    def test_class_is_what_is_read_from_an_answer(self) -> None:
        """The whole answer gives the class, and keeps what the log needs."""
        error = read(
            {"error_code": "MSS.41000003", "error_msg": "gone"},
            status=404,
            headers={"X-Request-Id": "0123abcd"},
        )

        assert type(error) is JobNotFound
        assert (error.status, error.code, error.request_id) == (404, "MSS.41000003", "0123abcd")
        assert error.values == {"job_id": "a-job"}


class TestShapes:
    """The shapes that error bodies have, as the official parser reads them."""

    @pytest.mark.parametrize(
        "body",
        [
            {"error_code": "MSS.41000003", "error_msg": "x"},
            {"errorCode": "MSS.41000003", "errorMsg": "x"},
            {"code": "MSS.41000003", "message": "x"},
            {"error": {"error_code": "MSS.41000003", "error_msg": "x"}},
            {"error": {"errorCode": "MSS.41000003", "errorMsg": "x"}},
            {"error": {"code": "MSS.41000003", "message": "x"}},
            {"status": 404, "badRequest": {"code": "MSS.41000003"}},
            {"error_code": None, "error": {"code": "MSS.41000003"}},
        ],
        ids=[
            "gateway",
            "camel",
            "short",
            "nested gateway",
            "nested camel",
            "nested short",
            "any key",
            "null",
        ],
    )
    def test_code_is_found(self, body: dict[str, Any]) -> None:
        """A code is found by each of its names, at the top or one level down."""
        assert type(read(body, status=404)) is JobNotFound

    @pytest.mark.parametrize(
        "body",
        [
            {"code": 401, "error_code": "APIGW.0301"},
            {"code": 401, "error": {"error_code": "APIGW.0301"}},
            {"error": {"code": 401}, "details": {"code": "APIGW.0301"}},
        ],
    )
    def test_an_own_code_goes_before_any_other(self, body: dict[str, Any]) -> None:
        """The status may stand beside it as a code, too."""
        assert read(body, status=401).code == "APIGW.0301"

    def test_number_as_code(self) -> None:
        """IAM's code is a number, which is kept as text."""
        assert (
            read({"error": {"code": 401, "message": "x", "title": "Unauthorized"}}, status=401).code == "401"
        )

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html><body><h1>502 Bad Gateway</h1></body></html>",
            b'{"error_code": "MSS.4',
            b"[]",
            b"null",
            b'"MSS.41000003"',
            b'{"error_code": {"code": {"code": "MSS.41000003"}}}',
            b'{"a": {"b": {"error_code": "MSS.41000003"}}}',
            b"\xff\xfe\x00",
            b'{"error_code": ' + b"9" * 5000 + b"}",
            b"[" * 5000 + b"]" * 5000,
            b'{"error_code": ' * 5000 + b"1" + b"}" * 5000,
        ],
        ids=[
            "nothing",
            "a web page",
            "cut JSON",
            "a list",
            "null",
            "a string",
            "an object as code",
            "two levels down",
            "no UTF-8",
            "a number of 5000 digits",
            "deep lists",
            "deep objects",
        ],
    )
    @pytest.mark.parametrize(("status", "expected"), [(404, UnreadableAnswer), (502, ServiceDown)])
    def test_without_a_code_the_status_decides(
        self, body: bytes, status: int, expected: type[MetaStudioError]
    ) -> None:
        """A body that holds no code, or is no JSON, leaves the choice to the status."""
        error = read(body, status=status)

        assert (type(error), error.code) == (expected, "")

    @given(status=st.integers(201, 599), answer=json_values())
    @examples(60)
    def test_any_json_is_read(self, status: int, answer: Any) -> None:
        """Whatever JSON comes, with whatever status, it becomes an error with a sentence."""
        error = read(answer, status=status)

        assert sentence(error)
        assert str(error).isprintable()


class TestCodesAndRequestIds:
    """What is kept for the log, harmless whatever was sent."""

    @pytest.mark.parametrize(
        ("headers", "body", "expected"),
        [
            ({"X-Request-Id": "aa11"}, {"request_id": "bb22"}, "aa11"),
            ({"X-IAM-Trace-Id": "token_cn-north-4_cc33"}, {}, "token_cn-north-4_cc33"),
            ({"X-Request-Id": "aa11", "X-IAM-Trace-Id": "cc33"}, {}, "aa11"),
            ({}, {"request_id": "bb22"}, "bb22"),
            ({}, {"error": {"request_id": "bb22"}}, "bb22"),
            ({}, {}, ""),
        ],
        ids=["header before body", "IAM's", "header before IAM's", "body", "nested body", "none"],
    )
    def test_request_id(self, headers: dict[str, str], body: dict[str, Any], expected: str) -> None:
        """The id comes from X-Request-Id, else from IAM's header, else from the body."""
        assert expected == read(body, headers=headers).request_id

    @pytest.mark.parametrize("hostile", ["aa\r\nbb cc", "aa\x1b[31mbb\u2028cc", "a`a<!channel>"])
    def test_hostile_values_are_cleaned(self, hostile: str) -> None:
        """Line breaks, escapes and markup in a code or a request id do not reach the log."""
        told = read({"error_code": hostile, "request_id": hostile})

        assert not set("\r\n \x1b\u2028`<!>") & set(told.code + told.request_id)
        assert "\n" not in str(told)

    def test_long_values_are_cut(self) -> None:
        """A code or a request id of 10,000 characters keeps 64 of them."""
        told = read({"error_code": "9" * 10_000, "request_id": "f" * 10_000})

        assert (len(told.code), len(told.request_id)) == (64, 64)
        assert len(request_id_of({"X-Request-Id": "f" * 10_000})) == 64

    def test_text_of_the_answer_is_not_kept(self) -> None:
        """The message may quote what was sent to sign in, so it is nowhere in the error."""
        told = read({"error_code": "APIGW.0301", "error_msg": "signature SECRETSECRET"}, status=401)

        assert "SECRETSECRET" not in f"{told} {told!r} {sentence(told)} {vars(told)}"


class TestRetryAfter:
    """When MetaStudio says when to come back."""

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("7", 7.0),
            ("0", 0.0),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("٣", None),
            ("²", None),
            ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ],
    )
    def test_is_read_in_seconds(self, value: str, expected: float | None) -> None:
        """Plain seconds are read; anything else counts as not said."""
        assert expected == read(status=429, headers={"Retry-After": value}).retry_after

    def test_absent(self) -> None:
        """No header, no time."""
        assert read(status=429).retry_after is None

    def test_huge_value_is_for_ever(self) -> None:
        """A number of 5000 digits is longer than any limit, and no crash."""
        told = read(status=429, headers={"Retry-After": "9" * 5000})

        assert (told.retry_after or 0) > 10**9


class TestIam:
    """IAM's answer to a token request."""

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (400, CredentialsRefused),
            (401, CredentialsRefused),
            (403, CredentialsRefused),
            (404, WrongProject),
            (429, Throttled),
            (500, ServiceDown),
            (503, ServiceDown),
            (302, WrongProject),
            (200, UnreadableAnswer),
            (408, TimedOut),
        ],
    )
    def test_refusal_is_about_the_user_of_the_bot(self, status: int, expected: type[MetaStudioError]) -> None:
        """What IAM calls wrong is the bot's own user or project, never the job that a person asked for."""
        body = body_of({"error": {"code": status, "message": "no", "title": "No"}})
        told = iam_refusal(status, {"X-IAM-Trace-Id": "trace-1"}, body)

        assert type(told) is expected
        assert (told.status, told.code, told.request_id) == (status, str(status), "trace-1")

    @pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 407, 410])
    @pytest.mark.parametrize(
        "answer",
        [
            b"<html>Please log in</html>",
            b"",
            {"message": "no Route matched"},
            {"code": 401, "message": "Unauthorized"},
            {"error": {"code": 999, "message": "no", "title": "No"}},
            {"error": {"code": 401, "message": "no", "status": "UNAUTHENTICATED"}},
            {"error": "Unauthorized"},
            {"error": {"code": 401, "message": "no"}},
            {"error_code": "1101"},
            {"error_code": "PAP5.0050", "error_msg": "no"},
            {},
            [{"error": {"code": 401, "message": "no", "title": "No"}}],
        ],
        ids=str,
    )
    def test_what_is_not_iams_is_no_word_about_the_user(self, status: int, answer: Any) -> None:
        """Something between the bot and IAM answers in a form of its own; an object with 401 is IAM's."""
        body = answer if isinstance(answer, bytes) else body_of(answer)
        is_no = status in {401, 403} and isinstance(answer, dict)

        assert type(iam_refusal(status, {}, body)) is (CredentialsRefused if is_no else UnreadableAnswer)

    @pytest.mark.parametrize("code", ["IAM.0101", "APIGW.0301"])
    def test_an_own_code_counts_from_iam_too(self, code: str) -> None:
        """Newer calls of IAM's, and the gateway before it, have codes."""
        assert type(iam_refusal(401, {}, body_of({"error_code": code}))) is CredentialsRefused
        assert type(iam_refusal(400, {}, body_of({"error_code": code}))) is CredentialsRefused


@pytest.mark.parametrize("code", ["MSS.41000001", "MSS.99999999"])
def test_404_of_metastudio_itself_is_no_wrong_address(code: str) -> None:
    """Where MetaStudio and not the gateway answers 404, path and host were right; one code means gone."""
    assert error_for(404, code) is RequestRefused
    assert error_for(404, "APIGW.0101") is WrongProject
