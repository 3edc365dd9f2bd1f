"""What people play with on the demo's page: jobs, the message box, moods, the clockwork, the bot's switch."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest

from bot.demo import composer
from bot.demo.bot_switch import BROKEN, STOPPED, BotState, BotSwitch
from bot.demo.clockwork import Clockwork
from bot.demo.moods import RETRY_AFTER, SLOW_SECONDS, MetaStudioMood, SlackMood
from bot.demo.playground import BOB, FAILURE, PATH, VOICES, NotPossible, Playground, playground
from bot.messages import channel as notices
from bot.messages import job_card
from bot.simulators.metastudio.jobs import SENT_BACK
from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import ALICE, Message, SlackWorkspace
from bot.simulators.world import settings_for
from tests.support import PATIENCE, eventually

"""Seconds for what the bot does in its own time, on a busy machine."""
JOB_CHANGES = ("advance", "fail", "send_back", "delete")


@pytest.fixture
async def lively(ground: Playground) -> Playground:
    """Give a playground whose bot runs."""
    await ground.bot.start()
    assert ground.bot.state is BotState.RUNNING
    return ground


@pytest.fixture
def job_id(ground: Playground) -> str:
    return str(ground.new_job("女声")["job_id"])


def state_of(ground: Playground, job_id: str) -> str:
    return str(ground.metastudio.jobs[job_id]["state"])


def change(ground: Playground, what: str, job_id: str) -> None:
    changes = {
        "advance": ground.advance,
        "fail": ground.fail,
        "send_back": ground.send_back,
        "delete": ground.delete,
    }
    changes[what](job_id)


async def seen(ground: Playground, channel: str, *words: str) -> Message:
    """Wait until a message in a channel, or one for Alice alone, says this in any of its parts."""
    return await ground.slack.message_where(
        lambda each: each.channel == channel and all(word in f"{each.text}{each.blocks}" for word in words),
        timeout=PATIENCE,
    )


def notes(ground: Playground, channel: str) -> list[tuple[str, str]]:
    return [(note.kind, note.text) for note in ground.notes if note.channel == channel]


def calls(ground: Playground, method: str) -> list[float]:
    return [call.at for call in ground.slack.calls if call.method == method]


class TestJobs:
    def test_a_new_job_has_the_name_that_it_was_given(self, ground: Playground) -> None:
        """Blanks around it are not part of it; it begins at the first step."""
        job = ground.new_job("  Tea <Time>  ")

        assert (job["voice_name"], job["state"]) == ("Tea <Time>", PATH[0])
        assert ground.metastudio.jobs[job["job_id"]] is job

    def test_a_job_that_nobody_named_gets_a_name(self, ground: Playground) -> None:
        """Each gets another one, until all were given; then it begins again."""
        names = [ground.new_job(given)["voice_name"] for given in ["", "   ", *[""] * (len(VOICES) - 1)]]

        assert names == [*VOICES, VOICES[0]]

    def test_a_job_goes_on_to_its_end(self, ground: Playground, job_id: str) -> None:
        """It takes every step once, the customer's review among them, and then it is over."""
        states = [state_of(ground, job_id)]
        for _ in PATH[1:]:
            ground.advance(job_id)
            states.append(state_of(ground, job_id))

        assert tuple(states) == PATH
        assert "USER_RESULT_REVIEW" in states
        with pytest.raises(NotPossible, match="over"):
            ground.advance(job_id)
        assert state_of(ground, job_id) == "SUCCEED"

    @pytest.mark.parametrize(
        ("state", "then", "rest"),
        [
            ("SYSTEM_AUDITING", "AUDIT_FAILED", PATH[1:]),
            ("AUDITING", "AUDIT_FAILED", PATH[1:]),
            ("USER_RESULT_REVIEW", "USER_REVIEW_REJECT", PATH[PATH.index("USER_RESULT_REVIEW") :]),
        ],
    )
    def test_a_job_in_review_can_be_sent_back(
        self, ground: Playground, job_id: str, state: str, then: str, rest: Iterable[str]
    ) -> None:
        """What was refused is done again, and the job goes on from there to its end."""
        while state_of(ground, job_id) != state:
            ground.advance(job_id)
        ground.send_back(job_id)
        after = [state_of(ground, job_id)]
        while ground.metastudio.next_state(job_id):
            ground.advance(job_id)
            after.append(state_of(ground, job_id))

        assert after == [then, *rest]
        assert ground.metastudio.jobs[job_id]["asset_id"]

    @pytest.mark.parametrize(
        "state", sorted({*PATH, "FAILED", "AUDIT_FAILED", "USER_REVIEW_REJECT"} - SENT_BACK.keys())
    )
    def test_no_other_job_can_be_sent_back(self, ground: Playground, job_id: str, state: str) -> None:
        """The person is told why, and the job stays where it is."""
        ground.metastudio.set_state(job_id, state)

        with pytest.raises(NotPossible, match="in review"):
            ground.send_back(job_id)
        assert state_of(ground, job_id) == state

    def test_a_job_can_fail(self, ground: Playground, job_id: str) -> None:
        """It says why, and is over: it neither goes on nor fails again."""
        ground.fail(job_id)

        assert ground.metastudio.jobs[job_id].items() >= {"state": "FAILED", **FAILURE}.items()
        for again in (ground.fail, ground.advance):
            with pytest.raises(NotPossible, match="over"):
                again(job_id)

    def test_a_job_that_went_well_can_not_fail(self, ground: Playground, job_id: str) -> None:
        """What is done stays done."""
        ground.metastudio.set_state(job_id, "SUCCEED")

        with pytest.raises(NotPossible, match="over"):
            ground.fail(job_id)
        assert state_of(ground, job_id) == "SUCCEED"

    @pytest.mark.parametrize("what", JOB_CHANGES)
    def test_a_deleted_job_is_gone(self, ground: Playground, job_id: str, what: str) -> None:
        """Nothing can be done to it any more, nor to one that never was."""
        ground.delete(job_id)

        for gone in (job_id, "never-was"):
            with pytest.raises(NotPossible, match="not there any more"):
                change(ground, what, gone)

    def test_jobs_take_turns(self, ground: Playground) -> None:
        """Each step is that of the next job; those that are over have no turn."""
        over = ground.new_job()["job_id"]
        ground.fail(over)
        first, second = (ground.new_job()["job_id"] for _ in range(2))
        for _ in range(4):
            ground.step()

        assert [state_of(ground, each) for each in (over, first, second)] == ["FAILED", PATH[2], PATH[2]]

    def test_where_no_job_can_go_on_nothing_happens(self, ground: Playground) -> None:
        """A step without any job is no error."""
        ground.step()
        over = ground.new_job()["job_id"]
        ground.fail(over)
        ground.step()

        assert state_of(ground, over) == "FAILED"


