"""Secrets in files: where they are looked for, what is wrong with them, and when they are read again."""

import asyncio
import os
import re
import threading
from contextlib import nullcontext
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import app
from bot.config import Settings, unknown_keys
from bot.domain.rates import RATE_LIMITS
from bot.errors import BadSettings, CredentialsRefused
from bot.metastudio.client import MetaStudio
from bot.metastudio.credentials import Credentials
from bot.process.secret_files import LONGEST, SecretFileError, read_secret
from bot.process.sources import SECRET_KEYS
from bot.simulators.metastudio.account import ACCESS_KEY, IAM_DOMAIN, IAM_PASSWORD, IAM_USER, SECRET_KEY
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from tests.servers import TOKEN
from tests.store.test_store_faults import another_user
from tests.support import eventually
from tests.test_config import GOOD, NO_KEY, PASSWORD, USER, problems

SK, SK_FILE = "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SK_FILE"
KINDS = [
    {"HUAWEICLOUD_SDK_AK": ACCESS_KEY, SK: SECRET_KEY},
    {"HUAWEICLOUD_SDK_AK": "TEMP", SK: "SECRET", "HUAWEICLOUD_SDK_SECURITY_TOKEN": "TICKET"},
    {"METASTUDIO_AUTH_TOKEN": TOKEN},
    {PASSWORD: IAM_PASSWORD},
]
"""Of credentials, each with its good ones."""
PLACES = [
    *("environment systemd dotenv", "environment_file systemd dotenv"),
    *("systemd dotenv_file", "dotenv", "dotenv_file"),
]


@pytest.fixture(autouse=True)
def good(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set all that a bot needs but the secret key."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    for key, value in GOOD.items():
        monkeypatch.setenv(key, value)
    monkeypatch.delenv(SK)


def bad() -> list[str]:
    with pytest.raises(BadSettings) as refused:
        Settings.load()
    return refused.value.problems


@pytest.mark.parametrize("places", PLACES)
def test_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, places: str) -> None:
    """The environment, with the files it names; systemd's credentials; .env, with the files it names."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    for place in places.split():
        (tmp_path / f"{place}.txt").write_text(f"{place}\n")
        key, value = (SK_FILE, f"{tmp_path}/{place}.txt") if "_file" in place else (SK, place)
        if place == "systemd":
            (tmp_path / SK).write_text(place)
        elif "dotenv" in place:
            Path(".env").write_text(f"{key}={value}\n")
        else:
            monkeypatch.setenv(key, value)
    found = Settings.load().huaweicloud_sdk_sk

    assert found == SecretStr(places.split(maxsplit=1)[0])


@pytest.mark.parametrize("key", [SK, "CLOUD_SDK_SK"])
def test_key_and_file_in_one_place(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """It can't be known which is meant."""
    says = f"{key} and {SK_FILE}: both are set in {{}}; keep one and unset the other".format
    Path(".env").write_text(f"{key}=hush\n{SK_FILE}=/x\n")
    assert bad() == [says(".env")]
    monkeypatch.setenv(key, "hush")
    monkeypatch.setenv(SK_FILE, "/x")

    assert bad() == [says("the environment")]


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_every_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str) -> None:
    """By a file that its key names, and by systemd; a problem names the key and the path."""
    for name in (key, f"HUAWEI{key}"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(f"{key}_FILE", f"{tmp_path}/none")
    assert f"{key}_FILE: “{tmp_path}/none” is not there" in bad()
    monkeypatch.delenv(f"{key}_FILE")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert f"nor as a file in “{tmp_path}”)" in str(bad())
    (tmp_path / key).touch()
    assert f"{key}: “{tmp_path / key}” is empty" in bad()


def test_a_wrong_value_is_told_with_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With all other problems; the keys of other settings name no files."""
    (tmp_path / "token").write_text("hush")
    Path(".env").write_text("SLACK_BOT_TOKEN_FILE=x\nVOICEJOB_STORE_FILE=x\n")
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", str(tmp_path / "token"))
    assert [line.split()[0] for line in unknown_keys()] == ["VOICEJOB_STORE_FILE"]
    found = problems(monkeypatch, SLACK_BOT_TOKEN="", PORT="x", HUAWEICLOUD_SDK_SK="a b")

    (said,) = [line for line in found if line.startswith("SLACK_BOT_TOKEN_FILE: must begin")]
    assert said.endswith(f"your app's page at api.slack.com/apps (it is from “{tmp_path}/token”)")
    assert len(found) == 3
    assert "hush" not in str(found)


def test_one_line(tmp_path: Path) -> None:
    """Its end, a byte order mark and blanks around it do no harm."""
    for raw in (b"KEY", b"\xef\xbb\xbfKEY\r\n", b" KEY \n\n"):
        (tmp_path / "sk").write_bytes(raw)
        assert read_secret(tmp_path / "sk") == "KEY"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("blank", "is empty"),
        ("binary", "is no text in UTF-8"),
        ("huge", "is too long for a secret: it has more than 64 KiB"),
        ("lines", "has more than one line, and must hold the secret alone"),
        ("pipe/x", "is not there"),
        (".", "is a folder, and must be a file"),
        ("pipe", "is no file"),
        ("of root", "may not be read by this user: make it yours, or readable (chmod)"),
    ],
)
def test_no_secret(tmp_path: Path, name: str, says: str) -> None:
    """What is empty, missing, another user's, or would hang; it is never told what is in a file."""
    contents = {"blank": b" \n", "binary": b"hush\xff", "huge": b"hush" * LONGEST, "lines": b"hush\nhush"}
    for each, content in contents.items():
        (tmp_path / each).write_bytes(content)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "of root").touch(mode=0)
    user = another_user() if name == "of root" else nullcontext()
    with user, pytest.raises(SecretFileError, match=f"^{re.escape(says)}$"):
        read_secret(Path(name))


