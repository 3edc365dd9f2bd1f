"""PURE. What is due in a conversation, and which of it is next."""

from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.boards import edit_wait, next_board_step, oldest_first
from bot.domain.deliveries import (
    EDITS,
    NEWS,
    POSTS,
    Step,
    card_wait,
    needs_card,
    next_reminder,
    next_step,
    reminder_began,
    reminder_due,
)
from bot.domain.following import Channel, Following, WideFollowing
from bot.domain.keys import BoardKey, DeliveryKey
from bot.domain.pauses import wait_of
from bot.domain.records import Claim, JobRecord, Warned
from bot.domain.reminders import ReminderTimes

MOST_ALONE: Final = 3
"""Jobs of wide subscriptions that get a message each at the same time; more of them share one."""
MOST_TOGETHER: Final = 40
"""Jobs that one message names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One message that is due in a conversation, or to one of its people."""

    step: Step
    wait: float = 0.0
    """The seconds for which it must not be sent yet, by what is stored."""
    following: Following | None = None
    """What it is about; None for a warning of a job that is not followed there any more."""
    followings: tuple[Following, ...] = ()
    """For POST_DIGEST, REMIND_OF_SEVERAL and FORGET: what it is about."""
    claimed: tuple[JobRecord, ...] = ()
    """For REMIND_PERSON: the jobs."""
    board: WideFollowing | None = None
    """For the steps of a board: what it is about."""
    number: int = 0
    """For POST_REMINDER: which one it is in this turn, from 1."""
    user_id: str = ""
    """For TELL_PERSON and REMIND_PERSON: to whom it goes."""
    warned: Warned | None = None
    """For EDIT_WARNING: the message to edit."""

    @property
    def key(self) -> Hashable:
        """What tells it from all other tasks of its conversation."""
        board = self.board and self.board.board.id
        about = self.warned or self.user_id or board or (self.following and self.following.delivery.id)
        return self.step, about

    @property
    def about(self) -> DeliveryKey | BoardKey | None:
        """The key of the delivery or the board that it is about; None for several, or none."""
        if self.board:
            return self.board.board.key
        return self.following.key if self.following else None

    @property
    def thread_ts(self) -> str | None:
        """The message to whose thread it goes; None for the conversation itself."""
        card = self.following.delivery.card if self.following else None
        return card.ts if card and self.step in {Step.POST_NOTICE, Step.POST_REMINDER} else None

    @property
    def is_broadcast(self) -> bool:
        """Whether a reply in a thread is shown in the conversation, too."""
        if self.step is Step.POST_REMINDER:
            return self.number > 1
        return self.following is not None and self.following.is_broadcast

    @property
    def is_edit(self) -> bool:
        """Whether it waits until all else is sent."""
        return self.step in EDITS

    @property
    def proves_access(self) -> bool:
        """Whether Slack's ok to it says that the bot may post in the conversation."""
        return self.step in POSTS


def tasks(channel: Channel, times: ReminderTimes, now: int) -> list[Task]:
    """Return all that is due in a conversation; ``now`` is epoch seconds."""
    pause = wait_of(channel.destination.pause, now)
    people = _people_to_tell(channel, now) if pause > 0 else ()  # a try that is due may end it
    return [
        *_boards(channel, now, pause),
        *_deliveries(channel, now, pause),
        *_reminders(channel, times, now, pause),
        *_reminders_to_person(channel, times, now),
        *people,
        *_warnings_to_edit(channel),
    ]


def next_due(channel: Channel, times: ReminderTimes, now: int) -> int | None:
    """Return when something becomes due of which nothing is heard, in epoch seconds; None: never."""
    reminders = [next_reminder(each, times, now) for each in channel.followings]
    reminders += [times.next_due(*_began(record), _last(record.claim), now) for record in channel.claimed]
    return min((at for at in reminders if at is not None), default=None)


def _boards(channel: Channel, now: int, pause: int) -> Iterator[Task]:
    for each in channel.boards:
        step = next_board_step(each, now)
        if step is Step.EDIT_BOARD:
            yield Task(step=step, wait=max(pause, edit_wait(each, now)), board=each)
        elif step:
            yield Task(step=step, wait=0 if step is Step.FORGET_BOARD else pause, board=each)
        elif each.board.card is None:
            yield Task(step=Step.POST_BOARD, wait=max(pause, card_wait(each.board, now)), board=each)


def _deliveries(channel: Channel, now: int, pause: int) -> Iterator[Task]:
    shared: list[tuple[Following, Step]] = []
    forgotten: list[Following] = []
    for each in channel.followings:
        step = next_step(each, now)
        if step is Step.FORGET:
            forgotten.append(each)
        elif step and _may_share(each, step):
            shared.append((each, step))
        elif step:
            yield Task(step=step, wait=pause, following=each)
        elif needs_card(each) and not each.is_over:
            wait = max(pause, card_wait(each.delivery, now))
            yield Task(step=Step.POST_CARD, wait=wait, following=each)
    if forgotten:
        yield Task(step=Step.FORGET, followings=tuple(forgotten))
    yield from _shared(shared, pause)


