"""Settings: from the environment and .env, all problems told together, no secret printed."""

from pathlib import Path

import pytest

from bot.checks import settings as checks
from bot.config import MetaStudioSettings, Settings, unknown_keys
from bot.errors import BadSettings
from tests.store.test_store_faults import another_user
from tests.test_cli import voicejob

GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "HUAWEICLOUD_SDK_PROJECT_ID": "0123456789abcdef0123456789abcdef",
    "HUAWEICLOUD_SDK_AK": "AK",
    "HUAWEICLOUD_SDK_SK": "SK",
}
IAM = {"HUAWEICLOUD_IAM_USER": "user", "HUAWEICLOUD_IAM_PASSWORD": "pass", "HUAWEICLOUD_IAM_DOMAIN": "domain"}
NO_KEY = {"HUAWEICLOUD_SDK_AK": "", "HUAWEICLOUD_SDK_SK": ""}


def load(monkeypatch: pytest.MonkeyPatch, **changes: str) -> Settings:
    """Load the settings from an environment that is good but for ``changes``; empty counts as not set."""
    for key, value in (GOOD | changes).items():
        monkeypatch.setenv(key, value)
    return Settings.load()


def problems(monkeypatch: pytest.MonkeyPatch, **changes: str) -> list[str]:
    with pytest.raises(BadSettings) as refused:
        load(monkeypatch, **changes)
    return refused.value.problems


def test_few_settings_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tokens, a project and a key make a bot; the rest has the documented defaults."""
    settings = load(monkeypatch)

    assert settings.endpoint == "https://metastudio.cn-north-4.myhuaweicloud.com"
    assert settings.iam_endpoint == "https://iam.cn-north-4.myhuaweicloud.com"
    assert settings.slack_api_url == "https://slack.com/api"
    assert (settings.voicejob_host, settings.port) == ("0.0.0.0", 3000)  # noqa: S104  the default


def test_addresses_follow_the_region_or_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A region has its own addresses; a set address wins, with or without a slash at its end."""
    settings = load(
        monkeypatch, METASTUDIO_REGION="ap-southeast-3", METASTUDIO_ENDPOINT="https://proxy.example/ms/"
    )

    assert settings.endpoint == "https://proxy.example/ms"
    assert settings.iam_endpoint == "https://iam.ap-southeast-3.myhuaweicloud.com"


