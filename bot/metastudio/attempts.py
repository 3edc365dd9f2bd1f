"""PURE. Which requests may sign in, and for how long a refusal of the credentials is remembered.

Huawei Cloud locks a user or a key after some wrong tries in a row (IAM's account lockout policy, five by
default), so credentials that are not known to be good are tried by one request at a time.
"""

import math
from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum, auto

from bot.errors import CredentialsRefused, MetaStudioError


class Turn(Enum):
    """What a request does that would sign in."""

    SEND = auto()
    WAIT = auto()
    """For the end of the one attempt that is under way."""
    REFUSED = auto()
    """It fails as the last attempt did, and nothing is sent."""


@dataclass(eq=False)
class Attempt:
    """One request that signs in."""

    credentials: Hashable = field(repr=False)


class Attempts:
    """What is known of the credentials. All times are in seconds of one clock that never goes back.

    A refusal is remembered for ``pause`` seconds, and until one more attempt has succeeded. After a trial
    that was sent and not answered, which may have been a wrong try, the next one is ``hold`` seconds later.
    What is known holds for the credentials that were asked for last; with others, everything begins anew.
    """

    def __init__(self, pause: float, hold: float = 0.0) -> None:
        self.pause, self.hold = pause, hold
        self._credentials: Hashable = None
        self.are_good = False
        """Whether the last word of Huawei Cloud's was that it takes them."""
        self._refusal: CredentialsRefused | None = None
        self._unheard: MetaStudioError | None = None
        self._again_at = -math.inf
        self._trial: Attempt | None = None

    def turn(self, credentials: Hashable, now: float) -> Turn:
        """Say what a request with these credentials does now."""
        if credentials != self._credentials:
            self._credentials = credentials
            self.are_good, self._refusal, self._trial, self._again_at = False, None, None, -math.inf
        if self.are_good:
            return Turn.SEND
        if self._refusal and (self._trial or now < self._again_at):
            return Turn.REFUSED
        if self._trial:
            return Turn.WAIT
        return Turn.REFUSED if now < self._again_at else Turn.SEND

    def begin(self) -> Attempt:
        """Note a request that is sent, after ``turn`` said so."""
        attempt = Attempt(self._credentials)
        if not self.are_good:
            self._trial = attempt
        return attempt

    def accepted(self, attempt: Attempt) -> None:
        """Note that it was signed in. After a refusal, only an attempt that was made later says so."""
        if attempt.credentials == self._credentials and (attempt is self._trial or not self._refusal):
            self.are_good, self._refusal = True, None

    def refused(self, attempt: Attempt, refusal: CredentialsRefused, now: float) -> None:
        """Note that Huawei Cloud refused the credentials."""
        if attempt.credentials == self._credentials:
            self.are_good, self._refusal, self._again_at = False, refusal, now + self.pause

    def unheard(self, attempt: Attempt, error: MetaStudioError, now: float) -> None:
        """Note that it was sent, and that no answer came."""
        if self._trial is attempt and not self.are_good:
            self._unheard, self._again_at = error, max(self._again_at, now + self.hold)

    def is_overtaken(self, attempt: Attempt) -> bool:
        """Say whether the credentials were refused while this attempt was under way beside others."""
        return self._refusal is not None and attempt is not self._trial

    def end(self, attempt: Attempt) -> None:
        """Note that it is over, whatever came of it."""
        if self._trial is attempt:
            self._trial = None

    @property
    def are_refused(self) -> bool:
        """Whether a refusal was the last word of Huawei Cloud's."""
        return self._refusal is not None

    def failure(self) -> MetaStudioError:
        """Make the error of a request that is not sent: that of the last attempt, once more."""
        told = self._refusal or self._unheard or CredentialsRefused()
        return type(told)(status=told.status, code=told.code, request_id=told.request_id)