class TestFurniture:
    async def test_a_newcomer_finds_a_small_workspace(self) -> None:
        """There are channels of each kind, a message, jobs, and a bot that comes up by itself."""
        async with playground() as ground:
            await eventually(lambda: ground.bot.state is BotState.RUNNING)
            channels, [message] = ground.slack.channels, ground.slack.shown
            jobs = list(ground.metastudio.jobs)

            assert [each.name for each in channels] == ["voices", "audiobooks", "casting", "directmessage"]
            assert [each.bot_is_member for each in channels[:3]] == [True, True, False]
            assert [each.private for each in channels[:3]] == [False, False, True]
            assert channels[3].person == ALICE
            assert (message.channel, message.author, message.bot_id) == (channels[0].id, BOB, None)
            assert len(jobs) == 3
            assert all(ground.metastudio.next_state(each) for each in jobs)
            assert ground.slack.violations == []

    async def test_its_clockwork_runs(self) -> None:
        """With a speed, its jobs go on without anybody."""
        async with playground() as ground:
            before = {key: job["state"] for key, job in ground.metastudio.jobs.items()}
            ground.clockwork.seconds = 0.01
            await eventually(lambda: all(state_of(ground, key) != state for key, state in before.items()))

    async def test_it_ends_while_its_bot_still_starts(self) -> None:
        """A Slack that does not answer the start keeps nobody waiting for the bot's own patience."""
        async with asyncio.timeout(8):
            async with playground() as ground:
                ground.slack.fail("auth.test", delay=1000)
                await eventually(lambda: bool(calls(ground, "auth.test")))
                assert ground.bot.state is BotState.STARTING

        assert ground.slack.connections == 0