@pytest.mark.parametrize(
    ("set_to", "host"),
    [
        ("[::1]", "::1"),
        ("::1", "::1"),
        (" [::] ", "::"),
        ("[fe80::1%eth0]", "fe80::1%eth0"),
        ("[FE80::1%25eth0.1]", "FE80::1%eth0.1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("[host]", "[host]"),
        ("localhost", "localhost"),
    ],
)
def test_a_host_may_stand_in_brackets(monkeypatch: pytest.MonkeyPatch, set_to: str, host: str) -> None:
    """As IPv6 does in an address of the web; what is none stays as it is, and can't be listened on."""
    assert load(monkeypatch, VOICEJOB_HOST=set_to).voicejob_host == host


@pytest.mark.parametrize(
    ("set_to", "address"),
    [
        ("http://[::1]:8000/", "http://[::1]:8000"),
        ("https://[2001:DB8::1]/v1", "https://[2001:DB8::1]/v1"),
        ("http://[::ffff:127.0.0.1]:80", "http://[::ffff:127.0.0.1]:80"),
        ("http://[fe80::1%eth0]:80", "http://[fe80::1%eth0]:80"),
        ("http://[fe80::1%25eth0]/x", "http://[fe80::1%eth0]/x"),
    ],
)
@pytest.mark.parametrize("key", ["METASTUDIO_ENDPOINT", "SLACK_API_URL", "HUAWEICLOUD_SDK_IAM_ENDPOINT"])
def test_addresses_may_be_of_ipv6(
    monkeypatch: pytest.MonkeyPatch, key: str, set_to: str, address: str
) -> None:
    """With a port, a path or a zone."""
    assert getattr(load(monkeypatch, **{key: set_to}), key.lower()) == address


def test_the_names_of_the_api_pages_samples_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """``CLOUD_SDK_AK`` and ``CLOUD_SDK_SK`` are the names that the API page's samples use."""
    settings = load(monkeypatch, **NO_KEY, CLOUD_SDK_AK="other", CLOUD_SDK_SK="secret")

    assert settings.huaweicloud_sdk_ak is not None
    assert settings.huaweicloud_sdk_ak.get_secret_value() == "other"


def test_a_dot_env_file_works_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings may stand in .env beside the bot."""
    Path(".env").write_text("METASTUDIO_REGION=cn-east-3\nPORT=4000\nUNKNOWN=ignored\n")

    settings = load(monkeypatch, PORT="5000")

    assert settings.metastudio_region == "cn-east-3"
    assert settings.port == 5000


@pytest.mark.parametrize(
    ("written", "password"),
    [
        ("pa${HOME}ss$PATH$$", "pa${HOME}ss$PATH$$"),
        ("'pa${HOME}ss${X:-y}'", "pa${HOME}ss${X:-y}"),
        ('"pa${HOME}ss"', "pa${HOME}ss"),
        ("$(id)`id`!~%a", "$(id)`id`!~%a"),
        ("pa#ss", "pa#ss"),
        ("'pa #ss=' # a comment", "pa #ss="),
        (r"pa\nss\\", r"pa\nss\\"),
        (r"'pa\nss\\\''", r"pa\nss\'"),
    ],
)
@pytest.mark.parametrize("before", ["", "export ", "\ufeff", "HUAWEICLOUD_IAM_PASSWORD=old\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_password_in_dot_env_is_taken_as_it_stands(
    monkeypatch: pytest.MonkeyPatch, before: str, written: str, end: str, password: str
) -> None:
    """Nothing in it is replaced, whatever the quotes; in single ones, a backslash keeps a quote."""
    Path(".env").write_text(f"{before}HUAWEICLOUD_IAM_PASSWORD={written}{end}", encoding="utf-8", newline="")
    given = load(monkeypatch, **NO_KEY, HUAWEICLOUD_IAM_USER="user", HUAWEICLOUD_IAM_DOMAIN="domain")

    assert given.huaweicloud_iam_password is not None
    assert given.huaweicloud_iam_password.get_secret_value() == password
    checked = checks.read().settings.huaweicloud_iam_password
    assert checked == given.huaweicloud_iam_password


def test_a_folder_that_was_deleted_has_no_dot_env(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The bot may stand in one, and says what is not set."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    assert "there is no .env in" in problems(monkeypatch, SLACK_BOT_TOKEN="")[0]


def test_check_reads_dot_env_as_the_bot_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token is taken as it stands, too, where other settings are wrong."""
    Path(".env").write_text("SLACK_BOT_TOKEN='xoxb-${HOME}'\nVOICEJOB_STOER=x")
    monkeypatch.setenv("PORT", "x")

    read = checks.read()
    assert read.settings.slack_bot_token.get_secret_value() == "xoxb-${HOME}"
    assert len(read.unknown) == 1


@pytest.mark.parametrize(("text", "seconds"), [("5", 5), ("90", 90), (" 600 ", 600)])
def test_the_pause_between_two_checks(monkeypatch: pytest.MonkeyPatch, text: str, seconds: float) -> None:
    """It may be five seconds or more."""
    assert load(monkeypatch, VOICEJOB_POLL_SECONDS=text).voicejob_poll_seconds == seconds


def test_a_dot_env_file_that_is_no_text_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A .env in another encoding is told as such."""
    Path(".env").write_bytes(b"METASTUDIO_REGION=\xff\xfe\n")

    assert problems(monkeypatch)[0].startswith(".env: can't be read")


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
def test_a_broken_line_in_dot_env(monkeypatch: pytest.MonkeyPatch, text: str, lines: list[int]) -> None:
    """Each is told by its number, with all other problems, and never by what is in it."""
    Path(".env").write_text(text, newline="")
    why = "can't be read: a quote is not closed, or = is missing"
    broken = [f".env, line {line}: {why}" for line in lines]

    assert problems(monkeypatch, VOICEJOB_LOG="x")[:-1] == broken
    assert list(checks.read().problems)[:-1] == broken
    if broken:
        assert problems(monkeypatch, VOICEJOB_LOG="") == broken


async def test_a_broken_line_in_dot_env_ends_the_command(tmp_path: Path) -> None:
    """As each wrong setting does."""
    (tmp_path / ".env").write_text('VOICEJOB_STORE="hush.sqlite\n')
    for command, code in (("run", 2), ("check", 1)):
        ended = await voicejob(command, **GOOD)
        assert (ended.code, "Traceback" in ended.err, "hush" in ended.err + ended.out) == (code, False, False)
        assert ".env, line 1: can't be read" in ended.err + ended.out


def test_a_dot_env_file_that_may_not_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is not its text that is wrong."""
    Path(".env").touch(mode=0)
    tmp_path.chmod(0o755)
    with another_user():
        (problem,) = problems(monkeypatch)
        assert unknown_keys() == []

    assert problem.startswith(f".env: this user may not read “{tmp_path / '.env'}”: make it yours (chown)")


@pytest.mark.parametrize(
    ("kind", "where"),
    [
        ("none", "nor in .env: there is no .env in “{folder}”)"),
        ("file", "nor in “{folder}/.env”)"),
        ("folder", "nor in .env: “{folder}/.env” is a folder, and must be a file)"),
    ],
)
def test_where_it_looked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, where: str) -> None:
    """The first line about a setting that is missing says it, and no other line."""
    if kind == "file":
        Path(".env").touch()
    elif kind == "folder":
        Path(".env").mkdir()
    told = problems(monkeypatch, SLACK_BOT_TOKEN="", SLACK_APP_TOKEN="", HUAWEICLOUD_SDK_AK="", PORT="x")

    assert [
        line.endswith(f"(neither in the environment {where.format(folder=tmp_path)}") for line in told
    ] == [
        True,
        False,
        False,
        False,
    ]
    (alone,) = problems(
        monkeypatch, SLACK_APP_TOKEN="", HUAWEICLOUD_SDK_AK="AK", PORT="1", SLACK_BOT_TOKEN="xoxb-1"
    )
    assert "neither in the environment" in alone


