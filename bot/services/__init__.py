"""What people can do, as replies to a caller: no payload of Slack's is read here."""

from dataclasses import dataclass

from bot.services.caller import Caller
from bot.services.look_up import LookUpService
from bot.services.subscriptions import SubscriptionService

__all__ = ["Caller", "LookUpService", "Services", "SubscriptionService"]


@dataclass(frozen=True, kw_only=True)
class Services:
    """All of them, for the listeners."""

    look_up: LookUpService
    subscriptions: SubscriptionService