class TestClockwork:
    @pytest.fixture
    async def ticks(self) -> AsyncIterator[tuple[Clockwork, list[float]]]:
        """Give a running clockwork, and the times of its steps."""
        times: list[float] = []
        clockwork = Clockwork(lambda: times.append(time.monotonic()))
        running = asyncio.create_task(clockwork.run())
        yield clockwork, times
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    async def test_it_stands_still_at_first(self, ticks: tuple[Clockwork, list[float]]) -> None:
        """Without a speed nothing goes on."""
        clockwork, times = ticks
        await asyncio.sleep(0.1)

        assert (clockwork.seconds, times) == (None, [])

    async def test_it_ticks_at_its_speed(self, ticks: tuple[Clockwork, list[float]]) -> None:
        """A step comes after each pause, the first one too, and never sooner."""
        clockwork, times = ticks
        begun = time.monotonic()
        clockwork.seconds = 0.05
        await eventually(lambda: len(times) >= 4)

        assert all(later - before > 0.045 for before, later in pairwise([begun, *times]))

    async def test_it_can_be_stopped_and_goes_on_later(self, ticks: tuple[Clockwork, list[float]]) -> None:
        """At a standstill there is not one step more."""
        clockwork, times = ticks
        clockwork.seconds = 0.02
        await eventually(lambda: len(times) >= 2)
        clockwork.seconds = None
        so_far = len(times)
        await asyncio.sleep(0.15)

        assert len(times) == so_far
        clockwork.seconds = 0.02
        await eventually(lambda: len(times) > so_far)

    async def test_it_can_be_stopped_at_the_moment_of_a_step(
        self, ticks: tuple[Clockwork, list[float]]
    ) -> None:
        """A step whose time has come is not made any more once it stands still."""
        clockwork, times = ticks
        clockwork.seconds = 0.01
        for _ in range(3):
            await asyncio.sleep(0)
        time.sleep(0.02)  # noqa: ASYNC251  the loop finds the pause over in its next turn
        await asyncio.sleep(0)
        clockwork.seconds = None
        for _ in range(5):
            await asyncio.sleep(0)

        assert times == []

    async def test_a_new_speed_counts_at_once(self, ticks: tuple[Clockwork, list[float]]) -> None:
        """Nobody waits for the end of the long pause that was before."""
        clockwork, times = ticks
        clockwork.seconds = 1000
        await asyncio.sleep(0.05)
        clockwork.seconds = 0.01
        await eventually(lambda: len(times) >= 2)

        assert clockwork.seconds == 0.01


