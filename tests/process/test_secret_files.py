"""Secrets in files: where they are looked for, what is wrong with them, and when they are read again."""

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import app
from bot.checks.check import check
from bot.checks.settings import read
from bot.config import Settings, unknown_keys
from bot.domain.rates import RATE_LIMITS, RateLimits
from bot.errors import BadSettings, CredentialsRefused
from bot.metastudio.client import MetaStudio
from bot.metastudio.credentials import Credentials
from bot.process.secret_files import LONGEST, SECRET_KEYS
from bot.simulators.metastudio.account import ACCESS_KEY, IAM_DOMAIN, IAM_PASSWORD, IAM_USER, SECRET_KEY
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from tests.store.test_store_faults import another_user
from tests.support import AT_ONCE, eventually
from tests.test_cli import voicejob
from tests.test_config import GOOD, IAM, NO_KEY, problems

SK, SK_FILE = "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SK_FILE"


@pytest.fixture
def good(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set all that a bot needs but the secret key."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    for key, value in GOOD.items():
        monkeypatch.setenv(key, value)
    monkeypatch.delenv(SK)


def secret_key() -> str:
    found = Settings.load().huaweicloud_sdk_sk
    return found.get_secret_value() if found else ""


def bad() -> list[str]:
    with pytest.raises(BadSettings) as refused:
        Settings.load()
    return refused.value.problems


@pytest.mark.usefixtures("good")
class TestWhere:
    """Which of several places counts."""

    @pytest.mark.parametrize(
        "places",
        [
            "environment systemd dotenv",
            "environment systemd dotenv_file",
            "environment_file systemd dotenv",
            "environment_file systemd dotenv_file",
            "systemd dotenv",
            "systemd dotenv_file",
            "dotenv",
            "dotenv_file",
        ],
    )
    def test_order(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, places: str) -> None:
        """The environment, with the files it names; systemd's credentials; .env, with the files it names."""
        (tmp_path / "systemd").mkdir()
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "systemd"))
        for place in places.split():
            (tmp_path / f"{place}.txt").write_text(f"{place}\n")
            path = str(tmp_path / f"{place}.txt")
            match place:
                case "environment":
                    monkeypatch.setenv(SK, place)
                case "environment_file":
                    monkeypatch.setenv(SK_FILE, path)
                case "systemd":
                    (tmp_path / "systemd" / SK).write_text(place)
                case "dotenv":
                    (tmp_path / ".env").write_text(f"{SK}={place}\n")
                case "dotenv_file":
                    (tmp_path / ".env").write_text(f"{SK_FILE}={path}\n")

        assert secret_key() == places.split(maxsplit=1)[0]

    @pytest.mark.parametrize("where", ["environment", ".env"])
    @pytest.mark.parametrize("key", [SK, "CLOUD_SDK_SK"])
    def test_key_and_file_in_one_place(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str, key: str
    ) -> None:
        """It can't be known which is meant."""
        if where == "environment":
            monkeypatch.setenv(key, "hush")
            monkeypatch.setenv(SK_FILE, "/x")
        else:
            (tmp_path / ".env").write_text(f"{key}=hush\n{SK_FILE}=/x\n")
        place = "the environment" if where == "environment" else ".env"

        assert bad() == [f"{key} and {SK_FILE}: both are set in {place}; keep one and unset the other"]

    @pytest.mark.parametrize("key", SECRET_KEYS)
    def test_every_secret(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str) -> None:
        """By a file that its key names, and by systemd."""
        problem = f"“{tmp_path}/none” is not there"
        for name in (key, f"HUAWEI{key}"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(f"{key}_FILE", f"{tmp_path}/none")
        assert f"{key}_FILE: {problem}" in bad()
        monkeypatch.delenv(f"{key}_FILE")
        (tmp_path / key).touch()
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
        assert f"{key}: “{tmp_path / key}” is empty" in bad()

    def test_what_is_missing_was_looked_for_there(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """Perhaps under another name."""
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

        assert bad()[0].endswith(f", nor as a file in “{tmp_path}”)")

    def test_their_keys_are_settings(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """And only those of secrets."""
        Path(".env").write_text("SLACK_BOT_TOKEN_FILE=x\nVOICEJOB_STORE_FILE=x\n")
        monkeypatch.setenv("METASTUDIO_AUTH_TOKEN_FILE", "x")

        assert [line.split()[0] for line in unknown_keys()] == ["VOICEJOB_STORE_FILE"]


@pytest.mark.usefixtures("good")
class TestWhat:
    """What may be in a file."""

    @pytest.mark.parametrize(
        "raw", [b"KEY", b"KEY\n", b"KEY\r\n", b"\xef\xbb\xbfKEY\n", b" KEY \n\n"], ids=repr
    )
    def test_one_line(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, raw: bytes) -> None:
        """Its end, a byte order mark and blanks around it do no harm."""
        (tmp_path / "sk").write_bytes(raw)
        monkeypatch.setenv(SK_FILE, str(tmp_path / "sk"))

        assert secret_key() == "KEY"

    @pytest.mark.parametrize(
        ("raw", "says"),
        [
            (None, "is not there"),
            (b"", "is empty"),
            (b" \n", "is empty"),
            (b"hush\xff", "is no text in UTF-8"),
            ("hush".encode("utf-16"), "is no text in UTF-8"),
            (b"hush" * LONGEST, "is too long for a secret: it has more than 64 KiB"),
            (b"hush\nhush\n", "has more than one line, and must hold the secret alone"),
        ],
        ids=["missing", "empty", "blank", "no UTF-8", "UTF-16", "huge", "lines"],
    )
    def test_each_problem(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, raw: bytes | None, says: str
    ) -> None:
        """It names the key and the path, and never what is in the file."""
        path = tmp_path / "sk"
        if raw is not None:
            path.write_bytes(raw)
        monkeypatch.setenv(SK_FILE, str(path))

        assert bad() == [f"{SK_FILE}: “{path}” {says}"]

    def test_no_file(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """A folder, and what would hang or never end."""
        os.mkfifo(tmp_path / "pipe")
        told = []
        for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero"), tmp_path / "pipe" / "x"):
            monkeypatch.setenv(SK_FILE, str(path))
            told += [line.rpartition("” ")[2] for line in bad()]

        assert told == ["is a folder, and must be a file", "is no file", "is no file", "is not there"]

    def test_one_that_may_not_be_read(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """By the user that the bot runs as."""
        (tmp_path / "sk").touch(mode=0)
        tmp_path.chmod(0o755)
        monkeypatch.setenv(SK_FILE, str(tmp_path / "sk"))
        with another_user():
            (problem,) = bad()

        assert problem.startswith(f"{SK_FILE}: “{tmp_path}/sk” may not be read by this user")

    @pytest.mark.parametrize(
        "secret",
        [
            "xoxb-hush",
            "HUSH+KEY=of-forty",
            "hush/hush",
            "/Hush!1",
            "//hush",
            "/../hush",
            "./hush",
            "/Pa55/w0rd+hush",
        ],
    )
    def test_a_secret_in_the_place_of_a_path(self, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
        """It is not shown."""
        monkeypatch.setenv(SK_FILE, secret)
        (problem,) = bad()

        assert problem == f"{SK_FILE}: the file that it names (write its full path, /…) is not there"

    def test_a_wrong_value_is_told_with_its_file(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """With all other problems."""
        (tmp_path / "token").write_text("hush")
        monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", str(tmp_path / "token"))
        told = problems(monkeypatch, SLACK_BOT_TOKEN="", PORT="x", HUAWEICLOUD_SDK_SK="a b")

        assert len(told) == 3
        assert any(line.startswith("SLACK_BOT_TOKEN_FILE: must begin") for line in told)
        assert any(f"another of Slack's tokens (it is from “{tmp_path}/token”)" in line for line in told)
        assert "hush" not in str(told)

    async def test_the_command_ends_with_2(self, tmp_path: Path) -> None:
        """All problems at once, and no trace."""
        given = GOOD | {"HUAWEICLOUD_SDK_SK": "", SK_FILE: f"{tmp_path}/sk", "PORT": "x"}
        ended = await voicejob("run", **given)

        assert ended.code == 2
        assert f"{SK_FILE}: “{tmp_path}/sk” is not there" in ended.err
        assert "PORT: " in ended.err
        assert "Traceback" not in ended.err


WAYS = ["access key", "temporary key", "token", "user"]


class Files:
    """Credentials in files, good ones or wrong ones, for a MetaStudio that takes the good ones."""

    def __init__(self, folder: Path, way: str, metastudio: MetaStudioSimulator) -> None:
        self.folder = folder
        token, _ = metastudio.issue_token(metastudio.project_id)
        metastudio.temporary_keys = {"TEMP": ("SECRET", "TICKET")}
        self.good = {
            "access key": {"HUAWEICLOUD_SDK_AK": ACCESS_KEY, SK: SECRET_KEY},
            "temporary key": {
                "HUAWEICLOUD_SDK_AK": "TEMP",
                SK: "SECRET",
                "HUAWEICLOUD_SDK_SECURITY_TOKEN": "TICKET",
            },
            "token": {"METASTUDIO_AUTH_TOKEN": token},
            "user": {"HUAWEICLOUD_IAM_PASSWORD": IAM_PASSWORD},
        }[way]

    def write(self, *, are_good: bool) -> None:
        """Put new ones in their place."""
        for key, value in self.good.items():
            (self.folder / key).write_text(value if are_good else "WRONG")


@pytest.fixture(params=WAYS)
def files(
    request: pytest.FixtureRequest,
    metastudio: MetaStudioSimulator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Files:
    """Let the settings come from files of systemd's, wrong ones at first."""
    given = GOOD | NO_KEY | {"METASTUDIO_ENDPOINT": metastudio.url, "SLACK_API_URL": "http://127.0.0.1:9"}
    given |= {"HUAWEICLOUD_SDK_PROJECT_ID": metastudio.project_id}
    given |= {"HUAWEICLOUD_SDK_IAM_ENDPOINT": metastudio.url, "CREDENTIALS_DIRECTORY": str(tmp_path)}
    if request.param == "user":
        given |= IAM | {"HUAWEICLOUD_IAM_USER": IAM_USER, "HUAWEICLOUD_IAM_DOMAIN": IAM_DOMAIN}
        given |= {"HUAWEICLOUD_IAM_PASSWORD": ""}
    for key, value in given.items():
        monkeypatch.setenv(key, value)
    found = Files(tmp_path, request.param, metastudio)
    found.write(are_good=False)
    return found


def client(rates: RateLimits = RATE_LIMITS) -> MetaStudio:
    return app.metastudio_from(Settings.load(), rates)


class TestReadAgain:
    """While the bot runs."""

    async def test_a_remembered_refusal_is_of_the_old_ones(
        self, files: Files, metastudio: MetaStudioSimulator
    ) -> None:
        """Whoever puts the right ones there need not wait, nor restart the bot."""
        job_id = metastudio.add_job()["job_id"]
        async with client() as asked:
            for _ in range(3):
                with pytest.raises(CredentialsRefused):
                    await asked.job(job_id)
            assert len(metastudio.requests) == 1
            files.write(are_good=True)

            assert (await asked.job(job_id)).job_id == job_id

    async def test_a_refused_request_is_signed_anew(
        self, files: Files, metastudio: MetaStudioSimulator
    ) -> None:
        """At once, when the files have changed since they were read."""
        job_id = metastudio.add_job()["job_id"]
        async with client() as asked:
            metastudio.fail(Fault.slow(0.2), on="jobs")
            metastudio.fail(Fault.slow(0.2), on="iam")
            waiting = asyncio.create_task(asked.job(job_id))
            await eventually(lambda: bool(metastudio.requests))
            files.write(are_good=True)

            assert (await waiting).job_id == job_id
        assert [seen.status for seen in metastudio.requests if seen.status != 201] == [401, 200]

    async def test_files_that_can_not_be_read_change_nothing(
        self, files: Files, metastudio: MetaStudioSimulator, caplog: pytest.LogCaptureFixture
    ) -> None:
        """One that is missing or half written: the last good ones are used."""
        files.write(are_good=True)
        job_id = metastudio.add_job()["job_id"]
        async with client(AT_ONCE) as asked:
            for key in files.good:
                (files.folder / key).unlink()
            assert (await asked.job(job_id)).job_id == job_id
            (key, *_) = files.good

        assert caplog.text.count("can't be read again, and stay as they are") == 1
        assert f"{key}: “{files.folder / key}” is not there" in caplog.text

    async def test_check_tries_them_and_shows_none(
        self, files: Files, metastudio: MetaStudioSimulator
    ) -> None:
        """Once, as it tries others."""
        wrong = {item.name: item for item in await check(read())}
        requests = [seen for seen in metastudio.requests if seen.api]
        files.write(are_good=True)
        known = read()
        good = {item.name: item for item in await check(known)}

        assert wrong["MetaStudio credentials"].ok is False
        assert [seen.status for seen in requests] == [401]
        assert good["MetaStudio jobs"].ok
        assert set(files.good.values()) <= set(known.secrets)


@pytest.mark.usefixtures("good")
@pytest.mark.parametrize("key", ["HUAWEICLOUD_SDK_SK_FILE", "CLOUD_SDK_SK_FILE"])
def test_one_that_goes_is_told_by_the_key_that_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str
) -> None:
    """While the bot runs, too."""
    (tmp_path / "sk").write_text("SK")
    monkeypatch.setenv(key, str(tmp_path / "sk"))
    settings = Settings.load()
    (tmp_path / "sk").unlink()
    with pytest.raises(BadSettings) as refused:
        settings.read_again()

    assert refused.value.problems == [f"{key}: “{tmp_path}/sk” is not there"]


@pytest.fixture
def shut() -> Iterator[threading.Event]:
    """Give a gate at which a thread waits; it opens in the end."""
    gate = threading.Event()
    yield gate
    gate.set()


class TestCredentials:
    """When they are read."""

    @pytest.mark.parametrize(
        ("every", "at_once", "expected"), [(600, False, 1), (0, False, 3), (600, True, 3)]
    )
    async def test_how_often(self, every: float, *, at_once: bool, expected: int) -> None:
        """At the first request, then regularly, and whenever Huawei Cloud has refused them."""
        values = iter("abc")
        held = Credentials("-", lambda: next(values), every=every)
        for _ in range(3):
            await held.refresh(at_once=at_once)

        assert held.value == "abc"[expected - 1]

    async def test_a_file_system_that_hangs(self, shut: threading.Event) -> None:
        """It costs one request a moment, and one thread."""
        begun = []

        def read_slowly() -> str:
            begun.append(1)
            shut.wait()
            return "new"

        held = Credentials("old", read_slowly, every=0, limit=0.05)
        for _ in range(5):
            await held.refresh(at_once=True)
        assert (held.value, len(begun)) == ("old", 1)
        shut.set()
        await eventually(lambda: not held.hangs)
        await held.refresh()

        assert held.value == "new"

    async def test_many_share_one_reading(self) -> None:
        """However many requests there are."""
        numbers = iter(range(50))
        held = Credentials(-1, lambda: next(numbers))
        await asyncio.gather(*(held.refresh(at_once=True) for _ in range(50)))

        assert held.value == 0
