"""The request signature: the documented vectors, and the official signer as an oracle."""

import hashlib
from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import quote

import httpx
import pytest
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from hypothesis import given
from hypothesis import strategies as st

from bot.metastudio.auth import AccessKey, Key
from bot.metastudio.signing import encode_query, signature, signed_names
from tests.profiles import examples

HOST = "metastudio.cn-north-4.myhuaweicloud.com"
PROJECT = "0123456789abcdef0123456789abcdef"
JOBS = f"/v1/{PROJECT}/voice-training-manage/user/jobs"
DATE = "20260102T030405Z"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

VECTORS = {
    "one job": (
        f"{JOBS}/26f06524-4f75-4b3a-a853-b649a21aaf66",
        [],
        None,
        "78096fc35f88393d7ba50f5e8508826a35c505860bde8855d6bc6b249f35697e",
    ),
    "comma in the query": (
        JOBS,
        [
            ("state", "FAILED,WAITING"),
            ("limit", "100"),
            ("sort_key", "update_time"),
            ("offset", "0"),
            ("sort_dir", "desc"),
        ],
        None,
        "d9bfb4dd4d7efadbdfb9634d3ced321cba18af9336329e4dcd1982b38263bb3f",
    ),
    "Chinese, a blank and a security token": (
        JOBS,
        [("voice_name", "女声 a~b"), ("limit", "1")],
        "TOKEN",
        "318764e78d4b919fb0f2557e68f751ba475243ae5f1ddf0f5f69c869a906cb42",
    ),
}
"""The three vectors of the signing guide's rules: path, query, security token, signature."""


def signed_by_us(
    method: str,
    path: str,
    params: list[tuple[str, str]],
    *,
    security_token: str | None = None,
    body: bytes = b"",
) -> httpx.Request:
    """Drive the sign-in by hand, and return the request as it would go over the wire."""
    query = encode_query(params)
    request = httpx.Request(method, f"https://{HOST}{path}{'?' if query else ''}{query}", content=body)
    auth = AccessKey(Key("AKEXAMPLE", "SKEXAMPLE", security_token or ""), project_id=PROJECT, now=lambda: NOW)
    auth.sign(request)
    return request


def signed_by_sdk(
    method: str, path: str, params: list[tuple[str, str]], headers: dict[str, str], body: bytes
) -> SdkRequest:
    """Let the official signer sign the same request, with the headers that we signed."""
    request = SdkRequest(
        method=method,
        schema="https",
        host=HOST,
        resource_path=path,
        query_params=[*params],
        header_params=dict(headers),
        body=body or None,
    )
    return Signer(SimpleNamespace(ak="AKEXAMPLE", sk="SKEXAMPLE")).sign(request)


def signed_headers(security_token: str | None = None) -> dict[str, str]:
    headers = {"Host": HOST, "X-Project-Id": PROJECT, "X-Sdk-Date": DATE}
    return headers | ({"X-Security-Token": security_token} if security_token else {})


class TestVectors:
    """The vectors that the official signer made."""

    @pytest.mark.parametrize(
        ("path", "params", "security_token", "expected"), VECTORS.values(), ids=VECTORS.keys()
    )
    def test_signature_is_the_documented_one(
        self, path: str, params: list[tuple[str, str]], security_token: str | None, expected: str
    ) -> None:
        """Each vector's signature comes out, from the pure function and on the wire."""
        query = encode_query(params)
        headers = signed_headers(security_token)
        made = signature(
            "SKEXAMPLE",
            method="GET",
            target=f"{path}?{query}" if query else path,
            headers=headers,
            date=DATE,
        )
        sent = signed_by_us("GET", path, params, security_token=security_token)

        assert expected == made
        assert sent.headers["Authorization"] == (
            f"SDK-HMAC-SHA256 Access=AKEXAMPLE, SignedHeaders={signed_names(headers)}, Signature={expected}"
        )

    def test_empty_body_has_the_documented_hash(self) -> None:
        """What the signing guide prints as the hash of an empty body is the one that is signed."""
        empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

        assert hashlib.sha256(b"").hexdigest() == empty


