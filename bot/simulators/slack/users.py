"""What Slack tells of the people of the workspace: the method ``users.info`` (page "User object")."""

import re
from typing import Any

from bot.simulators.slack.errors import ApiError
from bot.simulators.slack.state import State

USUAL_LOCALE = "en-US"
_USER = re.compile(r"[UW][A-Z0-9]+")


class Users:
    """Answers for everybody whose id is one of a user; nobody has to be added before."""

    def __init__(self, state: State) -> None:
        self._state = state

    def info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Describe a person; their locale only where it is asked for."""
        user = str(arguments["user"])
        if not _USER.fullmatch(user):
            raise ApiError("user_not_found")
        if user in self._state.invisible:
            raise ApiError("user_not_visible")
        locale = self._state.locales.get(user, USUAL_LOCALE)
        described = {"id": user, "team_id": self._state.team_id, "deleted": False, "is_bot": False}
        return {"user": described | ({"locale": locale} if arguments.get("include_locale") else {})}
