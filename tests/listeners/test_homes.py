"""The App Home, through both simulators."""

import asyncio
from functools import partial

import pytest

from bot.listeners.commands import COMMAND
from bot.messages import channel as notices
from bot.messages import home, job_card
from bot.simulators.metastudio.simulator import Fault as Trouble
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import ALICE, Fault, SlackWorkspace, View
from bot.slack.manifest import manifest
from tests.support import BOTH_MODES, eventually, log_text

pytestmark = pytest.mark.usefixtures("bot")
BOB = "U2BOB"


async def home_that(slack: SlackWorkspace, *says: str, user: str = ALICE) -> View:
    """Wait until a person's Home says all of this."""
    await eventually(lambda: all(each in repr(slack.homes.get(user)) for each in says))
    return slack.homes[user]


async def follow(slack: SlackWorkspace, job_id: str, channel: str, user: str = ALICE) -> None:
    """Subscribe a channel to a job, and wait for the answer."""
    await (await slack.command(COMMAND, f"subscribe {job_id}", channel=channel, user=user)).message()


def published(slack: SlackWorkspace) -> int:
    return sum(call.method == "views.publish" for call in slack.calls)


@BOTH_MODES
async def test_what_waits_and_what_one_follows(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator
) -> None:
    """The Home has both, and the person's language; nothing of what others follow, and where."""
    metastudio.add_job(voice_name="女声", state="AUDIT_FAILED")
    running = metastudio.add_job(voice_name="mine", state="PROCESSING")["job_id"]
    others = metastudio.add_job(voice_name="theirs", state="PROCESSING")["job_id"]
    secret = slack.add_channel("secret", private=True)
    await follow(slack, running, slack.add_channel("voices"))
    await follow(slack, others, secret, BOB)
    opened = await slack.open_home()
    shown = repr(await home_that(slack, "女声", "mine", "English"))

    assert opened.acked
    assert "theirs" not in shown
    assert secret not in shown


