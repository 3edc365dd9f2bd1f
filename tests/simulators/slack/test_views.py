"""Modals and App Homes: the four Web API methods, and what people do with a view."""

from typing import Any

import pytest

from bot.simulators.slack.workspace import ALICE, SlackWorkspace
from tests.simulators.slack.protocol import BUTTON, CARD, Api, App
from tests.support import Clock

BOB = "U0BOB"
HOME = {"type": "home", "blocks": CARD[1:]}
TEXT = {"type": "plain_text", "text": "Job"}
MODAL = {"type": "modal", "title": TEXT, "blocks": CARD[1:]}
ID = {"external_id": "job-1"}
LONG = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}


async def trigger_of(slack: SlackWorkspace, app: App, user: str = ALICE) -> str:
    """Type a command as a person, and return the ``trigger_id`` that the app got."""
    await slack.command("/voicejob", channel=slack.add_channel("voices"), user=user)
    return str(app.received[-1]["trigger_id"])


@pytest.fixture
async def opened(slack: SlackWorkspace, app: App, api: Api) -> dict[str, Any]:
    """Open a modal for Alice, and return it as the answer has it."""
    trigger = await trigger_of(slack, app)
    answer = await api("views.open", trigger_id=trigger, view=MODAL | ID)
    return dict(answer["view"])


async def test_a_trigger_opens_one_modal(slack: SlackWorkspace, app: App, api: Api, clock: Clock) -> None:
    """It lives for three seconds; the modal is that of who caused it; an invented trigger is a violation."""
    late, in_time = await trigger_of(slack, app), await trigger_of(slack, app, BOB)
    clock.now += 3
    view = (await api("views.open", trigger_id=in_time, view={**MODAL, "private_metadata": "C1"}))["view"]
    clock.now += 0.1
    codes = [
        (await api("views.open", trigger_id=each, view=MODAL))["error"] for each in (late, in_time, "1.2.3")
    ]

    assert (view["private_metadata"], view["state"]) == ("C1", {"values": {}})
    assert (view["id"], view["hash"]) == (slack.modals[BOB].id, slack.modals[BOB].hash)
    assert codes == ["expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"]
    assert (list(slack.modals), len(slack.violations)) == ([BOB], 2)


async def test_a_view_is_updated_in_its_place(
    slack: SlackWorkspace, api: Api, opened: dict[str, Any]
) -> None:
    """It keeps its id and gets another hash, which an update may have to match; a closed one is gone."""
    answer = await api("views.update", view={**MODAL, "blocks": []}, external_id="job-1", hash=opened["hash"])
    stale = await api("views.update", view=MODAL, view_id=opened["id"], hash=opened["hash"])
    slack.close_modal(ALICE)
    closed = await api("views.update", view=MODAL, view_id=opened["id"])
    first, second = [await api("views.publish", user_id=ALICE, view=HOME) for _ in range(2)]

    assert (answer["view"]["id"], answer["view"]["blocks"]) == (opened["id"], [])
    assert (stale["error"], closed["error"]) == ("hash_conflict", "not_found")
    assert first["view"]["id"] == second["view"]["id"] == slack.homes[ALICE].id


@pytest.mark.usefixtures("opened")
async def test_a_mistake_of_the_app_is_refused(slack: SlackWorkspace, api: Api) -> None:
    """It is answered with the documented code, recorded as a violation, and changes nothing."""
    modals = dict(slack.modals)
    for method, error, arguments in (
        ("views.open", "invalid_arguments", {"view": MODAL}),
        ("views.open", "invalid_arguments", {"trigger_id": "x", "view": HOME}),
        ("views.update", "invalid_arguments", {"view": MODAL}),
        ("views.publish", "invalid_arguments", {"user_id": "C1", "view": HOME}),
        ("views.publish", "duplicate_external_id", {"user_id": BOB, "view": HOME | ID}),
        ("views.publish", "view_too_large", {"user_id": BOB, "view": {**HOME, "blocks": [LONG] * 90}}),
    ):
        slack.violations.clear()
        assert (await api(method, **arguments))["error"] == error
        assert len(slack.violations) == 1
    assert (slack.modals, slack.homes) == (modals, {})


