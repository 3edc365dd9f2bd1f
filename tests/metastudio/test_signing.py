"""The request signature: the documented vectors, and the official signer as an oracle."""

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
SORTED = {
    "state": "FAILED,WAITING",
    "limit": "100",
    "sort_key": "update_time",
    "offset": "0",
    "sort_dir": "desc",
}

VECTORS = {
    "one job": (
        f"{JOBS}/26f06524-4f75-4b3a-a853-b649a21aaf66",
        {},
        "",
        "78096fc35f88393d7ba50f5e8508826a35c505860bde8855d6bc6b249f35697e",
    ),
    "comma in the query": (
        JOBS,
        SORTED,
        "",
        "d9bfb4dd4d7efadbdfb9634d3ced321cba18af9336329e4dcd1982b38263bb3f",
    ),
    "Chinese, a blank and a security token": (
        JOBS,
        {"voice_name": "女声 a~b", "limit": "1"},
        "TOKEN",
        "318764e78d4b919fb0f2557e68f751ba475243ae5f1ddf0f5f69c869a906cb42",
    ),
}
"""Made by the official signer: path, query, security token, signature."""


def signed_by_us(
    method: str, path: str, params: list[tuple[str, str]], *, security_token: str = "", body: bytes = b""
) -> httpx.Request:
    """Sign a request, and return it as it would go over the wire."""
    query = encode_query(params)
    request = httpx.Request(method, f"https://{HOST}{path}{'?' if query else ''}{query}", content=body)
    key = Key("AKEXAMPLE", "SKEXAMPLE", security_token)
    AccessKey(key, project_id=PROJECT, now=lambda: NOW).sign(request)
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


def signed_headers(security_token: str) -> dict[str, str]:
    headers = {"Host": HOST, "X-Project-Id": PROJECT, "X-Sdk-Date": DATE}
    return headers | ({"X-Security-Token": security_token} if security_token else {})


@pytest.mark.parametrize(("path", "params", "security_token", "expected"), VECTORS.values(), ids=VECTORS)
def test_documented_vectors(path: str, params: dict[str, str], security_token: str, expected: str) -> None:
    """Each signature is on the wire, with what it signs, and the secret key never is."""
    sent = signed_by_us("GET", path, [*params.items()], security_token=security_token)
    names = signed_names(signed_headers(security_token))

    assert sent.headers["Authorization"] == (
        f"SDK-HMAC-SHA256 Access=AKEXAMPLE, SignedHeaders={names}, Signature={expected}"
    )
    assert (sent.headers["X-Sdk-Date"], sent.headers["X-Project-Id"]) == (DATE, PROJECT)
    assert sent.headers.get("X-Security-Token", "") == security_token
    assert "SKEXAMPLE" not in str(sent.headers.raw)


def test_query_is_sorted_and_percent_encoded() -> None:
    """Names are sorted, then values; a space is %20, a comma %2C, and a tilde stays."""
    pairs = [("b", "2"), ("a", "x y"), ("a", "FAILED,WAITING"), ("c", "女~-_."), ("d", "+&=%/")]

    assert encode_query(pairs) == ("a=FAILED%2CWAITING&a=x%20y&b=2&c=%E5%A5%B3~-_.&d=%2B%26%3D%25%2F")
    assert encode_query([]) == ""


def test_date_is_utc() -> None:
    """A clock of another time zone is written down in UTC."""
    now = datetime.fromisoformat("2026-01-02T11:04:05+08:00")
    signed = httpx.Request("GET", f"https://{HOST}{JOBS}")
    AccessKey(Key("AK", "SK"), project_id=PROJECT, now=lambda: now).sign(signed)

    assert signed.headers["X-Sdk-Date"] == DATE


def texts() -> st.SearchStrategy[str]:
    """Return text that can be sent, often with what needs care: spaces, commas, Chinese, percent signs."""
    careful = st.text("ab AB09,+%&=?/#~-_.'\"女声，é👍", max_size=20)  # noqa: RUF001  a Chinese comma
    return careful | st.text(max_size=20)


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    job_id=texts().filter(lambda text: text not in {".", ".."}),
    params=st.lists(st.tuples(texts(), texts()), max_size=4),
    security_token=st.just("") | st.text("abcXYZ0189+/=", min_size=1, max_size=40),
    body=st.binary(max_size=40),
)
@examples(60)
def test_official_signer_signs_the_same(
    method: str, job_id: str, params: list[tuple[str, str]], security_token: str, body: bytes
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
@examples(40)
def test_official_signer_signs_any_headers_the_same(names: list[str], value: str) -> None:
    """Whatever headers are signed, in whatever order they are given, both sign the same."""
    headers = dict.fromkeys(names, value) | {"X-Sdk-Date": DATE, "Host": HOST}
    made = signature("SKEXAMPLE", method="GET", target=JOBS, headers=headers, date=DATE)
    theirs = signed_by_sdk("GET", JOBS, [], headers, b"")

    assert theirs.header_params["Authorization"].endswith(
        f"SignedHeaders={signed_names(headers)}, Signature={made}"
    )
