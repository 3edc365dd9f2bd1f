"""How the MetaStudio simulator's gateway authenticates a request.

The rules are those of the API signing guide, "Overview" (AK/SK), and of the page "ShowVoiceTrainingJob".
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.metastudio.signing import ALGORITHM, DATE_FORMAT, signature
from bot.simulators.metastudio.account import Account
from bot.simulators.metastudio.errors import ApiError, bad_credentials, wrong_project

MOST_CLOCK_SKEW = 15 * 60
"""Seconds by which ``X-Sdk-Date`` may differ from the gateway's clock."""

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Access=(?P<access>[^,\s]+), ?SignedHeaders=(?P<names>[^,\s]+), ?Signature=(?P<hex>\w+)"
)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request as it was received; ``target`` is its undecoded path and query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def authenticate(call: Call, account: Account) -> None:
    """Raise ``ApiError`` unless the request is signed with a key of the account, or has a valid token."""
    if "Authorization" in call.headers:
        _check_signature(call, account)
    elif "X-Auth-Token" not in call.headers:
        raise bad_credentials("x-auth-token not found")
    elif not account.is_valid_token(call.headers["X-Auth-Token"]):
        raise ApiError(401, "APIGW.0307", "The token must be updated.")


def _check_signature(call: Call, account: Account) -> None:
    found = _AUTHORIZATION.fullmatch(call.headers["Authorization"])
    if not found:
        raise ApiError(
            401, "APIGW.0305", "Incorrect authentication information: malformed Authorization header"
        )
    signed = _signed_headers(found["names"], call.headers)
    _check_date(signed.get("x-sdk-date", ""), account.clock())
    secret_key = _secret_key(found["access"], signed, account)
    if not hmac.compare_digest(_signature(secret_key, call, signed).encode(), found["hex"].encode()):
        raise bad_credentials("verify aksk signature fail")
    _check_project(call.headers.get("X-Project-Id"), account)


def _signed_headers(names: str, headers: Mapping[str, str]) -> dict[str, str]:
    missing = [name for name in names.split(";") if name not in headers]
    if missing:
        raise bad_credentials(f"signed header {missing[0]} not found")
    return {name.lower(): headers[name] for name in names.split(";")}


def _check_date(date: str, now: float) -> None:
    try:
        sent = datetime.strptime(date, DATE_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise bad_credentials("signed header x-sdk-date is missing or malformed") from None
    if abs(now - sent) > MOST_CLOCK_SKEW:
        raise bad_credentials("x-sdk-date is more than 15 minutes off")


def _secret_key(access_key: str, signed: Mapping[str, str], account: Account) -> str:
    if access_key in account.access_keys:
        return account.access_keys[access_key]
    secret_key, security_token = account.temporary_keys.get(access_key, (None, None))
    if secret_key is None:
        raise bad_credentials("Get secretKey failed")
    if signed.get("x-security-token") != security_token:
        raise bad_credentials("signed header x-security-token is missing or wrong")
    return secret_key


def _signature(secret_key: str, call: Call, signed: Mapping[str, str]) -> str:
    date = signed["x-sdk-date"]
    try:
        return signature(
            secret_key, method=call.method, target=call.target, headers=signed, date=date, body=call.body
        )
    except UnicodeEncodeError:  # bytes that are not UTF-8 have no canonical form to sign
        raise bad_credentials("verify aksk signature fail") from None


def _check_project(project_id: str | None, account: Account) -> None:
    if project_id is None:
        raise bad_credentials("x-project-id not found")
    if project_id != account.project_id:
        raise wrong_project()
