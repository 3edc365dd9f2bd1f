"""PURE. The payloads that Slack sends when a person types a command, presses a button, or uses a shortcut.

The keys are those of the pages "Implementing slash commands", "Interaction payloads: block_actions" and
"Shortcuts interaction payload".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.simulators.slack.messages import as_slack, identified
from bot.simulators.slack.records import APP_ID, TEAM_ID, TEAM_NAME, Channel, Message, View

VERIFICATION_TOKEN = "deprecated-verification-token"  # noqa: S105 - opens nothing; Slack still sends such a field
"""Slack's older proof of origin, which an app must not rely on any more."""


MENUS = {"overflow", "static_select"}


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who acts: a member of the workspace or, with another team, a colleague or a guest of a channel."""

    user: str
    team: str = TEAM_ID
    home: str = TEAM_ID
    """The id of the workspace in which the app is installed."""
    enterprise: str | None = None
    """The organization that the payload names."""

    @property
    def name(self) -> str:
        """The deprecated user name."""
        return self.user.lower()


def command(
    name: str, text: str, *, person: Person, channel: Channel, response_url: str, trigger: str
) -> dict[str, Any]:
    """Build the payload of a slash command; it has no ``thread_ts``, in threads there are no commands."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": person.team,
        "team_domain": TEAM_NAME,
        "channel_id": channel.id,
        "channel_name": shown_name(channel),
        "user_id": person.user,
        "user_name": person.name,
        "command": name,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger,
        **({"enterprise_id": person.enterprise} if person.enterprise else {}),
    }


def block_actions(
    button: Mapping[str, Any], *, person: Person, trigger: str, action_ts: str, place: Mapping[str, Any]
) -> dict[str, Any]:
    """Build the payload of a button press; ``place`` is what ``in_message`` or ``in_view`` returns.

    ``user.team_id`` is the team of who pressed, ``team`` always the one in which the app is installed.
    """
    return {
        "type": "block_actions",
        "user": {"id": person.user, "username": person.name, "name": person.name, "team_id": person.team},
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "trigger_id": trigger,
        "team": {"id": person.home, "domain": TEAM_NAME},
        "enterprise": {"id": person.enterprise, "name": "org"} if person.enterprise else None,
        "is_enterprise_install": False,
        "actions": [{**button, "action_ts": action_ts}],
        **place,
    }


def message_action(
    callback_id: str,
    message: Message,
    *,
    person: Person,
    channel: Channel,
    response_url: str,
    trigger: str,
    action_ts: str,
) -> dict[str, Any]:
    """Build the payload of a message shortcut; unlike a press, it does not name the team of who uses it."""
    return {
        "type": "message_action",
        "token": VERIFICATION_TOKEN,
        "callback_id": callback_id,
        "trigger_id": trigger,
        "response_url": response_url,
        "action_ts": action_ts,
        "message_ts": message.ts,
        "team": {"id": person.home, "domain": TEAM_NAME},
        "enterprise": {"id": person.enterprise, "name": "org"} if person.enterprise else None,
        "is_enterprise_install": False,
        "channel": {"id": channel.id, "name": shown_name(channel)},
        "user": {"id": person.user, "name": person.name},
        "message": as_slack(message),
    }


def in_message(message: Message, channel: Channel, response_url: str) -> dict[str, Any]:
    """Build the part of a press that names its message; the content of an ephemeral one is left out."""
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.user is not None,
        **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
    }
    return {
        "container": container,
        "channel": {"id": channel.id, "name": shown_name(channel)},
        "state": {"values": {}},
        "response_url": response_url,
        **({"message": as_slack(message)} if message.user is None else {}),
    }


def view_closed(view: Mapping[str, Any], *, person: Person, is_cleared: bool) -> dict[str, Any]:
    """Build the payload for a modal that was closed; ``is_cleared`` when all modals were."""
    return {
        "type": "view_closed",
        "team": {"id": person.home, "domain": TEAM_NAME},
        "user": {"id": person.user, "username": person.name, "name": person.name, "team_id": person.team},
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "view": view,
        "is_cleared": is_cleared,
        "enterprise": {"id": person.enterprise, "name": "org"} if person.enterprise else None,
        "is_enterprise_install": False,
    }


def in_view(view: Mapping[str, Any]) -> dict[str, Any]:
    """Build the part of a press that names its view; there is no channel and no ``response_url``."""
    return {"container": {"type": "view", "view_id": view["id"]}, "view": view}


def find_button(surface: Message | View, action_id: str, value: str | None = None) -> dict[str, Any]:
    """Return the first button or menu with this ``action_id`` as an entry of ``actions``.

    With ``value``, a button has this value; in a menu, the option with this value is chosen, else the first.
    Raises LookupError when there is none.
    """
    for block in identified(surface):
        for element in [*block.get("elements", ()), block.get("accessory") or {}]:
            if element.get("action_id") != action_id:
                continue
            if element.get("type") in MENUS:
                options = [each for each in element["options"] if value in (None, each["value"])]
                pressed = {"selected_option": options[0]} if options else None
            else:
                pressed = _as_pressed(element) if value in (None, element.get("value")) else None
            if pressed:
                found = {"action_id": action_id, "block_id": block["block_id"], "type": element["type"]}
                return found | pressed
    raise LookupError(f"No button {action_id!r} in {surface}")


def _as_pressed(button: Mapping[str, Any]) -> dict[str, Any]:
    return {key: button[key] for key in ("text", "value", "style") if key in button}


def shown_name(channel: Channel) -> str:
    """Return the name of a channel in payloads, which do not disclose that of a private one."""
    return "privategroup" if channel.private and not channel.is_direct else channel.name
