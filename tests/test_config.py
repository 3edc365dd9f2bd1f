"""Settings: from the environment and .env, all problems reported together, no secret printed."""

import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from bot.config import Settings, unknown_keys
from bot.domain.languages import Language
from bot.domain.reminders import ReminderTimes, Window
from bot.errors import BadSettings
from bot.telemetry.logs import LogFormat
from tests.store.test_store_faults import another_user

GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "HUAWEICLOUD_SDK_PROJECT_ID": "0123456789abcdef0123456789abcdef",
    "HUAWEICLOUD_SDK_AK": "AK",
    "HUAWEICLOUD_SDK_SK": "SK",
}
USER = {"HUAWEICLOUD_IAM_USER": "user", "HUAWEICLOUD_IAM_DOMAIN": "domain"}
IAM = USER | {"HUAWEICLOUD_IAM_PASSWORD": "pass"}
NO_KEY = {"HUAWEICLOUD_SDK_AK": "", "HUAWEICLOUD_SDK_SK": ""}
TEMPORARY = {"HUAWEICLOUD_SDK_SECURITY_TOKEN": "token"}
PASSWORD = "HUAWEICLOUD_IAM_PASSWORD"
SHANGHAI = ZoneInfo("Asia/Shanghai")
REMINDERS = {
    "VOICEJOB_REMIND_HOURS": " 0.5 ",
    "VOICEJOB_REMIND_WHEN": " SAT-mon 08:00 - 12:00",
    "VOICEJOB_TIMEZONE": "Asia/Shanghai",
}
PASSWORDS = [
    *((same, same) for same in ("pa${HOME}ss$PATH$$", "$(id)`id`!~%a#", r"pa\nss\\")),
    *(("'pa${HOME}ss${X:-y}'", "pa${HOME}ss${X:-y}"), ('"pa${HOME}ss"', "pa${HOME}ss")),
    *(("'pa #ss=' # a comment", "pa #ss="), (r"'pa\nss\\\''", r"pa\nss\'")),
]
"""As they are written in .env, and as they count."""


def load(monkeypatch: pytest.MonkeyPatch, **changes: str) -> Settings:
    """Load the settings from an environment that is good but for ``changes``; empty counts as not set."""
    for key, value in (GOOD | changes).items():
        monkeypatch.setenv(key, value)
    return Settings.load()


def problems(monkeypatch: pytest.MonkeyPatch, **changes: str) -> list[str]:
    with pytest.raises(BadSettings) as refused:
        load(monkeypatch, **changes)
    return refused.value.problems


def value_of(settings: Settings, name: str) -> Any:
    value = getattr(settings, name)
    return value.get_secret_value() if isinstance(value, SecretStr) else value


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({}, "endpoint", "https://metastudio.cn-north-4.myhuaweicloud.com"),
        ({}, "iam_endpoint", "https://iam.cn-north-4.myhuaweicloud.com"),
        ({"METASTUDIO_REGION": "a-1"}, "endpoint", "https://metastudio.a-1.myhuaweicloud.com"),
        ({"METASTUDIO_REGION": "a-1"}, "iam_endpoint", "https://iam.a-1.myhuaweicloud.com"),
        ({"METASTUDIO_ENDPOINT": "https://proxy.example/ms/"}, "endpoint", "https://proxy.example/ms"),
        ({"METASTUDIO_ENDPOINT": "http://[fe80::1%25e0]/x"}, "endpoint", "http://[fe80::1%e0]/x"),
        ({"SLACK_API_URL": "https://[2001:DB8::1]/v1"}, "slack_api_url", "https://[2001:DB8::1]/v1"),
        ({"VOICEJOB_HOST": "[::1]"}, "voicejob_host", "::1"),
        ({"VOICEJOB_HOST": "[FE80::1%25eth0.1]"}, "voicejob_host", "FE80::1%eth0.1"),
        ({"VOICEJOB_HOST": "[host]"}, "voicejob_host", "[host]"),
        ({"VOICEJOB_POLL_SECONDS": " 5 "}, "voicejob_poll_seconds", 5),
        ({"VOICEJOB_POLL_SECONDS": "999999"}, "voicejob_poll_seconds", 999_999),
        ({"VOICEJOB_LOG": " json\n"}, "voicejob_log", LogFormat.JSON),
        ({"VOICEJOB_LANGUAGE": "zh"}, "voicejob_language", Language.ZH),
        ({}, "reminder_times", ReminderTimes(24, Window.parse("mon-fri 09:00-18:00"), ZoneInfo("UTC"))),
        (REMINDERS, "reminder_times", ReminderTimes(0.5, Window.parse("sat-mon 8:00-12:00"), SHANGHAI)),
        ({"VOICEJOB_REMIND_HOURS": "8760"}, "voicejob_remind_hours", 8760),
        ({"VOICEJOB_REMIND_HOURS": "0"}, "voicejob_remind_hours", 0),
        ({"PORT": "65535"}, "port", 65535),
        ({"SLACK_BOT_TOKEN": " xoxb-1\n"}, "slack_bot_token", "xoxb-1"),
        (NO_KEY | {"CLOUD_SDK_AK": "a", "CLOUD_SDK_SK": "s"}, "huaweicloud_sdk_sk", "s"),
        ({"CLOUD_SDK_SK": "s"}, "huaweicloud_sdk_sk", "SK"),
    ],
)
def test_value(monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], name: str, value: object) -> None:
    """Two tokens, a project and a key are enough; the rest has the documented defaults, or is set."""
    assert value_of(load(monkeypatch, **changes), name) == value


