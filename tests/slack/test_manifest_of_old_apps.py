"""An app that was made of the manifest before the App Home and the shortcut goes on working."""

from copy import deepcopy
from typing import Any

import pytest

from bot.messages import job_card
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import ALICE, Message, SlackWorkspace
from bot.slack.manifest import SHORTCUT, manifest
from tests.support import BOTH_MODES


def old_manifest() -> dict[str, Any]:
    """Return the manifest without what is new in it."""
    old = deepcopy(manifest())
    old["features"]["app_home"]["home_tab_enabled"] = False
    del old["features"]["shortcuts"], old["settings"]["event_subscriptions"]
    return old


@BOTH_MODES
@pytest.mark.usefixtures("bot")
async def test_an_old_app_goes_on(slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> None:
    """Look-up, subscribe, a press and the list work as ever; no shortcut is there, and no Home opens."""
    slack.manifest = old_manifest()
    channel, job = slack.add_channel("voices"), metastudio.add_job(voice_name="Aoi")["job_id"]

    async def answer(text: str) -> Message:
        return await (await slack.command("/voicejob", text, channel=channel)).message()

    looked_up = await answer(job)
    pressed = await slack.press(looked_up, job_card.REFRESH)
    texts = [message.text for message in (looked_up, await pressed.message())]
    texts += [(await answer(text)).text for text in (f"subscribe {job}", "list")]
    card = await slack.message_where(lambda seen: seen.user is None)
    assert [text for text in [*texts, card.text] if "Aoi" not in text] == []
    with pytest.raises(LookupError, match="no shortcut"):
        await slack.shortcut(SHORTCUT, card)
    assert not (await slack.open_home(ALICE)).acked
    assert slack.homes == {}
