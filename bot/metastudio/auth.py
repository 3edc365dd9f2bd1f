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

from bot.domain.rates import RATE_LIMITS
from bot.errors import CredentialsRefused, MetaStudioError, UnreadableAnswer
from bot.metastudio.attempts import Attempt, Attempts, Turn
from bot.metastudio.credentials import Credentials
from bot.metastudio.errors import iam_refusal, refusal, shows_sign_in
from bot.metastudio.faults import FAULT, unheard
from bot.metastudio.iam_tokens import Token, token_request
from bot.metastudio.signing import ALGORITHM, DATE_FORMAT, signature, signed_names
from bot.telemetry.log_once import LogOnce

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
        self._attempts = Attempts(RATE_LIMITS.refused, RATE_LIMITS.unheard)
        self._settled = asyncio.Event()

    def attach(self, http: httpx.AsyncClient, *, pause: float, hold: float) -> None:  # noqa: ARG002  one way sends
        """Serve a client; ``pause`` and ``hold`` are those of ``Attempts``, in seconds."""
        self._attempts.pause, self._attempts.hold = pause, hold

    async def aclose(self) -> None:
        """End what is under way besides the client's own requests."""

    async def _turn(self, attempts: Attempts) -> None:
        """Wait until a request may sign in.

        Raises CredentialsRefused where one was refused a moment ago, and another MetaStudioError where one
        was not answered.
        """
        await self._credentials.refresh()
        while (turn := attempts.turn(self._credentials.value, _now())) is not Turn.SEND:
            if turn is Turn.WAIT:
                self._settled.clear()
                await self._settled.wait()
            elif not await self._are_new(self._credentials.value):
                raise attempts.failure()

    async def _are_new(self, refused: T) -> bool:
        """Read the credentials again, and say whether they are others than those that were refused."""
        if self._credentials.value == refused:
            await self._credentials.refresh(at_once=True)
        return self._credentials.value != refused

    @contextmanager
    def _attempt(self, attempts: Attempts, request: httpx.Request) -> Iterator[Attempt]:
        """Send a request that signs in, after ``_turn``."""
        attempt = attempts.begin()
        request.extensions.pop(FAULT, None)
        try:
            yield attempt
        except BaseException as error:
            if fault := unheard(request.extensions.get(FAULT, error)):
                attempts.unheard(attempt, fault, _now())
            raise
        finally:
            attempts.end(attempt)
            self._settled.set()

    def _refusal_in(
        self, response: httpx.Response, attempts: Attempts, attempt: Attempt
    ) -> CredentialsRefused | None:
        """Give MetaStudio's refusal, if it is one, and note if the answer shows that it takes them."""
        if response.status_code == HTTPStatus.OK and attempts.are_good:
            return None  # what most answers are need not be read twice
        told = refusal(response.status_code, response.headers, response.content)
        if isinstance(told, CredentialsRefused):
            return told
        if shows_sign_in(response.status_code, response.content):
            attempts.accepted(attempt)
        return None