@pytest.mark.parametrize("secret", ["HUSH+KEY=of-forty", "hush/x", "/Hush!1", "/../hush", "./hush"])
def test_a_secret_in_the_place_of_a_path(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    """It is not shown."""
    monkeypatch.setenv(SK_FILE, secret)

    assert bad() == [f"{SK_FILE}: the file that it names (write its full path, /…) is not there"]


class Files:
    """Credentials in files of systemd's, for a client of a MetaStudio with a job that takes the good ones."""

    def __init__(self, folder: Path, good: dict[str, str], metastudio: MetaStudioSimulator) -> None:
        self.folder, self.good, self.metastudio = folder, good, metastudio
        self.job_id = str(metastudio.add_job()["job_id"])
        self.write(dict.fromkeys(good, "WRONG"))

    def write(self, secrets: dict[str, str]) -> None:
        """Put new ones in their place."""
        for key, value in secrets.items():
            (self.folder / key).write_text(value)

    def client(self) -> MetaStudio:
        """Read the settings, and return a client that signs in by them."""
        return app.metastudio_from(Settings.load(), RATE_LIMITS)


@pytest.fixture(params=KINDS, ids=", ".join)
def files(
    request: pytest.FixtureRequest,
    metastudio: MetaStudioSimulator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Files:
    """Let the settings come from files, with wrong credentials at first."""
    given = NO_KEY | {"METASTUDIO_ENDPOINT": metastudio.url, "CREDENTIALS_DIRECTORY": str(tmp_path)}
    given |= {"HUAWEICLOUD_SDK_PROJECT_ID": metastudio.project_id}
    if PASSWORD in request.param:
        given |= {"HUAWEICLOUD_IAM_USER": IAM_USER, "HUAWEICLOUD_IAM_DOMAIN": IAM_DOMAIN}
        given |= {"HUAWEICLOUD_SDK_IAM_ENDPOINT": metastudio.url}
    for key, value in given.items():
        monkeypatch.setenv(key, value)
    metastudio.temporary_keys = {"TEMP": ("SECRET", "TICKET")}
    return Files(tmp_path, request.param, metastudio)


async def test_right_ones_count_at_once(files: Files, caplog: pytest.LogCaptureFixture) -> None:
    """A refusal is remembered for wrong ones only; where files are missing, the last good ones count."""
    async with files.client() as asked:
        for _ in range(3):
            with pytest.raises(CredentialsRefused):
                await asked.job(files.job_id)
        assert len(files.metastudio.requests) == 1
        files.write(files.good)
        assert (await asked.job(files.job_id)).job_id == files.job_id
    async with files.client() as asked:
        for key in files.good:
            (files.folder / key).unlink()
        assert (await asked.job(files.job_id)).job_id == files.job_id

    key = next(iter(files.good))
    assert caplog.text.count("can't be read again, and stay as they are") == 1
    assert f"{key}: “{files.folder / key}” is not there" in caplog.text


async def test_a_refused_request_is_signed_anew(files: Files) -> None:
    """At once, when the files have changed since they were read."""
    for api in ("jobs", "iam"):
        files.metastudio.fail(Fault.slow(0.2), on=api)
    async with files.client() as asked:
        waiting = asyncio.create_task(asked.job(files.job_id))
        await eventually(lambda: bool(files.metastudio.requests))
        files.write(files.good)

        assert (await waiting).job_id == files.job_id
    assert [seen.status for seen in files.metastudio.requests if seen.status != 201] == [401, 200]


def test_which_are_read_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A password, which may hold any character; a token of Slack's counts as it was at the start."""
    for name, value in {"SLACK_BOT_TOKEN": "xoxb-1", PASSWORD: "old"}.items():
        (tmp_path / name).write_text(value)
    for key, value in (NO_KEY | USER | {"SLACK_BOT_TOKEN": ""}).items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    settings = Settings.load()
    (tmp_path / PASSWORD).write_text("'new one'")
    (tmp_path / "SLACK_BOT_TOKEN").unlink()

    assert settings.read_again().huaweicloud_iam_password == SecretStr("'new one'")


async def test_how_often() -> None:
    """At the first request, then regularly, and after a refusal; once for many requests."""
    for every, at_once, expected in ((600, False, 0), (0, False, 2), (600, True, 2)):
        values = iter(range(99))
        held = Credentials(-1, values.__next__, every=every)
        for _ in range(3):
            await asyncio.gather(*(held.refresh(at_once=at_once) for _ in range(9)))
        assert held.value == expected


async def test_a_file_system_that_hangs() -> None:
    """It costs one request a moment, and one thread."""
    begun, answers = [], threading.Event()

    def read_slowly() -> str:
        begun.append(1)
        answers.wait()
        return "new"

    held = Credentials("old", read_slowly, every=0, limit=0.05)
    for _ in range(5):
        await held.refresh(at_once=True)
    answers.set()
    assert (held.value, len(begun)) == ("old", 1)
    await eventually(lambda: not held.hangs)
    await held.refresh()
    assert held.value == "new"
