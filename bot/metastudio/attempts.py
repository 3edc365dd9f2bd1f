"""PURE. Which requests may sign in, and for how long a refusal of the credentials is remembered.

Huawei Cloud locks a user or a key after some wrong tries in a row (IAM's account lockout policy, five by
default), so credentials that are not known to be good are tried by one request at a time.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum, auto

from bot.errors import CredentialsRefused, MetaStudioError


class Decision(Enum):
    """What a request that needs authentication does."""

    SEND = auto()
    WAIT = auto()
    """Wait for the end of the attempt that is under way."""
    FAIL = auto()
    """Raise the last attempt's error; nothing is sent."""


@dataclass(eq=False)
class Attempt:
    """One authenticated request."""

    credentials: Hashable = field(repr=False)


class Attempts:
    """What is known of the credentials. All times are in seconds of one monotonic clock.

    A refusal is remembered for ``pause`` seconds, and until one more attempt has succeeded. After a trial
    that was sent and not answered, which may have been a wrong try, the next one is ``hold`` seconds later.
    What is known holds for the credentials that were used last; with others, everything begins anew.
    """

    def __init__(self, pause: float, hold: float = 0.0) -> None:
        self._pause, self._hold = pause, hold
        self._credentials: Hashable = None
        self.are_accepted = False
        """Whether Huawei Cloud accepted them in its last answer."""
        self._refusal: CredentialsRefused | None = None
        self._unanswered: MetaStudioError | None = None
        self._next_trial_at = -math.inf
        self._trial: Attempt | None = None

    def decide(self, credentials: Hashable, now: float) -> Decision:
        """Return what a request with these credentials does now."""
        if credentials != self._credentials:
            self._credentials = credentials
            self.are_accepted, self._refusal, self._trial = False, None, None
            self._next_trial_at = -math.inf
        if self.are_accepted:
            return Decision.SEND
        if self._trial:
            return Decision.FAIL if self._refusal else Decision.WAIT
        return Decision.FAIL if now < self._next_trial_at else Decision.SEND

    def begin(self) -> Attempt:
        """Record a request that is sent, after ``decide`` returned SEND."""
        attempt = Attempt(self._credentials)
        if not self.are_accepted:
            self._trial = attempt
        return attempt

    def accepted(self, attempt: Attempt) -> None:
        """Record that authentication succeeded. After a refusal, only a trial that was made later counts."""
        if attempt.credentials == self._credentials and (attempt is self._trial or not self._refusal):
            self.are_accepted, self._refusal = True, None

    def refused(self, attempt: Attempt, refusal: CredentialsRefused, now: float) -> None:
        """Record that Huawei Cloud refused the credentials."""
        if attempt.credentials == self._credentials:
            self.are_accepted, self._refusal, self._next_trial_at = False, refusal, now + self._pause

    def unanswered(self, attempt: Attempt, error: MetaStudioError, now: float) -> None:
        """Record that it was sent, and that no answer came."""
        if self._trial is attempt and not self.are_accepted:
            self._unanswered, self._next_trial_at = error, max(self._next_trial_at, now + self._hold)

    def end(self, attempt: Attempt) -> None:
        """Record that it is over, with or without an answer."""
        if self._trial is attempt:
            self._trial = None

    @property
    def are_refused(self) -> bool:
        """Whether Huawei Cloud refused them, and accepted none since."""
        return self._refusal is not None

    def refused_meanwhile(self, attempt: Attempt) -> bool:
        """Whether another request with the same credentials was refused while this attempt was under way."""
        return self.are_refused and attempt is not self._trial

    def error(self) -> MetaStudioError:
        """Return the error of a request that is not sent: a copy of the last attempt's."""
        last = self._refusal or self._unanswered or CredentialsRefused()
        return type(last)(status=last.status, code=last.code, request_id=last.request_id)
