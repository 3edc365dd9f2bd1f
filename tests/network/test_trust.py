"""Certificates: one trust for Slack and for Huawei Cloud, and what the environment may say of it."""

import asyncio
import os
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.checks.check import check
from bot.config import Settings
from bot.errors import BadSettings, SlackUnreachable, Unreachable
from bot.network.servers import listening
from bot.network.trust import certificate_fault, folders_problem, tls_context
from bot.network.variables import check_environment
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import APP_TOKEN, SlackWorkspace
from tests.network import asking
from tests.network.certificates import Authority, openssl, openssl_is_there
from tests.servers import Proxy, Tunnel
from tests.test_cli import environment, voicejob

UNTRUSTED = "its certificate is signed by nobody whom this machine trusts ("
OTHER_HOST = "its certificate is for another host name ("
pytestmark = openssl_is_there
no_file_of_openssl = pytest.mark.skipif(
    Path(ssl.get_default_verify_paths().openssl_cafile).is_file(), reason="OpenSSL has a file of its own"
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority") / "files")


@asynccontextmanager
async def place(authority: Authority) -> AsyncIterator[str]:
    """Serve by HTTPS a job at each path, and at one of them a WebSocket."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path != "/link":
            return web.json_response({"state": "WAITING"})
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        return socket

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    async with listening(application, "127.0.0.1", 0) as url, Proxy(url).running(authority.server()) as https:
        yield https


@pytest.mark.parametrize("is_tunneled", [False, True])
async def test_an_authority_of_ones_own(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_tunneled: bool
) -> None:
    """The one of SSL_CERT_FILE counts everywhere, and keys are logged into a file that nobody else reads."""
    tunnel, log = Tunnel(), tmp_path / "keys"
    async with tunnel.running(authority.server()) as proxy, place(authority) as url:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        monkeypatch.setenv("SSLKEYLOGFILE", str(log))
        if is_tunneled:
            monkeypatch.setenv("HTTPS_PROXY", proxy)
        check_environment()
        for ask in (asking.job, asking.webhook, asking.socket):
            await ask(url)

    assert len(tunnel.heads) == (3 if is_tunneled else 0)
    assert "TRAFFIC_SECRET" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


async def test_a_folder_of_certificates(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """SSL_CERT_DIR counts once its files have OpenSSL's names; before, it is a fault unless a file counts."""
    folder = authority.folder / "trusted"
    folder.mkdir()
    shutil.copy(authority.file, folder)
    value = f"/nowhere:{folder}"
    monkeypatch.setenv("SSL_CERT_DIR", value)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    check_environment()
    monkeypatch.delenv("SSL_CERT_FILE")
    for unusable in (value, f"{folder}/missing", ":", "/" + "long" * 100):
        says = f"OpenSSL finds no certificates in “{unusable[:200]}”"
        assert folders_problem(unusable, lambda: True) == ""
        assert folders_problem(unusable, lambda: False).startswith(says)
    openssl("rehash .", folder)
    assert folders_problem(value, lambda: False) == ""

    async with place(authority) as slack:
        await asking.webhook(slack)


def test_there_is_one_context(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made once; an empty variable is not set."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    own = tls_context()
    monkeypatch.setenv("SSL_CERT_FILE", "")
    usual = tls_context()

    assert usual is tls_context() is not own
    assert "SSL_CERT_FILE" not in os.environ


@pytest.fixture
def odd(tmp_path: Path, authority: Authority) -> Path:
    """Return a folder with all that is no file of certificates."""
    (tmp_path / "text").write_text("no certificate")
    (tmp_path / "key").write_text((authority.folder / "own.key").read_text())
    (tmp_path / "half").write_text(authority.file.read_text()[:-60])
    (tmp_path / "broken").write_text(authority.file.read_text() * 2 + "-----BEGIN CERTIFICATE-----\nx\n")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    return tmp_path


FILES = ("missing", "text", "key", "half", "broken", "folder", "pipe", "loop", "a\nb")
LOGS = ("missing/keys", "folder", "pipe", "x" * 300)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        *(("SSL_CERT_FILE", name) for name in FILES),
        pytest.param("SSL_CERT_DIR", "folder:missing", marks=no_file_of_openssl),
        *(("SSLKEYLOGFILE", name) for name in LOGS),
    ],
)
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
        failed = {item.name: item.says for item in await check(Settings.read()) if item.ok is False}
        ended = await asyncio.gather(voicejob("run"), voicejob("show", "some-job"))
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        failed_if_trusted = [item.name for item in await check(Settings.read()) if item.ok is False]

    assert list(failed) == ["Slack bot token", "Slack app token", "MetaStudio address"]
    assert [says for says in failed.values() if UNTRUSTED not in says or "SSL_CERT_FILE" not in says] == []
    assert [(each.code, UNTRUSTED in each.err.splitlines()[-1]) for each in ended] == [(1, True)] * 2
    assert failed_if_trusted == []


@pytest.mark.parametrize(
    ("changes", "is_trusted", "says"),
    [
        ({}, False, UNTRUSTED),
        ({"days": "-1"}, True, "its certificate has expired ("),
        ({"extensions": "subjectAltName=IP:127.0.0.2"}, True, OTHER_HOST),
        ({"extensions": "subjectAltName=DNS:a.example"}, True, OTHER_HOST),
    ],
)
async def test_what_is_wrong_with_a_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], says: str, *, is_trusted: bool
) -> None:
    """Nothing is sent, and it is found behind what aiohttp and httpx make of it, over a WebSocket too."""
    authority = Authority(tmp_path / "files", **changes)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    kinds = {
        asking.job: Unreachable,
        asking.web_api: SlackUnreachable,
        asking.webhook: aiohttp.ClientConnectorCertificateError,
        asking.socket: aiohttp.ClientConnectorCertificateError,
    }
    async with place(authority) as url:
        for ask, kind in kinds.items():
            with pytest.raises(kind) as failed:
                await ask(url)
            assert certificate_fault(failed.value).startswith(says)
    assert (certificate_fault(OSError("refused")), certificate_fault(None)) == ("", "")
