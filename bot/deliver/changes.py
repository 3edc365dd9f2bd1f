"""PURE. What is recorded after Slack's answer to a task: each change with the keys of what it changes."""

from collections.abc import Callable, Collection, Sequence

from bot.deliver.reactions import Reaction
from bot.deliver.schedule import Task
from bot.domain import boards, claims, deliveries, pauses
from bot.domain.boards import keys_of_board
from bot.domain.claims import Turn
from bot.domain.deliveries import Step
from bot.domain.direct_messages import board_opened, keys_of_both, keys_of_both_boards, opened
from bot.domain.following import Following, WideFollowing
from bot.domain.keys import Address, Key
from bot.domain.records import Change, JobRecord, Posted, Records, Warned
from bot.domain.subscriptions import keys_of

Recorded = tuple[Sequence[Key], Change]


def after_ok(
    task: Task, address: Address, posted: Posted | None, now: int, *, card_is_lost: bool
) -> list[Recorded]:
    """Return the changes after Slack accepted a task's message, the one that says so first.

    ``posted`` is where a new message is; ``card_is_lost``: Slack has no card to which it could be a reply.
    """
    changes = _of_several(task, now) or [_of_task(task, address, posted, now)]
    if task.following and card_is_lost:
        changes.append(_of(task.following, deliveries.card_lost(task.following, now)))
    if task.proves_access:
        changes.append(([address], pauses.accepted(address)))
    return changes


def _of_several(task: Task, now: int) -> list[Recorded]:
    """Return the changes after a message on several jobs; those of one conversation are one change."""
    match task.step:
        case Step.FORGET:
            return [_of_all(task.followings, lambda each: deliveries.forgotten(each, now))]
        case Step.POST_DIGEST:
            return [_of_all(task.followings, lambda each: deliveries.notice_posted(each, now))]
        case Step.REMIND_OF_SEVERAL:
            return [_of_all(task.followings, lambda each: deliveries.reminder_posted(each, now))]
        case Step.REMIND_PERSON:
            person = [(each, each.claim.person) for each in task.claimed if each.claim]
            return [_of_job(each, claims.reminded(each.ref, _turn(each), who, now)) for each, who in person]
    return []


def _of_all(followings: Collection[Following], how: Callable[[Following], Change]) -> Recorded:
    keys = dict.fromkeys(key for each in followings for key in keys_of(each.key))
    changes = [how(each) for each in followings]

    def change(records: Records) -> Records:
        changed = Records()
        for each in changes:
            changed.update(each(records))
        return changed

    return tuple(keys), change


def _of_job(record: JobRecord, change: Change) -> Recorded:
    return [record.ref], change


def _turn(record: JobRecord) -> Turn:
    return Turn.of(record.job)


def _of_board(task: Task, board: WideFollowing, posted: Posted | None, now: int) -> Recorded:
    """Return the change after Slack accepted a board, or an edit; or after there is nothing to edit."""
    address = board.board.address
    match task.step:
        case Step.POST_BOARD if posted and address.is_person:
            to = address._replace(channel_id=posted.channel_id)
            return keys_of_both_boards(board.board.key, to), board_opened(board, to, posted.ts, now)
        case Step.POST_BOARD if posted:
            change = boards.board_posted(board, posted.ts, now)
        case Step.EDIT_BOARD:
            change = boards.board_edited(board, now)
        case _:
            change = boards.board_forgotten(board)
    return keys_of_board(board.board.key), change


def _of_task(task: Task, address: Address, posted: Posted | None, now: int) -> Recorded:
    if task.warned:
        return [address], pauses.warning_over(address, task.warned)
    if task.step is Step.TELL_PERSON:
        return [address], pauses.told(address, task.user_id, warned_by(task, posted))
    if task.board:
        return _of_board(task, task.board, posted, now)
    if task.following is None:
        raise ValueError(f"a task without what it is about: {task}")
    return _of_delivery(task.step, task.following, posted, now)


def _of_delivery(step: Step, about: Following, posted: Posted | None, now: int) -> Recorded:
    match step:
        case Step.POST_CARD if posted:
            return _card_posted(about, posted, now)
        case Step.POST_NOTICE:
            return _of(about, deliveries.notice_posted(about, now))
        case Step.POST_REMINDER:
            return _of(about, deliveries.reminder_posted(about, now))
        case _:
            return _of(about, deliveries.card_edited(about, now))


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
    if reaction in _DEFINITE and (changes := _of_refused(task, reaction, now)):
        return changes
    if reaction is Reaction.PAUSE:
        return [([address], pauses.refused(address, code, now, knows=knows))]
    if reaction is Reaction.SKIP and task.warned:
        return [([address], pauses.warning_over(address, task.warned))]
    if reaction is Reaction.SKIP and task.step is Step.TELL_PERSON:
        return [([address], pauses.told(address, task.user_id, None))]
    return []


def _of_refused(task: Task, reaction: Reaction, now: int) -> list[Recorded]:
    """Return the changes after Slack refused an edit, or a reminder to a person, for good."""
    about = task.following
    match task.step:
        case Step.EDIT_CARD if about and (about.is_ended or reaction is Reaction.NEW_CARD):
            return [_of(about, deliveries.card_lost(about, now))]
        case Step.EDIT_CARD if about and reaction is Reaction.SKIP:
            return [_of(about, deliveries.edit_skipped(about, now))]
        case Step.EDIT_BOARD if task.board:
            return _of_refused_board(task.board, reaction, now)
        case Step.REMIND_PERSON:
            person = [(each, each.claim.person) for each in task.claimed if each.claim]
            return [_of_job(each, claims.unreachable(each.ref, _turn(each), who)) for each, who in person]
    return []


def _of_refused_board(board: WideFollowing, reaction: Reaction, now: int) -> list[Recorded]:
    keys = keys_of_board(board.board.key)
    if board.subscription is None or reaction is Reaction.NEW_CARD:
        return [(keys, boards.board_lost(board))]
    return [(keys, boards.board_edited(board, now))] if reaction is Reaction.SKIP else []


_DEFINITE = frozenset({Reaction.NEW_CARD, Reaction.SKIP, Reaction.HOLD})


def _of(about: Following, change: Change) -> Recorded:
    return keys_of(about.key), change
