"""Which people the bot serves."""

from typing import Any

import pytest

from bot.domain.workspace import Workspace

ALONE = Workspace(team_id="T1")
ON_GRID = Workspace(team_id="T1", organization="E1")
ORG_WIDE = Workspace(team_id="E1", organization="E1")
HOME = {"id": "T1", "domain": "home"}


def press(team_id: str | None, enterprise: str | None = None, **more: Any) -> dict[str, Any]:
    """Give a press, as "block_actions payload" has it: ``team`` is the app's, ``user`` is whoever pressed."""
    user = {"id": "U1"} | ({"team_id": team_id} if team_id else {})
    org = {"id": enterprise, "name": "org"} if enterprise else None
    return {"type": "block_actions", "user": user, "team": HOME, "enterprise": org} | more


def event(**event: Any) -> dict[str, Any]:
    return {"type": "event_callback", "team_id": "T1", "enterprise_id": "E1", "event": event}


def command(team_id: str, enterprise_id: str | None = None) -> dict[str, Any]:
    org = {"enterprise_id": enterprise_id} if enterprise_id else {}
    return {"command": "/voicejob", "user_id": "U1", "team_id": team_id, **org}


SERVED: list[tuple[Workspace, bool, list[dict[str, Any]]]] = [
    (ALONE, True, [press("T1"), press(None)]),
    (ALONE, False, [press("T2"), press("E1", "E1"), command("T2")]),
    (ALONE, False, [{"type": "message_action", "user": {"id": "U1"}, "team": {"id": "T2"}}]),
    (ON_GRID, True, [press("T2", "E1"), press("E1"), press("T2") | {"enterprise": "E1"}]),
    (ON_GRID, True, [press("T2", team={"id": "T1", "enterprise_id": "E1"})]),
    (ON_GRID, False, [press("T2"), press("E2", "E1"), command("T2", "E2")]),
    (ON_GRID, False, [press("T2", "E1", user={"id": "U1", "team_id": "T2", "enterprise_id": "E2"})]),
    (ON_GRID, False, [{"user": "U1", "enterprise_id": "E2"}, event(user="U1", user_team="E2")]),
    (ON_GRID, False, [event(user="U1", team="T2") | {"is_ext_shared_channel": True}]),
    (ON_GRID, True, [event(user="U1", team="T1") | {"is_ext_shared_channel": True}]),
    (ON_GRID, True, [event(user="U1", team="T2"), event(type="channel_archive")]),
    (ORG_WIDE, True, [command("T7", "E1")]),
]


@pytest.mark.parametrize(("workspace", "is_served", "bodies"), SERVED)
def test_who_is_served(workspace: Workspace, bodies: list[dict[str, Any]], *, is_served: bool) -> None:
    """Members of the workspace and of its organization are, whichever way they come; others are not."""
    assert [workspace.serves(body) for body in bodies] == [is_served] * len(bodies)


AUTH: list[tuple[dict[str, Any], Workspace]] = [
    ({"team_id": "T1", "enterprise_id": None}, ALONE),
    ({"team_id": "T1", "enterprise_id": "E1"}, ON_GRID),
    ({"team_id": "E1", "is_enterprise_install": True}, ORG_WIDE),
    ({"team_id": None, "enterprise_id": "E1"}, ORG_WIDE),
    ({}, Workspace(team_id="")),
]


def test_what_auth_test_says() -> None:
    """An app that is installed for a whole organization may have no workspace of its own."""
    assert [Workspace.of(auth) for auth, _ in AUTH] == [workspace for _, workspace in AUTH]