def test_keys_that_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that begin like ours are told, with what may be meant; in the environment others have SLACK_."""
    Path(".env").write_text("METASTUDIO_ENDPIONT=x\nSLACK_TOKEN=x\nOTHER=x\nCLOUD_SDK_AK=x\n")
    for key in ("VOICEJOB_PORT", "VOICEJOB_POLL_SECOND", "VOICEJOB_QQQQ", "SLACK_OTHER", "VOICEJOB_LOG"):
        monkeypatch.setenv(key, "x")
    what = "is no setting of VoiceJob and is ignored"

    assert unknown_keys() == [
        f"METASTUDIO_ENDPIONT {what}; did you mean METASTUDIO_ENDPOINT?",
        f"SLACK_TOKEN {what}; did you mean SLACK_BOT_TOKEN?",
        f"VOICEJOB_POLL_SECOND {what}; did you mean VOICEJOB_POLL_SECONDS?",
        f"VOICEJOB_PORT {what}; did you mean PORT?",
        f"VOICEJOB_QQQQ {what}",
    ]


@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("key", ["SLACK_BOT_TOKEN", "HUAWEICLOUD_SDK_SK"])
def test_quote_signs_are_told(monkeypatch: pytest.MonkeyPatch, key: str, quote: str) -> None:
    """Docker's --env-file keeps them."""
    assert problems(monkeypatch, **{key: f"{quote}{GOOD[key]}{quote}"}) == [
        f"{key}: begins with a quote sign, which has to go"
    ]


def test_what_a_header_may_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one reading."""
    assert problems(monkeypatch, METASTUDIO_APP_USER_ID="a b") == [
        "METASTUDIO_APP_USER_ID: may hold printable ASCII only: no blanks, no Chinese characters"
    ]


def test_limits_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of them."""
    (problem,) = problems(monkeypatch, VOICEJOB_POLL_SECONDS="1000000")

    assert "a whole number of seconds from 5 to 999999" in problem
    assert load(monkeypatch, VOICEJOB_POLL_SECONDS="999999").voicejob_poll_seconds == 999_999


