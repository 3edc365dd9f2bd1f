"""The message shortcut: what its modal shows, and where the answer goes if there is none."""

import asyncio

import pytest

from bot.listeners.commands import COMMAND
from bot.messages import job_card, modals
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.workspace import ALICE, SlackWorkspace, View
from bot.slack.manifest import SHORTCUT
from tests.support import BOTH_MODES, eventually, log_text

pytestmark = pytest.mark.usefixtures("bot")


async def use(slack: SlackWorkspace, text: str, *, channel: str = "", thread_ts: str | None = None) -> None:
    """Use the shortcut on a message with this text."""
    message = slack.add_message(channel or slack.add_channel("voices"), text, thread_ts=thread_ts)
    used = await slack.shortcut(SHORTCUT, message)
    assert used.acked


async def modal_that(slack: SlackWorkspace, *says: str) -> View:
    """Wait until the modal says all of this."""
    await eventually(lambda: all(each in repr(slack.modals.get(ALICE)) for each in says))
    return slack.modals[ALICE]


@BOTH_MODES
async def test_the_cards_of_the_jobs_in_a_message(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator
) -> None:
    """The modal is there before MetaStudio is asked; a job that is not found leaves the other its card."""
    job_id = metastudio.add_job(voice_name="女声")["job_id"]
    gone = "0badc0de-1111-4222-8333-0123456789ab"
    metastudio.fail(Fault.slow(0.3), times=2)
    await use(slack, f"{job_id}, or https://example.com/jobs/{gone}?")
    first = await modal_that(slack, "Looking up 2 jobs")
    shown = await modal_that(slack, "女声", f"No job `{gone}`")

    assert shown.id == first.id
    assert next(call.method for call in slack.calls if call.method.startswith("views.")) == "views.open"
    assert len(metastudio.requests) == 2


async def test_a_job_is_subscribed_from_the_modal_for_the_channel(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator
) -> None:
    """The answer is shown in the modal, from which a button leads back to the jobs."""
    job_id, channel = metastudio.add_job(voice_name="女声")["job_id"], slack.add_channel("voices")
    await use(slack, job_id, channel=channel)
    await slack.press(await modal_that(slack, "女声"), job_card.SUBSCRIBE)
    answer = await modal_that(slack, "Following")
    assert [job_id in seen.text for seen in slack.messages(channel)] == [True, True]
    await slack.press(answer, modals.BACK)
    back = await modal_that(slack, "Refresh")

    assert job_card.SUBSCRIBE not in str(back.blocks)


async def test_a_channel_without_the_bot(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """The modal works there; to follow the job, the bot has to be invited, and the modal says so."""
    job_id = metastudio.add_job(voice_name="女声")["job_id"]
    await use(slack, job_id, channel=channel)
    await slack.press(await modal_that(slack, "女声"), job_card.SUBSCRIBE)

    assert "/invite @voicejob" in str((await modal_that(slack, "/invite")).blocks)


@pytest.mark.parametrize("where", ["a thread", "a direct message", "the bot's own card"])
async def test_wherever_the_message_is(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, where: str
) -> None:
    """Threads, direct messages and cards of bots are searched like any message."""
    job_id, channel = metastudio.add_job(voice_name="女声")["job_id"], slack.add_channel("voices")
    if where == "a thread":
        await use(slack, job_id, channel=channel, thread_ts=slack.add_message(channel, "-").ts)
    elif where == "a direct message":
        await use(slack, job_id, channel=slack.add_direct(ALICE, "U2BOB"))
    else:
        await slack.command(COMMAND, f"subscribe {job_id}", channel=channel)
        card = await slack.message_where(lambda seen: seen.channel == channel and not seen.user)
        await slack.shortcut(SHORTCUT, card)

    assert "女声" in str((await modal_that(slack, "女声")).blocks)


async def test_a_message_without_a_job(slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> None:
    """It says so, and how to look a job up, without any request."""
    await slack.command(COMMAND, "language me zh", channel=slack.add_channel("c"))
    await slack.message_where(lambda seen: bool(seen.user))
    await use(slack, "how is <https://example.com|our voice>?")
    await modal_that(slack, "这条消息里没有任务 ID")

    assert metastudio.requests == []


async def test_more_jobs_than_a_modal_shows(slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> None:
    """The first ten have their cards, the others are counted."""
    ids = [metastudio.add_job(voice_name=f"voice {number}.")["job_id"] for number in range(12)]
    await use(slack, " ".join(ids))
    shown = await modal_that(slack, "voice 0.", "voice 9.", "2 more jobs", job_card.REFRESH)
    await eventually(lambda: "Looking up" not in str(slack.modals[ALICE].blocks))

    assert "voice 10." not in str(shown.blocks)
    assert len(metastudio.requests) == 10


@pytest.mark.parametrize("error", ["expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"])
async def test_a_modal_that_slack_does_not_open(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    """The cards come as a message that only the person sees; the log has the first refusal."""
    job_id = metastudio.add_job(voice_name="女声")["job_id"]
    slack.fail("views.open", error=error, times=2)
    for _ in range(2):
        await use(slack, job_id)
    await eventually(lambda: len([seen for seen in slack.shown if seen.user == ALICE]) == 2)

    assert all("女声" in str(seen.blocks) for seen in slack.shown if seen.user)
    assert log_text(caplog).count(error) == 1


async def test_the_modal_is_closed_before_it_is_filled(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody waits for the cards any more: nothing is shown elsewhere, and nothing is logged."""
    job_id = metastudio.add_job()["job_id"]
    metastudio.fail(Fault.slow(0.2))
    await use(slack, job_id)
    await modal_that(slack, "Looking up")
    slack.close_modal(ALICE)
    await eventually(lambda: any(call.method == "views.update" for call in slack.calls))
    await asyncio.sleep(0)

    assert "not_found" not in log_text(caplog)
    assert [seen for seen in slack.shown if seen.user] == []


async def test_an_answer_in_the_modal_stays(slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> None:
    """A card that comes late does not take its place; Back shows both."""
    late, early = (metastudio.add_job(voice_name=name)["job_id"] for name in ("late", "early"))
    metastudio.fail(Fault.slow(1.0), on="show")
    await use(slack, f"{late} {early}")
    await slack.press(await modal_that(slack, "early", "Looking up"), job_card.DETAILS)
    explained = await modal_that(slack, "History")
    await eventually(lambda: sum(call.method == "views.update" for call in slack.calls) == 3)
    assert slack.modals[ALICE].hash == explained.hash

    await slack.press(explained, modals.BACK)
    await modal_that(slack, "late", "early")


async def test_metastudio_fails(slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> None:
    """The modal has the problem, and a button to try again."""
    job_id = metastudio.add_job(voice_name="女声")["job_id"]
    metastudio.fail(Fault.error(503, "APIGW.0613"), times=3)
    await use(slack, job_id)
    await slack.press(await modal_that(slack, "has a fault"), job_card.TRY_AGAIN)

    assert modals.BACK in str((await modal_that(slack, "女声")).blocks)
