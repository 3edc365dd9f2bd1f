"""Events: what opening the App Home sends, how often, and when nothing is sent."""

from copy import deepcopy
from typing import Any

import pytest

from bot.simulators.slack.workspace import ALICE, SlackWorkspace
from tests.simulators.slack.protocol import Api, App, as_json
from tests.support import PATIENCE

HOME = {"type": "home", "blocks": []}


async def test_the_event_carries_what_slack_documents(slack: SlackWorkspace, app: App, api: Api) -> None:
    """Each tab has it, and its direct message; the view is there once a home was published."""
    slack.move("T1", "E1")
    acks = [await slack.open_home(tab="messages")]
    view = (await api("views.publish", user_id=ALICE, view=HOME))["view"]
    acks += [await slack.open_home()]
    first, second = app.received
    event = {"type": "app_home_opened", "user": ALICE, "channel": slack.direct_channel(ALICE)}
    event |= {"event_ts": f"{slack.now():.6f}"}
    owner = {"enterprise_id": "E1", "team_id": "T1", "user_id": "U0VOICEJOB"}

    assert [ack.acked for ack in acks] == [True, True]
    assert first["event"] == event | {"tab": "messages"}
    assert second["event"] == event | {"tab": "home", "view": view}
    assert first.pop("event_id") != second["event_id"]
    del first["event"]
    assert first == {
        "type": "event_callback",
        "token": "deprecated-verification-token",
        "team_id": "T1",
        "enterprise_id": "E1",
        "api_app_id": "A0VOICEJOB",
        "event_time": int(slack.now()),
        "event_context": "1-app_home_opened-T1-A0VOICEJOB",
        "authorizations": [owner | {"is_bot": True, "is_enterprise_install": False}],
        "is_ext_shared_channel": False,
    }


@pytest.mark.parametrize(
    ("acknowledgement", "attempts", "violations"),
    [({}, 1, 0), (as_json({"text": "x"}), 1, 1), ({"status": 404}, 4, 4)],
)
async def test_an_event_comes_again(
    slack: SlackWorkspace, app: App, *, acknowledgement: Any, attempts: int, violations: int
) -> None:
    """Three times more at most, with its number and a reason, if it was not acknowledged."""
    app.acknowledgement = acknowledgement
    ack = await slack.open_home()
    retries = [(each.get("X-Slack-Retry-Num"), each.get("X-Slack-Retry-Reason")) for each in app.headers]

    assert ack.acked is (attempts == 1)
    assert retries == [(None, None), *[(str(number), "http_error") for number in (1, 2, 3)]][:attempts]
    assert len({each["event_id"] for each in app.received}) == 1
    assert len(slack.violations) == violations


@pytest.mark.parametrize("ack_timeout", [0.2])
async def test_the_envelope_of_an_event(slack: SlackWorkspace, api: Api) -> None:
    """By Socket Mode the envelope has the attempt, and takes no payload back."""
    async with api.link() as ws:
        ack = await slack.open_home()
        envelopes = [await ws.receive_json(timeout=PATIENCE) for _ in range(4)]

    tries = [(each["retry_attempt"], each["retry_reason"]) for each in envelopes]
    assert tries == [(0, ""), *[(number, "http_timeout") for number in (1, 2, 3)]]
    assert {(each["type"], each["accepts_response_payload"]) for each in envelopes} == {("events_api", False)}
    assert (ack.acked, ack.error) == (False, "operation_timeout")


@pytest.mark.parametrize(
    ("without", "tab"),
    [("home_tab_enabled", "home"), ("messages_tab_enabled", "messages"), ("event_subscriptions", "home")],
)
async def test_when_no_event_comes(slack: SlackWorkspace, app: App, without: str, tab: str) -> None:
    """Where the manifest has not the tab, or not the event."""
    manifest: dict[str, Any] = deepcopy(dict(slack.manifest))
    manifest["features"]["app_home"].pop(without, None)
    manifest["settings"].pop(without, None)
    slack.manifest = manifest

    assert not (await slack.open_home(tab=tab)).acked
    assert (app.received, slack.violations) == ([], [])