def test_blanks_around_a_value_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A blank or line break that was copied along is taken off."""
    settings = load(monkeypatch, SLACK_BOT_TOKEN=" xoxb-1\n", METASTUDIO_REGION=" cn-east-3 ")

    assert settings.slack_bot_token.get_secret_value() == "xoxb-1"
    assert settings.metastudio_region == "cn-east-3"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN"),
        ({"SLACK_BOT_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_APP_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN"),
        ({"SLACK_APP_TOKEN": ""}, "SLACK_SIGNING_SECRET"),
        ({"SLACK_API_URL": "slack.com/api"}, "SLACK_API_URL"),
        ({"HUAWEICLOUD_SDK_PROJECT_ID": ""}, "HUAWEICLOUD_SDK_PROJECT_ID"),
        ({"HUAWEICLOUD_SDK_PROJECT_ID": "../x"}, "HUAWEICLOUD_SDK_PROJECT_ID"),
        ({"HUAWEICLOUD_SDK_AK": "A K"}, "HUAWEICLOUD_SDK_AK"),
        ({"HUAWEICLOUD_SDK_SK": ""}, "HUAWEICLOUD_SDK_SK"),
        (NO_KEY, "METASTUDIO_AUTH_TOKEN"),
        (NO_KEY | {"HUAWEICLOUD_IAM_USER": "user"}, "HUAWEICLOUD_IAM_PASSWORD, HUAWEICLOUD_IAM_DOMAIN"),
        (IAM, "HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK, HUAWEICLOUD_IAM_USER"),
        ({"METASTUDIO_AUTH_TOKEN": "t"}, "METASTUDIO_AUTH_TOKEN"),
        (NO_KEY | IAM | {"HUAWEICLOUD_SDK_SECURITY_TOKEN": "t"}, "HUAWEICLOUD_SDK_SECURITY_TOKEN"),
        ({"HUAWEICLOUD_SDK_IAM_ENDPOINT": "ftp://iam"}, "HUAWEICLOUD_SDK_IAM_ENDPOINT"),
        ({"METASTUDIO_REGION": "cn north 4"}, "METASTUDIO_REGION"),
        ({"METASTUDIO_ENDPOINT": "https://host/?x=1"}, "METASTUDIO_ENDPOINT"),
        ({"METASTUDIO_ENDPOINT": "https://host?"}, "METASTUDIO_ENDPOINT"),
        ({"METASTUDIO_ENDPOINT": "https://host/#"}, "METASTUDIO_ENDPOINT"),
        ({"METASTUDIO_ENDPOINT": "https:host"}, "METASTUDIO_ENDPOINT"),
        ({"METASTUDIO_ENDPOINT": "https://::1"}, "METASTUDIO_ENDPOINT"),
        ({"METASTUDIO_ENDPOINT": "https://[::1"}, "METASTUDIO_ENDPOINT"),
        ({"METASTUDIO_ENDPOINT": "https://[::1%]"}, "METASTUDIO_ENDPOINT"),
        ({"METASTUDIO_ENDPOINT": "https:/host"}, "METASTUDIO_ENDPOINT"),
        ({"METASTUDIO_ENDPOINT": "https:///host"}, "METASTUDIO_ENDPOINT"),
        ({"METASTUDIO_ENDPOINT": "https:\\\\host"}, "METASTUDIO_ENDPOINT"),
        ({"METASTUDIO_ENDPOINT": "ht\ttps://host"}, "METASTUDIO_ENDPOINT"),
        ({"METASTUDIO_ENDPOINT": "https://ho\nst"}, "METASTUDIO_ENDPOINT"),
        ({"METASTUDIO_ENDPOINT": "https://host/a b"}, "METASTUDIO_ENDPOINT"),
        ({"METASTUDIO_ENDPOINT": "https://host/\x1b"}, "METASTUDIO_ENDPOINT"),
        ({"VOICEJOB_CONSOLE_URL": "https:console.example/{job_id}"}, "VOICEJOB_CONSOLE_URL"),
        ({"METASTUDIO_APP_USER_ID": "用户"}, "METASTUDIO_APP_USER_ID"),
        ({"VOICEJOB_CONSOLE_URL": "https://console.example/"}, "VOICEJOB_CONSOLE_URL"),
        ({"VOICEJOB_CONSOLE_URL": "javascript:{job_id}"}, "VOICEJOB_CONSOLE_URL"),
        ({"VOICEJOB_CONSOLE_URL": "https://c.example/{job_id}" + "x" * 3000}, "VOICEJOB_CONSOLE_URL"),
        ({"VOICEJOB_POLL_SECONDS": "4"}, "VOICEJOB_POLL_SECONDS"),
        ({"VOICEJOB_POLL_SECONDS": "1e9"}, "VOICEJOB_POLL_SECONDS"),
        ({"VOICEJOB_POLL_SECONDS": "soon"}, "VOICEJOB_POLL_SECONDS"),
        ({"PORT": "http"}, "PORT"),
        ({"PORT": "65536"}, "PORT"),
        ({"PORT": "-1"}, "PORT"),
        ({"PORT": "٣"}, "PORT"),
        ({"PORT": "1" * 5000}, "PORT"),
        ({"SLACK_API_URL": "https://me:hush@slack.example/api"}, "SLACK_API_URL"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_each_bad_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], key: str
) -> None:
    """One bad setting is one line, which names the key."""
    (problem,) = problems(monkeypatch, **changes)

    assert key in problem


def test_all_problems_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One round is enough to mend everything: bad values, missing ones, and those that exclude each other."""
    bad = {
        "SLACK_BOT_TOKEN": "",
        "SLACK_APP_TOKEN": "",
        "HUAWEICLOUD_SDK_AK": "A K",
        "HUAWEICLOUD_SDK_PROJECT_ID": "",
        "METASTUDIO_REGION": "?",
        "METASTUDIO_AUTH_TOKEN": "token",
        "PORT": "x",
    }

    told = "\n".join(problems(monkeypatch, **bad))

    for key in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_PROJECT_ID"):
        assert key in told
    for key in ("METASTUDIO_REGION", "METASTUDIO_AUTH_TOKEN", "PORT"):
        assert key in told