class TestWords:
    async def test_they_stand_in_the_channel_as_typed(self, ground: Playground, voices: str) -> None:
        """They are Alice's, for all to see, escaped once, without the blanks around them."""
        await composer.say(ground, "  1 < 2 &amp; *more* /voicejob\n", channel=voices)

        [message] = ground.slack.messages(voices)
        assert message.text == "1 &lt; 2 &amp;amp; *more* /voicejob"
        assert (message.author, message.bot_id, message.user, message.thread_ts) == (ALICE, None, None, None)

    async def test_they_can_be_a_reply(self, ground: Playground, voices: str) -> None:
        """In a thread they stand below their message, and not in the channel."""
        parent = ground.slack.add_message(voices, "parent", user=BOB)
        await composer.say(ground, "reply", channel=voices, thread_ts=parent.ts)

        assert [each.text for each in ground.slack.thread(voices, parent.ts)] == ["reply"]
        assert ground.slack.messages(voices) == [parent]

    @pytest.mark.parametrize(
        ("typed", "thread", "says"),
        [
            ("", None, "nothing to send"),
            (" \n\t ", None, "nothing to send"),
            ("/voicejob help", "1.000001", "no commands in threads"),
            ("/invite @voicejob", "1.000001", "no commands in threads"),
        ],
    )
    async def test_what_slack_does_not_send(
        self, ground: Playground, voices: str, typed: str, thread: str | None, says: str
    ) -> None:
        """The person is told why, and nothing appears."""
        with pytest.raises(NotPossible, match=says):
            await composer.say(ground, typed, channel=voices, thread_ts=thread)

        assert (ground.slack.shown, ground.notes) == ([], [])

    @pytest.mark.parametrize("typed", ["hello", "/archive", "/voicejob help"])
    async def test_there_is_no_such_channel(self, ground: Playground, typed: str) -> None:
        """Neither words nor commands go nowhere."""
        with pytest.raises(NotPossible, match="no such channel"):
            await composer.say(ground, typed, channel="C404")

    async def test_an_archived_channel_takes_no_words(self, ground: Playground, voices: str) -> None:
        """They are refused until it is open again."""
        await composer.say(ground, "/archive", channel=voices)
        with pytest.raises(NotPossible, match="archived"):
            await composer.say(ground, "hello", channel=voices)
        await composer.say(ground, "/unarchive", channel=voices)
        await composer.say(ground, "hello again", channel=voices)

        assert [each.text for each in ground.slack.messages(voices)] == ["hello again"]


