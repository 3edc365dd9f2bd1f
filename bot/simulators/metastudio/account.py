"""The account that the MetaStudio simulator serves: its project, its access keys, its IAM user and tokens."""

import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from math import inf

PROJECT_ID = "0123456789abcdef0123456789abcdef"
ACCESS_KEY = "AKEXAMPLE"
SECRET_KEY = "SKEXAMPLE"  # noqa: S105 - opens nothing but the simulator
IAM_USER = "voicejob"
IAM_PASSWORD = "open-sesame"  # noqa: S105 - opens nothing but the simulator
IAM_DOMAIN = "example-domain"
TOKEN_SECONDS = 24 * 60 * 60
"""Life of an IAM token, page "KeystoneCreateUserTokenByPassword"."""


@dataclass(kw_only=True, eq=False, repr=False)
class Account:
    """Who may call, and with what. Times are epoch seconds.

    ``access_keys`` maps each access key to its secret key; ``temporary_keys`` maps each to its secret key and
    its security token; ``tokens`` are accepted without an end, as if IAM had issued them.
    """

    project_id: str = PROJECT_ID
    access_keys: Mapping[str, str] = field(default_factory=lambda: {ACCESS_KEY: SECRET_KEY})
    temporary_keys: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    tokens: Collection[str] = ()
    token_seconds: float = TOKEN_SECONDS
    iam_user: str = IAM_USER
    iam_password: str = IAM_PASSWORD
    iam_domain: str = IAM_DOMAIN
    clock: Callable[[], float] = time.time
    _expiries: dict[str, float] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._expiries.update(dict.fromkeys(self.tokens, inf))

    def issue_token(self) -> tuple[str, float]:
        """Return a new token and its expiry; earlier tokens stay valid."""
        token, expiry = f"MII{secrets.token_urlsafe(48)}", self.clock() + self.token_seconds
        self._expiries[token] = expiry
        return token, expiry

    def is_valid_token(self, token: str) -> bool:
        """Whether a token was issued and has neither expired nor been revoked."""
        return self.clock() < self._expiries.get(token, -inf)

    def revoke_tokens(self) -> None:
        """Revoke every token, the given ones too, as IAM does when a password changes."""
        self._expiries.clear()
