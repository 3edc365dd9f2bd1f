"""Certificates: one trust for Slack and for Huawei Cloud, and what the environment may say of it."""

import asyncio
import os
import shutil
import ssl
import subprocess
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import aiohttp
import pytest

from bot.checks.check import check
from bot.config import Settings
from bot.errors import BadSettings, SlackUnreachable, Unreachable
from bot.network.trust import certificate_fault, folders_problem, tls_context
from bot.network.variables import check_environment
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import APP_TOKEN, SlackWorkspace
from tests.network import asking
from tests.servers import Proxy, Scripted, Tunnel, raw_answer
from tests.test_cli import environment, voicejob

UNTRUSTED = "its certificate is signed by nobody whom this machine trusts ("
pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="it takes the program openssl")
no_file_of_openssl = pytest.mark.skipif(
    Path(ssl.get_default_verify_paths().openssl_cafile).is_file(), reason="OpenSSL has a file of its own"
)


def openssl(arguments: str, cwd: Path) -> None:
    subprocess.run(["openssl", *arguments.split()], check=True, capture_output=True, cwd=cwd)  # noqa: S603, S607


@dataclass
class Authority:
    """A folder with a certificate for 127.0.0.1, and that of the authority of its own which signed it."""

    folder: Path
    extensions: str = "subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n"
    days: str = "30"
    """For how long the certificate counts; below 0, it has expired."""

    def __post_init__(self) -> None:
        self.file = self.folder / "own.pem"
        (self.folder / "extensions").write_text(self.extensions)
        new = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        own = "-x509 -subj /CN=Tests -addext keyUsage=critical,keyCertSign"
        sign = f"x509 -req -in request.pem -CA own.pem -CAkey own.key -CAcreateserial -days {self.days}"
        openssl(f"{new} {own} -keyout own.key -out own.pem", self.folder)
        openssl(f"{new} -subj /CN=here -keyout key.pem -out request.pem", self.folder)
        openssl(f"{sign} -extfile extensions -out cert.pem", self.folder)

    def server(self) -> ssl.SSLContext:
        """Make the context of a server that shows the certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "cert.pem", self.folder / "key.pem")
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def place(authority: Authority) -> AbstractAsyncContextManager[str]:
    """Serve by HTTPS a job at each path."""
    return Scripted(raw_answer("200 OK", b'{"state": "WAITING"}')).running(authority.server())


async def test_an_authority_of_ones_own(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of SSL_CERT_FILE counts everywhere, through a tunnel too; only the owner can read logged keys."""
    tunnel, log = Tunnel(), tmp_path / "keys"
    async with tunnel.running(authority.server()) as proxy, place(authority) as url:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        monkeypatch.setenv("SSLKEYLOGFILE", str(log))
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        check_environment()
        await asking.job(url)
        await asking.webhook(url)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await asking.socket(url)
    own = tls_context()
    monkeypatch.setenv("SSL_CERT_FILE", "")

    assert len(tunnel.heads) == 3
    assert "TRAFFIC_SECRET" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600
    assert own is not tls_context() is tls_context()
    assert "SSL_CERT_FILE" not in os.environ  # where OpenSSL would look for a file without a name


