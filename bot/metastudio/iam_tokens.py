"""PURE. IAM's tokens: how one is asked for, and for how long it is good."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

RENEW_BEFORE_END: Final = 600.0
"""Seconds: a token is renewed as long before it ends, so that none ends on its way."""
LIFE_IF_NOT_TOLD: Final = 3600.0
"""For how many seconds a token is good whose end IAM did not tell readably."""
LONGEST_LIFE: Final = 24 * 3600.0
"""Seconds, as IAM's page has it: what seems to live longer does so by a wrong clock of this machine's."""
KEPT_AT_LEAST: Final = 60.0
"""Even a token that seems to have ended is kept for as many seconds: it may be this machine's clock."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token, and when it was got: by the wall clock, and in seconds by one that is never set.

    By the second clock it is good for ``life`` seconds. The first one only makes its renewal come earlier:
    it goes on while the machine sleeps, and it may jump.
    """

    value: str = field(repr=False)
    got: datetime
    got_at: float
    life: float

    @classmethod
    def read(cls, value: str, body: bytes, *, now: datetime, at: float) -> "Token":
        """Take IAM's answer, whose body tells the token's end."""
        end = _end_in(body)
        told = LIFE_IF_NOT_TOLD if end is None else (end - now).total_seconds()
        life = min(max(told, KEPT_AT_LEAST + RENEW_BEFORE_END), LONGEST_LIFE)
        return cls(value=value, got=now, got_at=at, life=life)

    def is_good(self, at: float) -> bool:
        """Say whether it lives, as far as is known here."""
        return at - self.got_at < self.life

    def is_due(self, now: datetime, at: float) -> bool:
        """Say whether it is to be renewed."""
        return max(at - self.got_at, (now - self.got).total_seconds()) >= self.life - RENEW_BEFORE_END


def token_request(name: str, password: str, domain: str, project_id: str) -> bytes:
    """Write the body of KeystoneCreateUserTokenByPassword, for a token that is good in one project."""
    user = {"name": name, "password": password, "domain": {"name": domain}}
    identity = {"methods": ["password"], "password": {"user": user}}
    return json.dumps({"auth": {"identity": identity, "scope": {"project": {"id": project_id}}}}).encode()


def _end_in(body: bytes) -> datetime | None:
    try:
        end = datetime.fromisoformat(json.loads(body)["token"]["expires_at"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return end if end.tzinfo else end.replace(tzinfo=UTC)
