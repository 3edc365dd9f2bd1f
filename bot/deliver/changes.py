"""PURE. What is recorded after Slack's answer to a task: each change with the keys of what it changes."""

from collections.abc import Collection, Sequence

from bot.deliver.reactions import Reaction
from bot.deliver.schedule import Task
from bot.domain import deliveries, pauses
from bot.domain.deliveries import Step
from bot.domain.direct_messages import keys_of_both, opened
from bot.domain.following import Following
from bot.domain.records import Address, Change, Key, Posted, Warned
from bot.domain.subscriptions import keys_of

Recorded = tuple[Sequence[Key], Change]


def after_ok(
    task: Task, address: Address, posted: Posted | None, now: int, *, card_is_lost: bool
) -> list[Recorded]:
    """Return the changes after Slack accepted a task's message, the one that says so first.

    ``posted`` is where a new message is; ``card_is_lost``: Slack has no card to which it could be a reply.
    """
    changes = [_of_task(task, address, posted, now)]
    if task.following and card_is_lost:
        changes.append(_of(task.following, deliveries.card_lost(task.following, now)))
    if task.proves_access:
        changes.append(([address], pauses.accepted(address)))
    return changes


def _of_task(task: Task, address: Address, posted: Posted | None, now: int) -> Recorded:
    about = task.following
    match task.step:
        case Step.POST_CARD if about and posted:
            return _card_posted(about, posted, now)
        case Step.POST_NOTICE if about:
            return _of(about, deliveries.notice_posted(about, now))
        case Step.EDIT_CARD if about:
            return _of(about, deliveries.card_edited(about, now))
        case Step.TELL_PERSON if about:
            return [address], pauses.told(address, task.user_id, warned_by(task, posted))
        case Step.EDIT_WARNING if task.warned:
            return [address], pauses.warning_over(address, task.warned)
        case Step.FORGET if about:
            return _of(about, deliveries.forgotten(about, now))
    raise ValueError(f"a task without what it is about: {task}")


def _card_posted(about: Following, posted: Posted, now: int) -> Recorded:
    if not about.delivery.address.is_person:
        return _of(about, deliveries.card_posted(about, posted.ts, now))
    to = about.delivery.address._replace(channel_id=posted.channel_id)
    return keys_of_both(about.key, to), opened(about, to, posted.ts, now)


def warned_by(task: Task, posted: Posted | None) -> Warned | None:
    """Return the warning that a message is; None where there is none."""
    if posted is None or task.following is None:
        return None
    return Warned(
        user_id=task.user_id,
        channel_id=posted.channel_id,
        ts=posted.ts,
        job=task.following.delivery.job,
        voice_name=task.following.job.voice_name or "",
    )


def after_refusal(
    task: Task, address: Address, reaction: Reaction, code: str, now: int, *, knows: Collection[str] = ()
) -> list[Recorded]:
    """Return the changes after a refusal; none where the same is tried again.

    ``knows`` are the user ids of those who wait for the answer. The last edit of an ended subscription is
    tried once: whoever ended it was told already.
    """
    about = task.following
    if about and task.step is Step.EDIT_CARD and reaction in _DEFINITE:
        if about.delivery.stopped_by or reaction is Reaction.NEW_CARD:
            return [_of(about, deliveries.card_lost(about, now))]
        if reaction is Reaction.SKIP:
            return [_of(about, deliveries.edit_skipped(about, now))]
    if reaction is Reaction.PAUSE:
        return [([address], pauses.refused(address, code, now, knows=knows))]
    if reaction is Reaction.SKIP and task.warned:
        return [([address], pauses.warning_over(address, task.warned))]
    if reaction is Reaction.SKIP:
        return [([address], pauses.told(address, task.user_id, None))]
    return []


_DEFINITE = frozenset({Reaction.NEW_CARD, Reaction.SKIP, Reaction.HOLD})


def _of(about: Following, change: Change) -> Recorded:
    return keys_of(about.key), change
