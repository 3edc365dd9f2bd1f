"""Whether Slack refuses the bot itself, found out from the refusals of all conversations together."""

import asyncio
import logging
from collections.abc import Callable, Collection, Hashable
from dataclasses import replace
from typing import Final

from bot.deliver.changes import Recorded
from bot.deliver.reactions import Attempt, BotEvidence, Evidence, Reaction, reaction
from bot.domain import pauses
from bot.domain.keys import Address
from bot.domain.slack_errors import Refusal
from bot.messages import operator
from bot.slack.sender import Sender, SendError
from bot.telemetry.logs import about

log = logging.getLogger(__name__)

OF_THE_BOT: Final = frozenset({Refusal.BOT, Refusal.UNKNOWN})
"""Refusals that may be about the bot itself. The others prove that Slack accepts it."""


class RejectedError(Exception):
    """Slack did not accept a message in any form. ``error`` is its last answer."""

    def __init__(self, error: SendError, reaction: Reaction) -> None:
        super().__init__(str(error))
        self.error = error
        self.reaction = reaction


class BotGate:
    """Judges refusals, and holds back what was refused while Slack refuses the bot itself.

    A conversation that did not refuse since then may try once: that it gets through ends the trouble.
    ``pause`` gives the seconds until the next try after so many refusals in a row; ``recovered`` is called
    when the trouble is over.
    """

    def __init__(self, sender: Sender, pause: Callable[[int], float], recovered: Callable[[], None]) -> None:
        self._sender = sender
        self._pause = pause
        self._recovered = recovered
        self._evidence = BotEvidence()
        self._paused: dict[Address, str] = {}
        """Conversations that were paused by the evidence so far, with Slack's code."""
        self._failing: set[tuple[Address, Hashable]] = set()
        self._refusals = 0
        self._until = 0.0
        self.trouble: SendError | None = None
        """Slack's refusal of the bot itself; None while all is well."""

    def wait(self, conversation: str) -> float:
        """Return the seconds for which nothing is sent to a conversation; 0 or less: none."""
        return self._until - _now() if self.trouble and self._evidence.has(conversation) else 0.0

    async def judge(
        self, error: SendError, attempt: Attempt, conversation: str, *, others_passed: bool
    ) -> Reaction:
        """Return the reaction to a refusal; where its code leaves that open, ask Slack about the token.

        For ``others_passed`` see Evidence.
        """
        evidence = self._known(error, conversation, others_passed)
        found = reaction(error.refusal, attempt, evidence, unanswered=error.unanswered)
        if found is Reaction.ASK:
            try:
                accepts = not await self._sender.auth_test()
            except SendError:
                return Reaction.RETRY
            # Meanwhile, other conversations may have been refused.
            evidence = replace(self._known(error, conversation, others_passed), accepts_token=accepts)
            found = reaction(error.refusal, attempt, evidence)
        if error.refusal in OF_THE_BOT and found not in {Reaction.WORDS, Reaction.WITHOUT_THREAD}:
            self._evidence.refused(conversation, error.code)
        if found is Reaction.BOT:
            self._refused(error)
        elif error.refusal not in {*OF_THE_BOT, Refusal.LATER}:
            self._over()
        return found

    def _known(self, error: SendError, conversation: str, others_passed: bool) -> Evidence:  # noqa: FBT001
        return Evidence(
            accepts_token=False if self.trouble else None,
            others_passed=others_passed,
            elsewhere=self._evidence.is_elsewhere(conversation, error.code),
        )

    async def require_answers(self) -> None:
        """Find out whether Slack's answers arrive. Raises RejectedError, after which to retry, where not."""
        try:
            await self._sender.auth_test()
        except SendError as error:
            raise RejectedError(error, Reaction.RETRY) from error

    def paused(self, address: Address, error: SendError) -> None:
        """Record that a conversation was paused by a refusal that may be about the bot itself."""
        if error.refusal in OF_THE_BOT:
            self._paused[address] = error.code

    def withdrawals(self) -> list[Recorded]:
        """Return the changes that end the pauses for what turned out to be the bot's own trouble, once."""
        if not self.trouble:
            return []
        paused, self._paused = self._paused, {}
        return [([address], pauses.withdrawn(address, code)) for address, code in paused.items()]

    def failed(self, address: Address, key: Hashable, error: SendError) -> None:
        """Log the first of the messages that Slack does not take at present."""
        if not self._failing:
            fields = about(channel=address.channel_id, code=error.code, cause=str(error))
            log.warning("Slack does not take a message; trying again", extra=fields)
        self._failing.add((address, key))

    def accepted(self) -> None:
        """Record that a message got through."""
        self._evidence.accepted()
        self._paused.clear()
        self._over()

    def keep(self, address: Address, keys: Collection[Hashable]) -> None:
        """Log when the last of the messages that failed is none of those that are due in a conversation."""
        was_failing = bool(self._failing)
        self._failing -= {
            (where, key) for where, key in self._failing if where == address and key not in keys
        }
        if was_failing and not self._failing:
            log.info("Slack takes messages again")

    def _refused(self, error: SendError) -> None:
        if not self.trouble:
            log.error(operator.DELIVERY_REFUSED, extra=about(code=error.code))
        self.trouble = error
        if self._until <= _now():
            self._refusals += 1
            self._until = _now() + self._pause(self._refusals)

    def _over(self) -> None:
        if self.trouble:
            self.trouble, self._refusals, self._until = None, 0, 0.0
            log.info("Slack accepts the bot again")
            self._recovered()


def _now() -> float:
    return asyncio.get_running_loop().time()
