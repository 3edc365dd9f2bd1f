"""PURE. The message of each task."""

from bot.deliver.schedule import Task
from bot.domain.deliveries import Step
from bot.domain.following import Following
from bot.domain.keys import Address
from bot.messages import board, channel, reminders
from bot.messages.blocks import Message
from bot.messages.context import MessageContext


def render(task: Task, address: Address, context: MessageContext, *, now: int) -> Message:
    """Render the message of a task of this conversation; ``now`` is epoch seconds."""
    if task.warned:
        return channel.pause_over(task.warned, address, task.following, context)
    match task.step:
        case Step.POST_DIGEST:
            return board.digest(task.followings, context)
        case Step.REMIND_OF_SEVERAL:
            return reminders.reminder_of_several(task.followings, context)
        case Step.REMIND_PERSON:
            return reminders.reminder_to_person(task.claimed, context)
        case Step.POST_BOARD | Step.EDIT_BOARD if task.board:
            return board.board(task.board, context)
    if task.following is None:
        raise ValueError(f"a task without what it is about: {task.step}")
    return _of_one(task, task.following, context, now=now)


def _of_one(task: Task, about: Following, context: MessageContext, *, now: int) -> Message:
    match task.step:
        case Step.TELL_PERSON:
            return channel.paused(about, context)
        case Step.POST_NOTICE:
            return channel.notice(about, context)
        case Step.POST_REMINDER:
            return reminders.reminder(about, context)
        case _:
            return channel.card(about, context, now=now)
