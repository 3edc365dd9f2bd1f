"""In which language people and channels read what the bot says, from the command to the message."""

from pathlib import Path

import pytest

from bot.config import Settings
from bot.domain.languages import Language
from bot.messages import channel as notices
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import ALICE, SCOPES, SlackWorkspace
from bot.simulators.world import running, settings_for
from tests.services.room import Room
from tests.support import AT_ONCE

BOB = "U0BOB"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


async def test_a_channel_and_a_person(room: Room) -> None:
    """A channel's choice turns its cards and notices, a person's what they alone read; both are shown."""
    await room.subscribe()
    before = (await room.ask("language")).text
    chosen = (await room.ask("language zh")).text
    turned = await room.posted("等待上传语料")
    own = (await room.ask("语言 我 英文")).text
    after = (await room.ask("language")).text
    again = (await room.ask("language zh")).text
    room.metastudio.set_state(room.job_id, "AUDITING")
    notice = await room.posted("→ 人工审核中")
    lists = [(await room.ask("list", user=user)).text for user in (ALICE, BOB)]

    assert "In this channel I write in English" in before
    assert "`/voicejob language en|zh me`" in before
    assert "我今后在本频道使用中文" in chosen
    assert turned.ts == room.card.ts == notice.thread_ts
    assert "From now on I write to you in English" in own
    assert "In this channel I write in Chinese" in after
    assert again.startswith("From now on I write in Chinese in this channel")
    assert "I write to you in English." in after
    assert ["follows one job" in lists[0], "订阅了 1 个任务" in lists[1]] == [True, True]


async def test_choices_survive_a_restart(quiet_room: Room, settings: Settings) -> None:
    """They come before the operator's language, which is everybody's who chose none."""
    settings = settings.model_copy(update={"voicejob_language": Language.ZH})
    other = quiet_room.slack.add_channel("others")
    async with running(settings, rates=AT_ONCE):
        await quiet_room.ask("语言 英文")
        await quiet_room.ask("language me en", user=BOB)
    async with running(settings, rates=AT_ONCE):
        for channel in (other, quiet_room.channel):
            await quiet_room.subscribe(channel=channel)
        helps = [(await quiet_room.ask("help", channel=other, user=user)).text for user in (ALICE, BOB)]

    assert "等待上传语料" in quiet_room.public(other)[0].text
    assert "Waiting for recordings" in quiet_room.card.text
    assert ["只有您能看到" in helps[0], "Only you see" in helps[1]] == [True, True]


async def test_what_a_person_reads_alone(room: Room) -> None:
    """Help, slips and errors are in the person's language, and in a channel of another one."""
    await room.ask("language me zh")
    for text, says in (
        ("help", "只有您能看到"),
        (f"subscirbe {UNKNOWN}", f"您要输入的是 `/voicejob subscribe {UNKNOWN}` 吗？"),  # noqa: RUF001  Chinese
        (UNKNOWN, "本项目中没有"),
        (f"subscribe {UNKNOWN}", "本项目中没有"),
        (f"unsubscribe {UNKNOWN}", "`/voicejob list`"),
        (room.job_id, "需要您处理"),
    ):
        assert says in (await room.ask(text)).text
    assert "Only you see" in (await room.ask("help", user=BOB)).text


async def test_a_direct_message_about_a_pause(room: Room) -> None:
    """It is in the language of its reader, else in the channel's; and so is what takes its place."""
    other = room.metastudio.add_job()["job_id"]
    await room.ask("language zh")
    await room.ask("language me en", user=BOB)
    await room.subscribe()
    await room.ask(f"subscribe {other}", user=BOB)
    room.slack.remove(room.channel)
    room.metastudio.set_state(other, "AUDITING")
    await room.slack.message_where(lambda seen: "通知已暂停" in seen.text)
    direct = await room.slack.message_where(lambda seen: "are paused" in seen.text)
    room.slack.invite(room.channel)
    await room.press(direct, notices.RETRY, user=BOB)
    await room.slack.message_where(
        lambda seen: seen in room.slack.direct(ALICE) and "我又可以在" in seen.text
    )
    await room.slack.message_where(lambda seen: seen.ts == direct.ts and "I can post in" in seen.text)
    notice = await room.posted("→ 人工审核中")

    assert notice.channel == room.channel
    assert [len(room.slack.direct(user)) for user in (ALICE, BOB)] == [1, 1]


async def test_what_is_followed_for_oneself(room: Room) -> None:
    """Cards in the direct message are in the person's language, and turn when another one is chosen."""
    await room.subscribe("me")
    mine = room.slack.direct_channel(ALICE)
    await room.posted("Waiting for recordings", channel=mine)
    await room.ask("language me zh")
    turned = await room.posted("等待上传语料", channel=mine)
    assert [seen.ts for seen in room.public(mine)] == [turned.ts]

    await room.ask(f"unsubscribe {room.job_id} me")
    await room.posted("已取消订阅", channel=mine)
    await room.ask("language me en")
    await room.subscribe("me")
    await room.ask("language me zh")
    await room.slack.message_where(lambda seen: seen.ts > turned.ts and "等待上传语料" in seen.text)


async def test_a_choice_while_a_card_is_edited(room: Room) -> None:
    """The card of a direct message turns all the same, once Slack has taken the edit."""
    await room.subscribe("me")
    card = await room.posted("Waiting for recordings", channel=room.slack.direct_channel(ALICE))
    room.slack.fail("chat.update", after=True, delay=0.5)
    room.metastudio.set_state(room.job_id, "AUDITING")
    await room.slack.message_where(lambda seen: seen.ts == card.ts and "In manual review" in seen.text)
    await room.ask("language me zh")

    await room.slack.message_where(lambda seen: seen.ts == card.ts and "人工审核中" in seen.text)


@pytest.mark.parametrize("scopes", [SCOPES, (*SCOPES, "users:read")], ids=["without scope", "with scope"])
async def test_the_language_of_a_persons_slack(
    metastudio: MetaStudioSimulator, tmp_path: Path, scopes: tuple[str, ...]
) -> None:
    """With the optional scope it counts where the person chose none; without, Slack is asked once."""
    async with SlackWorkspace(scopes=scopes, limits=None) as slack:
        slack.locales[ALICE] = "zh-CN"
        room = Room(slack, metastudio, slack.add_channel("voices"), "")
        async with running(settings_for(slack, metastudio, voicejob_store=tmp_path / "store"), rates=AT_ONCE):
            helps = [(await room.ask("help", user=user)).text for user in (ALICE, ALICE, BOB)]
            await room.ask("language me en")
            chosen = (await room.ask("help")).text
        asked = [call.arguments["user"] for call in slack.calls if call.method == "users.info"]

    is_granted = scopes != SCOPES
    assert ["只有您能看到" in each for each in helps] == [is_granted, is_granted, False]
    assert "Only you see" in chosen
    assert asked == ([ALICE, BOB] if is_granted else [ALICE])
