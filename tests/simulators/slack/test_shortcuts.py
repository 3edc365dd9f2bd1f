"""Message shortcuts: where they are found, and what the app is sent."""

from copy import deepcopy
from typing import Any

import pytest

from bot.simulators.slack.workspace import ALICE, SlackWorkspace
from bot.slack.manifest import SHORTCUT
from tests.simulators.slack.protocol import CARD, Api, App, as_json

BOB = "U0BOB"
TEXT = "see <https://a.example/x|this> &amp; that"


async def test_a_shortcut_carries_what_slack_documents(
    slack: SlackWorkspace, app: App, channel: str, api: Api
) -> None:
    """The payload has the whole message, with its thread; its trigger opens a modal for who used it."""
    parent = slack.add_message(channel, "hello")
    message = slack.add_message(channel, TEXT, thread_ts=parent.ts, attachments=[{"fallback": "f"}])
    used = await slack.shortcut(SHORTCUT, message, user=BOB)
    (payload,) = app.received
    modal = {"type": "modal", "title": {"type": "plain_text", "text": "Job"}, "blocks": []}
    await api("views.open", trigger_id=payload.pop("trigger_id"), view=modal)
    words = [
        {"type": "text", "text": "see "},
        {"type": "link", "url": "https://a.example/x", "text": "this"},
        {"type": "text", "text": " & that"},
    ]

    assert payload.pop("message") == {
        "type": "message",
        "user": ALICE,
        "team": "T0VOICEJOB",
        "ts": message.ts,
        "thread_ts": parent.ts,
        "text": TEXT,
        "attachments": [{"fallback": "f"}],
        "blocks": [
            {
                "type": "rich_text",
                "block_id": "rich-text",
                "elements": [{"type": "rich_text_section", "elements": words}],
            }
        ],
    }
    assert payload == {
        "type": "message_action",
        "token": "deprecated-verification-token",
        "callback_id": SHORTCUT,
        "response_url": used.response_url,
        "action_ts": f"{slack.now():.6f}",
        "message_ts": message.ts,
        "team": {"id": "T0VOICEJOB", "domain": "voicejob"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": channel, "name": "voices"},
        "user": {"id": BOB, "name": "u0bob"},
    }
    assert (list(slack.modals), used.acked, used.channel) == ([BOB], True, channel)


async def test_where_a_shortcut_is_found(slack: SlackWorkspace, app: App, api: Api) -> None:
    """In channels without the bot and in direct messages; its answer is shown to who used it alone."""
    private = slack.add_channel("secret", private=True, bot_is_member=False)
    between = slack.add_direct(ALICE, BOB)
    await api("chat.postMessage", channel=BOB, text="card", blocks=CARD)
    places = {"privategroup": private, "directmessage": between}
    messages = [slack.add_message(place, "hello") for place in places.values()]
    uses = [await slack.shortcut(SHORTCUT, each, user=BOB) for each in (*messages, *slack.direct(BOB))]
    for used in uses:
        assert await api.reply(used.response_url, text="found") == (200, "ok")
        assert (await used.message()).user == BOB

    assert [each["channel"]["name"] for each in app.received] == [*places, "directmessage"]
    assert app.received[-1]["message"]["blocks"][1] == CARD[1]
    assert await api.reply(uses[0].response_url, text="x", replace_original=True) == (200, "ok")
    assert slack.violations == ["response_url: there is no message to replace or delete"]


async def test_where_there_is_none(slack: SlackWorkspace, app: App, channel: str, api: Api) -> None:
    """On what only one sees, what one does not see, and where the manifest has no such shortcut."""
    typed = await slack.command("/voicejob", channel=channel)
    await api.reply(typed.response_url, text="card")
    seen = slack.add_message(channel, "hello")
    deleted = slack.add_message(channel, "gone")
    slack.delete_message(deleted)
    closed = slack.add_message(slack.add_direct(ALICE, "U1"), "private")
    app.received.clear()
    for message, callback_id, says in (
        (await typed.message(), SHORTCUT, "ephemeral"),
        (deleted, SHORTCUT, "does not see"),
        (closed, SHORTCUT, "U0BOB does not see"),
        (seen, "other", "no shortcut 'other'"),
    ):
        with pytest.raises(LookupError, match=says):
            await slack.shortcut(callback_id, message, user=BOB)
    without: dict[str, Any] = deepcopy(dict(slack.manifest))
    del without["features"]["shortcuts"]
    slack.manifest = without
    with pytest.raises(LookupError, match="no shortcut"):
        await slack.shortcut(SHORTCUT, seen)
    assert app.received == []


@pytest.mark.parametrize(
    ("acknowledgement", "acked", "violations"),
    [
        ({}, True, []),
        ({"status": 500}, False, ["was not acknowledged (http_service_error)"]),
        (as_json({"text": "x"}), True, ["Slack ignores a body in that of"]),
    ],
)
async def test_how_a_shortcut_is_acknowledged(
    slack: SlackWorkspace, app: App, channel: str, *, acknowledgement: Any, acked: bool, violations: list[str]
) -> None:
    """With an empty 200; all else is a violation."""
    app.acknowledgement = acknowledgement
    used = await slack.shortcut(SHORTCUT, slack.add_message(channel, "hello"))

    assert used.acked is acked
    assert len(slack.violations) == len(violations)
    assert [says for says in violations if says not in slack.violations[0]] == []
