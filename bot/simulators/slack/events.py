"""The Events API: what Slack tells the app without being asked, and tells it again.

Sources: the pages "The Events API" and "app_home_opened".
"""

import secrets
from collections.abc import Awaitable
from typing import Any, Protocol

from bot.simulators.slack import app_settings
from bot.simulators.slack.payloads import VERIFICATION_TOKEN
from bot.simulators.slack.people import unacknowledged
from bot.simulators.slack.records import ALICE, APP_ID, BOT_USER, Ack, Retry
from bot.simulators.slack.state import State
from bot.simulators.slack.views import Views

RETRIES = 3
"""How often an event comes again that was not acknowledged."""
REASONS = {"operation_timeout": "http_timeout", "dispatch_failed": "connection_failed"}
"""Why an event comes again, by the error; else it is ``http_error``."""


class Deliver(Protocol):
    """Brings a payload of one envelope type to the app."""

    def __call__(self, kind: str, payload: dict[str, Any], retry: Retry, /) -> Awaitable[Ack]:
        """Return how the app acknowledged it."""
        ...


class Events:
    """Sends the events that the app has subscribed to."""

    def __init__(self, state: State, views: Views, deliver: Deliver) -> None:
        self._state = state
        self._views = views
        self._deliver = deliver

    async def open_home(self, user: str = ALICE, tab: str = "home") -> Ack:
        """Open a tab of the bot's App Home, ``home`` or ``messages``, and return how the app took the event.

        No event is sent, and there is no acknowledgement, where the manifest lacks the tab or the event.
        Raises KeyError for another tab.
        """
        manifest = self._state.manifest
        if not app_settings.has_tab(manifest, tab) or not app_settings.gets_event(
            manifest, "app_home_opened"
        ):
            return Ack(acked=False, seconds=0.0)
        home = self._views.homes.get(user)
        event = {
            "type": "app_home_opened",
            "user": user,
            "channel": self._state.direct(user).id,
            "tab": tab,
            "event_ts": f"{self._state.clock():.6f}",
            **({"view": self._views.as_slack(home)} if home else {}),
        }
        return await self._send(event)

    async def _send(self, event: dict[str, Any]) -> Ack:
        """Send an event, at most four times, until it is acknowledged.

        Slack pauses before the last two of them, for one minute and for five; the simulator does not.
        """
        payload, retry = self._envelope(event), Retry()
        while True:
            ack = await self._deliver("events_api", payload, retry)
            self._state.violations += unacknowledged(f"the event {event['type']}", ack)
            if ack.acked or retry.attempt == RETRIES:
                return ack
            retry = Retry(attempt=retry.attempt + 1, reason=REASONS.get(ack.error or "", "http_error"))

    def _envelope(self, event: dict[str, Any]) -> dict[str, Any]:
        state = self._state
        owner = {"enterprise_id": state.enterprise_id, "team_id": state.team_id, "user_id": BOT_USER}
        return {
            "type": "event_callback",
            "token": VERIFICATION_TOKEN,
            "team_id": state.team_id,
            "api_app_id": APP_ID,
            "event": event,
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(state.clock()),
            "event_context": f"1-{event['type']}-{state.team_id}-{APP_ID}",
            "authorizations": [owner | {"is_bot": True, "is_enterprise_install": False}],
            "is_ext_shared_channel": False,
            **({"enterprise_id": state.enterprise_id} if state.enterprise_id else {}),
        }
