"""What is behind the demo's page: jobs, the view, the timer, the message box, moods, and the bot's switch."""

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.demo import composer
from bot.demo.bot_switch import BROKEN, STOPPED, BotState, BotSwitch
from bot.demo.moods import SLOW_SECONDS, MetaStudioMood, SlackMood
from bot.demo.page_view import PageView
from bot.demo.playground import BOB, FAILURE, PATH, NotPossible, Playground
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import ALICE, BOT_TOKEN, SlackWorkspace
from bot.simulators.world import settings_for
from tests.support import eventually


@pytest.fixture
def offline() -> Playground:
    """Make a playground whose simulators do not listen, and whose bot can't be started."""
    nothing: Any = None
    return Playground(SlackWorkspace(), MetaStudioSimulator(), BotSwitch(nothing, nothing))


def calls(ground: Playground, method: str) -> int:
    return sum(call.method == method for call in ground.slack.calls)


class TestJobs:
    def test_changes(self, offline: Playground) -> None:
        """A job can be advanced, rejected in a review, and failed with a reason."""
        job = offline.new_job()
        for state, change, then in (
            ("CREATING", "advance", "SYSTEM_AUDITING"),
            ("SYSTEM_AUDITING", "send_back", "AUDIT_FAILED"),
            ("AUDITING", "send_back", "AUDIT_FAILED"),
            ("USER_RESULT_REVIEW", "send_back", "USER_REVIEW_REJECT"),
            ("PROCESSING", "fail", "FAILED"),
        ):
            offline.metastudio.set_state(job["job_id"], state)
            getattr(offline, change)(job["job_id"])
            assert job["state"] == then
        assert job.items() >= FAILURE.items()

    def test_refusals(self, offline: Playground) -> None:
        """What can't be done in a state, or to a deleted job, gets a sentence and changes nothing."""
        job = offline.new_job()
        over, not_reviewed = "This job is over.", "Only a job that is in review can"
        cases = [(state, change, over) for state in ("SUCCEED", "FAILED") for change in ("advance", "fail")]
        cases += [(state, "send_back", not_reviewed) for state in ("CREATING", "AUDIT_FAILED", "SUCCEED")]
        for state, change, why in cases:
            offline.metastudio.set_state(job["job_id"], state)
            with pytest.raises(NotPossible, match=why):
                getattr(offline, change)(job["job_id"])
            assert job["state"] == state
        offline.delete(job["job_id"])
        for change in ("advance", "fail", "send_back"):
            with pytest.raises(NotPossible, match="not there any more"):
                getattr(offline, change)(job["job_id"])

    def test_steps(self, offline: Playground) -> None:
        """The jobs that are not over take turns up to the end; when all are over, a new one is added."""
        first, over, second = (offline.new_job() for _ in range(3))
        offline.fail(over["job_id"])
        for state in PATH[1:]:
            offline.step()
            offline.step()
            assert [job["state"] for job in (first, over, second)] == [state, "FAILED", state]
        offline.step()

        assert "USER_RESULT_REVIEW" in PATH
        assert len(offline.metastudio.jobs) == 4


class TestView:
    def test_odd_jobs(self, offline: Playground) -> None:
        """An unknown state, a missing and a hostile name are passed on as they are."""
        for name in (None, "</script><b>&amp;\u202e\ud800"):
            job_id = offline.metastudio.add_job(state="NEW_STATE", voice_name=name)["job_id"]
            part = PageView(offline).parts()[f"job/{job_id}"]
            assert (part["phase"], part["voice_name"]) == ("unknown", name or "")

    async def test_what_others_alone_see_is_not_shown(self, ground: Playground, voices: str) -> None:
        """The page is Alice's; every block has an id."""
        for user in (BOB, ALICE):
            typed = await ground.slack.command("/voicejob", channel=voices, user=user)
            await AsyncWebhookClient(typed.response_url).send(text=user, blocks=[{"type": "divider"}] * 2)
        [message] = [part for key, part in PageView(ground).parts().items() if key.startswith("message/")]

        assert (message["text"], message["only_for_me"]) == (ALICE, True)
        assert len({block["block_id"] for block in message["blocks"]}) == 2


NOBODY = "slackbot: There is nobody to invite or remove here but @voicejob."
UNKNOWN = "is no command here. There are /voicejob, /invite, /remove, /archive, /unarchive."


