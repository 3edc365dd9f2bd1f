"""The request signature: the documented vectors, and the official signer as an oracle."""

from datetime import datetime
from types import SimpleNamespace
from urllib.parse import quote

import httpx
import pytest
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from hypothesis import given
from hypothesis import strategies as st

from bot.metastudio.auth import AccessKey, Key
from bot.metastudio.signing import encode_query, signed_names
from tests.profiles import examples

HOST = "metastudio.cn-north-4.myhuaweicloud.com"
PROJECT = "0123456789abcdef0123456789abcdef"
JOBS = f"/v1/{PROJECT}/voice-training-manage/user/jobs"
DATE = "20260102T030405Z"
NOW = datetime.fromisoformat("2026-01-02T11:04:05+08:00")
"""In another time zone than that of the signature, which is in UTC."""
VECTORS = {
    "one job": (
        f"{JOBS}/26f06524-4f75-4b3a-a853-b649a21aaf66",
        {},
        "",
        "78096fc35f88393d7ba50f5e8508826a35c505860bde8855d6bc6b249f35697e",
    ),
    "Chinese, blanks and a security token": (
        JOBS,
        {"voice_name": "女声 a~b", "limit": "1"},
        "TOKEN ",
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
        method, "https", HOST, path, query_params=[*params], header_params=dict(headers), body=body or None
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
@examples(40)
def test_official_signer_signs_the_same(
    method: str, job_id: str, params: list[tuple[str, str]], security_token: str, body: bytes
) -> None:
    """Whatever the id, the query and the body, both sign the same and would send the same address."""
    path = f"{JOBS}/{quote(job_id, safe='')}"
    ours = signed_by_us(method, path, params, security_token=security_token, body=body)
    theirs = signed_by_sdk(method, path, params, signed_headers(security_token), body)

    assert theirs.header_params["Authorization"] == ours.headers["Authorization"]
    assert theirs.uri == ours.url.raw_path.decode()
