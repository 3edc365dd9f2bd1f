"""Modals and App Homes of the simulator: the three Web API methods, and what people do with a view."""

from typing import Any

import pytest

from bot.simulators.slack.blockkit import view_problems
from bot.simulators.slack.workspace import ALICE, SlackWorkspace
from tests.simulators.slack.conftest import Api, App
from tests.support import Clock

BOB = "U0BOB"
BUTTON = {"type": "button", "action_id": "refresh", "text": {"type": "plain_text", "text": "Refresh"}}
BLOCKS = [{"type": "actions", "block_id": "buttons", "elements": [{**BUTTON, "value": "job"}]}]
HOME = {"type": "home", "blocks": BLOCKS}
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "Job"}, "blocks": BLOCKS}


async def new_trigger(workspace: SlackWorkspace, app: App, user: str = ALICE) -> str:
    """Let a person type a command, and return the ``trigger_id`` that the app got."""
    await workspace.command("/voicejob", channel=workspace.direct_channel(user), user=user)
    return str(app.received[-1]["trigger_id"])


@pytest.fixture
async def opened(workspace: SlackWorkspace, app: App, api: Api) -> dict[str, Any]:
    """Open a modal for Alice, and return it as the answer has it."""
    trigger = await new_trigger(workspace, app)
    answer = await api("views.open", trigger_id=trigger, view={**MODAL, "external_id": "job-1"})
    return dict(answer["view"])


async def test_a_trigger_opens_one_modal_for_who_caused_it(
    workspace: SlackWorkspace, app: App, api: Api
) -> None:
    """The answer has the view with the ids and defaults that Slack adds; the trigger is then used up."""
    trigger = await new_trigger(workspace, app, BOB)
    answer = await api("views.open", trigger_id=trigger, view={**MODAL, "private_metadata": "C1"})
    again = await api("views.open", trigger_id=trigger, view=MODAL)

    view = answer["view"]
    assert answer["ok"]
    assert again["error"] == "exchanged_trigger_id"
    assert view == {
        **MODAL,
        "id": view["id"],
        "hash": view["hash"],
        "team_id": "T0VOICEJOB",
        "app_installed_team_id": "T0VOICEJOB",
        "close": None,
        "submit": None,
        "private_metadata": "C1",
        "callback_id": "",
        "external_id": "",
        "state": {"values": {}},
        "clear_on_close": False,
        "notify_on_close": False,
        "root_view_id": view["id"],
        "previous_view_id": None,
        "app_id": "A0VOICEJOB",
        "bot_id": "B0VOICEJOB",
    }
    assert list(workspace.modals) == [BOB]


async def test_a_trigger_lives_for_three_seconds(
    workspace: SlackWorkspace, app: App, api: Api, clock: Clock
) -> None:
    """After that it has expired, which is nobody's mistake; an invented one is a violation."""
    late, in_time = await new_trigger(workspace, app), await new_trigger(workspace, app, BOB)
    clock.now += 3
    assert (await api("views.open", trigger_id=in_time, view=MODAL))["ok"]
    clock.now += 0.1
    assert (await api("views.open", trigger_id=late, view=MODAL))["error"] == "expired_trigger_id"
    assert workspace.violations == []
    assert (await api("views.open", trigger_id="1.2.3", view=MODAL))["error"] == "invalid_trigger_id"
    assert len(workspace.violations) == 1


@pytest.mark.parametrize("by", [{"view_id": None}, {"external_id": "job-1"}])
async def test_a_modal_is_updated_in_its_place(
    workspace: SlackWorkspace, api: Api, opened: dict[str, Any], by: dict[str, Any]
) -> None:
    """It keeps its id and gets another hash; a wrong hash refuses the update, as does a closed modal."""
    by = {key: value or opened["id"] for key, value in by.items()}
    new = {**MODAL, "blocks": [], "external_id": "job-1"}
    answer = await api("views.update", view=new, hash=opened["hash"], **by)
    stale = await api("views.update", view=MODAL, hash=opened["hash"], **by)
    shown = workspace.modals[ALICE]
    workspace.close_modal(ALICE)
    closed = await api("views.update", view=MODAL, **by)

    assert answer["view"]["id"] == opened["id"] == shown.id
    assert answer["view"]["hash"] == shown.hash != opened["hash"]
    assert shown.blocks == []
    assert (stale["error"], closed["error"]) == ("hash_conflict", "not_found")
    assert workspace.violations == []