@pytest.mark.parametrize(
    "line", ["{0}={1}\n", "export {0}={1}\r\n", "\ufeff{0}={1}", "{0}=old\n{0}={1}"], ids=ascii
)
def test_password_in_dot_env_is_taken_literally(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """Nothing in it is replaced, by the bot or by the check; a single quote may be escaped."""
    for written, password in PASSWORDS:
        Path(".env").write_text(line.format(PASSWORD, written), encoding="utf-8", newline="")
        settings = load(monkeypatch, **NO_KEY, **USER, PORT="1")
        assert value_of(settings, PASSWORD.lower()) == password
        monkeypatch.setenv("PORT", "x")
        assert value_of(Settings.read().settings, PASSWORD.lower()) == password


def test_console_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's template gives each job its page; without one there is none."""
    settings = load(monkeypatch, VOICEJOB_CONSOLE_URL="https://console.example/#/jobs?id={job_id}&x={y}")

    assert settings.console_url("a") == "https://console.example/#/jobs?id=a&x={y}"
    assert load(monkeypatch, VOICEJOB_CONSOLE_URL="").console_url("a") is None


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever prints or logs the settings gets stars."""
    secret = {"SLACK_SIGNING_SECRET": "hush", "HUAWEICLOUD_SDK_SECURITY_TOKEN": "hush"}
    settings = load(monkeypatch, SLACK_BOT_TOKEN="xoxb-hush", HUAWEICLOUD_SDK_SK="hush", **secret)

    assert "hush" not in f"{settings!r} {settings}"


BAD_ADDRESSES = [
    *("ftp://iam", "https://host/?x=1", "https://host?", "https://host/#", "https:host", "https://::1"),
    *("https://[::1", "https://[::1%]", "https:/host", "https:///host", "https:\\\\host", "ht\ttps://host"),
    *("https://ho\nst", "https://host/a b", "https://host/\x1b", "https://me:hush@host/api", "host/api"),
]
BAD = {
    "SLACK_BOT_TOKEN": ["", "xapp-1"],
    "SLACK_APP_TOKEN": ["xoxb-1"],
    "SLACK_API_URL": ["slack.com/api"],
    "HUAWEICLOUD_SDK_PROJECT_ID": ["", "../x"],
    "HUAWEICLOUD_SDK_AK": ["A K"],
    "HUAWEICLOUD_SDK_SK": [""],
    "HUAWEICLOUD_SDK_IAM_ENDPOINT": ["ftp://iam"],
    "METASTUDIO_REGION": ["cn north 4"],
    "METASTUDIO_AUTH_TOKEN": ["t"],
    "METASTUDIO_APP_USER_ID": ["用户"],
    "METASTUDIO_ENDPOINT": BAD_ADDRESSES,
    "VOICEJOB_CONSOLE_URL": [
        *("https:console.example/{job_id}", "https://console.example/", "javascript:{job_id}"),
        "https://c.example/{job_id}" + "x" * 3000,
    ],
    "VOICEJOB_POLL_SECONDS": ["4", "1000000", "1e9", "soon"],
    "VOICEJOB_LOG": ["xml"],
    "VOICEJOB_LANGUAGE": ["fr", "zh-CN"],
    "VOICEJOB_REMIND_HOURS": ["nan", "inf", "-1", "8760.5", "1e3", "0,5", "a day", "٣", "1" * 5000],
    "VOICEJOB_REMIND_WHEN": ["mon-fri", "mon-fri 22:00-06:00", "Monday to Friday 9:00-18:00"],
    "VOICEJOB_TIMEZONE": ["CST-8", "Asia", "America/New York", "../etc/localtime", "zone.tab", "a\udcff"],
    "PORT": ["http", "65536", "-1", "٣", "1" * 5000],
}
SHOWN = {
    *("PORT", "VOICEJOB_POLL_SECONDS", "VOICEJOB_LOG", "VOICEJOB_LANGUAGE"),
    *("VOICEJOB_REMIND_HOURS", "VOICEJOB_REMIND_WHEN", "VOICEJOB_TIMEZONE"),
}
LONG = {"mon-fri 22:00-06:00", "Monday to Friday 9:00-18:00", "America/New York"}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key in BAD for value in BAD[key]], ids=ascii)
def test_bad_value(monkeypatch: pytest.MonkeyPatch, key: str, value: str) -> None:
    """One bad value is one problem; it is shown where it can be no secret."""
    (problem,) = problems(monkeypatch, **{key: value})
    is_harmless = key in SHOWN and (len(value) <= 12 or value in LONG)

    assert key in problem
    assert (f"(it is {value!r})" in problem) == is_harmless


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (NO_KEY, "MetaStudio needs credentials: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or HUAW"),
        (NO_KEY | USER, "HUAWEICLOUD_IAM_PASSWORD: needed beside HUAWEICLOUD_IAM"),
        (IAM, "HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK, HUAWEICLOUD_IAM_USER, HUAWEICLOUD_IAM_PASSWORD"),
        (NO_KEY | IAM | TEMPORARY, "HUAWEICLOUD_SDK_SECURITY_TOKEN: needs HUAWEICLOUD_SDK_AK and HUAWEI"),
        (
            {"HUAWEICLOUD_SDK_PROJECT_ID": ""},
            "HUAWEICLOUD_SDK_PROJECT_ID: not set, and needed: copy it from My",
        ),
        ({"SLACK_BOT_TOKEN": "foo"}, "SLACK_BOT_TOKEN: must begin with xoxb-. Copy it from OAuth & Perm"),
        ({"SLACK_APP_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN: must begin with xapp-. Copy it from Basic Info"),
        ({"SLACK_BOT_TOKEN": '"xoxb-1"'}, "SLACK_BOT_TOKEN: begins with a quote sign, which has to go"),
        ({"VOICEJOB_REMIND_HOURS": "nan"}, "VOICEJOB_REMIND_HOURS: must be hours from 0 to 8760, such as 24"),
        ({"VOICEJOB_REMIND_WHEN": "mon 9-18"}, "VOICEJOB_REMIND_WHEN: must be days and hours, such as mon-"),
        (
            {"VOICEJOB_TIMEZONE": "Asia/Beijing"},
            "VOICEJOB_TIMEZONE: must be the name of a time zone, such as",
        ),
        ({"METASTUDIO_APP_USER_ID": "a b"}, "METASTUDIO_APP_USER_ID: may hold printable ASCII only: no"),
    ],
)
def test_sentence(monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], problem: str) -> None:
    """It says what is wrong, and which settings belong together or exclude each other."""
    (line,) = problems(monkeypatch, **changes)

    assert line.startswith(problem)


@pytest.mark.parametrize(
    "secret", ["xoxb-hush", "xapp-hush", "XAPP-hush", "HUSH/+KEY=of-forty-characters", "ftp://me:hush@x"]
)
def test_secret_under_a_wrong_key_is_not_shown(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    """Whatever key it was put under by mistake."""
    keys = [key for key in BAD if "_SDK_AK" not in key and "AUTH_TOKEN" not in key]
    lines = "\n".join(problems(monkeypatch, **dict.fromkeys(keys, f"{secret} ü")))

    assert [key for key in keys if key not in lines] == []
    assert "hush" not in lines.lower()


def test_unknown_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that begin like ours, with what may be meant; in the environment, others have SLACK_."""
    Path(".env").write_text("METASTUDIO_ENDPIONT=x\nSLACK_TOKEN=x\nOTHER=x\nCLOUD_SDK_AK=x\n")
    for key in ("VOICEJOB_PORT", "VOICEJOB_POLL_SECOND", "VOICEJOB_QQQQ", "SLACK_OTHER", "VOICEJOB_LOG"):
        monkeypatch.setenv(key, "x")
    found = [re.findall("[A-Z_]{4,}", line) for line in unknown_keys()]

    assert found == [
        *(["METASTUDIO_ENDPIONT", "METASTUDIO_ENDPOINT"], ["SLACK_TOKEN", "SLACK_BOT_TOKEN"]),
        *(["VOICEJOB_POLL_SECOND", "VOICEJOB_POLL_SECONDS"], ["VOICEJOB_PORT", "PORT"], ["VOICEJOB_QQQQ"]),
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("VOICEJOB_STORE='it's.sqlite'\n", [1]),
        ('# one\n\n\nVOICEJOB_STORE="hush.sqlite\nPORT=1\n', [4]),
        ("PORT=1\r\n\r\nVOICEJOB_STORE: hush.sqlite\r\nhush hush\r\n", [3, 4]),
        ("=hush", [1]),
        ("A='more\nlines'\n# it's\nB\n\n", []),
    ],
)
def test_broken_line(monkeypatch: pytest.MonkeyPatch, text: str, lines: list[int]) -> None:
    """Each is reported by its number, with all other problems, and never by what is in it."""
    Path(".env").write_text(text, newline="")
    why = "can't be read: a quote is not closed, or = is missing"
    broken = [f".env, line {line}: {why}" for line in lines]

    assert problems(monkeypatch, VOICEJOB_LOG="x")[:-1] == broken
    assert list(Settings.read().problems)[:-1] == broken
    if broken:
        assert problems(monkeypatch, VOICEJOB_LOG="") == broken


