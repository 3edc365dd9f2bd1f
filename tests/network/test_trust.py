"""Certificates: one trust for Slack and for Huawei Cloud, and what the environment may say of it."""

import os
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.checks.check import check
from bot.checks.settings import read
from bot.errors import BadSettings, SlackUnreachable, Unreachable
from bot.network.sessions import client_session
from bot.network.trust import certificate_fault, folders_problem, tls_context
from bot.network.variables import check_environment
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import APP_TOKEN, SlackWorkspace
from bot.slack.clients import webhook_client
from tests.network import asking
from tests.network.certificates import Authority, openssl, openssl_is_there
from tests.servers import TOKEN, Proxy, Tunnel, client_at
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


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the authority trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))


@asynccontextmanager
async def place(authority: Authority) -> AsyncIterator[str]:
    """Serve by HTTPS what Slack serves: an address to post to, and a WebSocket."""

    async def hello(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello"})
        return socket

    async def ok(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    application = web.Application()
    application.add_routes([web.get("/link", hello), web.post("/hook", ok)])
    async with (
        TestServer(application, host="127.0.0.1") as server,
        Proxy(f"http://127.0.0.1:{server.port}").running(authority.server()) as url,
    ):
        yield url


@asynccontextmanager
async def both_by_https(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, authority: Authority
) -> AsyncIterator[dict[str, str]]:
    """Give the environment of a bot between a Slack and a MetaStudio that show the certificate."""
    tls = authority.server()
    async with (
        Proxy(slack.api_url.removesuffix("/api/")).running(tls) as slack_url,
        Proxy(metastudio.url).running(tls) as url,
    ):
        addresses = {"SLACK_API_URL": f"{slack_url}/api", "METASTUDIO_ENDPOINT": url}
        yield environment(slack, metastudio, SLACK_APP_TOKEN=APP_TOKEN) | addresses


@pytest.mark.parametrize("way", ["direct", "tunnel", "tunnel in tls"])
@pytest.mark.usefixtures("trusted")
async def test_an_authority_of_ones_own(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """The one that SSL_CERT_FILE names counts for MetaStudio, for answers, and for Socket Mode."""
    tunnel = Tunnel()
    tls = authority.server() if way == "tunnel in tls" else None
    async with (
        tunnel.running(tls) as proxy,
        place(authority) as slack,
        MetaStudioSimulator(tokens={TOKEN}) as metastudio,
        Proxy(metastudio.url).running(authority.server()) as endpoint,
    ):
        job = metastudio.add_job(voice_name="trusted")
        if way != "direct":
            monkeypatch.setenv("HTTPS_PROXY", proxy)
        async with client_at(endpoint) as client, client_session() as session:
            assert (await client.job(job["job_id"])).voice_name == "trusted"
            assert (await webhook_client(session, f"{slack}/hook").send_dict({})).body == "ok"
            async with session.ws_connect(f"{slack.replace('https', 'wss')}/link") as socket:
                assert await socket.receive_json() == {"type": "hello"}

    assert len(tunnel.heads) == (0 if way == "direct" else 2)  # Slack's WebSocket takes the one that is open


async def test_a_folder_of_certificates(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """SSL_CERT_DIR counts too, once its files have the names that OpenSSL looks for."""
    folder = authority.folder / "trusted"
    folder.mkdir()
    shutil.copy(authority.file, folder)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    value = f"/nowhere:{folder}"
    monkeypatch.setenv("SSL_CERT_DIR", value)
    assert folders_problem(value, lambda: False).startswith("OpenSSL finds no certificates in ")
    openssl("rehash .", folder)
    assert not folders_problem(value, lambda: False)
    check_environment()

    async with place(authority) as slack:
        await asking.webhook(slack)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("folder", ["", "/missing", ":", "/" + "long" * 100])
def test_a_folder_without_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """It is a fault only where no file of certificates counts either."""
    (tmp_path / "00000000.0.pem").touch()
    value = f"{tmp_path}{folder}"
    monkeypatch.setenv("SSL_CERT_DIR", value)
    check_environment()

    assert folders_problem(value, lambda: True) == ""
    assert f"“{value[:200]}”" in folders_problem(value, lambda: False)


def test_there_is_one_context(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made once; an empty variable is not set."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    own = tls_context()
    monkeypatch.setenv("SSL_CERT_FILE", "")
    usual = tls_context()

    assert usual is tls_context() is not own
    assert "SSL_CERT_FILE" not in os.environ


async def test_the_keys_are_logged(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSLKEYLOGFILE is obeyed; nobody else may read the file that is made for it."""
    log = tmp_path / "keys"
    monkeypatch.setenv("SSLKEYLOGFILE", str(log))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    check_environment()
    async with place(authority) as slack:
        await asking.webhook(slack)

    assert "TRAFFIC_SECRET" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.fixture
def odd(tmp_path: Path, authority: Authority) -> Path:
    """Give a folder with all that is no file of certificates."""
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("no certificate")
    (tmp_path / "key").write_text((authority.folder / "own.key").read_text())
    (tmp_path / "half").write_text(authority.file.read_text()[:-60])
    (tmp_path / "broken").write_text(authority.file.read_text() * 2 + "-----BEGIN CERTIFICATE-----\nx\n")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    return tmp_path


FILES = ("missing", "empty", "text", "key", "half", "broken", "folder", "pipe", "loop", "a\nb")
FOLDERS = ("missing", "empty", "folder", "folder:missing")
LOGS = ("missing/keys", "folder", "pipe", "text/keys", "x" * 300)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        *(("SSL_CERT_FILE", name) for name in FILES),
        *(pytest.param("SSL_CERT_DIR", name, marks=no_file_of_openssl) for name in FOLDERS),
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


@pytest.mark.parametrize("command", ["run", "show some-job"])
async def test_the_command_line_says_so(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, odd: Path, command: str
) -> None:
    """All at once; exit code 2, and nothing is sent."""
    bad = {"SSL_CERT_FILE": f"{odd}/pipe", "SSLKEYLOGFILE": f"{odd}/no/keys"}
    bad |= {"HTTPS_PROXY": "odd://me:hush@x"}
    settings = environment(slack, metastudio, SLACK_APP_TOKEN=APP_TOKEN)
    ended = await voicejob(*command.split(), **settings | bad)

    assert ended.code == 2
    assert [key for key in bad if f"{key}: " not in ended.err] == []
    assert not [word for word in ("hush", "Traceback") if word in ended.out + ended.err]
    assert (slack.calls, metastudio.requests) == ([], [])


@pytest.mark.parametrize("is_trusted", [False, True])
async def test_a_check(
    slack: SlackWorkspace,
    metastudio: MetaStudioSimulator,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_trusted: bool,
) -> None:
    """Both sides by HTTPS, with the authority of SSL_CERT_FILE, and without."""
    async with both_by_https(slack, metastudio, authority) as settings:
        for key, value in settings.items():
            monkeypatch.setenv(key, value)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file) if is_trusted else "")
        failed = {item.name: item.says for item in await check(read()) if item.ok is False}

    names = [] if is_trusted else ["Slack bot token", "Slack app token", "MetaStudio address"]
    assert list(failed) == names
    assert [says for says in failed.values() if UNTRUSTED not in says or "SSL_CERT_FILE" not in says] == []


@pytest.mark.parametrize("command", ["run", "show some-job"])
async def test_an_untrusted_certificate_is_the_last_line(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, authority: Authority, command: str
) -> None:
    """Of Slack where the bot starts, and of MetaStudio where a job is looked up."""
    async with both_by_https(slack, metastudio, authority) as settings:
        ended = await voicejob(*command.split(), **settings)

    assert (ended.code, UNTRUSTED in ended.err.splitlines()[-1]) == (1, True)


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


def test_another_fault_is_none_of_a_certificate() -> None:
    """Nor is the lack of one."""
    error = OSError("refused")
    error.__cause__ = ValueError()

    assert (certificate_fault(error), certificate_fault(None)) == ("", "")
