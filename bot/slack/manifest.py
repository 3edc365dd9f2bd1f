"""PURE. The Slack app's manifest, for Socket Mode and HTTP mode: names, command, shortcut, scopes, settings.

The keys and the lengths are those of the page "App manifest reference".
"""

from typing import Any, Final
from urllib.parse import quote

import yaml
from pydantic import HttpUrl, TypeAdapter, ValidationError

COMMAND: Final = "/voicejob"
SHORTCUT: Final = "look_up_voice_job"
"""The ``callback_id`` of the message shortcut."""
EVENTS: Final = ("app_home_opened",)
"""The events that Slack sends; none of them needs a scope."""
EVENTS_PATH: Final = "/slack/events"
SCOPES: Final = ("chat:write", "commands")
"""The scopes of the bot token: to post, and to have a command."""
OPTIONAL_SCOPES: Final = ("users:read",)
"""A scope that the manifest does not ask for, and that helps where it is granted: to know in which language a
person reads Slack.
"""
NEW_APP: Final = "https://api.slack.com/apps?new_app=1&manifest_yaml="
"""Slack's page that makes an app of the manifest behind it (page "Configuring apps with app manifests")."""
_WIDTH: Final = 110


def manifest(host: str | None = None) -> dict[str, Any]:
    """Return the manifest: for Socket Mode, or for HTTP mode at ``host``, which ``address`` returned."""
    url = f"{host}{EVENTS_PATH}" if host else None
    at_url = {"request_url": url} if url else {}
    return {
        "_metadata": {"major_version": 1},
        "display_information": {
            "name": "VoiceJob",
            "description": "Shows where voice training jobs at Huawei Cloud MetaStudio stand, "
            "and tells channels when that changes.",
            "background_color": "#1d3557",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                # The bot never sees what is typed there: for that, it would need the scope im:history.
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "voicejob", "always_online": True},
            "shortcuts": [
                {
                    "name": "Look up voice job",
                    "type": "message",
                    "callback_id": SHORTCUT,
                    "description": "See where the voice training jobs named in a message stand",
                }
            ],
            "slash_commands": [_command(url)],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": at_url | {"bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True} | at_url,
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def _command(url: str | None) -> dict[str, Any]:
    command = {
        "command": COMMAND,
        "description": "See where a voice training job stands, and get told when it needs you",
        "usage_hint": "<job id or name> | waiting | recent | details <job> | "
        "subscribe <job>|project|batch <name>|tag <tag> [me|@person] | list [mine] | status | help",
        # So that Slack sends the ids of the people and groups who are named.
        "should_escape": True,
    }
    return command | ({"url": url} if url else {})


def as_yaml(made: dict[str, Any]) -> str:
    """Format a manifest as Slack's page accepts it."""
    return yaml.safe_dump(made, sort_keys=False, width=_WIDTH, allow_unicode=True)


def new_app_link(text: str) -> str:
    """Return the link to the page on which Slack makes an app of a manifest."""
    return NEW_APP + quote(text, safe="")


def address(text: str) -> str:
    """Parse the public URL of the proxy before the bot; return it without a slash at its end.

    Raises ValueError, which says what it must be: Slack calls https only (page "Slash commands"), and the
    path is the bot's.
    """
    if any(character.isspace() for character in text):
        raise ValueError("it must be an address without a blank in it, like https://voicejob.example.com")
    try:
        url = TypeAdapter(HttpUrl).validate_python(text)
    except ValidationError:
        raise ValueError("it must be an address like https://voicejob.example.com") from None
    if url.scheme != "https":
        raise ValueError("it must begin with https://, since Slack calls nothing else")
    if url.username is not None or url.password is not None:
        raise ValueError("it must be an address without a user and a password")
    if url.path not in {None, "/"} or url.query is not None or url.fragment is not None:
        raise ValueError(f"it must end with the host: {EVENTS_PATH} is put behind it here")
    return str(url).rstrip("/")
