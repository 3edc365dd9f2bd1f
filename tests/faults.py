"""What MetaStudio, its gateway, IAM and the network can answer, and which error each answer is.

One table for all who ask: the client, ``voicejob check`` and a person's look-up.
"""

import gzip
from dataclasses import dataclass

from bot.errors import (
    CredentialsRefused,
    JobNotFound,
    MetaStudioError,
    PermissionDenied,
    RequestRefused,
    ServiceDown,
    Throttled,
    TimedOut,
    Unreachable,
    UnreadableAnswer,
    WrongProject,
)
from bot.simulators.metastudio.simulator import Fault
from tests.servers import raw_answer

Kind = type[MetaStudioError]

DOCUMENTED: list[tuple[int, str, Kind]] = [
    # The gateway's page "Error Codes".
    *((status, "APIGW.0201", RequestRefused) for status in (400, 413, 414, 494)),
    *((401, f"APIGW.{code}", CredentialsRefused) for code in ("0301", "0305", "0307")),
    *((403, f"APIGW.{code}", PermissionDenied) for code in ("0302", "0306")),
    *((403, f"APIGW.{code}", WrongProject) for code in ("0310", "0801", "0802")),
    *((404, "APIGW.0101", WrongProject), (404, "APIGW.0103", ServiceDown), (429, "APIGW.0308", Throttled)),
    *(
        (status, f"APIGW.{code}", ServiceDown)
        for status, code in ((500, "0601"), (502, "0610"), (503, "0613"))
    ),
    # MetaStudio's page of error codes.
    *((400, f"MSS.{code}", RequestRefused) for code in ("00000002", "00000003", "10000002", "10000003")),
    *((400, f"MSS.{code}", WrongProject) for code in ("00010003", "00010004", "00010009")),
    (400, "MSS.00010008", CredentialsRefused),
    *((status, "MSS.41000003", JobNotFound) for status in (400, 404)),  # the job's own page lists no 404
    *((403, "MSS.41000012", Throttled), (403, "MSS.41000023", PermissionDenied)),
    # Some pages print nine digits: they are other codes than those with eight.
    *((status, "MSS.000000004", CredentialsRefused) for status in (400, 401)),
    *((400, f"MSS.{code}", RequestRefused) for code in ("000000003", "000010008", "410000003")),
    # Unknown codes in their form: the status decides.
    (400, "MSS.99999999", RequestRefused),
    *((401, code, CredentialsRefused) for code in ("APIG.0301", "IAM.0101")),
    (403, "APIGW.9999", PermissionDenied),
    (404, "APIGW.9999", WrongProject),
    *((404, f"MSS.{code}", RequestRefused) for code in ("41000001", "99999999")),  # path and host are right
    *((407, "APIGW.9999", RequestRefused), (302, "APIGW.9999", WrongProject), (408, "APIGW.9999", TimedOut)),
    *((408, "NEW.1", TimedOut), (503, "NEW.1", ServiceDown)),  # none of Huawei Cloud's
]
"""HTTP status, error code, and the error that they are together."""


@dataclass(frozen=True)
class Answer:
    """One answer of the simulator's, or the bytes that another server sends, and the error that it is."""

    sent: Fault | bytes
    error: Kind
    status: int = 0
    code: str = ""
    from_iam: Kind | None = None
    """The error that it is from IAM, where that is another one."""

    @property
    def iam_error(self) -> Kind:
        """What IAM calls wrong is the bot's own user, never what a person asked for."""
        is_about_user = self.error in {RequestRefused, PermissionDenied}
        return self.from_iam or (CredentialsRefused if is_about_user else self.error)


def _body(body: bytes, status: int, error: Kind, *, code: str = "", from_iam: Kind | None = None) -> Answer:
    kind = "text/html" if body.startswith(b"<") else "application/json"
    return Answer(Fault.raw(body, status=status, content_type=kind), error, status, code, from_iam)


def _iam(status: int, error: Kind, from_iam: Kind) -> Answer:
    return Answer(Fault.iam_error(status), error, status, str(status), from_iam)


ANSWERS: dict[str, Answer] = {
    **{
        f"{status} {code}": Answer(Fault.error(status, code), error, status, code)
        for status, code, error in DOCUMENTED
    },
    "a log-in page": _body(b"<html>Please log in</html>", 401, UnreadableAnswer),
    "a firewall's page": _body(b"<html>Blocked</html>", 403, UnreadableAnswer),
    "another API's 404": _body(b'{"message": "no Route matched"}', 404, UnreadableAnswer),
    "a redirect": _body(b"", 302, UnreadableAnswer),
    "no body": _body(b"", 200, UnreadableAnswer),
    "broken JSON": _body(b'{"job_id": "26f06524', 200, UnreadableAnswer),
    "a list": _body(b"[]", 200, UnreadableAnswer),
    "no UTF-8": _body(b'{"voice_name": "\xff"}', 200, UnreadableAnswer),
    "deep lists": _body(b"[" * 100_000, 200, UnreadableAnswer),
    "200 with a code": _body(b'{"error_code": "MSS.41000003"}', 200, JobNotFound, code="MSS.41000003"),
    "200 with another": _body(b'{"error_code": "APIGW.0301"}', 200, UnreadableAnswer, code="APIGW.0301"),
    "201 without a token": _body(b'{"token": {}}', 201, UnreadableAnswer),
    "502 page": _body(b"<html><h1>502 Bad Gateway</h1></html>", 502, ServiceDown),
    "IAM's 400": _iam(400, UnreadableAnswer, CredentialsRefused),
    "IAM's 403": _iam(403, UnreadableAnswer, CredentialsRefused),
    "IAM's 404": _iam(404, UnreadableAnswer, WrongProject),
    "IAM's 302": _iam(302, UnreadableAnswer, WrongProject),
    "IAM's 503": _iam(503, ServiceDown, ServiceDown),
    "401 1101": Answer(Fault.error(401, "1101"), UnreadableAnswer, 401, "1101", CredentialsRefused),
    "403 FW.0001": Answer(Fault.error(403, "FW.0001"), UnreadableAnswer, 403, "FW.0001", CredentialsRefused),
    "cut": Answer(Fault.cut(), Unreachable),
    "cut midway": Answer(Fault.cut_midway(), Unreachable),
    "nothing": Answer(b"", Unreachable),
    "only continue": Answer(b"HTTP/1.1 100 Continue\r\n\r\n", Unreachable),
    "cut chunk": Answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}", Unreachable),
    "odd status": Answer(b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", ServiceDown, 999),
    "no gzip": Answer(raw_answer("200 OK", b"no gzip", "Content-Encoding: gzip"), UnreadableAnswer),
    "gzip list": Answer(
        raw_answer("200 OK", gzip.compress(b"[]"), "Content-Encoding: gzip"), UnreadableAnswer, 200
    ),
    "redirect elsewhere": Answer(raw_answer("302 Found", b"", "Location: https://x/"), UnreadableAnswer, 302),
}