async def test_a_folder_of_certificates(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """SSL_CERT_DIR counts once its files have OpenSSL's names; before, it is a fault unless a file counts."""
    (folder := authority.folder / "trusted").mkdir()
    shutil.copy(authority.file, folder)
    value = f"/nowhere:{folder}"
    monkeypatch.setenv("SSL_CERT_DIR", value)
    with monkeypatch.context() as beside:
        beside.setenv("SSL_CERT_FILE", str(authority.file))
        check_environment()
    for unusable in (value, f"{folder}/missing", ":", "/" + "long" * 100):
        says = f"OpenSSL finds no certificates in “{unusable[:200]}”"
        assert folders_problem(unusable, lambda: True) == ""
        assert folders_problem(unusable, lambda: False).startswith(says)
    openssl("rehash .", folder)
    assert folders_problem(value, lambda: False) == ""

    async with place(authority) as slack:
        await asking.webhook(slack)


@pytest.fixture
def odd(tmp_path: Path, authority: Authority) -> Path:
    """Return a folder with all that is no file of certificates."""
    (tmp_path / "text").write_text("no certificate")
    (tmp_path / "key").write_text((authority.folder / "own.key").read_text())
    (tmp_path / "half").write_text(authority.file.read_text()[:-60])
    (tmp_path / "broken").write_text(authority.file.read_text() * 2 + "-----BEGIN CERTIFICATE-----\nx\n")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    return tmp_path


FILES = [("SSL_CERT_FILE", name) for name in ("missing", "text", "key", "half", "broken", "pipe", "loop")]
LOGS = [("SSLKEYLOGFILE", name) for name in ("missing/keys", "pipe", "a\nb" + "x" * 300)]
FOLDERS = pytest.param("SSL_CERT_DIR", "empty:missing", marks=no_file_of_openssl)


@pytest.mark.parametrize(("key", "name"), [*FILES, *LOGS, FOLDERS])
def test_what_can_not_be_used(odd: Path, monkeypatch: pytest.MonkeyPatch, key: str, name: str) -> None:
    """Each is named, with its path, in one line."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv(key, f"{odd}/{name}")
    with pytest.raises(BadSettings) as refused:
        check_environment()

    (problem,) = refused.value.problems
    assert problem.startswith(f"{key}: ")
    assert f"“{odd}/{name}"[:50] in problem
    assert problem.endswith(f"take {key} out of the environment")
    assert problem.isprintable()


async def test_both_sides_by_https(
    slack: SlackWorkspace,
    metastudio: MetaStudioSimulator,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Untrusted certificates are faults in a check, and the last line of ``run`` and ``show``."""
    tls = authority.server()
    async with (
        Proxy(slack.api_url.removesuffix("/api/")).running(tls) as slack_url,
        Proxy(metastudio.url).running(tls) as url,
    ):
        addresses = {"SLACK_API_URL": f"{slack_url}/api", "METASTUDIO_ENDPOINT": url}
        for key, value in environment(slack, metastudio, SLACK_APP_TOKEN=APP_TOKEN, **addresses).items():
            monkeypatch.setenv(key, value)
        commands = voicejob("run"), voicejob("show", "some-job")
        items, *ended = await asyncio.gather(check(Settings.read()), *commands)

    failed = {item.name: item.says for item in items if item.ok is False}
    assert list(failed) == ["Slack bot token", "Slack app token", "MetaStudio address"]
    assert [says for says in failed.values() if UNTRUSTED not in says or "SSL_CERT_FILE" not in says] == []
    assert [(each.code, UNTRUSTED in each.err.splitlines()[-1]) for each in ended] == [(1, True)] * 2


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, UNTRUSTED),
        ({"days": "-1"}, "its certificate has expired ("),
        ({"extensions": "subjectAltName=DNS:a.example"}, "its certificate is for another host name ("),
    ],
)
async def test_what_is_wrong_with_a_certificate(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], says: str
) -> None:
    """Nothing is sent, and it is found behind what aiohttp and httpx make of it, over a WebSocket too."""
    other = Authority(tmp_path, **changes)
    monkeypatch.setenv("SSL_CERT_FILE", str(other.file if changes else authority.file))
    kinds: dict[asking.Ask, type[Exception]] = {
        asking.job: Unreachable,
        asking.web_api: SlackUnreachable,
        asking.webhook: aiohttp.ClientConnectorCertificateError,
        asking.socket: aiohttp.ClientConnectorCertificateError,
    }
    async with place(other) as url:
        asked = list(product(kinds, ("127.0.0.1", "localhost")))
        asking_all = (ask(url.replace("127.0.0.1", host)) for ask, host in asked)
        failed = await asyncio.gather(*asking_all, return_exceptions=True)
    for (ask, _), error in zip(asked, failed, strict=True):
        assert isinstance(error, kinds[ask])
        assert certificate_fault(error).startswith(says)
    assert (certificate_fault(OSError("refused")), certificate_fault(None)) == ("", "")
