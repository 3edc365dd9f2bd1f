"""Starting and stopping the whole bot: what Slack says to its tokens, what is in the environment, the end."""

import asyncio
import logging
from typing import Any

import pytest

from bot import app
from bot.config import Settings
from bot.errors import CredentialsRefused, PartBroken, SlackRefused, SlackUnreachable
from bot.messages.errors import sentence
from bot.simulators.metastudio.account import IAM_DOMAIN, IAM_PASSWORD, IAM_USER
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from bot.simulators.slack.workspace import APP_TOKEN, BOT_TOKEN, Call, SlackWorkspace
from bot.simulators.world import running, settings_for
from tests.support import AT_ONCE, eventually

BY_IAM_USER = {
    "huaweicloud_sdk_ak": None,
    "huaweicloud_sdk_sk": None,
    "huaweicloud_iam_user": IAM_USER,
    "huaweicloud_iam_password": IAM_PASSWORD,
    "huaweicloud_iam_domain": IAM_DOMAIN,
}
BY_TOKEN = {"huaweicloud_sdk_ak": None, "huaweicloud_sdk_sk": None, "metastudio_auth_token": "a-token"}
BY_TEMPORARY_KEY = {
    "huaweicloud_sdk_ak": "AKTEMPORARY",
    "huaweicloud_sdk_sk": "SKTEMPORARY",
    "huaweicloud_sdk_security_token": "SECURITY",
}


async def start(settings: Settings) -> None:
    """Start the bot, and stop it at once."""
    async with running(settings):
        pass


