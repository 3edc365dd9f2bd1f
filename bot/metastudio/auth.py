"""Authentication with Huawei Cloud: by access key, or with a token. ``iam_user`` has the third way.

A request may be sent more than once to be authenticated, and its answer decides whether the credentials are
tried again: so each way sends the requests itself.
"""

import asyncio
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Final, Generic, TypeVar

import httpx

from bot.domain.rates import RateLimits
from bot.errors import CredentialsRefused, MetaStudioError
from bot.metastudio.attempts import Attempt, Attempts, Decision
from bot.metastudio.credentials import Credentials
from bot.metastudio.errors import refusal, shows_sign_in
from bot.metastudio.signing import ALGORITHM, DATE_FORMAT, signature, signed_names
from bot.metastudio.transport import as_our_errors, is_unanswered

Now = Callable[[], datetime]
"""Returns the present moment, with its time zone."""
utc_now: Final[Now] = partial(datetime.now, UTC)
T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True)
class Key:
    """An access key; a temporary one has a security token."""

    access: str
    secret: str = field(repr=False)
    security_token: str = field(default="", repr=False)


class SignIn(Generic[T]):
    """Base of all ways to authenticate: credentials that were just refused are not sent again."""

    _http: httpx.AsyncClient
    _attempts: Attempts

    def __init__(self, credentials: T, read: Callable[[], T] | None) -> None:
        self._credentials = Credentials(credentials, read)
        self._attempt_ended = asyncio.Event()

    def attach(self, http: httpx.AsyncClient, rates: RateLimits) -> None:
        """Send by this client; ``rates`` has for how long bad credentials are not tried again."""
        self._http, self._attempts = http, Attempts(rates.refused, rates.unanswered)

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Authenticate a request, send it, and read its answer.

        Raises CredentialsRefused, and sends nothing, where the credentials were refused a moment ago, and
        MetaStudioError without an answer.
        """
        raise NotImplementedError

    async def aclose(self) -> None:
        """Cancel background tasks."""

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        """Send a request unchanged, and read its answer. Raises MetaStudioError without one."""
        with as_our_errors():
            return await self._http.send(request)

    async def _await_turn(self, attempts: Attempts) -> T:
        """Wait until a request may sign in, and return the credentials for it.

        Raises CredentialsRefused where one was refused a moment ago, and another MetaStudioError where one
        was not answered.
        """
        await self._credentials.refresh()
        while (decision := attempts.decide(self._credentials.value, seconds_now())) is not Decision.SEND:
            if decision is Decision.WAIT:
                self._attempt_ended.clear()
                await self._attempt_ended.wait()
            elif not await self._has_others_than(self._credentials.value):
                raise attempts.error()
        return self._credentials.value

    async def _has_others_than(self, refused: T) -> bool:
        """Read the credentials again, and return whether they are others than those that were refused."""
        if self._credentials.value == refused:
            await self._credentials.refresh(at_once=True)
        return self._credentials.value != refused

    @contextmanager
    def _attempt(self, attempts: Attempts) -> Iterator[Attempt]:
        """Record an attempt to sign in, after ``_await_turn``, and its end."""
        attempt = attempts.begin()
        try:
            yield attempt
        except MetaStudioError as error:
            if is_unanswered(error):
                attempts.unanswered(attempt, error, seconds_now())
            raise
        finally:
            attempts.end(attempt)
            self._attempt_ended.set()

    def _refusal_in(
        self, response: httpx.Response, attempts: Attempts, attempt: Attempt
    ) -> CredentialsRefused | None:
        """Return MetaStudio's refusal of the credentials, if it is one; record that it accepts them."""
        if response.status_code == HTTPStatus.OK and attempts.are_accepted:
            return None  # what most answers are need not be parsed twice
        error = refusal(response.status_code, response.headers, response.content)
        if isinstance(error, CredentialsRefused):
            return error
        if shows_sign_in(response.status_code, response.content):
            attempts.accepted(attempt)
        return None


class _PerRequest(SignIn[T]):
    """Authentication with the credentials in each request."""

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and once more if it is refused and there are new credentials."""
        response, refused = await self._send_once(request)
        if refused is not None and await self._has_others_than(refused):
            response, _ = await self._send_once(request)
        return response

    async def _send_once(self, request: httpx.Request) -> tuple[httpx.Response, T | None]:
        """Return the answer, and the credentials if they were refused."""
        credentials = await self._await_turn(self._attempts)
        with self._attempt(self._attempts) as attempt:
            self.sign(request)
            response = await self._exchange(request)
            refused = self._refusal_in(response, self._attempts, attempt)
            if refused:
                self._attempts.refused(attempt, refused, seconds_now())
        return response, credentials if refused else None

    def sign(self, request: httpx.Request) -> None:
        """Add the headers with the credentials."""
        raise NotImplementedError


class AccessKey(_PerRequest[Key]):
    """Sign each request with an access key (AK/SK), permanent, or temporary with its security token.

    ``read`` reads it anew, where it may change.
    """

    def __init__(
        self,
        key: Key,
        *,
        project_id: str,
        now: Now = utc_now,
        read: Callable[[], Key] | None = None,
    ) -> None:
        super().__init__(key, read)
        self._project_id = project_id
        self._now = now

    def sign(self, request: httpx.Request) -> None:
        """Add the headers of AK/SK authentication, and their signature."""
        key = self._credentials.value
        date = self._now().astimezone(UTC).strftime(DATE_FORMAT)
        headers = {"X-Sdk-Date": date, "X-Project-Id": self._project_id}
        if key.security_token:
            headers["X-Security-Token"] = key.security_token
        request.headers.pop("X-Security-Token", None)  # an earlier key's
        request.headers.update(headers)
        headers["Host"] = request.headers["Host"]
        signed = signature(
            key.secret,
            method=request.method,
            target=request.url.raw_path.decode(),
            headers=headers,
            date=date,
            body=request.content,
        )
        request.headers["Authorization"] = (
            f"{ALGORITHM} Access={key.access}, SignedHeaders={signed_names(headers)}, Signature={signed}"
        )


class GivenToken(_PerRequest[str]):
    """Send a token as it is; when it ends, MetaStudio refuses it. ``read`` reads it anew."""

    def __init__(self, token: str, *, read: Callable[[], str] | None = None) -> None:
        super().__init__(token, read)

    def sign(self, request: httpx.Request) -> None:
        """Add the token."""
        request.headers["X-Auth-Token"] = self._credentials.value


def seconds_now() -> float:
    """Return the time in seconds by the loop's clock."""
    return asyncio.get_running_loop().time()
