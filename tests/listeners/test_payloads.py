"""What is read from Slack's payloads."""

from typing import Any

import pytest

from bot.listeners.payloads import pressed_by, reply_target, typed_by
from bot.services import Caller
from bot.slack.replies import DirectMessage, Home, Modal, ReplyTarget, ResponseUrl

ALICE = {"user": {"id": "U0ALICE", "team_id": "T1"}}
MODAL = {"view": {"id": "V1", "type": "modal", "title": {"type": "plain_text", "text": "A job"}}}


@pytest.mark.parametrize(
    ("body", "response_url", "target"),
    [
        (ALICE | MODAL, "https://slack.example/1", ResponseUrl("https://slack.example/1")),
        (ALICE | MODAL, None, Modal(MODAL["view"])),
        (ALICE | {"view": {"id": "V2", "type": "home"}}, None, Home("U0ALICE")),
        (ALICE | {"view": {"type": "modal"}}, None, DirectMessage("U0ALICE")),
        (ALICE | {"view": "odd"}, "", DirectMessage("U0ALICE")),
        ({"user": "odd", "view": {"type": "home"}}, None, None),
        ({"user": {"id": ["U0ALICE"]}}, None, None),
    ],
    ids=str,
)
def test_where_a_reply_goes(
    body: dict[str, Any], response_url: str | None, target: ReplyTarget | None
) -> None:
    """To the response_url if there is one, into the view of the press, or to the person directly."""
    assert reply_target(body, response_url) == target


@pytest.mark.parametrize(
    ("body", "elsewhere", "caller"),
    [
        ({"channel": {"id": "C1", "name": "voices"}}, "", ("C1", "voices", False)),
        ({"channel": {"id": "D1", "name": "directmessage"}}, "C2", ("C2", "", True)),
        ({"container": {"type": "message", "channel_id": "C1"}}, "", ("C1", "", False)),
        ({"channel": "odd", "container": None}, "", ("", "", False)),
    ],
    ids=str,
)
def test_who_pressed_and_who_typed(
    body: dict[str, Any], elsewhere: str, caller: tuple[str, str, bool]
) -> None:
    """The channel is that of the press, or the one that the button names; what a command lacks is empty."""
    channel_id, channel_name, is_elsewhere = caller
    typed = {"channel_id": "C1", "channel_name": None, "user_id": "U0ALICE"}

    assert pressed_by(ALICE | body, elsewhere) == Caller(
        channel_id=channel_id, channel_name=channel_name, user_id="U0ALICE", is_elsewhere=is_elsewhere
    )
    assert typed_by(typed) == Caller(channel_id="C1", channel_name="", user_id="U0ALICE")