async def test_modals_lie_on_each_other(slack: SlackWorkspace, app: App, api: Api) -> None:
    """Three at most; each can be updated, and the one below is seen again when the top one is closed."""
    views = [(await api("views.open", trigger_id=await trigger_of(slack, app), view=MODAL))["view"]]
    pushed = [await api("views.push", trigger_id=await trigger_of(slack, app), view=MODAL) for _ in range(3)]
    views += [answer["view"] for answer in pushed[:2]]
    places = [(view["root_view_id"], view["previous_view_id"]) for view in views]
    root = views[0]["id"]
    updated = await api("views.update", view_id=root, view={**MODAL, "blocks": []})
    closed = []
    for _ in range(2):
        await slack.close_view()
        closed.append(slack.modals[ALICE].id)

    assert places == [(root, None), (root, root), (root, views[1]["id"])]
    assert pushed[2]["error"] == "push_limit_reached"
    assert closed == [views[1]["id"], root]
    assert (updated["view"]["id"], slack.modals[ALICE].blocks) == (root, [])
    await slack.close_view()
    alone = await api("views.push", trigger_id=await trigger_of(slack, app), view=MODAL)
    assert (alone["error"], slack.modals) == ("not_found", {})


@pytest.mark.parametrize(
    ("switches", "all_of_them", "is_cleared"),
    [
        ({}, True, None),
        ({"notify_on_close": True}, False, False),
        ({"notify_on_close": True}, True, True),
        ({"notify_on_close": True, "clear_on_close": True}, False, True),
    ],
)
async def test_closing_is_told_on_request(
    slack: SlackWorkspace,
    app: App,
    api: Api,
    *,
    switches: dict[str, bool],
    all_of_them: bool,
    is_cleared: Any,
) -> None:
    """With the view as it was; it says whether all modals of the person were closed."""
    await api("views.open", trigger_id=await trigger_of(slack, app), view=MODAL)
    top = await api("views.push", trigger_id=await trigger_of(slack, app), view=MODAL | switches)
    app.received.clear()
    told = await slack.close_view(all_of_them=all_of_them)

    assert (told is None) is (is_cleared is None)
    sent = [(each["type"], each["view"], each["is_cleared"]) for each in app.received]
    assert sent == ([] if is_cleared is None else [("view_closed", top["view"], is_cleared)])
    assert bool(slack.modals) is (is_cleared is False)


@pytest.mark.usefixtures("app")
async def test_a_home_needs_its_tab(slack: SlackWorkspace, api: Api) -> None:
    """Without the tab in the manifest nothing is published, which is no mistake of the app."""
    bots = await api("views.publish", user_id="U0VOICEJOB", view=HOME)
    stale = await api("views.publish", user_id=ALICE, view=HOME, hash="1.2")
    slack.manifest = {}
    without = await api("views.publish", user_id=ALICE, view=HOME)

    assert (bots["ok"], stale["error"], without["error"]) == (True, "hash_conflict", "not_enabled")
    assert slack.violations == []


MENU = {"action_id": "more", "options": [{"text": TEXT, "value": value} for value in "ab"]}


@pytest.mark.parametrize("kind", ["overflow", "static_select"])
async def test_an_option_is_chosen(slack: SlackWorkspace, app: App, api: Api, kind: str) -> None:
    """The payload has the option; the first one where none is named, and no other than there is."""
    block = {"type": "actions", "block_id": "menus", "elements": [MENU | {"type": kind}]}
    await api("views.publish", user_id=ALICE, view={"type": "home", "blocks": [block]})
    for value in (None, "b"):
        await slack.press(slack.homes[ALICE], "more", value=value)

    chosen = [each["actions"][0] for each in app.received]
    assert [each["selected_option"]["value"] for each in chosen] == ["a", "b"]
    assert (chosen[0]["type"], chosen[0]["block_id"]) == (kind, "menus")
    with pytest.raises(LookupError, match="more"):
        await slack.press(slack.homes[ALICE], "more", value="c")


@pytest.mark.parametrize("kind", ["modal", "home"])
async def test_a_press_in_a_view_names_no_channel(
    slack: SlackWorkspace, app: App, api: Api, opened: dict[str, Any], kind: str
) -> None:
    """The payload has the view instead; its trigger opens a modal in place of an open one."""
    home = (await api("views.publish", user_id=ALICE, view=HOME))["view"]
    view = slack.modals[ALICE] if kind == "modal" else slack.homes[ALICE]
    press = await slack.press(view, "refresh")
    payload = app.received[-1]
    answer = await api("views.open", trigger_id=payload["trigger_id"], view=MODAL)

    assert payload["container"] == {"type": "view", "view_id": view.id}
    assert payload["view"] == (opened if kind == "modal" else home)
    assert payload["actions"][0].items() >= (BUTTON | {"block_id": "buttons"}).items()
    assert not {"channel", "message", "response_url"} & payload.keys()
    assert (press.acked, press.channel, press.response_url) == (True, "", "")
    assert slack.modals[ALICE].id == answer["view"]["id"] != opened["id"]
