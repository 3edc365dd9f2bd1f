"""How the MetaStudio simulator's gateway tells who is calling.

The rules are those of the API signing guide, "Overview" (AK/SK), and of the page "ShowVoiceTrainingJob".
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.metastudio.signing import ALGORITHM, DATE_FORMAT, signature
from bot.simulators.metastudio import errors
from bot.simulators.metastudio.account import Account

MOST_CLOCK_SKEW = 15 * 60
"""Seconds that ``X-Sdk-Date`` may differ from the gateway's clock."""

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Access=(?P<access>[^,\s]+), ?SignedHeaders=(?P<names>[^,\s]+), ?Signature=(?P<hex>\w+)"
)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request as it came over the wire; ``target`` is its undecoded path and query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def authenticate(call: Call, account: Account) -> str:
    """Return the id of the project that the caller speaks for; raise ``ApiError`` if it is nobody known."""
    if "Authorization" in call.headers:
        return _by_access_key(call, account)
    if "X-Auth-Token" in call.headers:
        return _by_token(call.headers["X-Auth-Token"], account)
    raise errors.bad_credentials("x-auth-token not found")


def _by_token(token: str, account: Account) -> str:
    project_id = account.project_of_token(token)
    if project_id is None:
        raise errors.stale_token()
    return project_id


def _by_access_key(call: Call, account: Account) -> str:
    found = _AUTHORIZATION.fullmatch(call.headers["Authorization"])
    if not found:
        raise errors.malformed_credentials()
    signed = _signed_headers(found["names"], call.headers)
    _check_date(signed.get("x-sdk-date", ""), account.clock())
    secret_key = _secret_key(found["access"], signed, account)
    if not hmac.compare_digest(_expected(secret_key, call, signed), found["hex"].encode()):
        raise errors.bad_credentials("verify aksk signature fail")
    return _claimed_project(call.headers, account)


def _signed_headers(names: str, headers: Mapping[str, str]) -> dict[str, str]:
    missing = [name for name in names.split(";") if name not in headers]
    if missing:
        raise errors.bad_credentials(f"signed header {missing[0]} not found")
    return {name.lower(): headers[name] for name in names.split(";")}


def _check_date(date: str, now: float) -> None:
    try:
        sent = datetime.strptime(date, DATE_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise errors.bad_credentials("signed header x-sdk-date is missing or malformed") from None
    if abs(now - sent) > MOST_CLOCK_SKEW:
        raise errors.bad_credentials("x-sdk-date is more than 15 minutes off")


def _secret_key(access_key: str, signed: Mapping[str, str], account: Account) -> str:
    if access_key in account.access_keys:
        return account.access_keys[access_key]
    secret_key, security_token = account.temporary_keys.get(access_key, (None, None))
    if secret_key is None:
        raise errors.bad_credentials("Get secretKey failed")
    if signed.get("x-security-token") != security_token:
        raise errors.bad_credentials("signed header x-security-token is missing or wrong")
    return secret_key


def _expected(secret_key: str, call: Call, signed: Mapping[str, str]) -> bytes:
    date = signed["x-sdk-date"]
    try:
        return signature(
            secret_key, method=call.method, target=call.target, headers=signed, date=date, body=call.body
        ).encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8 have no canonical form to sign
        raise errors.bad_credentials("verify aksk signature fail") from None


def _claimed_project(headers: Mapping[str, str], account: Account) -> str:
    project_id = headers.get("X-Project-Id")
    if project_id is None:
        raise errors.bad_credentials("x-project-id not found")
    if project_id not in account.projects.values():
        raise errors.wrong_project()
    return project_id
