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


def texts() -> st.SearchStrategy[str]:
    """Return text that can be sent, often with what needs care: spaces, commas, Chinese, percent signs."""
    careful = st.text("ab AB09,+%&=?/#~-_.'\"女声，é👍", max_size=20)  # noqa: RUF001  a Chinese comma
    return careful | st.text(max_size=20)


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    job_id=texts().filter(lambda text: text not in {".", ".."}),
    params=st.lists(st.tuples(texts(), texts()), max_size=4),
    token=st.sampled_from(["", "TOKEN "]) | st.text("abcXYZ0189+/=", min_size=1, max_size=40),
    body=st.binary(max_size=40),
)
@examples(40)
def test_official_signer_signs_the_same(
    method: str, job_id: str, params: list[tuple[str, str]], token: str, body: bytes
) -> None:
    """Whatever the id, the query and the body, both sign the same and would send the same address."""
    path, query = f"{JOBS}/{quote(job_id, safe='')}", encode_query(params)
    ours = httpx.Request(method, f"https://{HOST}{path}{'?' if query else ''}{query}", content=body)
    AccessKey(Key("AKEXAMPLE", "SKEXAMPLE", token), project_id=PROJECT, now=lambda: NOW).sign(ours)
    signed = {"X-Project-Id": PROJECT, "X-Sdk-Date": DATE} | ({"X-Security-Token": token} if token else {})
    theirs = SdkRequest(
        *(method, "https", HOST, path),
        query_params=[*params],
        header_params={"Host": HOST} | signed,
        body=body or None,
    )
    Signer(SimpleNamespace(ak="AKEXAMPLE", sk="SKEXAMPLE")).sign(theirs)

    assert theirs.header_params["Authorization"] == ours.headers["Authorization"]
    assert theirs.uri == ours.url.raw_path.decode()
    assert {name: ours.headers.get(name) for name in signed} == signed
    assert "SKEXAMPLE" not in str(ours.headers.raw)
