"""PURE. Huawei Cloud's request signature, SDK-HMAC-SHA256.

The rules are those of the API signing guide, "Overview", and of the official SDK's signer
(``huaweicloudsdkcore/signer/signer.py``), with which a property test compares this one.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote

ALGORITHM = "SDK-HMAC-SHA256"
DATE_FORMAT = "%Y%m%dT%H%M%SZ"
"""The format of ``X-Sdk-Date``, always in UTC."""


def encode_query(params: Iterable[tuple[str, str]]) -> str:
    """Return a query in its canonical form: sorted, and percent-encoded with ``%20`` for a space."""
    return "&".join(f"{_encode(name)}={_encode(value)}" for name, value in sorted(params))


def signature(
    secret_key: str, *, method: str, target: str, headers: Mapping[str, str], date: str, body: bytes = b""
) -> str:
    """Return the signature of a request, in lower-case hex.

    ``target`` is path and query as they are sent; ``headers`` are the signed ones, and only those;
    ``date`` is the value of ``X-Sdk-Date``, in ``DATE_FORMAT``.
    """
    canonical = _canonical_request(method, target, headers, body)
    to_sign = f"{ALGORITHM}\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(secret_key.encode(), to_sign.encode(), hashlib.sha256).hexdigest()


def signed_names(headers: Iterable[str]) -> str:
    """Return the names of the signed headers as ``SignedHeaders`` lists them."""
    return ";".join(sorted(name.lower() for name in headers))


def _canonical_request(method: str, target: str, headers: Mapping[str, str], body: bytes) -> str:
    path, _, query = target.partition("?")
    lowered = {name.lower(): value.strip() for name, value in headers.items()}
    lines = [
        method.upper(),
        _canonical_path(path),
        _canonical_query(query),
        "".join(f"{name}:{value}\n" for name, value in sorted(lowered.items())),
        signed_names(headers),
        hashlib.sha256(body).hexdigest(),
    ]
    return "\n".join(lines)


def _canonical_path(path: str) -> str:
    """Encode each segment anew and end with a slash, which is signed though it is not sent."""
    encoded = "/".join(_encode(segment) for segment in unquote(path).split("/"))
    return encoded if encoded.endswith("/") else f"{encoded}/"


def _canonical_query(query: str) -> str:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return encode_query((unquote(name), unquote(value)) for name, _, value in pairs)


def _encode(text: str) -> str:
    return quote(text, safe="-_.~")
