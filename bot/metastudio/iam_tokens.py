"""PURE. IAM tokens: the request body for one, and its validity."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

RENEW_BEFORE_END: Final = 600.0
"""Seconds: a token is renewed as long before it ends, so that none ends on its way."""
DEFAULT_LIFE: Final = 3600.0
"""Seconds for which a token is taken to be valid without a readable ``expires_at``."""
LONGEST_LIFE: Final = 24 * 3600.0
"""Seconds, as IAM's page has it: what seems to live longer does so by a wrong clock of this machine's."""
SHORTEST_LIFE: Final = RENEW_BEFORE_END + 60.0
"""Seconds: even a token that seems to have ended is used for a minute, as the clock here may be wrong."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token, and when it came: by the wall clock, and in seconds by a monotonic one.

    By the second clock it is valid for ``life`` seconds. The first one only makes its renewal come earlier:
    it goes on while the machine sleeps, and it may jump.
    """

    value: str = field(repr=False)
    got: datetime
    got_at: float
    life: float

    @classmethod
    def read(cls, value: str, body: bytes, *, now: datetime, at: float) -> "Token":
        """Parse the body of IAM's answer, which has the token's end, or is not readable."""
        end = _end_in(body)
        life = DEFAULT_LIFE if end is None else (end - now).total_seconds()
        life = min(max(life, SHORTEST_LIFE), LONGEST_LIFE)
        return cls(value=value, got=now, got_at=at, life=life)

    def is_good(self, at: float) -> bool:
        """Whether it is still valid, as far as is known here; ``at`` is in seconds of the second clock."""
        return at - self.got_at < self.life

    def is_due(self, now: datetime, at: float) -> bool:
        """Whether it must be renewed."""
        return max(at - self.got_at, (now - self.got).total_seconds()) >= self.life - RENEW_BEFORE_END


def token_request(name: str, password: str, domain: str, project_id: str) -> bytes:
    """Return the body of KeystoneCreateUserTokenByPassword, for a token that is valid in one project."""
    user = {"name": name, "password": password, "domain": {"name": domain}}
    identity = {"methods": ["password"], "password": {"user": user}}
    return json.dumps({"auth": {"identity": identity, "scope": {"project": {"id": project_id}}}}).encode()


def _end_in(body: bytes) -> datetime | None:
    try:
        end = datetime.fromisoformat(json.loads(body)["token"]["expires_at"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return end if end.tzinfo else end.replace(tzinfo=UTC)
