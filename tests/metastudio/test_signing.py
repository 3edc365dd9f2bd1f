"""The request signature, with the official signer as an oracle."""

from datetime import datetime
from types import SimpleNamespace
from urllib.parse import quote

import httpx
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from hypothesis import given
from hypothesis import strategies as st

from bot.metastudio.auth import AccessKey, Key
from bot.metastudio.signing import encode_query
from tests.profiles import examples

HOST = "metastudio.cn-north-4.myhuaweicloud.com"
PROJECT = "0123456789abcdef0123456789abcdef"
JOBS = f"/v1/{PROJECT}/voice-training-manage/user/jobs"
DATE = "20260102T030405Z"
NOW = datetime.fromisoformat("2026-01-02T11:04:05+08:00")
"""In another time zone than that of the signature, which is in UTC."""


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


def test_a_signed_request() -> None:
    """The signature is on the wire, with what it signs, and the secret key never is."""
    params = [("voice_name", "女声 a~b"), ("limit", "1")]
    sent = signed_by_us("GET", JOBS, params, security_token="TOKEN ")

    assert sent.headers["Authorization"] == (
        "SDK-HMAC-SHA256 Access=AKEXAMPLE, SignedHeaders=host;x-project-id;x-sdk-date;x-security-token, "
        "Signature=318764e78d4b919fb0f2557e68f751ba475243ae5f1ddf0f5f69c869a906cb42"
    )
    assert (sent.headers["X-Sdk-Date"], sent.headers["X-Project-Id"]) == (DATE, PROJECT)
    assert sent.headers["X-Security-Token"] == "TOKEN "
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
