"""The account that the MetaStudio simulator serves: its projects, its keys, its IAM user and its tokens."""

import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from math import inf

PROJECT_ID = "0123456789abcdef0123456789abcdef"
PROJECT_NAME = "cn-north-4"
ACCESS_KEY = "AKEXAMPLE"
SECRET_KEY = "SKEXAMPLE"  # noqa: S105 - opens nothing but the simulator
IAM_USER = "voicejob"
IAM_PASSWORD = "open-sesame"  # noqa: S105 - opens nothing but the simulator
IAM_DOMAIN = "example-domain"
TOKEN_SECONDS = 24 * 60 * 60
"""Life of an IAM token, page "KeystoneCreateUserTokenByPassword"."""


@dataclass(kw_only=True, eq=False, repr=False)
class Account:
    """Who may call, with what, for which project. Times are epoch seconds.

    ``access_keys`` maps an access key to its secret key; ``temporary_keys`` maps one to its secret key and
    its security token; ``other_projects`` maps names of further projects of the account to their ids;
    ``tokens`` are accepted for the project as if IAM had issued them, without an end.
    """

    project_id: str = PROJECT_ID
    project_name: str = PROJECT_NAME
    other_projects: Mapping[str, str] = field(default_factory=dict)
    access_keys: Mapping[str, str] = field(default_factory=lambda: {ACCESS_KEY: SECRET_KEY})
    temporary_keys: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    tokens: Collection[str] = ()
    token_seconds: float = TOKEN_SECONDS
    iam_user: str = IAM_USER
    iam_password: str = IAM_PASSWORD
    iam_domain: str = IAM_DOMAIN
    clock: Callable[[], float] = time.time
    _issued: dict[str, tuple[str, float]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._issued.update(dict.fromkeys(self.tokens, (self.project_id, inf)))

    @property
    def projects(self) -> dict[str, str]:
        """Every project of the account, name to id."""
        return {**self.other_projects, self.project_name: self.project_id}

    def issue_token(self, project_id: str = PROJECT_ID) -> tuple[str, float]:
        """Make a token for a project; return it and its end in epoch seconds. Earlier ones stay valid."""
        token, end = f"MII{secrets.token_urlsafe(48)}", self.clock() + self.token_seconds
        self._issued[token] = (project_id, end)
        return token, end

    def project_of_token(self, token: str) -> str | None:
        """Return the id of the project that a token is for, or ``None`` if it is unknown or has ended."""
        project_id, end = self._issued.get(token, ("", -inf))
        return project_id if self.clock() < end else None

    def revoke_tokens(self) -> None:
        """End every token at once, as IAM does when a password changes; the given ones too."""
        self._issued.clear()
