"""PURE. What the value of a setting may be: pydantic types, each with a sentence for what it refuses."""

import re
from functools import partial
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, HttpUrl, SecretStr, TypeAdapter, ValidationError

_PRINTABLE: Final = "[!-~]+"
_LONGEST_CONSOLE_URL: Final = 2900
"""Slack allows 3000 characters in a button's address, the job id included."""
_ADDRESS: Final = re.compile(r"https?://[^/\\?#\s\x00-\x1f\x7f][^\\?#\s\x00-\x1f\x7f]*", re.IGNORECASE)
"""An address as it is used. pydantic corrects what it validates: blanks, backslashes, ``https:host``."""
_ZONE: Final = re.compile(r"(\[[0-9A-Fa-f:.]+)%(?:25)?([\w.~-]+)]", re.ASCII)
"""A link-local address with its zone, as ``[fe80::1%eth0]``; no resolver takes RFC 6874's ``%25``."""
_IN_BRACKETS: Final = re.compile(r"\[([0-9A-Fa-f:.]*:[^\[\]]*)]")
_MOST_HOURS: Final = 365 * 24


_APP_PAGE: Final = "on your app's page at api.slack.com/apps"
_BOT_TOKEN_PAGE: Final = f"OAuth & Permissions, {_APP_PAGE}"
_APP_TOKEN_PAGE: Final = f"Basic Information, App-Level Tokens, {_APP_PAGE}"
WHERE: Final = {
    "SLACK_BOT_TOKEN": f": copy it from {_BOT_TOKEN_PAGE}",
    "HUAWEICLOUD_SDK_PROJECT_ID": ": copy it from My Credentials, in the console of Huawei Cloud",
}
"""Where a value is found that is needed; it goes on from the words that it is."""
_SHOWN: Final = frozenset(
    {
        *("PORT", "VOICEJOB_POLL_SECONDS", "VOICEJOB_LOG", "VOICEJOB_LANGUAGE"),
        *("VOICEJOB_REMIND_HOURS", "VOICEJOB_REMIND_WHEN", "VOICEJOB_TIMEZONE"),
    }
)
"""Keys whose wrong value is shown. In any other one may be a secret that was put under the wrong key."""
_HARMLESS: Final = re.compile(
    r"(?!xox|xapp-)"
    r"(.{1,12}|[a-z ,-]{1,40} [\d: -]{1,20}|(Africa|America|Asia|Australia|Europe|Pacific)/[\w +-]{1,30})",
    re.IGNORECASE | re.DOTALL,
)
"""No token of Slack's; and shorter than any key, or words with times behind them, or like a time zone."""


def is_shown(key: str, value: str) -> bool:
    """Whether a wrong value can be no secret, so that it is shown."""
    return key in _SHOWN and bool(_HARMLESS.fullmatch(value))


def secret(value: SecretStr) -> SecretStr:
    """Return a key or a token. Raises ValueError where it was copied badly."""
    text = value.get_secret_value()
    if text.startswith(('"', "'")):
        raise ValueError("begins with a quote sign, which has to go")
    if not re.fullmatch(_PRINTABLE, text):
        raise ValueError("has a blank or a character that no key or token has: copy it again")
    return value


def _slack_token(value: SecretStr, *, prefix: str, page: str) -> SecretStr:
    """Return one of Slack's tokens. Raises ValueError where it was copied badly, or is another one."""
    if not secret(value).get_secret_value().startswith(prefix):
        raise ValueError(f"must begin with {prefix}. Copy it from {page}")
    return value


def rule(pattern: str, problem: str, numbers: range | None = None) -> BeforeValidator:
    """Accept what matches the pattern and, where ``numbers`` are given, is one of them."""

    def check(value: Any) -> Any:
        if not re.fullmatch(pattern, str(value)) or (numbers and int(str(value)) not in numbers):
            raise ValueError(problem)
        return value

    return BeforeValidator(check)


def _host(value: str) -> str:
    """Return the host; an IPv6 address may be in brackets, as in a URL."""
    found = _IN_BRACKETS.fullmatch(_with_zone(value))
    return found[1] if found else value


def _with_zone(value: str) -> str:
    return _ZONE.sub(r"\1%\2]", value)


def _address(value: str) -> str:
    value = _with_zone(value)
    try:
        # pydantic knows no zones.
        parts = TypeAdapter(HttpUrl).validate_python(_ZONE.sub(r"\1]", value))
    except ValidationError:
        raise ValueError("must be an address like https://host") from None
    if parts.username or parts.password:
        raise ValueError("must be an address like https://host, without a user and a password")
    if "?" in value or "#" in value:
        raise ValueError("must be an address like https://host, without a ? or #")
    if not _ADDRESS.fullmatch(value):
        raise ValueError("must be an address like https://host, written in full and without blanks")
    return value.rstrip("/")


def _console_url(value: str) -> str:
    _address(value.replace("{job_id}", "x").partition("?")[0].partition("#")[0])
    if "{job_id}" not in value or len(value) > _LONGEST_CONSOLE_URL:
        raise ValueError(f"must hold {{job_id}} and have {_LONGEST_CONSOLE_URL} characters at most")
    return value


def _remind_hours(value: Any) -> Any:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,6})?", str(value)) or float(value) > _MOST_HOURS:
        raise ValueError(f"must be hours from 0 to {_MOST_HOURS}, such as 24 or 0.5; 0 means no reminders")
    return value


def _time_zone(value: Any) -> ZoneInfo:
    try:
        return ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):
        raise ValueError("must be the name of a time zone, such as Asia/Shanghai or Europe/Berlin") from None


Secret = Annotated[SecretStr, AfterValidator(secret)]
BotToken = Annotated[SecretStr, AfterValidator(partial(_slack_token, prefix="xoxb-", page=_BOT_TOKEN_PAGE))]
AppToken = Annotated[
    SecretStr,
    AfterValidator(partial(_slack_token, prefix="xapp-", page=_APP_TOKEN_PAGE)),
]
Address = Annotated[str, AfterValidator(_address)]
ConsoleUrl = Annotated[str, AfterValidator(_console_url)]
Host = Annotated[str, AfterValidator(_host)]
Name = Annotated[
    str, rule("[A-Za-z0-9_-]{1,64}", "may have letters, digits, hyphens and underscores, 64 at most")
]
Header = Annotated[str, rule(_PRINTABLE, "may hold printable ASCII only: no blanks, no Chinese characters")]
Port = Annotated[
    int,
    rule("0*[0-9]{1,5}", "must be a number from 0 to 65535; 0 takes any port that is free", range(65536)),
]
PollSeconds = Annotated[
    float, rule("[0-9]{1,6}", "must be a whole number of seconds from 5 to 999999", range(5, 1_000_000))
]
RemindHours = Annotated[float, BeforeValidator(_remind_hours)]
TimeZone = Annotated[ZoneInfo, BeforeValidator(_time_zone)]
