"""PURE. The workspace that the bot belongs to, and the check that a request comes from its members.

Field names are those of Slack's payloads ("Interaction payloads", "Implementing slash commands", "The Events
API") and of the page "Developing apps for Enterprise organizations".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Payload = Mapping[str, Any]


class Answer(Protocol):
    """The response of ``auth.test``."""

    def get(self, key: str, default: Any = None, /) -> Any:
        """Return a field."""


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """The workspace, and the Enterprise organization that it is part of, empty if it is part of none.

    An app that is installed for a whole organization may have the organization's id for a ``team_id``.
    """

    team_id: str
    organization: str = ""

    @classmethod
    def of(cls, auth: Answer) -> "Workspace":
        """Return the workspace of the token that ``auth.test`` answered for."""
        team_id, enterprise_id = _text(auth.get("team_id")), _text(auth.get("enterprise_id"))
        organization = enterprise_id or (team_id if team_id.startswith("E") else "")
        return cls(team_id=team_id or organization, organization=organization)

    def serves(self, body: Payload) -> bool:
        """Whether a payload comes from a member of the workspace, or of its organization.

        Slack Connect lets others see channels and buttons. A person's ``team_id`` may be the organization's,
        or that of another workspace in it; then only the payload's ``enterprise`` tells colleagues from
        others. Slack says of that field whose app it is, too: so an outsider whose own workspace is part of
        no organization can't be told from a colleague on Enterprise Grid, and is served. A payload that
        names no team is served: Slack sends it to this app alone.
        """
        team, organization = _team(body), _organization(body)
        if not team:
            return organization in {"", self.organization}
        if team in {self.team_id, self.organization}:
            return True
        # In a shared channel, the event's organization may be that of either side.
        is_ambiguous = team.startswith("E") or body.get("is_ext_shared_channel") is True
        return not is_ambiguous and bool(self.organization) and organization == self.organization


def _team(body: Payload) -> str:
    """Return the team of the person who acts: a shortcut and a command name only where it happened."""
    event, user = _part(body, "event"), _part(body, "user")
    if event:
        return _first(event.get("user_team"), event.get("source_team"), event.get("team"))
    return _first(user.get("team_id"), _part(body, "team").get("id"), body.get("team"), body.get("team_id"))


def _organization(body: Payload) -> str:
    """Return the organization that a payload names: that of the person first."""
    return _first(
        _part(body, "user").get("enterprise_id"),
        _part(body, "enterprise").get("id"),
        body.get("enterprise"),
        body.get("enterprise_id"),
        _part(body, "team").get("enterprise_id"),
    )


def _part(body: Payload, name: str) -> Payload:
    part = body.get(name)
    return part if isinstance(part, Mapping) else {}


def _first(*values: object) -> str:
    return next(filter(None, map(_text, values)), "")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