class _Signed(SignIn[T]):
    """A way in which each request brings the credentials."""

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign in with the request, and once more if it is refused and there are new credentials.

        Raises CredentialsRefused, and sends nothing, where they were refused a moment ago.
        """
        for _ in range(2):
            await self._turn(self._attempts)
            credentials = self._credentials.value
            with self._attempt(self._attempts, request) as attempt:
                self.sign(request)
                response = await _read((yield request))
                if told := self._refusal_in(response, self._attempts, attempt):
                    self._attempts.refused(attempt, told, _now())
            if not told or not await self._are_new(credentials):
                return

    def sign(self, request: httpx.Request) -> None:
        """Put the credentials into the request."""
        raise NotImplementedError


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
    for the renewal of a token that is still good. What MetaStudio says of the tokens is remembered as what
    IAM says of the password is. ``read`` reads the password anew.
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
        self._uses = Attempts(RATE_LIMITS.refused)
        """Of tokens, at MetaStudio."""
        self._is_doubted = False
        """Whether the last token was refused, and no later one was taken yet."""
        self._url = f"{iam_endpoint}/v3/auth/tokens?nocatalog=true"
        self._who = name, domain, project_id
        self._now = now
        self._http: httpx.AsyncClient | None = None
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._renew_from = 0.0
        self._once = LogOnce(log)

    def attach(self, http: httpx.AsyncClient, *, pause: float, hold: float) -> None:
        """Serve a client, and ask for tokens by it."""
        super().attach(http, pause=pause, hold=hold)
        self._uses.pause = pause
        self._http = http

    async def aclose(self) -> None:
        """End a renewal that is under way."""
        if self._renewal:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Add a token, and once more a new one if MetaStudio refuses the first.

        Raises MetaStudioError when IAM gives none or a token was refused a moment ago, and what httpx raises
        when IAM can't be asked.
        """
        await self._turn(self._uses)
        with self._attempt(self._uses, request) as attempt:
            for _ in range(2):
                token = await self._good_token(request.extensions, attempt)
                request.headers["X-Auth-Token"] = token.value
                response = await _read((yield request))
                told = self._refusal_in(response, self._uses, attempt)
                if self._token is token:
                    self._note(told, response, attempt)
                if not told or self._uses.are_refused:
                    return

    def _note(self, told: CredentialsRefused | None, response: httpx.Response, attempt: Attempt) -> None:
        """Keep the token or not; one that is refused right after another is a refusal of the user."""
        if told:
            self._token = None
            if self._is_doubted:
                self._uses.refused(attempt, told, _now())
            self._is_doubted = True
        elif self._is_doubted and shows_sign_in(response.status_code, response.content):
            self._is_doubted = False

    async def _good_token(self, extensions: dict[str, Any], attempt: Attempt) -> Token:
        """Give the token, or get one under the time limits of the request that waits for it."""
        if token := self._kept():
            self._renew_in_time(token, extensions)
            return token
        if self._renewal:
            self._renewal.cancel()  # it has no time limits to speak of
        async with self._lock:
            if not self._kept() and self._uses.is_overtaken(attempt):
                raise self._uses.failure()
            return self._kept() or await self._fetch(extensions)

    def _kept(self) -> Token | None:
        return self._token if self._token and self._token.is_good(_now()) else None

    def _renew_in_time(self, token: Token, extensions: dict[str, Any]) -> None:
        if token.is_due(self._now(), _now()) and _now() >= self._renew_from and not self._renewal:
            self._renewal = asyncio.create_task(self._renew(extensions))
            self._renewal.add_done_callback(self._forget)  # also of one that is cancelled before it begins

    def _forget(self, _: asyncio.Task[None]) -> None:
        self._renewal, self._renew_from = None, _now() + RENEWAL_PAUSE

    async def _renew(self, extensions: dict[str, Any]) -> None:
        """Get another token while the old one is good, which is used on if that fails."""
        try:
            async with self._lock, asyncio.timeout(RENEWAL_SECONDS):
                await self._fetch(extensions)
            self._once.works("the token from IAM can be renewed again")
        except (MetaStudioError, httpx.RequestError, httpx.InvalidURL, UnicodeError, TimeoutError) as error:
            told = "the token from IAM can't be renewed (%s), and is used on until it ends"
            self._once.fails(told, type(error).__name__)

    async def _fetch(self, extensions: dict[str, Any]) -> Token:
        """Get a token, and try again if the password is refused and there is a new one."""
        while True:
            await self._turn(self._attempts)
            password = self._credentials.value
            request = self._token_request(password, extensions)
            with self._attempt(self._attempts, request) as attempt:
                response = await self._send(request)
                if response.status_code == HTTPStatus.CREATED:
                    return self._keep(attempt, response)
                told = iam_refusal(response.status_code, response.headers, response.content)
                if not isinstance(told, CredentialsRefused):
                    raise told
                self._attempts.refused(attempt, told, _now())
            if not await self._are_new(password):
                raise told

    def _token_request(self, password: str, extensions: dict[str, Any]) -> httpx.Request:
        name, domain, project_id = self._who
        body = token_request(name, password, domain, project_id)
        headers = {"Content-Type": "application/json;charset=utf8"}
        # With extensions of its own: the transport writes into them.
        return httpx.Request("POST", self._url, content=body, headers=headers, extensions=dict(extensions))

    async def _send(self, request: httpx.Request) -> httpx.Response:
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


def _now() -> float:
    return asyncio.get_running_loop().time()
