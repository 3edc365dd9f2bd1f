"""Modals and App Homes: the Web API methods ``views.open``, ``push``, ``update`` and ``publish``.

Sources: the pages of the methods, "Modal views", "Home tab views" and "Modals". Submissions are not
simulated.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from bot.simulators.slack import app_settings, blockkit
from bot.simulators.slack.errors import ApiError
from bot.simulators.slack.messages import identified
from bot.simulators.slack.records import APP_ID, BOT_ID, Newest, View
from bot.simulators.slack.state import State

TRIGGER_SECONDS = 3
"""How long a ``trigger_id`` can be exchanged (page "Handling user interaction")."""
MAX_STACK = 3
"""How many modals lie on each other at most."""
MAX_VIEW_BYTES = 250_000
"""The size of a view in JSON above which the error is ``view_too_large``."""


@dataclass(kw_only=True)
class Trigger:
    """What a ``trigger_id`` stands for."""

    user: str
    created: float
    """Epoch seconds."""
    exchanged: bool = False
    """Whether a modal was opened with it."""


class Views:
    """The modal that each person sees, those below it, and the App Home, by user id."""

    def __init__(self, state: State) -> None:
        self.modals: dict[str, View] = {}
        self.homes: dict[str, View] = {}
        self._below: dict[str, list[View]] = {}
        """The modals that lie below the one that a person sees, the lowest first."""
        self._state = state
        self._triggers: Newest[Trigger] = Newest()
        self._numbers = count(1)

    def new_trigger(self, user: str) -> str:
        """Return a new ``trigger_id`` for a payload of this person's interaction."""
        now = self._state.clock()
        trigger_id = f"{int(now)}.{next(self._numbers)}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = Trigger(user=user, created=now)
        return trigger_id

    def close_modal(self, user: str) -> None:
        """Close all modals of a person, who is not waited for any more. Raises KeyError when none is open."""
        del self.modals[user]
        self._below.pop(user, None)

    def close_top(self, user: str) -> None:
        """Close the modal that a person sees; the one below it is seen again. Raises KeyError for none."""
        del self.modals[user]
        if below := self._below.get(user):
            self.modals[user] = below.pop()

    def stack(self, user: str) -> list[View]:
        """Return the modals of a person, the lowest first."""
        top = self.modals.get(user)
        return [*self._below.get(user, ()), top] if top else []

    def current(self, view: View) -> View | None:
        """Return the version of a view that its person sees now; None when it was closed or replaced."""
        shown = (self.modals if view.type == "modal" else self.homes).get(view.user)
        return shown if shown and shown.id == view.id else None

    def open(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Open a modal; those that are open already are replaced. Raises ApiError."""
        content = self._checked(arguments, "modal", None)
        user = self._exchange(arguments["trigger_id"])
        self._below.pop(user, None)
        self.modals[user] = self._new_version(user, content, None)
        return {"view": self.as_slack(self.modals[user])}

    def push(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Lay a modal on the one that a person sees. Raises ApiError.

        That the error is ``not_found`` where none is open is inferred.
        """
        content = self._checked(arguments, "modal", None)
        user = self._exchange(arguments["trigger_id"])
        if not self.stack(user):
            raise ApiError("not_found")
        if len(self.stack(user)) == MAX_STACK:
            raise ApiError("push_limit_reached")
        self._below.setdefault(user, []).append(self.modals[user])
        self.modals[user] = self._new_version(user, content, None)
        return {"view": self.as_slack(self.modals[user])}

    def update(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the content of an open modal, also of one below another. Raises ApiError."""
        view_id, external_id = arguments.get("view_id"), arguments.get("external_id")
        if bool(view_id) == bool(external_id):
            raise _invalid(["/view_id: exactly one of view_id and external_id is required"])
        for modal in self._open_modals():
            if view_id == modal.id or (external_id and external_id == modal.external_id):
                content = self._checked(arguments, "modal", modal)
                newer = self._new_version(modal.user, content, modal)
                self._replace(modal, newer)
                return {"view": self.as_slack(newer)}
        raise ApiError("not_found")

    def _open_modals(self) -> list[View]:
        return [view for user in self.modals for view in self.stack(user)]

    def _replace(self, modal: View, newer: View) -> None:
        if self.modals[modal.user] is modal:
            self.modals[modal.user] = newer
        else:
            below = self._below[modal.user]
            below[below.index(modal)] = newer

    def publish(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Create or replace a person's App Home. Raises ApiError.

        That Slack takes one for the bot's own user, as for a person, is inferred.
        """
        user = str(arguments["user_id"])
        if not user.startswith(("U", "W")):
            raise _invalid([f"/user_id: {user!r} is not the id of a user"])
        if not app_settings.has_tab(self._state.manifest, "home"):
            raise ApiError("not_enabled")
        home = self.homes.get(user)
        content = self._checked(arguments, "home", home)
        self.homes[user] = self._new_version(user, content, home)
        return {"view": self.as_slack(self.homes[user])}

    def as_slack(self, view: View) -> dict[str, Any]:
        """Return a view as the Web API and button payloads carry it."""
        absent: dict[str, Any] = {
            "close": None,
            "submit": None,
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
        }
        absent |= {"clear_on_close": False, "notify_on_close": False}
        ids = [each.id for each in self.stack(view.user)] if view.type == "modal" else []
        place = ids.index(view.id) if view.id in ids else 0
        return {
            **absent,
            **view.content,
            "id": view.id,
            "team_id": self._state.team_id,
            "app_installed_team_id": self._state.team_id,
            "blocks": list(identified(view)),
            "state": {"values": {}},
            "hash": view.hash,
            "root_view_id": ids[0] if ids else view.id,
            "previous_view_id": ids[place - 1] if place else None,
            "app_id": APP_ID,
            "bot_id": BOT_ID,
        }

    def _exchange(self, trigger_id: Any) -> str:
        """Use up a ``trigger_id``, and return the user that it stands for. Raises ApiError."""
        trigger = self._triggers.get(str(trigger_id))
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.exchanged:
            raise ApiError("exchanged_trigger_id")
        if self._state.clock() - trigger.created > TRIGGER_SECONDS:
            raise ApiError("expired_trigger_id")
        trigger.exchanged = True
        return trigger.user

    def _checked(self, arguments: Mapping[str, Any], kind: str, replaced: View | None) -> dict[str, Any]:
        """Return the view that a call carries, if it may take the place of ``replaced``. Raises ApiError."""
        view, expected = arguments["view"], arguments.get("hash")
        problems = blockkit.view_problems(view, kind)
        if problems:
            raise _invalid(problems)
        if len(json.dumps(view)) > MAX_VIEW_BYTES:
            raise ApiError("view_too_large")
        if expected and expected != (replaced.hash if replaced else None):
            raise ApiError("hash_conflict")
        others = [each for each in (*self._open_modals(), *self.homes.values()) if each is not replaced]
        if view.get("external_id") and view["external_id"] in {each.external_id for each in others}:
            raise ApiError("duplicate_external_id")
        return dict(view)

    def _new_version(self, user: str, content: dict[str, Any], replaced: View | None) -> View:
        version = next(self._numbers)
        view_id = replaced.id if replaced else f"V0{version:08d}"
        return View(id=view_id, user=user, content=content, hash=f"{int(self._state.clock())}.{version:08x}")


def _invalid(problems: list[str]) -> ApiError:
    return ApiError("invalid_arguments", response_metadata={"messages": problems})