async def test_each_person_has_a_home_of_their_own(workspace: SlackWorkspace, api: Api) -> None:
    """Publishing again replaces it under the same id; a wrong hash refuses that."""
    first = (await api("views.publish", user_id=ALICE, view=HOME))["view"]
    await api("views.publish", user_id=BOB, view=HOME)
    again = (await api("views.publish", user_id=ALICE, view={**HOME, "blocks": []}, hash=first["hash"]))[
        "view"
    ]
    stale = await api("views.publish", user_id=ALICE, view=HOME, hash=first["hash"])

    assert again["id"] == first["id"] != workspace.homes[BOB].id
    assert (workspace.homes[ALICE].blocks, workspace.homes[BOB].blocks) == ([], BLOCKS)
    assert stale["error"] == "hash_conflict"


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("views.open", {"view": MODAL}, "invalid_arguments"),
        ("views.open", {"trigger_id": "x", "view": HOME}, "invalid_arguments"),
        ("views.update", {"view": MODAL}, "invalid_arguments"),
        ("views.update", {"view": MODAL, "view_id": "V1", "external_id": "x"}, "invalid_arguments"),
        ("views.publish", {"user_id": ALICE, "view": MODAL}, "invalid_arguments"),
        ("views.publish", {"user_id": "C1", "view": HOME}, "invalid_arguments"),
        (
            "views.publish",
            {"user_id": ALICE, "view": {**HOME, "external_id": "job-1"}},
            "duplicate_external_id",
        ),
        (
            "views.publish",
            {
                "user_id": ALICE,
                "view": {
                    "type": "home",
                    "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}] * 90,
                },
            },
            "view_too_large",
        ),
    ],
)
@pytest.mark.usefixtures("opened")
async def test_a_mistake_of_the_app_is_refused(
    workspace: SlackWorkspace, api: Api, method: str, arguments: dict[str, Any], error: str
) -> None:
    """It is answered with the documented code, remembered as a violation, and changes nothing."""
    modals = dict(workspace.modals)

    assert (await api(method, **arguments))["error"] == error
    assert len(workspace.violations) == 1
    assert (workspace.modals, workspace.homes) == (modals, {})


@pytest.mark.parametrize(
    ("view", "kind", "problems"),
    [
        ({**MODAL, "close": MODAL["title"], "submit": MODAL["title"]}, "modal", []),
        ({**HOME, "private_metadata": "x" * 3000, "callback_id": "x" * 255}, "home", []),
        ({**HOME, "blocks": [{"type": "divider"}] * 100}, "home", []),
        ({**HOME, "blocks": [{"type": "divider"}] * 101}, "home", ["/view/blocks: 101 blocks, at most 100"]),
        ({"type": "home"}, "home", ["/view: blocks is missing"]),
        ({"type": "modal", "blocks": []}, "modal", ["/view: title is missing"]),
        (
            {**MODAL, "title": {"type": "plain_text", "text": "x" * 25}},
            "modal",
            ["/view/title: 25 characters, at most 24"],
        ),
        (
            {**MODAL, "close": {"type": "mrkdwn", "text": "x"}},
            "modal",
            ["/view/close: not a plain_text object"],
        ),
        ({**HOME, "title": MODAL["title"]}, "home", ["/view: unknown key 'title'"]),
        ({**HOME, "external_id": "x" * 256}, "home", ["/view/external_id: 256 characters, at most 255"]),
        ({**HOME, "blocks": [{"type": "section"}]}, "home", ["/view/blocks/0: needs text or fields"]),
        ("home", "home", ["/view: not a home"]),
    ],
)
def test_how_a_view_is_made(view: Any, kind: str, problems: list[str]) -> None:
    """A view keeps the limits of the pages "Modal views" and "Home tab views"."""
    assert view_problems(view, kind) == problems


@pytest.mark.parametrize("kind", ["modal", "home"])
async def test_a_press_in_a_view_names_no_channel(
    workspace: SlackWorkspace, app: App, api: Api, opened: dict[str, Any], kind: str
) -> None:
    """The payload carries the view instead; its trigger opens a modal in place of an open one."""
    await api("views.publish", user_id=ALICE, view=HOME)
    view = (workspace.modals if kind == "modal" else workspace.homes)[ALICE]
    press = await workspace.press(view, "refresh")
    payload = app.received[-1]
    trigger, action = payload.pop("trigger_id"), payload["actions"][0]
    answer = await api("views.open", trigger_id=trigger, view=MODAL)

    assert (press.acked, press.channel, press.response_url) == (True, "", "")
    assert action == {**BUTTON, "value": "job", "block_id": "buttons", "action_ts": action["action_ts"]}
    assert payload["container"] == {"type": "view", "view_id": view.id}
    assert (payload["view"]["id"], payload["view"]["hash"]) == (view.id, view.hash)
    assert payload.keys() == {
        "type", "user", "api_app_id", "token", "container", "team", "enterprise", "is_enterprise_install",
        "view", "actions",
    }  # fmt: skip
    assert workspace.modals[ALICE].id == answer["view"]["id"] != opened["id"]


async def test_only_who_sees_a_view_can_press_in_it(workspace: SlackWorkspace, api: Api) -> None:
    """Another person and a button that is not there are refused, as is a view that is not there any more."""
    await api("views.publish", user_id=ALICE, view=HOME)
    home = workspace.homes[ALICE]
    for action_id, user in (("refresh", BOB), ("explode", ALICE)):
        with pytest.raises(LookupError):
            await workspace.press(home, action_id, user=user)
    workspace.homes.clear()
    with pytest.raises(LookupError, match="does not see the home view"):
        await workspace.press(home, "refresh")