class TestMessageBox:
    async def test_messages(self, offline: Playground) -> None:
        """They are Alice's, escaped once, without blanks around them; an archived channel takes none."""
        channel = offline.slack.add_channel("voices")
        parent = offline.slack.add_message(channel, "parent", user=BOB)
        await composer.say(offline, "  1 < 2 &amp; *more* /voicejob\n", channel=channel)
        await composer.say(offline, "reply", channel=channel, thread_ts=parent.ts)
        _, message = offline.slack.messages(channel)
        await composer.say(offline, "/archive", channel=channel)
        with pytest.raises(NotPossible, match="This channel is archived"):
            await composer.say(offline, "hello", channel=channel)
        with pytest.raises(NotPossible, match="turned off"):
            await composer.say(offline, "/voicejob list", channel=offline.slack.direct_channel(ALICE))

        assert (message.text, message.author) == ("1 &lt; 2 &amp;amp; *more* /voicejob", ALICE)
        assert [each.text for each in offline.slack.thread(channel, parent.ts)] == ["reply"]

    async def test_commands(self, offline: Playground) -> None:
        """Slack's own do what they say, and the channel is told; Alice is told what can't be done."""
        channels = {"voices": offline.slack.add_channel("voices"), "": offline.slack.add_direct(ALICE, BOB)}
        for name, typed, told in (
            ("voices", "/invite @voicejob", "slackbot: voicejob is in this channel already."),
            ("voices", "/remove @voicejob", "joined: voicejob was removed from #voices by alice."),
            ("voices", "/remove @voicejob", "slackbot: voicejob is not in this channel."),
            ("voices", "/invite @bob", NOBODY),
            ("voices", "/invite  voicejob ", "joined: voicejob was added to #voices by alice."),
            ("voices", "/archive", "joined: alice archived this channel."),
            ("voices", "/archive", "slackbot: This channel is archived already."),
            ("voices", "/unarchive", "joined: alice unarchived this channel."),
            ("voices", "/unarchive", "slackbot: This channel is not archived."),
            ("", "/invite @voicejob", "slackbot: Nobody joins or leaves a direct message."),
            ("", "/archive", "slackbot: A direct message can't be archived."),
            ("voices", "/" + "x" * 5000, f"slackbot: /{'x' * 39} {UNKNOWN}"),
            ("voices", "/voicejob help", 'slackbot: /voicejob failed with the error "dispatch_failed"'),
        ):
            await composer.say(offline, typed, channel=channels[name])
            note = offline.notes.pop()

            assert (f"{note.kind}: {note.text}", note.channel) == (told, channels[name])
        assert (offline.notes, offline.slack.shown) == ([], [])


class TestMoods:
    @pytest.mark.parametrize(
        ("mood", "status", "retry_after"),
        [("fine", 200, None), ("limits", 429, "5"), ("refuses", 200, None), ("down", 503, None)],
    )
    async def test_slack(self, ground: Playground, mood: str, status: int, retry_after: str | None) -> None:
        """Messages fail in their way, in channels alone where Slack refuses them; the connection works."""
        ground.moods.set_slack(SlackMood.DOWN)
        ground.moods.set_slack(SlackMood(mood))
        for channel in (ground.slack.add_channel("voices"), ALICE):
            given = {"token": BOT_TOKEN, "channel": channel, "text": "text"}
            async with aiohttp.request("POST", f"{ground.slack.api_url}chat.postMessage", data=given) as got:
                assert (got.status, got.headers.get("Retry-After")) == (status, retry_after)
                is_refused = "restricted_action" in await got.text()
                assert is_refused == (mood == "refuses" and channel != ALICE)
        await ground.bot.start()
        assert ground.bot.state is BotState.RUNNING

    def test_metastudio(self, offline: Playground) -> None:
        """It is slow or down or neither, never both."""
        metastudio, seen = offline.metastudio, []
        for mood in ("slow", "down", "slow", "fine"):
            offline.moods.set_metastudio(MetaStudioMood(mood))
            seen.append((metastudio.latency, bool(metastudio.chaos and metastudio.chaos("show"))))
        assert seen == [(SLOW_SECONDS, False), (0, True), (SLOW_SECONDS, False), (0, False)]


class TestSwitch:
    async def test_many_hands_start_one_bot(self, ground: Playground, voices: str) -> None:
        """However they pull at the switch, never a second bot runs, and one at the end."""
        bot = ground.bot
        await bot.stop()
        assert (bot.state, bot.says) == (BotState.STOPPED, STOPPED)
        await asyncio.gather(bot.start(), bot.start(), bot.stop(), bot.restart(), bot.stop(), bot.restart())

        assert bot.state is BotState.RUNNING
        assert (await ground.slack.command("/voicejob", "help", channel=voices)).acked
        await eventually(lambda: ground.slack.connections == 1)

    async def test_in_between(self, ground: Playground, voices: str) -> None:
        """It says that it is starting, and that it is stopping until a reply came; a start waits for that."""
        bot = ground.bot
        ground.slack.fail("auth.test", delay=0.1)
        starting = asyncio.create_task(bot.start())
        await eventually(lambda: calls(ground, "auth.test") > 0)
        assert (str(bot.state), bot.says) == ("starting", "Connecting to Slack …")
        await starting
        ground.metastudio.latency = 0.3
        await composer.say(ground, f"/voicejob {ground.new_job('女声')['job_id']}", channel=voices)
        stopping = asyncio.create_task(bot.stop())
        await eventually(lambda: bot.state is not BotState.RUNNING)
        assert (str(bot.state), bot.says) == ("stopping", "Finishing what is under way …")
        await bot.start()
        await stopping
        assert (str(bot.state), bot.starts) == ("running", 2)
        assert "女声" in str(ground.slack.ephemeral(ALICE, voices)[-1].blocks)

    async def test_a_bot_that_slack_refuses_is_broken(self, ground: Playground) -> None:
        """The sentence says why, also after a stop; when the cause is gone, it can be started."""
        ground.slack.revoke()
        await ground.bot.start()
        await ground.bot.stop()
        assert str(ground.bot.state) == "broken"
        assert "Slack refuses “SLACK_BOT_TOKEN” with the error “token_revoked”" in ground.bot.says
        ground.slack.revoke(None)
        await ground.bot.restart()
        assert (str(ground.bot.state), ground.slack.connections) == ("running", 1)

    async def test_an_unexpected_error_breaks_the_bot_alone(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The page says that it broke, and the log why; the switch goes on working."""
        no_rates: Any = None
        switch = BotSwitch(settings_for(slack, metastudio), no_rates)
        for _ in range(2):
            await switch.start()
            assert (switch.state, switch.says) == (BotState.BROKEN, BROKEN)

        assert [record.getMessage() for record in caplog.records] == ["the bot broke"] * 2
        assert "AttributeError" in caplog.text
