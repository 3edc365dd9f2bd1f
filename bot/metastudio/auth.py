"""PURE. The three ways to sign in to Huawei Cloud, each as an ``httpx.Auth``.

A request is authenticated by yielding it; IamUser also yields the request for its token (httpx, "Custom
authentication schemes").
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Generator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

import httpx

from bot.errors import CredentialsRefused, UnreadableAnswer
from bot.metastudio.refusals import iam_refusal, refusal
from bot.metastudio.signing import ALGORITHM, DATE_FORMAT, signature, signed_names

Now = Callable[[], datetime]
"""The present moment, with its time zone."""

RENEW_BEFORE_END: Final = timedelta(minutes=10)
"""A token is renewed this long before it ends, so that none ends on its way."""
LIFE_IF_NOT_TOLD: Final = timedelta(hours=1)
"""How long a token is kept whose end IAM did not tell readably; the usual life is 24 hours."""
KEPT_AT_LEAST: Final = timedelta(minutes=1)
"""Even a token that seems to have ended is kept so long: it may be this machine's clock that is wrong."""


class AccessKey(httpx.Auth):
    """Sign each request with an access key (AK/SK), permanent, or temporary with its security token."""

    requires_request_body = True

    def __init__(
        self, key: str, secret: str, *, project_id: str, security_token: str | None = None, now: Now
    ) -> None:
        self._key = key
        self._secret = secret
        self._now = now
        self._headers = {"X-Project-Id": project_id}
        if security_token:
            self._headers["X-Security-Token"] = security_token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the headers of AK/SK authentication, and their signature."""
        date = self._now().astimezone(UTC).strftime(DATE_FORMAT)
        request.headers.update(self._headers | {"X-Sdk-Date": date})
        signed = {name: request.headers[name] for name in ("Host", "X-Sdk-Date", *self._headers)}
        signed_by = signature(
            self._secret,
            method=request.method,
            target=request.url.raw_path.decode(),
            headers=signed,
            date=date,
            body=request.content,
        )
        request.headers["Authorization"] = (
            f"{ALGORITHM} Access={self._key}, SignedHeaders={signed_names(signed)}, Signature={signed_by}"
        )
        yield request


class GivenToken(httpx.Auth):
    """Send a token as it is; when it ends, MetaStudio refuses it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the token."""
        request.headers["X-Auth-Token"] = self._token
        yield request


class IamUser(httpx.Auth):
    """Sign in as an IAM user: get a token, keep it, renew it before it ends or once it is refused.

    However many requests start without a token, one of them gets it and the others wait for that.
    """

    def __init__(
        self, name: str, password: str, domain: str, *, project_id: str, iam_endpoint: str, now: Now
    ) -> None:
        self._url = f"{iam_endpoint}/v3/auth/tokens?nocatalog=true"
        self._body = _token_request(name, password, domain, project_id)
        self._now = now
        self._lock = asyncio.Lock()
        self._token = ""
        self._renew_at = datetime.min.replace(tzinfo=UTC)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Add a token, and once more a new one if MetaStudio refuses the first.

        Raises MetaStudioError when IAM gives none.
        """
        refused = ""
        for _ in range(2):
            async with self._lock:
                if self._token == refused or self._now() >= self._renew_at:
                    self._keep(await _read((yield self._request_like(request))))
            request.headers["X-Auth-Token"] = refused = self._token
            response = await _read((yield request))
            if not _refuses_token(response):
                return

    def _request_like(self, request: httpx.Request) -> httpx.Request:
        """Build the token request, under the same time limits as the request that waits for it."""
        headers = {"Content-Type": "application/json;charset=utf8"}
        return httpx.Request(
            "POST", self._url, content=self._body, headers=headers, extensions=request.extensions
        )

    def _keep(self, response: httpx.Response) -> None:
        if response.status_code != HTTPStatus.CREATED:
            raise iam_refusal(response.status_code, response.headers, response.content)
        token = response.headers.get("X-Subject-Token")
        if not token:
            raise UnreadableAnswer(status=response.status_code)
        self._token = token
        self._renew_at = _renew_at(_end_of_token(response.content), self._now())


async def _read(response: httpx.Response) -> httpx.Response:
    await response.aread()
    return response


def _refuses_token(response: httpx.Response) -> bool:
    told = refusal(response.status_code, response.headers, response.content)
    return response.status_code != HTTPStatus.OK and isinstance(told, CredentialsRefused)


def _token_request(name: str, password: str, domain: str, project_id: str) -> bytes:
    """Write the body of KeystoneCreateUserTokenByPassword, for a token that is good in one project."""
    user = {"name": name, "password": password, "domain": {"name": domain}}
    identity = {"methods": ["password"], "password": {"user": user}}
    return json.dumps({"auth": {"identity": identity, "scope": {"project": {"id": project_id}}}}).encode()


def _renew_at(end: datetime | None, now: datetime) -> datetime:
    end = end or now + LIFE_IF_NOT_TOLD
    return max(end, now + KEPT_AT_LEAST + RENEW_BEFORE_END) - RENEW_BEFORE_END


def _end_of_token(body: bytes) -> datetime | None:
    try:
        end = datetime.fromisoformat(json.loads(body)["token"]["expires_at"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return end if end.tzinfo else end.replace(tzinfo=UTC)
