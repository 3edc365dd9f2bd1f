"""How requests reach Huawei Cloud: a proxy, long headers, and each error of aiohttp and httpx by its name."""

from collections.abc import Iterator
from typing import Any

import aiohttp
import httpx
import pytest

from bot.errors import TimedOut, Unreachable, UnreadableAnswer
from bot.metastudio.auth import GivenToken, SignIn
from bot.metastudio.iam_user import IamUser
from bot.metastudio.transport import Transport, httpx_error, network_error
from tests.servers import Scripted, client_at, failure_of, raw_answer


async def test_requests_go_to_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """With their whole address, and the proxy's password where it has one."""
    proxy = Scripted(raw_answer("200 OK", b'{"state": "WAITING", "voice_name": "by proxy"}'))
    async with proxy.running() as url:
        monkeypatch.setenv("http_proxy", url.replace("http://", "http://me:hush@"))
        async with client_at("http://metastudio.example") as client:
            job = await client.job("a-job")

    assert job.voice_name == "by proxy"
    assert proxy.heads[0].startswith("GET http://metastudio.example/v1/")
    assert "Proxy-Authorization: Basic bWU6aHVzaA==" in proxy.heads[0]


async def test_a_long_token_and_an_address_as_it_was_signed() -> None:
    """IAM's tokens are longer than most servers' headers; nothing in an address is quoted anew."""
    server = Scripted(raw_answer("201 Created", b"{}", f"X-Subject-Token: {'x' * 40_000}"))
    async with server.running() as url, httpx.AsyncClient(transport=Transport()) as http:
        request = http.build_request("GET", f"{url}/a%2Fb/~c", params={"q": "a b+c/d", "k": "é"})
        answer = await http.send(request)

    assert answer.headers["x-subject-token"] == "x" * 40_000
    assert server.heads[0].split(" ")[1] == request.url.raw_path.decode()


def kinds_of(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for child in kind.__subclasses__():
        yield from kinds_of(child)


OTHERS = (TimeoutError, ConnectionResetError, OSError, ValueError, UnicodeError)
"""What aiohttp lets out besides: of the system, and of what can't be sent."""
OF_AIOHTTP: dict[str, type[Exception]] = {
    kind.__name__: kind for kind in (*kinds_of(aiohttp.ClientError), *OTHERS)
}
NAMED = {
    "ClientConnectorError": httpx.ConnectError,
    "ClientPayloadError": httpx.ReadError,
    "ClientResponseError": httpx.RemoteProtocolError,
    "ConnectionTimeoutError": httpx.ConnectTimeout,
    "InvalidUrlClientError": httpx.UnsupportedProtocol,
    "ServerDisconnectedError": httpx.ReadError,
    "SocketTimeoutError": httpx.ReadTimeout,
}


def test_each_error_of_aiohttp_has_a_name_of_httpx() -> None:
    """No error of aiohttp leaves the transport, and what is a time-out stays one."""
    for name, kind in OF_AIOHTTP.items():
        named = httpx_error(kind.__new__(kind))

        assert isinstance(named, httpx.TimeoutException) is issubclass(kind, TimeoutError), name
        assert type(named) is NAMED.get(name, type(named)), name
    assert NAMED.keys() < OF_AIOHTTP.keys()


OF_HTTPX = {kind.__name__: kind for kind in kinds_of(httpx.RequestError)}
TIME_OUTS = ("ConnectTimeout", "ReadTimeout", "WriteTimeout", "PoolTimeout", "TimeoutException")
UNREADABLE = ("DecodingError", "TooManyRedirects", "RequestError")
NOT_UNREACHABLE = dict.fromkeys(TIME_OUTS, TimedOut) | dict.fromkeys(UNREADABLE, UnreadableAnswer)


def test_each_error_of_httpx_is_one_of_ours() -> None:
    """No error of httpx leaves the folder: each is a time-out, no connection, or no readable answer."""
    for name, kind in OF_HTTPX.items():
        assert type(network_error(kind("details"))) is NOT_UNREACHABLE.get(name, Unreachable), name
    assert NOT_UNREACHABLE.keys() < OF_HTTPX.keys()


async def test_what_cannot_be_sent_is_an_error_of_ours() -> None:
    """Nobody who listens, an odd token, and an address that is none raise no error of a library."""
    nobody, nowhere = "http://127.0.0.1:1", "https://\N{SNOWMAN}.example"
    user = IamUser("name", "password", "domain", project_id="p", iam_endpoint=nowhere)
    unreachable: list[tuple[str, SignIn[Any]]] = [
        *((nobody, GivenToken(token)) for token in ("token", "a\x01b", "a\x7fb")),
        *((f"{scheme}://metastudio.example", GivenToken("token")) for scheme in ("ftp", "no")),
        (nobody, user),
    ]
    hosts = ("a..b", ".", "x" * 70, "xn--zzzz99.example")
    for address, auth in (*unreachable, *((f"http://{host}", GivenToken("token")) for host in hosts)):
        async with client_at(address, auth=auth) as client:
            failed = await failure_of(client.job("a-job"))
        assert type(failed) is Unreachable or (address, auth) not in unreachable, address
