"""PURE. The message of each task."""

from bot.deliver.schedule import Task
from bot.domain.deliveries import Step
from bot.domain.records import Address
from bot.messages import channel
from bot.messages.blocks import Message
from bot.messages.context import MessageContext


def render(task: Task, address: Address, context: MessageContext, *, now: int) -> Message:
    """Render the message of a task of this conversation; ``now`` is epoch seconds."""
    if task.warned:
        return channel.pause_over(task.warned, address, task.following, context)
    if task.following is None:
        raise ValueError(f"a task without what it is about: {task.step}")
    if task.step is Step.TELL_PERSON:
        return channel.paused(task.following, context)
    if task.step is Step.POST_NOTICE:
        return channel.notice(task.following, context)
    return channel.card(task.following, context, now=now)