class TestCommands:
    @pytest.mark.parametrize("who", ["@voicejob", "voicejob", " @voicejob "])
    async def test_the_bot_comes_and_goes(self, ground: Playground, voices: str, who: str) -> None:
        """``/remove`` and ``/invite`` change who is in, and the channel is told."""
        channel = ground.slack.channel(voices)
        await composer.say(ground, f"/remove {who}", channel=voices)
        was_in = channel.bot_is_member
        await composer.say(ground, f"/invite {who}", channel=voices)

        assert (was_in, channel.bot_is_member) == (False, True)
        assert notes(ground, voices) == [
            ("joined", "voicejob was removed from #voices by alice."),
            ("joined", "voicejob was added to #voices by alice."),
        ]

    @pytest.mark.parametrize(
        ("command", "says"),
        [
            ("/invite @voicejob", "voicejob is in this channel already."),
            ("/unarchive", "This channel is not archived."),
        ],
    )
    async def test_what_is_so_already_changes_nothing(
        self, ground: Playground, voices: str, command: str, says: str
    ) -> None:
        """Alice alone is told that there is nothing to do."""
        await composer.say(ground, command, channel=voices)

        assert notes(ground, voices) == [("slackbot", says)]

    @pytest.mark.parametrize(
        ("command", "says"),
        [
            ("/remove @voicejob", "voicejob is not in this channel."),
            ("/archive", "This channel is archived already."),
        ],
    )
    async def test_twice_is_once(self, ground: Playground, voices: str, command: str, says: str) -> None:
        """The second time, Alice alone is told that there is nothing to do."""
        await composer.say(ground, command, channel=voices)
        await composer.say(ground, command, channel=voices)

        assert [kind for kind, _ in notes(ground, voices)] == ["joined", "slackbot"]
        assert notes(ground, voices)[1] == ("slackbot", says)

    async def test_a_reply_to_nothing_is_refused(self, ground: Playground, voices: str) -> None:
        """Where no thread is, no reply goes: nobody would ever see it."""
        with pytest.raises(NotPossible, match="not there any more"):
            await composer.say(ground, "hello?", channel=voices, thread_ts="1.000001")

    @pytest.mark.parametrize("command", ["/invite", "/remove"])
    @pytest.mark.parametrize("who", ["", "@bob", "@@voicejob", "@voicejob2"])
    async def test_nobody_else_comes_or_goes(
        self, ground: Playground, voices: str, command: str, who: str
    ) -> None:
        """Alice alone is told, and everything stays."""
        inside = command == "/remove"
        ground.slack.channel(voices).bot_is_member = inside
        await composer.say(ground, f"{command} {who}", channel=voices)

        assert ground.slack.channel(voices).bot_is_member is inside
        assert notes(ground, voices) == [
            ("slackbot", "There is nobody to invite or remove here but @voicejob.")
        ]

    async def test_a_channel_is_archived_and_opened_again(self, ground: Playground, voices: str) -> None:
        """Everybody in it is told of both."""
        await composer.say(ground, "/archive", channel=voices)
        archived = ground.slack.channel(voices).archived
        await composer.say(ground, "/unarchive", channel=voices)

        assert (archived, ground.slack.channel(voices).archived) == (True, False)
        assert notes(ground, voices) == [
            ("joined", "alice archived this channel."),
            ("joined", "alice unarchived this channel."),
        ]

    async def test_an_open_channel_can_not_be_opened(self, ground: Playground, voices: str) -> None:
        """Alice is told that it is open."""
        await composer.say(ground, "/unarchive", channel=voices)

        assert notes(ground, voices) == [("slackbot", "This channel is not archived.")]

    @pytest.mark.parametrize(
        ("typed", "says"),
        [
            ("/invite @voicejob", "Nobody joins or leaves a direct message."),
            ("/remove @voicejob", "Nobody joins or leaves a direct message."),
            ("/archive", "A direct message can't be archived."),
            ("/unarchive", "This channel is not archived."),
        ],
    )
    async def test_a_direct_message_stays_as_it_is(self, ground: Playground, typed: str, says: str) -> None:
        """Slack's own commands for channels are refused there."""
        direct = ground.slack.direct_channel(ALICE)
        await composer.say(ground, typed, channel=direct)

        assert notes(ground, direct) == [("slackbot", says)]
        assert not ground.slack.channel(direct).archived

    @pytest.mark.parametrize("typed", ["/giphy cat", "/", "//voicejob", "/voicejobs", "/Invite @voicejob"])
    async def test_another_command_is_unknown(self, ground: Playground, voices: str, typed: str) -> None:
        """Alice is told which commands there are."""
        await composer.say(ground, typed, channel=voices)

        name = typed.partition(" ")[0]
        known = "/voicejob, /invite, /remove, /archive, /unarchive"
        assert notes(ground, voices) == [("slackbot", f"{name} is no command here. There are {known}.")]
        assert ground.slack.shown == []

    async def test_a_very_long_command_is_not_repeated(self, ground: Playground, voices: str) -> None:
        """Its beginning is enough."""
        await composer.say(ground, "/" + "x" * 5000, channel=voices)

        [(_, text)] = notes(ground, voices)
        assert text.startswith("/xxx")
        assert len(text) < 200

    async def test_the_bot_answers_its_own(self, lively: Playground, voices: str, job_id: str) -> None:
        """``/voicejob`` reaches the bot with what was typed; the answer is for Alice alone."""
        await composer.say(lively, f"/voicejob   {job_id}  ", channel=voices)
        card = await seen(lively, voices, "女声")

        assert card.user == ALICE
        assert lively.notes == []

    async def test_without_a_bot_slack_says_so(self, ground: Playground, voices: str) -> None:
        """While it is stopped, a command ends with Slack's own error."""
        await composer.say(ground, "/voicejob help", channel=voices)

        assert notes(ground, voices) == [("slackbot", '/voicejob failed with the error "dispatch_failed"')]
        assert ground.slack.shown == []

    async def test_a_note_comes_after_what_was_there(self, ground: Playground, voices: str) -> None:
        """Its time is Slack's, written as that of a message."""
        before = ground.slack.add_message(voices, "before")
        await composer.say(ground, "/archive", channel=voices)
        await composer.say(ground, "/unarchive", channel=voices)
        await asyncio.sleep(0.01)
        after = ground.slack.add_message(voices, "after")

        times = [before.ts, *(note.ts for note in ground.notes), after.ts]
        assert times == sorted(times)
        assert len({len(ts) for ts in times}) == 1


