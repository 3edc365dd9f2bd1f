"""Authentication as an IAM user: with tokens that IAM gives for a password, and that end."""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import httpx

from bot.domain.rates import RateLimits
from bot.errors import CredentialsRefused, MetaStudioError, UnreadableAnswer
from bot.metastudio.attempts import Attempt, Attempts
from bot.metastudio.auth import Now, SignIn, seconds_now, utc_now
from bot.metastudio.errors import iam_refusal, shows_sign_in
from bot.metastudio.iam_tokens import Token, token_request
from bot.metastudio.transport import as_our_errors
from bot.telemetry.log_once import LogOnce

log = logging.getLogger(__name__)

HEADERS: Final = {"Content-Type": "application/json;charset=utf8"}
RENEWAL_PAUSE: Final = 60.0
"""Seconds between two tries to renew a token that is still good."""
RENEWAL_SECONDS: Final = 30.0
"""How long such a try may take."""


class IamUser(SignIn[str]):
    """Sign in as an IAM user: get a token, keep it, renew it before it ends or once it is refused.

    However many requests start without a token, one of them gets it and the others wait for that. None waits
    for the renewal of a token that is still good. MetaStudio's refusals of tokens are remembered like IAM's
    of the password. ``read`` reads the password anew.
    """

    _uses: Attempts
    """Of tokens, at MetaStudio."""

    def __init__(
        self,
        name: str,
        password: str,
        domain: str,
        *,
        project_id: str,
        iam_endpoint: str,
        now: Now = utc_now,
        read: Callable[[], str] | None = None,
    ) -> None:
        super().__init__(password, read)
        self._last_was_refused = False
        """Whether the last token was refused, and no later one was accepted yet."""
        self._url = f"{iam_endpoint}/v3/auth/tokens?nocatalog=true"
        self._name, self._domain, self._project_id = name, domain, project_id
        self._now = now
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._next_renewal_at = 0.0
        self._once = LogOnce(log)

    def attach(self, http: httpx.AsyncClient, rates: RateLimits) -> None:
        """Ask for tokens by this client, too."""
        super().attach(http, rates)
        self._uses = Attempts(rates.refused)

    async def aclose(self) -> None:
        """Cancel a renewal."""
        if self._renewal:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request with a token, and once more with a new one if MetaStudio refuses the first."""
        await self._await_turn(self._uses)
        with self._attempt(self._uses) as attempt:
            response, is_refused = await self._send_once(request, attempt)
            if is_refused and not self._uses.are_refused:
                response, _ = await self._send_once(request, attempt)
        return response

    async def _send_once(self, request: httpx.Request, attempt: Attempt) -> tuple[httpx.Response, bool]:
        """Return the answer, and whether the token was refused."""
        token = await self._good_token(request.extensions, attempt)
        request.headers["X-Auth-Token"] = token.value
        response = await self._exchange(request)
        refused = self._refusal_in(response, self._uses, attempt)
        if self._token is not token:
            pass  # another request has got a newer one
        elif refused:
            self._token = None
            if self._last_was_refused:  # and so it is the user whom MetaStudio refuses
                self._uses.refused(attempt, refused, seconds_now())
            self._last_was_refused = True
        elif self._last_was_refused and shows_sign_in(response.status_code, response.content):
            self._last_was_refused = False
        return response, refused is not None

    async def _good_token(self, extensions: dict[str, Any], attempt: Attempt) -> Token:
        """Return the token, or get one within the timeouts of the request that waits for it."""
        if token := self._kept_token():
            may_renew = self._renewal is None and seconds_now() >= self._next_renewal_at
            if may_renew and token.is_due(self._now(), seconds_now()):
                self._renewal = asyncio.create_task(self._renew(extensions))
                self._renewal.add_done_callback(self._end_renewal)  # also when cancelled before it begins
            return token
        if self._renewal:
            self._renewal.cancel()  # it may take longer than this request may
        async with self._lock:
            if not self._kept_token() and self._uses.refused_meanwhile(attempt):
                raise self._uses.error()
            return self._kept_token() or await self._get_token(extensions)

    def _kept_token(self) -> Token | None:
        return self._token if self._token and self._token.is_good(seconds_now()) else None

    def _end_renewal(self, _: asyncio.Task[None]) -> None:
        self._renewal, self._next_renewal_at = None, seconds_now() + RENEWAL_PAUSE

    async def _renew(self, extensions: dict[str, Any]) -> None:
        """Get another token while the old one is good; if that fails, the old one stays."""
        try:
            async with self._lock, asyncio.timeout(RENEWAL_SECONDS):
                await self._get_token(extensions)
            self._once.recovered("the token from IAM can be renewed again")
        except (MetaStudioError, TimeoutError) as error:
            # A TimeoutError's own cause only says that the request was cancelled.
            cause = error if isinstance(error, TimeoutError) else error.__cause__ or error
            self._once.failed(
                "the token from IAM can't be renewed (%s), and is used on until it ends", type(cause).__name__
            )

    async def _get_token(self, extensions: dict[str, Any]) -> Token:
        """Ask IAM for a token, and once more with each new password if the last one is refused."""
        while True:
            password = await self._await_turn(self._attempts)
            body = token_request(self._name, password, self._domain, self._project_id)
            with as_our_errors():  # an address may be none
                request = httpx.Request(
                    "POST", self._url, headers=HEADERS, content=body, extensions=extensions
                )
            with self._attempt(self._attempts) as attempt:
                response = await self._exchange(request)
                if response.status_code == HTTPStatus.CREATED:
                    return self._keep(attempt, response)
                error = iam_refusal(response.status_code, response.headers, response.content)
                if not isinstance(error, CredentialsRefused):
                    raise error
                self._attempts.refused(attempt, error, seconds_now())
            if not await self._has_others_than(password):
                raise error

    def _keep(self, attempt: Attempt, response: httpx.Response) -> Token:
        value = response.headers.get("X-Subject-Token")
        if not value:
            raise UnreadableAnswer(status=response.status_code)
        self._attempts.accepted(attempt)
        self._token = Token.read(value, response.content, now=self._now(), at=seconds_now())
        return self._token