class TestStart:
    """The bot checks its tokens before it says that it is ready."""

    async def test_slack_is_asked_once_for_each_token(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
    ) -> None:
        """The start asks auth.test; no command asks again, so none fails because Slack is busy then."""
        async with running(settings_for(slack, metastudio)):
            slack.fail("auth.test", error="internal_error", times=9)
            seen = await (await slack.command("/voicejob", "help", channel=channel)).message()

        assert "job_id" in seen.text
        assert [call.method for call in slack.calls].count("auth.test") == 1

    @pytest.mark.parametrize("error", ["invalid_auth", "account_inactive", "token_revoked"])
    async def test_a_refused_bot_token_ends_the_start(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, error: str
    ) -> None:
        """The sentence names the key and Slack's reason, not the token."""
        slack.fail("auth.test", error=error)

        with pytest.raises(SlackRefused) as refused:
            await start(settings_for(slack, metastudio))

        assert "SLACK_BOT_TOKEN" in sentence(refused.value)
        assert error in sentence(refused.value)

    async def test_a_wrong_token_ends_the_start(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator
    ) -> None:
        """A token that Slack does not know is told as such, and not shown."""
        with pytest.raises(SlackRefused) as refused:
            await start(settings_for(slack, metastudio, slack_bot_token="xoxb-not-the-token"))

        assert "invalid_auth" in sentence(refused.value)
        assert "not-the-token" not in repr(refused.value) + sentence(refused.value)

    async def test_a_refused_app_token_ends_the_start(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator
    ) -> None:
        """slack_sdk would try a bad app-level token for ever; the bot ends with a sentence."""
        with pytest.raises(SlackRefused) as refused:
            await start(settings_for(slack, metastudio, slack_app_token="xapp-not-the-token"))

        assert "SLACK_APP_TOKEN" in sentence(refused.value)

    @pytest.mark.parametrize(
        "fault",
        [
            {"error": "ratelimited", "retry_after": 1},
            {"error": "internal_error"},
            {"status": 503},
            {"status": 502, "body": "<html>Bad gateway</html>"},
            {"body": "{broken"},
            {"body": "[]"},
            {"status": 404, "body": "Not Found"},
            {"body": "[" * 100_000},
            {"drop": True},
        ],
        ids=str,
    )
    @pytest.mark.parametrize("method", ["auth.test", "apps.connections.open"])
    async def test_a_slack_in_trouble_ends_the_start(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, method: str, fault: dict[str, Any]
    ) -> None:
        """Whatever Slack answers that is no verdict on a token, the sentence blames no token."""
        slack.fail(method, times=5, **fault)

        with pytest.raises(SlackUnreachable) as unreachable:
            await start(settings_for(slack, metastudio))

        assert slack.api_url in sentence(unreachable.value)

    async def test_no_slack_ends_the_start(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator
    ) -> None:
        """A closed port, or a wrong address, is told with the key to check."""
        with pytest.raises(SlackUnreachable) as unreachable:
            await start(settings_for(slack, metastudio, slack_api_url="http://127.0.0.1:9/api"))

        assert "SLACK_API_URL" in sentence(unreachable.value)

    async def test_a_token_in_the_environment_alarms_nobody(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Bolt would find it there too, and warn that it is not used."""
        monkeypatch.setenv("SLACK_BOT_TOKEN", BOT_TOKEN)

        await start(settings_for(slack, metastudio))

        assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []

    async def test_oauth_settings_in_the_environment_change_nothing(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        channel: str,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Bolt would turn to OAuth and drop the token: the bot says that they are not used, and works."""
        monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
        monkeypatch.setenv("SLACK_CLIENT_SECRET", "oauth-secret")
        job = metastudio.add_job(voice_name="No OAuth")

        async with running(settings_for(slack, metastudio)):
            asked = await slack.command("/voicejob", job["job_id"], channel=channel)
            card = await asked.message()

        assert "No OAuth" in card.text
        assert "SLACK_CLIENT_ID is set but not used" in caplog.text
        assert "oauth-secret" not in caplog.text


class TestStop:
    """What is under way when the bot is stopped is finished."""

    async def test_an_answer_under_way_is_waited_for(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
    ) -> None:
        """A person who asked just before the end gets the card all the same."""
        job = metastudio.add_job(voice_name="Last words")
        metastudio.fail(Fault.slow(0.7))
        async with running(settings_for(slack, metastudio)):
            asked = await slack.command("/voicejob", job["job_id"], channel=channel)

        assert ["Last words" in seen.text for seen in asked.messages] == [True]

    async def test_no_answer_is_waited_for_too_long(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
    ) -> None:
        """The end comes in its time, whatever MetaStudio does, and who waits is told."""
        job = metastudio.add_job()
        metastudio.chaos = lambda api: Fault.hang() if api == "show" else None
        stop, ready = asyncio.Event(), asyncio.Event()
        bot = asyncio.create_task(
            app.run(settings_for(slack, metastudio), stop=stop, ready=lambda _: ready.set(), drain=0.2)
        )
        await ready.wait()
        asked = await slack.command("/voicejob", job["job_id"], channel=channel)
        stop.set()

        async with asyncio.timeout(5):
            await bot
        assert ["The bot is being restarted" in seen.text for seen in asked.messages] == [True]

    async def test_an_answer_that_can_not_be_sent_in_time_is_told_in_the_log(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        channel: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """An answer that Slack keeps waiting past the end is lost, but not in silence."""
        job = metastudio.add_job()
        slack.fail("response_url", error="ratelimited", retry_after=30)
        stop, ready = asyncio.Event(), asyncio.Event()
        settings = settings_for(slack, metastudio)
        bot = asyncio.create_task(app.run(settings, stop=stop, ready=lambda _: ready.set(), drain=0.2))
        await ready.wait()
        await slack.command("/voicejob", job["job_id"], channel=channel)
        await eventually(lambda: any(call.method == "response_url" for call in slack.calls))
        stop.set()
        await bot

        assert "answers that could not be sent: 1" in caplog.text


class TestSignIn:
    """Each way to authenticate with MetaStudio works from the settings on."""

    @pytest.mark.parametrize(
        ("way", "header"),
        [
            ({}, "Authorization"),
            (BY_TEMPORARY_KEY, "X-Security-Token"),
            (BY_IAM_USER, "X-Auth-Token"),
            (BY_TOKEN, "X-Auth-Token"),
        ],
        ids=["access key", "temporary access key", "IAM user", "token"],
    )
    async def test_each_way_finds_a_job(
        self, slack: SlackWorkspace, way: dict[str, Any], header: str
    ) -> None:
        """MetaStudio accepts what the settings make of each way."""
        temporary = {"AKTEMPORARY": ("SKTEMPORARY", "SECURITY")}
        async with MetaStudioSimulator(temporary_keys=temporary, tokens={"a-token"}) as metastudio:
            job = metastudio.add_job(voice_name="Signed in")
            async with app.metastudio_from(settings_for(slack, metastudio, **way)) as client:
                found = await client.job(job["job_id"])

            assert found.voice_name == "Signed in"
            assert header in metastudio.requests[-1].headers

    @pytest.mark.parametrize(
        "wrong",
        [
            {"huaweicloud_sdk_sk": "wrong"},
            {"huaweicloud_sdk_ak": "unknown"},
            BY_IAM_USER | {"huaweicloud_iam_password": "wrong"},
            BY_TOKEN | {"metastudio_auth_token": "ended"},
        ],
        ids=["secret key", "access key", "password", "token"],
    )
    async def test_wrong_credentials_are_told_as_such(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, wrong: dict[str, Any]
    ) -> None:
        """A wrong key, password or token is the bot's fault in the sentence, not the reader's."""
        async with app.metastudio_from(settings_for(slack, metastudio, **wrong)) as client:
            with pytest.raises(CredentialsRefused) as refused:
                await client.job("some-job")

        assert "You did nothing wrong" in sentence(refused.value)
        assert "wrong" not in str(refused.value)

    async def test_the_app_user_is_named(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator
    ) -> None:
        """``X-App-UserId`` is sent when it is set, and only then."""
        job = metastudio.add_job()
        for user in ("user-7", None):
            settings = settings_for(slack, metastudio, metastudio_app_user_id=user)
            async with app.metastudio_from(settings) as client:
                await client.job(job["job_id"])

        assert [seen.headers.get("X-App-UserId") for seen in metastudio.requests] == ["user-7", None]


async def test_no_token_is_in_the_log(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A start, a look-up and a failed look-up log no secret, and no text of a person."""
    caplog.set_level(logging.INFO)
    job = metastudio.add_job()
    async with running(settings_for(slack, metastudio)):
        for text in (job["job_id"], "not-there", "what a person typed"):
            await (await slack.command("/voicejob", text, channel=channel)).message()

    for secret in (BOT_TOKEN, APP_TOKEN, "SKEXAMPLE", "AKEXAMPLE", "Signature=", "typed", "ticket"):
        assert secret not in caplog.text


async def test_a_link_button_is_acknowledged(
    slack: SlackWorkspace, metastudio: MetaStudioSimulator, channel: str
) -> None:
    """Slack reports the press of a link too, and shows a warning mark if nobody answers that."""
    job = metastudio.add_job()
    template = "https://console.example.com/jobs/{job_id}"
    async with running(settings_for(slack, metastudio, voicejob_console_url=template)):
        card = await (await slack.command("/voicejob", job["job_id"], channel=channel)).message()
        pressed = await slack.press(card, "job_open_console")

    (row,) = (block["elements"] for block in card.blocks if block["type"] == "actions")
    assert row[-1]["url"] == f"https://console.example.com/jobs/{job['job_id']}"
    assert pressed.acked
    assert pressed.messages == []


class TestParts:
    """The bot is never half alive."""

    async def test_a_part_that_breaks_ends_all(self, caplog: pytest.LogCaptureFixture) -> None:
        """The others are stopped, the error names the part, and the log has the traceback."""
        stopped = asyncio.Event()

        async def broken() -> None:
            raise ZeroDivisionError

        async def well() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                stopped.set()

        with pytest.raises(PartBroken, match=r"watcher.*ZeroDivisionError"):
            await app.run_parts({"outbox": well(), "watcher": broken()}, asyncio.Event())

        assert stopped.is_set()
        assert "Traceback" in caplog.text

    async def test_a_part_that_breaks_in_a_group_is_told_by_its_cause(self) -> None:
        """What broke inside a group of tasks is named, not the group."""

        async def broken() -> None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(asyncio.sleep(0))
                raise LookupError

        with pytest.raises(PartBroken, match="LookupError"):
            await app.run_parts({"outbox": broken()}, asyncio.Event())

    async def test_a_part_that_ends_by_itself_ends_all(self) -> None:
        """Every part runs until it is stopped, so one that returns is broken too."""
        with pytest.raises(PartBroken, match=r"outbox.*it ended"):
            await app.run_parts({"outbox": asyncio.sleep(0)}, asyncio.Event())

    async def test_what_a_part_says_itself_is_kept(self) -> None:
        """An error with a sentence of its own is told as it is."""

        async def refused() -> None:
            raise SlackRefused(key="SLACK_APP_TOKEN", error="token_revoked", page="Basic Information")

        with pytest.raises(SlackRefused, match="token_revoked"):
            await app.run_parts({"way to Slack": refused()}, asyncio.Event())


@pytest.fixture
def job_id(metastudio: MetaStudioSimulator) -> str:
    return str(metastudio.add_job(voice_name="x")["job_id"])


async def subscribe(slack: SlackWorkspace, channel: str, job_id: str) -> None:
    asked = await slack.command("/voicejob", f"subscribe {job_id}", channel=channel)
    await asked.message()


class TestEndOfAMessage:
    """A message that is on its way when the bot is told to stop."""

    async def test_it_is_finished_and_not_told_again(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """What Slack takes while the bot ends is written down, so the next start does not repeat it."""
        channel = slack.add_channel("voices")
        settings = settings_for(slack, metastudio)
        async with running(settings, rates=AT_ONCE):
            await subscribe(slack, channel, job_id)
            slack.fail("chat.postMessage", delay=1)
            metastudio.set_state(job_id, "AUDITING")
            posts = 1
            await eventually(lambda: len(calls(slack, "chat.postMessage")) > posts)
        async with running(settings, rates=AT_ONCE):
            await slack.message_where(lambda seen: seen.edited and "In manual review" in seen.text)

        assert len(calls(slack, "chat.postMessage")) == 2

    async def test_a_message_is_not_sent_again_behind_the_outbox_back(
        self,
        slack: SlackWorkspace,
        metastudio: MetaStudioSimulator,
        job_id: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """slack_sdk's own retries would repeat a message that Slack took, and nobody would know of it."""
        channel = slack.add_channel("voices")
        slack.fail("chat.postMessage", drop=True, after=True)
        async with running(settings_for(slack, metastudio), rates=AT_ONCE):
            await subscribe(slack, channel, job_id)

        assert len(calls(slack, "chat.postMessage")) == 2
        assert "Slack does not take a message; trying again" in caplog.text

    async def test_a_slack_that_hangs_does_not_hold_up_the_end(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, job_id: str
    ) -> None:
        """After the time for the end, a message that Slack never answered is left for the next start."""
        channel = slack.add_channel("voices")
        stop, ready = asyncio.Event(), asyncio.Event()
        settings = settings_for(slack, metastudio)
        way = asyncio.create_task(
            app.run(settings, stop=stop, ready=lambda _: ready.set(), drain=0.3, rates=AT_ONCE)
        )
        await ready.wait()
        await subscribe(slack, channel, job_id)
        slack.fail("chat.postMessage", delay=30)
        metastudio.set_state(job_id, "AUDITING")
        await eventually(lambda: len(calls(slack, "chat.postMessage")) > 1)
        stop.set()
        async with asyncio.timeout(5):
            await way
        async with running(settings, rates=AT_ONCE):
            await slack.message_where(lambda seen: "→ In manual review" in seen.text)


def calls(slack: SlackWorkspace, method: str) -> list[Call]:
    return [call for call in slack.calls if call.method == method]