class TestMoods:
    async def test_a_slow_metastudio_is_waited_for(
        self, lively: Playground, voices: str, job_id: str
    ) -> None:
        """The command is taken, and its answer comes as late as MetaStudio's."""
        lively.moods.set_metastudio(MetaStudioMood.SLOW)
        begun = time.monotonic()
        await composer.say(lively, f"/voicejob {job_id}", channel=voices)
        await seen(lively, voices, "女声")

        assert time.monotonic() - begun > SLOW_SECONDS * 0.9
        assert (lively.notes, lively.moods.metastudio) == ([], "slow")

    async def test_a_metastudio_that_is_down_is_told(
        self, lively: Playground, voices: str, job_id: str
    ) -> None:
        """The bot says whose fault it is; as soon as MetaStudio is fine again, it shows the job."""
        lively.moods.set_metastudio(MetaStudioMood.DOWN)
        await composer.say(lively, f"/voicejob {job_id}", channel=voices)
        await seen(lively, voices, "MetaStudio has a fault on its side")
        lively.moods.set_metastudio(MetaStudioMood.FINE)
        await composer.say(lively, f"/voicejob {job_id}", channel=voices)
        await seen(lively, voices, "女声")

        assert lively.moods.metastudio == "fine"

    async def test_a_mood_replaces_the_one_before(self, ground: Playground) -> None:
        """MetaStudio is slow or down, never both."""
        ground.moods.set_metastudio(MetaStudioMood.SLOW)
        ground.moods.set_metastudio(MetaStudioMood.DOWN)

        assert ground.metastudio.latency == 0
        ground.moods.set_metastudio(MetaStudioMood.SLOW)
        assert ground.metastudio.chaos is None

    async def test_a_slack_that_limits_is_obeyed(self, lively: Playground, voices: str, job_id: str) -> None:
        """The bot waits as long as Slack asks, and the card comes when Slack is fine again."""
        lively.moods.set_slack(SlackMood.LIMITS)
        await composer.say(lively, f"/voicejob subscribe {job_id}", channel=voices)
        await eventually(lambda: bool(calls(lively, "chat.postMessage")))
        none_yet = lively.slack.messages(voices)
        lively.moods.set_slack(SlackMood.FINE)
        await seen(lively, voices, "女声", notices.STOP)

        first, second, *_ = calls(lively, "chat.postMessage")
        assert none_yet == []
        assert second - first >= RETRY_AFTER - 0.1

    async def test_a_slack_that_refuses_is_told(self, lively: Playground, voices: str, job_id: str) -> None:
        """Alice learns that the card can't be posted, and can try again when Slack is fine."""
        lively.moods.set_slack(SlackMood.REFUSES)
        await composer.say(lively, f"/voicejob subscribe {job_id}", channel=voices)
        refused = await seen(lively, voices, "restricted_action", notices.RETRY)
        none_yet = lively.slack.messages(voices)
        lively.moods.set_slack(SlackMood.FINE)
        await lively.slack.press(refused, notices.RETRY)
        await seen(lively, voices, "女声", notices.STOP)

        assert (refused.user, none_yet) == (ALICE, [])

    async def test_a_slack_that_is_down_gets_everything_later(
        self, lively: Playground, voices: str, job_id: str
    ) -> None:
        """Nothing appears meanwhile, and nothing is lost."""
        lively.moods.set_slack(SlackMood.DOWN)
        await composer.say(lively, f"/voicejob subscribe {job_id}", channel=voices)
        await eventually(lambda: bool(calls(lively, "chat.postMessage")))
        none_yet = lively.slack.messages(voices)
        lively.moods.set_slack(SlackMood.FINE)
        await seen(lively, voices, "女声", notices.STOP)

        assert none_yet == []
        assert len(lively.slack.messages(voices)) == 1

    async def test_answers_get_through_in_every_mood_of_slack(
        self, lively: Playground, voices: str, job_id: str
    ) -> None:
        """They go another way than messages: the person always hears of what was asked."""
        for mood in SlackMood:
            lively.moods.set_slack(mood)
            asked = await lively.slack.command("/voicejob", job_id, channel=voices)

            assert "女声" in str((await asked.message(timeout=PATIENCE)).blocks)
            assert lively.moods.slack == mood

    @pytest.mark.parametrize("mood", SlackMood)
    async def test_the_bot_can_be_started_in_every_mood_of_slack(
        self, ground: Playground, mood: SlackMood
    ) -> None:
        """Only messages are in trouble, not the way to Slack."""
        ground.moods.set_slack(mood)
        await ground.bot.start()

        assert (ground.bot.state, ground.slack.connections) == (BotState.RUNNING, 1)


