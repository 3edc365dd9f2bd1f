"""The three ways to sign in to Huawei Cloud, each as an ``httpx.Auth``.

A request is authenticated by yielding it (httpx, "Custom authentication schemes").
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar

import httpx

from bot.edges import Edge
from bot.errors import CredentialsRefused, MetaStudioError, UnreadableAnswer
from bot.metastudio.attempts import Attempt, Attempts, Turn
from bot.metastudio.credentials import Credentials
from bot.metastudio.iam_tokens import Token, token_request
from bot.metastudio.refusals import iam_refusal, refusal, shows_sign_in
from bot.metastudio.signing import ALGORITHM, DATE_FORMAT, signature, signed_names
from bot.pace import PACE

log = logging.getLogger(__name__)

Now = Callable[[], datetime]
"""The present moment, with its time zone."""
T = TypeVar("T", bound=Hashable)

RENEWAL_PAUSE: Final = 60.0
"""Seconds between two tries to renew a token that is still good."""
RENEWAL_SECONDS: Final = 30.0
"""How long such a try may take."""


@dataclass(frozen=True)
class Key:
    """An access key; a temporary one has a security token."""

    access: str
    secret: str = field(repr=False)
    security_token: str = field(default="", repr=False)


class SignIn(httpx.Auth, Generic[T]):
    """What all ways have in common: no request signs in with credentials that were refused a moment ago."""

    def __init__(self, credentials: T, read: Callable[[], T] | None) -> None:
        self._credentials = Credentials(credentials, read)
        self._attempts = Attempts(PACE.refused)
        self._settled = asyncio.Event()

    def attach(self, http: httpx.AsyncClient, *, pause: float) -> None:  # noqa: ARG002  one way sends by itself
        """Serve a client; a refusal is remembered for ``pause`` seconds."""
        self._attempts.pause = pause

    async def aclose(self) -> None:
        """End what is under way besides the client's own requests."""

    async def _turn(self) -> None:
        """Wait until a request may sign in. Raises CredentialsRefused where one was refused a moment ago."""
        await self._credentials.refresh()
        while (turn := self._attempts.turn(self._credentials.value, _now())) is not Turn.SEND:
            if turn is Turn.WAIT:
                self._settled.clear()
                await self._settled.wait()
            elif not await self._are_new(self._credentials.value):
                raise self._attempts.refusal()

    async def _are_new(self, refused: T) -> bool:
        """Read the credentials again, and say whether they are others than those that were refused."""
        if self._credentials.value == refused:
            await self._credentials.refresh(at_once=True)
        return self._credentials.value != refused

    @contextmanager
    def _attempt(self) -> Iterator[Attempt]:
        """Send a request that signs in, after ``_turn``."""
        attempt = self._attempts.begin()
        try:
            yield attempt
        finally:
            self._attempts.end(attempt)
            self._settled.set()


