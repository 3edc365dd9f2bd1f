"""Sending one task's message: rendered, at Slack's pace, and in a form that Slack accepts."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.deliver.bot_gate import BotGate, RejectedError
from bot.deliver.languages import Languages
from bot.deliver.reactions import Attempt, Reaction
from bot.deliver.render import render
from bot.deliver.schedule import Task
from bot.domain.deliveries import REMINDERS, Step
from bot.domain.direct_messages import is_direct
from bot.domain.keys import Address
from bot.domain.languages import Language
from bot.domain.records import Card, Destination, Posted
from bot.domain.slack_errors import Refusal
from bot.messages.blocks import Message, without_blocks
from bot.messages.channel import plain_text
from bot.messages.context import MessageContext
from bot.slack.sender import Sender, SendError
from bot.telemetry.logs import about
from bot.telemetry.metrics import Metrics

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Accepted:
    """What Slack accepted."""

    posted: Posted | None
    """Where a new message is."""
    card_is_lost: bool = False
    """Whether Slack did not find the card to which it should have been a reply."""


class Courier:
    """Sends messages; ``context`` is what all of them have in common."""

    def __init__(
        self,
        sender: Sender,
        gate: BotGate,
        context: MessageContext,
        languages: Languages,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._sender = sender
        self._gate = gate
        self._context = context
        self._languages = languages
        self._metrics = metrics
        self._clock = clock

    def delay(self, task: Task) -> float:
        """Return the seconds for which an edit has to wait: they may be many, and all else goes first."""
        return self._sender.edit_delay() if task.is_edit else 0.0

    async def wait(self, task: Task, address: Address, *, urgent: bool) -> None:
        """Wait until the message of a task may be sent; ``urgent`` ones overtake the others."""
        if task.is_edit:
            await self._sender.wait_to_edit()
        elif task.step not in {Step.FORGET, Step.FORGET_BOARD}:
            await self._sender.wait_to_post(conversation(task, address), urgent=urgent)

    async def send(self, task: Task, address: Address, *, others_passed: bool = False) -> Accepted:
        """Send the message of a task; in a simpler form if Slack refuses that one. Raises RejectedError.

        For ``others_passed`` see Evidence.
        """
        message = await self._message(task, address)
        attempt = Attempt(task.step, in_thread=bool(task.thread_ts))
        card_is_lost = False
        while True:
            try:
                posted = await self._send_as(message, attempt, task, address)
            except SendError as error:
                where = conversation(task, address)
                found = await self._gate.judge(error, attempt, where, others_passed=others_passed)
                self._metrics.delivery(task.step.name.lower(), error.refusal.name.lower(), error.code)
                if found not in {Reaction.WORDS, Reaction.WITHOUT_THREAD}:
                    raise RejectedError(error, found) from error
                log.warning(_SIMPLER[found], extra=fields_of(task, address, code=error.code))
                card_is_lost = card_is_lost or error.refusal is Refusal.MESSAGE_GONE
                attempt = replace(
                    attempt,
                    words_only=attempt.words_only or found is Reaction.WORDS,
                    in_thread=attempt.in_thread and found is Reaction.WORDS,
                )
                await self.wait(task, address, urgent=True)
            else:
                self._metrics.delivery(task.step.name.lower())
                if task.step in REMINDERS:
                    self._metrics.reminder("person" if task.step is Step.REMIND_PERSON else "channel")
                log.info("told", extra=fields_of(task, address))
                return Accepted(posted, card_is_lost)

    async def _message(self, task: Task, address: Address) -> Message:
        """Render the message in the language of its readers; as plain text if that raises."""
        context = self._context.in_language(await self._language(task, address))
        try:
            return render(task, address, context, now=int(self._clock()))
        except Exception:
            log.exception("a message can't be made", extra=fields_of(task, address))
            return plain_text(task.following, context) if task.following else Message(str(task.step), [])

    async def _language(self, task: Task, address: Address) -> Language:
        person = task.user_id or (task.warned.user_id if task.warned else "")
        if not person:
            destination = _destination(task)
            if destination and not is_direct(address.channel_id):
                return self._languages.of_channel(destination)
            person = _reader(task)
        return await self._languages.of_person(address.team_id, person, address.channel_id)

    async def _send_as(self, full: Message, attempt: Attempt, task: Task, address: Address) -> Posted | None:
        message = without_blocks(full) if attempt.words_only else full
        card = _card(task)
        if task.warned:
            await self._sender.edit(task.warned.channel_id, task.warned.ts, message)
        elif task.is_edit and card:
            await self._sender.edit(address.channel_id, card.ts, message)
        else:
            thread_ts = task.thread_ts if attempt.in_thread else None
            to = conversation(task, address)
            return await self._sender.post(to, message, thread_ts=thread_ts, broadcast=task.is_broadcast)
        return None


_SIMPLER = {
    Reaction.WORDS: "Slack calls a message malformed, so it goes as plain text",
    Reaction.WITHOUT_THREAD: "Slack takes no reply to a card, so the message goes to the channel itself",
}


def _card(task: Task) -> Card | None:
    """Return the message that an edit is of."""
    if task.board:
        return task.board.board.card
    return task.following.delivery.card if task.following else None


def _destination(task: Task) -> Destination | None:
    about = task.board or task.following or next(iter(task.followings), None)
    return about.destination if about else None


def _reader(task: Task) -> str:
    """Return the user id of the person at the other end of a direct message: who subscribed, or ended it."""
    if task.board:
        wish, stopped_by = task.board.subscription, task.board.board.stopped_by
        return wish.subscribed_by if wish else stopped_by or ""
    following = task.following or next(iter(task.followings), None)
    if following is None:
        return ""
    return next((wish.subscribed_by for wish in following.wishes), following.delivery.stopped_by or "")


def conversation(task: Task, address: Address) -> str:
    """Return the id of the channel, or of the person, to whom a task's message goes."""
    return task.user_id if task.step is Step.TELL_PERSON else address.channel_id


def fields_of(task: Task, address: Address, *, code: str = "") -> dict[str, object]:
    """Return the fields of a line of the log."""
    jobs = [*task.followings, *([task.following] if task.following else [])]
    ids = [each.job_id for each in jobs] + [each.ref.job_id for each in task.claimed]
    job_id = task.warned.job.job_id if task.warned else ids[0] if len(ids) == 1 else ""
    channel_id = task.warned.channel_id if task.warned else conversation(task, address)
    return about(job=job_id, channel=channel_id, step=task.step.name.lower(), code=code)