class TestSwitch:
    async def test_it_starts_and_stops_the_bot(self, ground: Playground, voices: str) -> None:
        """Each comes back when it is done; what the bot does shows at Slack."""
        at_first = ground.bot.state
        await ground.bot.start()
        assert (ground.bot.state, ground.bot.says) == (BotState.RUNNING, "Connected to Slack by Socket Mode.")
        assert (await ground.slack.command("/voicejob", "help", channel=voices)).acked

        await ground.bot.stop()
        assert (at_first, ground.bot.state, ground.bot.says) == (BotState.STOPPED, BotState.STOPPED, STOPPED)
        assert not (await ground.slack.command("/voicejob", "help", channel=voices)).acked

    async def test_starting_it_again_is_one_start(self, lively: Playground) -> None:
        """A bot that runs is left alone."""
        await lively.bot.start()

        assert (lively.slack.connections, len(calls(lively, "auth.test"))) == (1, 1)
        assert lively.bot.state is BotState.RUNNING

    async def test_stopping_it_again_is_no_error(self, ground: Playground) -> None:
        """Nothing happens to a bot that does not run."""
        await ground.bot.stop()
        await ground.bot.start()
        await ground.bot.stop()
        await ground.bot.stop()

        assert ground.bot.state is BotState.STOPPED

    async def test_it_can_be_started_anew(self, lively: Playground, voices: str) -> None:
        """After a restart another bot answers."""
        await lively.bot.restart()

        assert lively.bot.state is BotState.RUNNING
        assert len(calls(lively, "auth.test")) == 2
        assert (await lively.slack.command("/voicejob", "help", channel=voices)).acked

    async def test_many_hands_start_one_bot(self, ground: Playground, voices: str) -> None:
        """However they pull at the switch, there is never a second bot, and at the end one runs."""
        bot = ground.bot
        await asyncio.gather(bot.start(), bot.start(), bot.stop(), bot.restart(), bot.stop(), bot.restart())

        assert bot.state is BotState.RUNNING
        assert (await ground.slack.command("/voicejob", "help", channel=voices)).acked
        await eventually(lambda: ground.slack.connections == 1)

    async def test_it_says_that_the_bot_starts(self, ground: Playground) -> None:
        """While Slack is slow, the bot is starting, and nobody believes that it runs."""
        ground.slack.fail("auth.test", delay=0.3)
        starting = asyncio.create_task(ground.bot.start())
        await eventually(lambda: bool(calls(ground, "auth.test")))

        assert (ground.bot.state, ground.bot.says) == (BotState.STARTING, "Connecting to Slack …")
        await starting
        assert str(ground.bot.state) == "running"

    async def test_what_is_under_way_is_finished_first(
        self, lively: Playground, voices: str, job_id: str
    ) -> None:
        """While the bot still has an answer to give, it is stopping; the answer comes, then it has ended."""
        lively.metastudio.latency = 1
        await composer.say(lively, f"/voicejob {job_id}", channel=voices)
        stopping = asyncio.create_task(lively.bot.stop())
        await eventually(lambda: lively.bot.state is not BotState.RUNNING)

        assert (lively.bot.state, lively.bot.says) == (BotState.STOPPING, "Finishing what is under way …")
        await stopping
        assert str(lively.bot.state) == "stopped"
        assert "女声" in str(lively.slack.ephemeral(ALICE, voices)[-1].blocks)

    async def test_a_bot_that_slack_refuses_is_broken(self, ground: Playground) -> None:
        """The sentence tells why; when the cause is gone, it can be started."""
        ground.slack.revoke()
        await ground.bot.start()
        broken = ground.bot.state, ground.bot.says
        await ground.bot.stop()
        assert (ground.bot.state, ground.bot.says) == broken

        ground.slack.revoke(None)
        await ground.bot.start()
        assert broken[0] == "broken"
        assert "Slack refuses “SLACK_BOT_TOKEN” with the error “token_revoked”" in broken[1]
        assert (str(ground.bot.state), ground.slack.connections) == ("running", 1)

    async def test_a_broken_bot_can_be_restarted(self, ground: Playground) -> None:
        """A restart does as well as a start."""
        ground.slack.revoke()
        await ground.bot.restart()
        broken = ground.bot.state
        ground.slack.revoke(None)
        await ground.bot.restart()

        assert (broken, str(ground.bot.state)) == (BotState.BROKEN, "running")

    async def test_what_nobody_expected_breaks_the_bot_alone(
        self, slack: SlackWorkspace, metastudio: MetaStudioSimulator, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The page says that it broke, and the terminal what it was; the switch goes on working."""
        no_pace: Any = None
        switch = BotSwitch(settings_for(slack, metastudio), no_pace)
        for _ in range(2):
            await switch.start()
            assert (switch.state, switch.says) == (BotState.BROKEN, BROKEN)

        assert [record.getMessage() for record in caplog.records] == ["the bot broke"] * 2
        assert "AttributeError" in caplog.text

    async def test_subscriptions_survive_it(self, lively: Playground, voices: str, job_id: str) -> None:
        """What a job does while the bot is stopped is told when it runs again, below the same card."""
        await composer.say(lively, f"/voicejob subscribe {job_id}", channel=voices)
        card = await seen(lively, voices, "女声", notices.STOP)
        await lively.bot.stop()
        lively.advance(job_id)
        silent = lively.slack.thread(voices, card.ts)
        await lively.bot.start()
        told = await seen(lively, voices, "Waiting for the recordings → In automatic review")

        assert silent == []
        assert told.thread_ts == card.ts
        await composer.say(lively, "/voicejob list", channel=voices)
        await seen(lively, voices, job_id, "女声")


async def test_a_press_without_a_bot_fails(lively: Playground, voices: str, job_id: str) -> None:
    """A button that outlived the bot ends with Slack's error, as a command does."""
    await composer.say(lively, f"/voicejob {job_id}", channel=voices)
    card = await seen(lively, voices, job_card.REFRESH)
    await lively.bot.stop()
    pressed = await lively.slack.press(card, job_card.REFRESH)

    assert (pressed.acked, pressed.error) == (False, "dispatch_failed")