class _Signed(SignIn[T]):
    """A way in which each request brings the credentials."""

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign in with the request, and once more if it is refused and there are new credentials.

        Raises CredentialsRefused, and sends nothing, where they were refused a moment ago.
        """
        for _ in range(2):
            await self._turn()
            credentials = self._credentials.value
            with self._attempt() as attempt:
                self.sign(request)
                response = await _read((yield request))
                is_refused = self._judge(attempt, response)
            if not is_refused or not await self._are_new(credentials):
                return

    def sign(self, request: httpx.Request) -> None:
        """Put the credentials into the request."""
        raise NotImplementedError

    def _judge(self, attempt: Attempt, response: httpx.Response) -> bool:
        """Note what the answer says of the credentials; True if they are refused."""
        if response.status_code == HTTPStatus.OK and self._attempts.are_good:
            return False  # what most answers are need not be read twice
        told = refusal(response.status_code, response.headers, response.content)
        if isinstance(told, CredentialsRefused):
            self._attempts.refused(attempt, told, _now())
            return True
        if shows_sign_in(response.status_code, response.content):
            self._attempts.accepted(attempt)
        return False


class AccessKey(_Signed[Key]):
    """Sign each request with an access key (AK/SK), permanent, or temporary with its security token.

    ``read`` reads it anew, where it may change.
    """

    def __init__(
        self,
        key: str,
        secret: str,
        *,
        project_id: str,
        security_token: str | None = None,
        now: Now,
        read: Callable[[], Key] | None = None,
    ) -> None:
        super().__init__(Key(key, secret, security_token or ""), read)
        self._project_id = project_id
        self._now = now

    def sign(self, request: httpx.Request) -> None:
        """Add the headers of AK/SK authentication, and their signature."""
        key = self._credentials.value
        date = self._now().astimezone(UTC).strftime(DATE_FORMAT)
        own = {"X-Project-Id": self._project_id}
        if key.security_token:
            own["X-Security-Token"] = key.security_token
        request.headers.pop("X-Security-Token", None)  # an earlier key's
        request.headers.update(own | {"X-Sdk-Date": date})
        signed = {name: request.headers[name] for name in ("Host", "X-Sdk-Date", *own)}
        signed_by = signature(
            key.secret,
            method=request.method,
            target=request.url.raw_path.decode(),
            headers=signed,
            date=date,
            body=request.content,
        )
        names = signed_names(signed)
        request.headers["Authorization"] = (
            f"{ALGORITHM} Access={key.access}, SignedHeaders={names}, Signature={signed_by}"
        )


class GivenToken(_Signed[str]):
    """Send a token as it is; when it ends, MetaStudio refuses it. ``read`` reads it anew."""

    def __init__(self, token: str, *, read: Callable[[], str] | None = None) -> None:
        super().__init__(token, read)

    def sign(self, request: httpx.Request) -> None:
        """Add the token."""
        request.headers["X-Auth-Token"] = self._credentials.value


class IamUser(SignIn[str]):
    """Sign in as an IAM user: get a token, keep it, renew it before it ends or once it is refused.

    However many requests start without a token, one of them gets it and the others wait for that. None waits
    for the renewal of a token that is still good. ``read`` reads the password anew.
    """

    def __init__(
        self,
        name: str,
        password: str,
        domain: str,
        *,
        project_id: str,
        iam_endpoint: str,
        now: Now,
        read: Callable[[], str] | None = None,
    ) -> None:
        super().__init__(password, read)
        self._url = f"{iam_endpoint}/v3/auth/tokens?nocatalog=true"
        self._who = name, domain, project_id
        self._now = now
        self._http: httpx.AsyncClient | None = None
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._renew_from = 0.0
        self._edge = Edge(log)

    def attach(self, http: httpx.AsyncClient, *, pause: float) -> None:
        """Serve a client, and ask for tokens by it; a refusal is remembered for ``pause`` seconds."""
        super().attach(http, pause=pause)
        self._http = http

    async def aclose(self) -> None:
        """End a renewal that is under way."""
        if self._renewal:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Add a token, and once more a new one if MetaStudio refuses the first.

        Raises MetaStudioError when IAM gives none, and what httpx raises when it can't be asked.
        """
        for _ in range(2):
            token = await self._good_token(request.extensions)
            request.headers["X-Auth-Token"] = token.value
            response = await _read((yield request))
            if not _is_refused(response):
                return
            if self._token is token:
                self._token = None

    async def _good_token(self, extensions: dict[str, Any]) -> Token:
        """Give the token, or get one under the time limits of the request that waits for it."""
        if token := self._kept():
            self._renew_in_time(token, extensions)
            return token
        if self._renewal:
            self._renewal.cancel()  # it has no time limits to speak of
        async with self._lock:
            return self._kept() or await self._fetch(extensions)

    def _kept(self) -> Token | None:
        return self._token if self._token and self._token.is_good(_now()) else None

    def _renew_in_time(self, token: Token, extensions: dict[str, Any]) -> None:
        if token.is_due(self._now(), _now()) and _now() >= self._renew_from and not self._renewal:
            self._renewal = asyncio.create_task(self._renew(extensions))

    async def _renew(self, extensions: dict[str, Any]) -> None:
        """Get another token while the old one is good, which is used on if that fails."""
        try:
            async with self._lock, asyncio.timeout(RENEWAL_SECONDS):
                await self._fetch(extensions)
            self._edge.works("the token from IAM can be renewed again")
        except (MetaStudioError, httpx.RequestError, httpx.InvalidURL, UnicodeError, TimeoutError) as error:
            told = "the token from IAM can't be renewed (%s), and is used on until it ends"
            self._edge.fails(told, type(error).__name__)
        finally:
            self._renew_from = _now() + RENEWAL_PAUSE
            self._renewal = None

    async def _fetch(self, extensions: dict[str, Any]) -> Token:
        """Get a token, and try again if the password is refused and there is a new one."""
        while True:
            await self._turn()
            password = self._credentials.value
            with self._attempt() as attempt:
                response = await self._send(password, extensions)
                if response.status_code == HTTPStatus.CREATED:
                    return self._keep(attempt, response)
                told = iam_refusal(response.status_code, response.headers, response.content)
                if not isinstance(told, CredentialsRefused):
                    raise told
                self._attempts.refused(attempt, told, _now())
            if not await self._are_new(password):
                raise told

    async def _send(self, password: str, extensions: dict[str, Any]) -> httpx.Response:
        name, domain, project_id = self._who
        body = token_request(name, password, domain, project_id)
        headers = {"Content-Type": "application/json;charset=utf8"}
        request = httpx.Request("POST", self._url, content=body, headers=headers, extensions=extensions)
        if self._http is None:
            raise AssertionError("a client attaches itself")
        return await self._http.send(request, auth=None)

    def _keep(self, attempt: Attempt, response: httpx.Response) -> Token:
        value = response.headers.get("X-Subject-Token")
        if not value:
            raise UnreadableAnswer(status=response.status_code)
        self._attempts.accepted(attempt)
        self._token = Token.read(value, response.content, now=self._now(), at=_now())
        return self._token


async def _read(response: httpx.Response) -> httpx.Response:
    await response.aread()
    return response


def _is_refused(response: httpx.Response) -> bool:
    """Say whether MetaStudio refuses a token; what is no job is judged where it is read."""
    if response.status_code == HTTPStatus.OK:
        return False
    told = refusal(response.status_code, response.headers, response.content)
    return isinstance(told, CredentialsRefused)


def _now() -> float:
    return asyncio.get_running_loop().time()