async def test_metastudio_is_slow(slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> None:
    """A first version does not wait for it."""
    metastudio.add_job(voice_name="女声", state="AUDIT_FAILED")
    metastudio.fail(Trouble.slow(1.0))
    await slack.open_home()
    await home_that(slack, "Looking…", "You follow no job yet")
    await home_that(slack, "女声")

    assert published(slack) == 2


async def test_metastudio_fails(slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> None:
    """A sentence says so; the rest is there, and Refresh brings what is missing."""
    metastudio.add_job(voice_name="女声", state="AUDIT_FAILED")
    metastudio.fail(Trouble.error(503, "APIGW.0613"), times=3)
    await slack.open_home()
    shown = await home_that(slack, "I don't know what waits", "has a fault", "You follow no job yet")
    await slack.press(shown, home.REFRESH)

    assert "has a fault" not in repr(await home_that(slack, "女声"))


async def test_a_press_is_answered_on_top(slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> None:
    """The subscription ends, and the Home is as it is then; so it is after a change elsewhere."""
    job_id, channel = metastudio.add_job(voice_name="mine", state="PROCESSING")["job_id"], "voices"
    await slack.open_home()
    await home_that(slack, "You follow no job yet")
    await follow(slack, job_id, slack.add_channel(channel))
    await slack.press(await home_that(slack, "Unsubscribe"), notices.STOP)
    shown = await home_that(slack, "Updates on", "You follow no job yet")

    assert "Updates on" in repr(shown.blocks[0])


async def test_metastudio_is_slow_when_something_is_pressed(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator
) -> None:
    """The answer does not wait for what waits, and stays when that comes; Refresh takes it away."""
    job_id = metastudio.add_job(voice_name="mine", state="PROCESSING")["job_id"]
    await follow(slack, job_id, slack.add_channel("voices"))
    metastudio.add_job(voice_name="女声", state="AUDIT_FAILED")
    metastudio.fail(Trouble.slow(2.5), on="list")
    await slack.open_home()
    await slack.press(await home_that(slack, "Looking…", "mine"), notices.STOP)
    await home_that(slack, "Looking…", "Updates on")
    last = await home_that(slack, "女声", "Updates on")
    metastudio.add_job(voice_name="one more", state="AUDIT_FAILED")
    await slack.press(last, home.REFRESH)

    assert "Updates on" not in repr(await home_that(slack, "one more"))


async def test_a_card_in_the_home(slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> None:
    """What one follows can be shown there, and so can its details."""
    job_id = metastudio.add_job(voice_name="mine", state="PROCESSING")["job_id"]
    await follow(slack, job_id, slack.add_channel("voices"))
    await slack.open_home()
    await slack.press(await home_that(slack, "Your subscriptions", "mine"), job_card.SHOW, value=job_id)
    await slack.press(await home_that(slack, "Nothing for you to do"), job_card.DETAILS)

    await home_that(slack, "Created")


async def test_a_paused_subscription(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """It says why, and can be tried again from the Home."""
    job_id = metastudio.add_job(voice_name="mine", state="PROCESSING")["job_id"]
    await follow(slack, job_id, channel)
    await slack.open_home()
    shown = await home_that(slack, "Paused")
    slack.invite(channel)
    await slack.press(shown, notices.RETRY)

    assert "Paused" not in repr(await home_that(slack, "Following"))


async def test_one_changes_the_language(slack: SlackWorkspace) -> None:
    """The Home is published anew in it."""
    await slack.open_home()
    await slack.press(await home_that(slack, "中文"), "home_language_zh")
    shown = await home_that(slack, "您的订阅")

    assert "home_language_en" in repr(shown)


@pytest.mark.parametrize(
    "fault", [{"error": "hash_conflict"}, {"error": "ratelimited", "retry_after": 0}, {"status": 500}]
)
async def test_a_refusal_that_passes(slack: SlackWorkspace, fault: Fault) -> None:
    """The Home is built again and published."""
    await slack.open_home()
    await home_that(slack, "Nothing waits")
    slack.fail("views.publish", **fault)
    await slack.press(slack.homes[ALICE], "home_language_zh")
    await home_that(slack, "您的订阅")


@pytest.mark.parametrize("error", ["invalid_blocks", "view_too_large"])
async def test_slack_takes_no_blocks(slack: SlackWorkspace, error: str) -> None:
    """What it calls malformed is published in words, which say where the same is found."""
    slack.fail("views.publish", error=error)
    await slack.open_home()
    await home_that(slack, "`/voicejob waiting`")


async def test_someone_else_published_a_newer_home(slack: SlackWorkspace) -> None:
    """The hash that the bot has is stale: the Home is built again, and takes the place of the newer one."""
    await slack.open_home()
    first = await home_that(slack, "Nothing waits")
    slack.homes[ALICE] = View(id=first.id, user=ALICE, content=first.content, hash="another")
    await slack.press(slack.homes[ALICE], "home_language_zh")
    await home_that(slack, "您的订阅")


@pytest.mark.parametrize("error", ["not_enabled", "duplicate_external_id"])
async def test_slack_takes_no_home(
    slack: SlackWorkspace, caplog: pytest.LogCaptureFixture, error: str
) -> None:
    """The log has it once; nothing else happens."""
    slack.fail("views.publish", error=error, times=2)
    for number in (1, 2):
        await slack.open_home()
        await eventually(partial(lambda expected: published(slack) == expected, number))
        await asyncio.sleep(0.05)
    await slack.open_home()
    await home_that(slack, "Nothing waits")

    assert log_text(caplog).count(error) == 1
    assert slack.direct(ALICE) == []


async def test_an_app_with_the_earlier_manifest(slack: SlackWorkspace) -> None:
    """No event comes, and the command works as before."""
    old = manifest()
    old["features"]["app_home"]["home_tab_enabled"] = False
    slack.manifest = old
    await slack.open_home()
    answer = await (await slack.command(COMMAND, "help", channel=slack.add_channel("voices"))).message()

    assert "Look up" in answer.text
    assert slack.homes == {}


async def test_two_openings_at_once(slack: SlackWorkspace, metastudio: MetaStudioSimulator) -> None:
    """One version is published for both, and one for somebody else."""
    metastudio.fail(Trouble.slow(0.2), times=3)
    await asyncio.gather(slack.open_home(), slack.open_home(), slack.open_home(user=BOB))
    await home_that(slack, "Nothing waits")
    await home_that(slack, "Nothing waits", user=BOB)

    assert published(slack) == 2


async def test_the_messages_tab(slack: SlackWorkspace) -> None:
    """Opening it publishes nothing."""
    assert (await slack.open_home(tab="messages")).acked
    await slack.open_home(user=BOB)
    await home_that(slack, "Nothing waits", user=BOB)

    assert ALICE not in slack.homes
