"""How requests reach Huawei Cloud: a proxy, long headers, and each error of aiohttp and httpx by its name."""

from typing import Any

import aiohttp
import httpx
import pytest

from bot.errors import MetaStudioError, TimedOut, Unreachable, UnreadableAnswer
from bot.metastudio.auth import GivenToken, SignIn
from bot.metastudio.iam_user import IamUser
from bot.metastudio.transport import Transport, httpx_error, is_unanswered, network_error
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


def kinds_of(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(each for child in kind.__subclasses__() for each in kinds_of(child))]


OTHERS: tuple[type[Exception], ...] = (TimeoutError, ConnectionResetError, OSError, ValueError, UnicodeError)
"""What aiohttp lets out besides: of the system, and of what can't be sent."""
NAMED: dict[type[Exception], type[httpx.RequestError]] = {
    aiohttp.ClientConnectorError: httpx.ConnectError,
    aiohttp.ClientPayloadError: httpx.ReadError,
    aiohttp.ClientResponseError: httpx.RemoteProtocolError,
    aiohttp.ConnectionTimeoutError: httpx.ConnectTimeout,
    aiohttp.InvalidUrlClientError: httpx.UnsupportedProtocol,
    aiohttp.ServerDisconnectedError: httpx.ReadError,
    aiohttp.SocketTimeoutError: httpx.ReadTimeout,
}
NOT_SENT = {httpx.ConnectError, httpx.ConnectTimeout, httpx.LocalProtocolError, httpx.UnsupportedProtocol}
NOT_UNREACHABLE: dict[type[Exception], type[MetaStudioError]] = {
    **dict.fromkeys(kinds_of(httpx.TimeoutException), TimedOut),
    **dict.fromkeys((httpx.DecodingError, httpx.TooManyRedirects, httpx.RequestError), UnreadableAnswer),
}


def test_each_error_has_a_name_of_httpx_and_is_one_of_ours() -> None:
    """None of aiohttp's leaves the transport, and none of httpx's the folder; a time-out stays one."""
    for kind in (*kinds_of(aiohttp.ClientError), *OTHERS):
        named = httpx_error(kind.__new__(kind))
        assert isinstance(named, httpx.TimeoutException) is issubclass(kind, TimeoutError), kind
        assert type(named) is NAMED.get(kind, type(named)), kind
    for named_kind in kinds_of(httpx.RequestError):
        error = network_error(named_kind("details"))
        error.__cause__ = named_kind("details")
        assert type(error) is NOT_UNREACHABLE.get(named_kind, Unreachable), named_kind
        assert is_unanswered(error) is (named_kind not in NOT_SENT), named_kind
    assert not is_unanswered(Unreachable())


async def test_what_cannot_be_sent_is_an_error_of_ours() -> None:
    """Nobody who listens, an odd token, and an address that is none raise no error of a library."""
    user = IamUser("me", "hush", "us", project_id="p", iam_endpoint="https://\N{SNOWMAN}.example")
    hosts = ("127.0.0.1:1", "a..b", ".", "x" * 70, "xn--zzzz99.example")
    addresses = ("ftp://metastudio.example", *(f"http://{host}" for host in hosts))
    async with Scripted(b"").running() as url:
        tried: list[tuple[str, SignIn[Any]]] = [
            (url, user),
            *((url, GivenToken(token)) for token in ("a\nb", "a\x7fb")),
            *((address, GivenToken("token")) for address in addresses),
        ]
        for address, auth in tried:
            async with client_at(address, auth=auth) as client:
                assert isinstance(await failure_of(client.job("a-job")), Unreachable | TimedOut), address
