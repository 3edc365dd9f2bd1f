"""PURE. What the manifest of an app turns on: tabs, shortcuts, events (page "App manifest reference")."""

from collections.abc import Mapping
from typing import Any

Manifest = Mapping[str, Any]
TABS = {"home": "home_tab_enabled", "messages": "messages_tab_enabled"}
"""The tabs that ``app_home_opened`` names, each with the key that turns it on."""


def has_tab(manifest: Manifest, tab: str) -> bool:
    """Whether people see this tab of the App Home. Raises KeyError for one that Slack does not have."""
    return bool(_app_home(manifest).get(TABS[tab]))


def can_write_to_bot(manifest: Manifest) -> bool:
    """Whether people have a message box in their direct message with the bot."""
    return not _app_home(manifest).get("messages_tab_read_only_enabled")


def gets_event(manifest: Manifest, name: str) -> bool:
    """Whether the app has subscribed to an event of its bot user."""
    return name in manifest.get("settings", {}).get("event_subscriptions", {}).get("bot_events", ())


def has_shortcut(manifest: Manifest, kind: str, callback_id: str) -> bool:
    """Whether people find a shortcut of this kind, ``message`` or ``global``."""
    shortcuts = manifest.get("features", {}).get("shortcuts", ())
    return any((each["type"], each["callback_id"]) == (kind, callback_id) for each in shortcuts)


def _app_home(manifest: Manifest) -> Mapping[str, Any]:
    return dict(manifest.get("features", {}).get("app_home", {}))