class TestQuery:
    """The canonical form of a query, in which it is sent too."""

    def test_is_sorted_and_percent_encoded(self) -> None:
        """Names are sorted, then values; a space is %20, a comma %2C, and a tilde stays."""
        pairs = [("b", "2"), ("a", "x y"), ("a", "FAILED,WAITING"), ("c", "女~-_."), ("d", "+&=%/")]

        assert encode_query(pairs) == ("a=FAILED%2CWAITING&a=x%20y&b=2&c=%E5%A5%B3~-_.&d=%2B%26%3D%25%2F")

    def test_nothing_is_nothing(self) -> None:
        """No parameters make an empty query."""
        assert encode_query([]) == ""


def texts() -> st.SearchStrategy[str]:
    """Give text that can be sent, often with what needs care: spaces, commas, Chinese, percent signs."""
    careful = st.text("ab AB09,+%&=?/#~-_.'\"女声，é👍", max_size=20)  # noqa: RUF001  a Chinese comma
    return careful | st.text(max_size=20)


class TestOfficialSigner:
    """The official signer agrees on requests that nobody thought of."""

    @given(
        method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
        job_id=texts().filter(lambda text: text not in {".", ".."}),
        params=st.lists(st.tuples(texts(), texts()), max_size=4),
        security_token=st.none() | st.text("abcXYZ0189+/=", min_size=1, max_size=40),
        body=st.binary(max_size=40),
    )
    @examples(100)
    def test_signs_the_same(
        self,
        method: str,
        job_id: str,
        params: list[tuple[str, str]],
        security_token: str | None,
        body: bytes,
    ) -> None:
        """Whatever the id, the query and the body, both sign the same and would send the same address."""
        path = f"{JOBS}/{quote(job_id, safe='')}"
        ours = signed_by_us(method, path, params, security_token=security_token, body=body)
        theirs = signed_by_sdk(method, path, params, signed_headers(security_token), body)

        assert theirs.header_params["Authorization"] == ours.headers["Authorization"]
        assert theirs.uri == ours.url.raw_path.decode()

    @given(
        names=st.lists(st.text("abxyz-", min_size=1, max_size=6), max_size=5, unique_by=str.lower),
        value=st.text("abc XYZ09:;=", max_size=10),
    )
    @examples(100)
    def test_signs_any_headers_the_same(self, names: list[str], value: str) -> None:
        """Whatever headers are signed, in whatever order they are given, both sign the same."""
        headers = dict.fromkeys(names, value) | {"X-Sdk-Date": DATE, "Host": HOST}
        made = signature("SKEXAMPLE", method="GET", target=JOBS, headers=headers, date=DATE)
        theirs = signed_by_sdk("GET", JOBS, [], headers, b"")

        assert theirs.header_params["Authorization"].endswith(
            f"SignedHeaders={signed_names(headers)}, Signature={made}"
        )


class TestAccessKeyOnTheWire:
    """What a signed request carries."""

    def test_sends_what_it_signs(self) -> None:
        """Date and project go along, the security token only with a temporary key, and the secret never."""
        plain = signed_by_us("GET", JOBS, [])
        temporary = signed_by_us("GET", JOBS, [], security_token="TOKEN")

        assert (plain.headers["X-Sdk-Date"], plain.headers["X-Project-Id"]) == (DATE, PROJECT)
        assert "X-Security-Token" not in plain.headers
        assert temporary.headers["X-Security-Token"] == "TOKEN"
        assert "SignedHeaders=host;x-project-id;x-sdk-date," in plain.headers["Authorization"]
        assert (
            "SignedHeaders=host;x-project-id;x-sdk-date;x-security-token,"
            in temporary.headers["Authorization"]
        )
        assert "SKEXAMPLE" not in str(plain.headers.raw)

    def test_date_is_utc(self) -> None:
        """A clock of another time zone is written down in UTC."""
        auth = AccessKey(
            Key("AK", "SK"),
            project_id=PROJECT,
            now=lambda: datetime.fromisoformat("2026-01-02T11:04:05+08:00"),
        )
        signed = httpx.Request("GET", f"https://{HOST}{JOBS}")
        auth.sign(signed)

        assert signed.headers["X-Sdk-Date"] == DATE