def test_unreadable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One that is no text is not one that this user may not read."""
    Path(".env").write_bytes(b"METASTUDIO_REGION=\xff\xfe\n")
    assert problems(monkeypatch)[0].startswith(".env: can't be read")
    Path(".env").chmod(0)
    tmp_path.chmod(0o755)
    with another_user():
        (problem,) = problems(monkeypatch)
        assert unknown_keys() == []
    assert problem.startswith(f".env: this user may not read “{tmp_path / '.env'}”: make it yours (chown)")


@pytest.mark.parametrize(
    ("make", "where"),
    [
        (lambda: None, "nor in .env: there is no .env in “{folder}”)"),
        (Path(".env").touch, "nor in “{folder}/.env”)"),
        (Path(".env").mkdir, "nor in .env: “{folder}/.env” is a folder, and must be a file)"),
        (lambda: Path.cwd().rmdir(), "nor in .env: there is no .env in"),
    ],
    ids=["none", "file", "folder", "deleted"],
)
def test_where_it_looked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, make: Any, where: str) -> None:
    """The first line about a setting that is missing says it, and no other line."""
    make()
    missing = {"SLACK_BOT_TOKEN": "", "SLACK_APP_TOKEN": "", "HUAWEICLOUD_SDK_AK": ""}
    lines = problems(monkeypatch, **missing, PORT="x")
    end = f"(neither in the environment {where.format(folder=tmp_path)}"

    assert [end in line for line in lines] == [True, False, False, False]
    (alone,) = problems(monkeypatch, **GOOD | {"SLACK_APP_TOKEN": "", "PORT": "1"})
    assert end in alone