def _may_share(following: Following, step: Step) -> bool:
    """Whether news would stand in the conversation itself, for nobody who asked for this one job."""
    is_shown = step is Step.POST_CARD or (step is Step.POST_NOTICE and following.is_broadcast)
    return is_shown and following.subscription is None


def _shared(news: Sequence[tuple[Following, Step]], pause: int) -> Iterator[Task]:
    """Let a few jobs have a message each, and more of them share one."""
    several, steps = oldest_first(each for each, _ in news), {each.key: step for each, step in news}
    if len(several) > MOST_ALONE:
        yield Task(step=Step.POST_DIGEST, wait=pause, followings=several[:MOST_TOGETHER])
        return
    for each in several:
        yield Task(step=steps[each.key], wait=pause, following=each)


def _reminders(channel: Channel, times: ReminderTimes, now: int, pause: int) -> Iterator[Task]:
    numbers = {each.key: reminder_due(each, times, now) for each in channel.followings}
    several = oldest_first(each for each in channel.followings if numbers[each.key])
    if len(several) > MOST_ALONE:
        yield Task(step=Step.REMIND_OF_SEVERAL, wait=pause, followings=several[:MOST_TOGETHER])
        return
    for each in several:
        yield Task(step=Step.POST_REMINDER, wait=pause, following=each, number=numbers[each.key])


def _reminders_to_person(channel: Channel, times: ReminderTimes, now: int) -> Iterator[Task]:
    """Find the jobs of which a person is to be reminded who has claimed them."""
    due = tuple(
        record
        for record in channel.claimed
        if record.claim
        and not record.claim.is_unreachable
        and times.last_due(*_began(record), _last(record.claim), now)
    )
    if due:
        person = channel.destination.address.channel_id
        yield Task(step=Step.REMIND_PERSON, claimed=due[:MOST_TOGETHER], user_id=person)


def _began(record: JobRecord) -> tuple[int, int | None]:
    return reminder_began(record), record.later


def _last(claim: Claim | None) -> int:
    return (claim and claim.reminded_at) or 0


def _people_to_tell(channel: Channel, now: int) -> Iterator[Task]:
    """Find who subscribed and does not know of the pause. What waits for it is named to them first."""
    asked = set(channel.destination.pause.told) if channel.destination.pause else set()
    for each in sorted(channel.followings, key=lambda each: next_step(each, now) not in POSTS):
        for wish in each.wishes:
            if wish.subscribed_by not in asked:
                asked.add(wish.subscribed_by)
                yield Task(step=Step.TELL_PERSON, following=each, user_id=wish.subscribed_by)


def _warnings_to_edit(channel: Channel) -> Iterator[Task]:
    """Find warnings that are not true any more: the pause is over, or the person follows nothing there."""
    if not channel.destination.warned:
        return
    wished_by = {wish.subscribed_by for each in channel.followings for wish in each.wishes}
    wished_by |= {each.subscription.subscribed_by for each in channel.boards if each.subscription}
    by_job = {each.delivery.job: each for each in channel.followings}
    for warned in channel.destination.warned:
        if channel.destination.pause is None or warned.user_id not in wished_by:
            yield Task(step=Step.EDIT_WARNING, warned=warned, following=by_job.get(warned.job))


def is_urgent(task: Task, awaited: Collection[DeliveryKey | BoardKey]) -> bool:
    """Whether a person waits for a task: news of what is awaited, or the last edit of what was ended."""
    if not awaited or task.about not in awaited:
        return False
    if task.step in NEWS:
        return True
    return task.step is Step.EDIT_CARD and task.following is not None and task.following.is_ended


def next_task(
    due: Sequence[Task],
    *,
    wait: Callable[[Task], float],
    pace: Callable[[Task], float],
    failures: Callable[[Task], int],
    awaited: Collection[DeliveryKey | BoardKey] = (),
) -> tuple[float, Task] | None:
    """Return the task to do next, and the seconds until then.

    What a person waits for comes first, and ignores all pauses but Slack's ``pace``. Then comes what may be
    sent soonest; of that, what failed least, then the earliest change. Edits come last. ``wait`` gives the
    seconds for which a task is held back besides ``Task.wait``.
    """

    def seconds(task: Task) -> float:
        return max(0.0, pace(task) if is_urgent(task, awaited) else max(task.wait, wait(task), pace(task)))

    def order(task: Task) -> tuple[bool, float, int, bool, int]:
        (can_wait, is_edit, since), delay = rank(task), seconds(task)
        return can_wait or delay > 0, delay, failures(task), is_edit, since

    def rank(task: Task) -> tuple[bool, bool, int]:
        since = (task.following and task.following.pending_since) or 0
        return not is_urgent(task, awaited), task.is_edit, since

    # Mostly nothing is held back and nothing failed. Thousands may be due, so that is tried first.
    first = min(due, key=rank, default=None)
    if first and (seconds(first) > 0 or failures(first)):
        first = min(due, key=order)
    return (seconds(first), first) if first else None
