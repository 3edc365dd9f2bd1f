"""PURE. What is due in a conversation, and which of it is next."""

from collections.abc import Callable, Collection, Hashable, Iterator
from dataclasses import dataclass

from bot.domain.deliveries import EDITS, POSTS, Step, card_wait, next_step
from bot.domain.following import Channel, Following
from bot.domain.pauses import wait_of
from bot.domain.records import DeliveryKey, Warned


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One message that is due in a conversation, or to one of its people."""

    step: Step
    wait: float = 0.0
    """The seconds for which it must not be sent yet, by what is stored."""
    following: Following | None = None
    """What it is about; None for a warning of a job that is not followed there any more."""
    user_id: str = ""
    """For TELL_PERSON: to whom it goes."""
    warned: Warned | None = None
    """For EDIT_WARNING: the message to edit."""

    @property
    def key(self) -> Hashable:
        """What tells it from all other tasks of its conversation."""
        about = self.warned or self.user_id or (self.following and self.following.delivery.id)
        return self.step, about

    @property
    def thread_ts(self) -> str | None:
        """The message to whose thread it goes; None for the conversation itself."""
        card = self.following.delivery.card if self.following else None
        return card.ts if card and self.step is Step.POST_NOTICE else None

    @property
    def is_edit(self) -> bool:
        """Whether it waits until all else is sent."""
        return self.step in EDITS

    @property
    def proves_access(self) -> bool:
        """Whether Slack's ok to it says that the bot may post in the conversation."""
        return self.step in POSTS


def tasks(channel: Channel, now: int) -> list[Task]:
    """Return all that is due in a conversation; ``now`` is epoch seconds."""
    pause = wait_of(channel.destination.pause, now)
    people = _people_to_tell(channel, now) if pause > 0 else ()  # a try that is due may end it
    return [*_deliveries(channel, now, pause), *people, *_warnings_to_edit(channel)]


def _deliveries(channel: Channel, now: int, pause: int) -> Iterator[Task]:
    for each in channel.followings:
        if step := next_step(each, now):
            yield Task(step=step, wait=0 if step is Step.FORGET else pause, following=each)
        elif each.delivery.card is None and not each.is_over:
            wait = max(pause, card_wait(each.delivery, now))
            yield Task(step=Step.POST_CARD, wait=wait, following=each)


def _people_to_tell(channel: Channel, now: int) -> Iterator[Task]:
    """Find who subscribed and does not know of the pause. What waits for it is named to them first."""
    asked = set(channel.destination.pause.told) if channel.destination.pause else set()
    for each in sorted(channel.followings, key=lambda each: next_step(each, now) not in POSTS):
        if each.subscription and each.subscription.subscribed_by not in asked:
            asked.add(each.subscription.subscribed_by)
            yield Task(step=Step.TELL_PERSON, following=each, user_id=each.subscription.subscribed_by)


def _warnings_to_edit(channel: Channel) -> Iterator[Task]:
    """Find warnings that are not true any more: the pause is over, or the person follows nothing there."""
    if not channel.destination.warned:
        return
    wished_by = {each.subscription.subscribed_by for each in channel.followings if each.subscription}
    by_job = {each.delivery.job: each for each in channel.followings}
    for warned in channel.destination.warned:
        if channel.destination.pause is None or warned.user_id not in wished_by:
            yield Task(step=Step.EDIT_WARNING, warned=warned, following=by_job.get(warned.job))


def is_urgent(task: Task, awaited: Collection[DeliveryKey]) -> bool:
    """Whether a person waits for a task: a post of an awaited delivery, or the last edit of an ended one."""
    about = task.following
    if not awaited or about is None or about.key not in awaited:
        return False
    return task.proves_access or (task.warned is None and about.delivery.stopped_by is not None)


def next_task(
    due: Collection[Task],
    *,
    wait: Callable[[Task], float],
    pace: Callable[[Task], float],
    failures: Callable[[Task], int],
    awaited: Collection[DeliveryKey] = (),
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