def test_values_are_told_but_secrets_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong number is shown, so that it can be found; a secret is not, nor an address with a password."""
    told = "\n".join(
        problems(
            monkeypatch,
            PORT="eighty",
            SLACK_BOT_TOKEN="hush-bot",
            HUAWEICLOUD_SDK_SK="hush key",
            METASTUDIO_ENDPOINT="ftp://user:hush@host",
        )
    )

    assert "'eighty'" in told
    assert "hush" not in told


@pytest.mark.parametrize("secret", ["xoxb-hush", "xapp-hush", "XAPP-hush", "HUSH/+KEY=of-forty-characters"])
def test_a_secret_under_a_wrong_key_is_not_told(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    """Whatever key it was put under by mistake."""
    keys = (
        "METASTUDIO_REGION",
        "METASTUDIO_ENDPOINT",
        "METASTUDIO_APP_USER_ID",
        "HUAWEICLOUD_SDK_PROJECT_ID",
        "SLACK_API_URL",
        "VOICEJOB_CONSOLE_URL",
        "VOICEJOB_LOG",
        "VOICEJOB_POLL_SECONDS",
        "PORT",
    )
    told = "\n".join(problems(monkeypatch, **dict.fromkeys(keys, f"{secret} ü")))

    assert [key for key in keys if key not in told] == []
    assert "hush" not in told.lower()


def test_settings_do_not_print_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever prints or logs the settings gets stars."""
    settings = load(
        monkeypatch,
        SLACK_BOT_TOKEN="xoxb-hush",
        SLACK_SIGNING_SECRET="hush",
        HUAWEICLOUD_SDK_SK="hush",
        HUAWEICLOUD_SDK_SECURITY_TOKEN="hush",
    )

    assert "hush" not in f"{settings!r} {settings}"


def test_a_look_up_in_the_terminal_needs_no_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    """``voicejob show`` asks for MetaStudio's settings only."""
    for key, value in GOOD.items():
        if not key.startswith("SLACK_"):
            monkeypatch.setenv(key, value)

    assert MetaStudioSettings.load().huaweicloud_sdk_project_id == GOOD["HUAWEICLOUD_SDK_PROJECT_ID"]


def test_the_console_address_takes_the_job_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's template gives each job its page; without one there is none."""
    template = "https://console.example/#/jobs?id={job_id}&x={y}"

    assert load(monkeypatch).console_url("a") is None
    assert load(monkeypatch, VOICEJOB_CONSOLE_URL=template).console_url("a") == (
        "https://console.example/#/jobs?id=a&x={y}"
    )
