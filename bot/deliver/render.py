"""PURE. The message of each step of a delivery."""

from bot.domain.subscriptions import Step, Subscription
from bot.messages import channel
from bot.messages.blocks import Message


def render(subscription: Subscription, step: Step, context: channel.MessageContext, *, now: int) -> Message:
    """Render the message of a step; ``now`` is epoch seconds."""
    if step is Step.TELL_PERSON:
        return channel.paused(subscription, context)
    if step is Step.EDIT_WARNING:
        return channel.pause_over(subscription)
    if step is Step.POST_NOTICE and subscription.notice:
        return channel.notice(subscription, subscription.notice)
    return channel.card(subscription, context, now=now)
