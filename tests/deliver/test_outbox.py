"""The outbox at work: order, pauses, the disk, and the end."""

import asyncio
import logging
import time
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.domain.rates import RateLimits
from bot.domain.subscriptions import (
    Key,
    Level,
    Pause,
    Step,
    next_step,
    outdated,
    stopped,
    tried_again,
    with_level,
)
from bot.simulators.slack.workspace import SlackWorkspace
from bot.telemetry.metrics import Metrics, Stock
from tests.support import PATIENCE, Office, disk_held, eventually, eventually_so, fail_fast, log_text, office


async def all_told(post: Office) -> None:
    """Wait until nothing is due any more."""

    async def is_told() -> bool:
        subscription = [each for every in (await post.store.followed()).values() for each in every]
        return all(next_step(each) is None for each in subscription)

    await eventually_so(is_told)


async def slack_shows(post: Office, voice: str) -> None:
    """Wait for a notice about a voice."""
    await post.slack.message_where(lambda seen: bool(seen.thread_ts) and voice in seen.text)


async def is_open(post: Office, key: Key) -> bool:
    return (await post.kept(key)).pause is None


async def is_known(post: Office, key: Key) -> bool:
    pause = (await post.kept(key)).pause
    return bool(pause and pause.person_knows)


async def is_gone(post: Office, key: Key) -> bool:
    return await post.store.get(key) is None


async def was_refused(post: Office, key: Key, times: int) -> bool:
    """Say whether Slack has refused it so many times, and the next try is a while away."""
    pause = (await post.kept(key)).pause
    return pause is not None and pause.tries == times and pause.next_try > time.time()


async def pause(post: Office, key: Key) -> None:
    """Let Slack refuse a notice, and the person be told."""
    post.slack.fail("chat.postMessage", error="restricted_action")
    await post.job_is(key, "PROCESSING")
    for _ in range(2):
        await post.outbox.deliver(key)


def methods(post: Office) -> list[str]:
    return [call.method for call in post.slack.calls]


class TestOrder:
    """What goes first, and what waits for what."""

    async def test_what_is_due_or_woken_is_delivered(self, post: Office) -> None:
        """It begins with what the store holds; a wake brings what becomes due later, again and again."""
        key = await post.follow()
        async with post.open():
            await all_told(post)
            for state in ("PROCESSING", "RESULT_REVIEW", "UPLOADING"):
                await post.job_is(key, state)
                await post.age(key)
                post.outbox.wake(key)
                await all_told(post)

        assert len(post.posts()) == 4
        assert len(post.edits()) == 3

    async def test_notices_come_in_the_order_of_the_changes_and_edits_last(self, post: Office) -> None:
        """In a channel, what was noticed first is told first, and cards are edited when all is told."""
        keys = [await post.followed(f"job-{number}") for number in (3, 1, 2)]
        post.slack.calls.clear()
        for since, key in enumerate(keys, 100):
            await post.job_is(key, "PROCESSING")
            notice = (await post.kept(key)).notice
            assert notice is not None
            await post.update(key, notice=notice.model_copy(update={"since": since}))

        async with post.open():
            await all_told(post)

        assert [sent["text"].split(":")[0] for sent in post.posts()] == [
            f"`voice of job-{number}`" for number in (3, 1, 2)
        ]
        assert methods(post) == ["chat.postMessage"] * 3 + ["chat.update"] * 3

    async def test_a_channel_that_hangs_holds_up_no_other(self, post: Office) -> None:
        """While Slack does not answer for one channel, the others are told."""
        other = post.slack.add_channel("others")
        post.slack.fail("chat.postMessage", channel=post.channel, delay=3)
        await post.follow("job-1")
        await post.follow("job-2", channel=other)
        async with post.open():
            async with asyncio.timeout(2):
                await post.slack.message_where(lambda seen: seen.channel == other)
            await eventually(lambda: bool(post.posts()))

            assert post.slack.messages(post.channel) == []

    async def test_a_channel_has_one_message_on_its_way(self, post: Office) -> None:
        """The second message to a channel waits until the first is answered and written down."""
        for number in range(4):
            await post.follow(f"job-{number}")
        post.slack.chaos(lambda _, __: {"delay": 0.05})
        async with post.open():
            await eventually(lambda: len(post.posts()) == 4)
            cards = [subscription.card for subscription in await post.store.of_channel("T1", post.channel)]

        assert sum(card is not None for card in cards) == 3

    async def test_a_subscription_that_changes_while_it_waits_is_told_as_it_is(
        self, slack: SlackWorkspace, path: Path
    ) -> None:
        """Who unsubscribes while the message waits for its turn is told nothing any more."""
        async with office(slack, path, rates=RateLimits(channel=0.3, posts=0, edits=0)) as post:
            first, second = await post.follow("job-1"), await post.follow("job-2")
            await post.outbox.deliver(first)
            waiting = asyncio.create_task(post.outbox.deliver(second))
            await asyncio.sleep(0)
            await post.store.change(second, stopped("U1"))
            await waiting
            await post.outbox.deliver(second)

            assert len(post.posts()) == 1
            assert await post.store.get(second) is None

    async def test_a_card_is_not_posted_twice_when_who_asked_is_stopped(self, post: Office) -> None:
        """The next one waits for the message on its way even if the one who sent it is not there any more."""
        key = await post.follow()
        post.slack.fail("chat.postMessage", delay=0.3)
        first = asyncio.create_task(post.outbox.deliver(key))
        await eventually(lambda: bool(post.posts()))
        first.cancel()

        await post.outbox.deliver(key)

        assert len(post.posts()) == 1
        assert (await post.kept(key)).card is not None


class TestForgotten:
    """What was stopped before its card was posted."""

    async def test_it_is_no_message(
        self, slack: SlackWorkspace, path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Nothing is sent, told, or counted, and it is no word about Slack, which refuses the bot still."""
        caplog.set_level(logging.INFO)
        metrics = Metrics()
        async with office(slack, path, metrics=metrics) as post:
            slack.revoke()
            key = await post.follow()
            await post.outbox.deliver(key)
            await post.update(key, stopped_by="U1")
            await post.outbox.deliver(key)
            assert await post.store.get(key) is None
            assert post.outbox.trouble is not None
        counted = metrics.exposition(Stock.of([], 0), is_ready=True).decode()

        assert "forget" not in log_text(caplog) + counted
        assert "Slack takes messages again" not in caplog.text


class TestPauses:
    """When Slack does not let it."""

    async def test_pauses_grow_and_begin_small_again(self, slack: SlackWorkspace, path: Path) -> None:
        """While Slack fails, it is tried less and less often; one message that goes through ends that."""
        async with office(slack, path, first_pause=0.2) as post:
            at: list[float] = []

            def fails(*_: Any) -> Any:
                at.append(time.monotonic())
                return {"status": 500} if len(at) not in {4, 6} else None

            post.slack.chaos(fails)
            key = await post.follow()
            async with post.open():
                await all_told(post)
                await post.job_is(key, "PROCESSING")
                post.outbox.wake(key)
                await slack_shows(post, "job-1")

        pauses = [later - earlier for earlier, later in pairwise(at)]
        assert all(pause >= wanted for pause, wanted in zip(pauses[:3], (0.2, 0.4, 0.8), strict=True))
        assert 0.2 <= pauses[4] < 1.6  # which it would be at least, had it gone on growing

    async def test_failures_are_logged_once(self, post: Office, caplog: pytest.LogCaptureFixture) -> None:
        """An outage is logged when it begins and when it is over, however many channels it is about."""
        caplog.set_level(logging.INFO)
        post.slack.chaos(lambda _, __: {"status": 500})
        for number in range(4):
            channel = post.slack.add_channel(f"c{number}")
            await post.follow(channel=channel)
        async with post.open():
            await eventually(lambda: len(post.slack.calls) > 12)
            post.slack.chaos(None)
            await all_told(post)

        assert caplog.text.count("Slack does not take a message") == 1
        assert caplog.text.count("Slack takes messages again") == 1

    async def test_a_channel_in_which_nothing_is_due_fails_no_more(
        self, post: Office, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A channel that failed, and was unsubscribed meanwhile, does not hide that Slack works again."""
        caplog.set_level(logging.INFO)
        other = post.slack.add_channel("others")
        key = await post.follow()
        post.slack.chaos(lambda _, __: {"status": 500})
        async with post.open():
            await eventually(lambda: bool(post.posts()))
            await post.store.change(key, lambda _: None)
            post.outbox.wake(key)
            post.outbox.wake(await post.follow("job-2", channel=other))
            await eventually(lambda: len(post.posts(other)) >= 2)
            post.slack.chaos(None)
            await all_told(post)

        assert caplog.text.count("Slack takes messages again") == 1

    async def test_a_refusal_ends_a_failure(self, post: Office, caplog: pytest.LogCaptureFixture) -> None:
        """A channel that fails and is then refused counts as failing no more."""
        caplog.set_level(logging.INFO)
        key = await post.follow()
        post.slack.fail("chat.postMessage", status=500)
        await post.outbox.deliver(key)
        post.slack.archive(post.channel)
        await post.outbox.deliver(key)

        assert caplog.text.count("Slack takes messages again") == 1

    async def test_a_warning_that_is_no_longer_true(self, post: Office) -> None:
        """The message to the person is edited when the pause is over."""
        post.slack.archive(post.channel)
        key = await post.follow()
        async with post.open():
            await eventually(lambda: bool(post.slack.direct("U1")))
            (before,) = post.slack.direct("U1")
            post.slack.unarchive(post.channel)
            await post.store.change(key, tried_again(0))
            post.outbox.wake(key)
            await eventually(lambda: post.slack.direct("U1")[0].text != before.text)

        (after,) = post.slack.direct("U1")
        assert before.text.startswith("I can't post in <#C000000001>")
        assert after.text.startswith("I can post in <#C000000001> again")
        assert "Try again" not in str(after.blocks)

    async def test_a_warning_stands_for_all_that_it_is_about(self, post: Office) -> None:
        """While another subscription of that person is paused there, it is not edited for the end of one."""
        post.slack.archive(post.channel)
        first, second = await post.follow("job-1"), await post.follow("job-2")
        async with post.open():
            await eventually_so(partial(is_known, post, second))
            await eventually_so(partial(is_known, post, first))
            (before,) = post.slack.direct("U1")
            warned = first if (await post.kept(first)).warning else second
            other = second if warned is first else first
            await post.store.change(warned, stopped("U2"))
            post.outbox.wake(warned)
            await eventually_so(partial(is_gone, post, warned))
            assert [seen.text for seen in post.slack.direct("U1")] == [before.text]
            await post.store.change(other, stopped("U2"))
            post.outbox.wake(other)
            await eventually(lambda: "was ended" in post.slack.direct("U1")[0].text)

    async def test_a_person_is_told_once_of_what_paused_together(self, post: Office) -> None:
        """Two subscriptions were paused before the person was told of either: one message is enough."""
        keys = [await post.followed(job_id) for job_id in ("job-1", "job-2")]
        now = int(time.time())
        pause = Pause(reason="is_archived", since=now, tries=1, next_try=now + 300, person_knows=False)
        for key in keys:
            await post.update(key, pause=pause)
        for key in keys:
            await post.outbox.deliver(key)

        assert len(post.slack.direct("U1")) == 1
        assert [(await post.kept(key)).pause for key in keys] == [
            pause.model_copy(update={"person_knows": True})
        ] * 2

    async def test_a_paused_channel_is_left_alone(self, post: Office) -> None:
        """Before its next try, nothing is sent to a paused channel, whatever wakes it."""
        key = await post.followed()
        post.slack.archive(post.channel)
        await post.job_is(key, "PROCESSING")
        async with post.open():
            post.outbox.wake(key)
            await eventually(lambda: bool(post.slack.direct("U1")))
            tried = len(post.posts())
            for state in ("RESULT_REVIEW", "FAILED"):
                await post.job_is(key, state)
                post.outbox.wake(key)
                await asyncio.sleep(0.05)

        assert len(post.posts()) == tried == 2

    async def test_one_message_that_gets_through_opens_the_channel(self, post: Office) -> None:
        """What is paused in a channel follows as soon as Slack takes another job's message there."""
        paused, other = await post.followed("job-1"), await post.followed("job-2")
        elsewhere = await post.follow("job-3", channel=post.slack.add_channel("elsewhere"))
        await pause(post, paused)
        await post.update(elsewhere, pause=(await post.kept(paused)).pause)
        await post.job_is(other, "PROCESSING")
        async with post.open():
            post.outbox.wake(other)
            await eventually_so(partial(is_open, post, paused))

        assert (await post.kept(paused)).notice is None
        assert (await post.kept(elsewhere)).pause is not None

    async def test_an_edit_or_a_direct_message_opens_no_channel(self, post: Office) -> None:
        """Neither says that Slack takes messages in the channel."""
        paused, other = await post.followed("job-1"), await post.followed("job-2")
        await pause(post, paused)
        before = await post.kept(paused)
        await post.store.change(other, outdated)
        await post.outbox.deliver(other)

        assert (len(post.edits()), len(post.slack.direct("U1"))) == (1, 1)
        assert await post.kept(paused) == before

    async def test_one_that_slack_refuses_for_itself_is_tried_once_for_each_other_message(
        self, post: Office
    ) -> None:
        """It does not come back at once, and its person is told once."""
        paused, other = await post.followed("job-1"), await post.followed("job-2")
        card = (await post.kept(paused)).card
        assert card is not None
        post.slack.chaos(
            lambda _, sent: {"error": "restricted_action"} if sent.get("thread_ts") == card.ts else None
        )
        await post.job_is(paused, "PROCESSING")
        async with post.open():
            post.outbox.wake(paused)
            await eventually(lambda: bool(post.slack.direct("U1")))
            for tries, state in enumerate(("PROCESSING", "RESULT_REVIEW", "FAILED"), start=2):
                await post.job_is(other, state)
                post.outbox.wake(other)
                await eventually_so(partial(was_refused, post, paused, tries))
            await asyncio.sleep(0.1)

        pause = (await post.kept(paused)).pause
        assert pause is not None
        assert pause.tries == 4
        assert len(post.slack.direct("U1")) == 1

    async def test_refused_credentials_stop_everything(
        self, slack: SlackWorkspace, path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A refused bot asks rarely, for all channels together, until a person's message goes through."""
        caplog.set_level(logging.INFO)
        rates = RateLimits(channel=0, posts=0.3, edits=0)
        async with office(slack, path, first_pause=600, rates=rates) as post:
            slack.revoke("account_inactive")
            key = await post.follow()
            others = [await post.follow(channel=slack.add_channel(f"c{number}")) for number in range(2)]
            async with post.open():
                await eventually(lambda: post.outbox.trouble is not None)
                await asyncio.sleep(0.7)  # the others waited for their place, and then see the trouble
                assert len(slack.calls) == 1
                slack.revoke(None)
                await post.outbox.deliver(key)
                await all_told(post)

            assert all([(await post.kept(other)).card for other in others])
        assert post.outbox.trouble is None
        assert log_text(caplog).count("Slack refuses the bot; nothing is lost, and it tries again") == 1
        assert "code=account_inactive" in log_text(caplog)
        assert caplog.text.count("Slack takes messages again") == 1

    async def test_many_refusals_at_once_are_one(self, slack: SlackWorkspace, path: Path) -> None:
        """Channels that are refused at the same moment make one pause, not a longer one for each."""
        async with office(slack, path, first_pause=0.2) as post:
            slack.revoke()
            for number in range(8):
                await post.follow(channel=slack.add_channel(f"c{number}"))
            async with post.open():
                await eventually(lambda: len(slack.calls) == 8)
                slack.revoke(None)
                await all_told(post)

    async def test_429_holds_one_method(self, slack: SlackWorkspace, path: Path) -> None:
        """For as long as Slack names, that method is not called for any channel; others are."""
        async with office(slack, path) as post:
            others = [slack.add_channel(f"c{number}") for number in range(3)]
            edit = await post.followed()
            await post.store.change(edit, with_level(Level.IMPORTANT))
            slack.fail("chat.postMessage", retry_after=1)
            slack.calls.clear()
            for channel in others:
                await post.follow(channel=channel)
            await post.outbox.deliver(await post.follow("job-x", channel=others[0]))
            async with post.open():
                await all_told(post)

        at = {method: [call.at for call in slack.calls if call.method == method] for method in methods(post)}
        first, *later = at["chat.postMessage"]
        assert len(later) == 4
        assert min(later) - first >= 0.95
        assert at["chat.update"][0] < min(later)

    async def test_an_edit_that_has_to_wait_lets_notices_go_first(
        self, slack: SlackWorkspace, path: Path
    ) -> None:
        """While edits are held, a notice in the same channel is told, and a person is served."""
        async with office(slack, path, first_pause=600) as post:
            key = await post.followed()
            slack.fail("chat.update", retry_after=600)
            await post.store.change(key, with_level(Level.IMPORTANT))
            async with post.open():
                await eventually(lambda: bool(post.edits()))
                await post.job_is(key, "PROCESSING")
                post.outbox.wake(key)
                await slack.message_where(lambda seen: bool(seen.thread_ts))
                second = await post.follow("job-2")
                await post.outbox.deliver(second)

                assert (await post.kept(second)).card is not None
                assert len(post.edits()) == 1

    async def test_a_person_waits_for_so_long_and_no_longer(self, slack: SlackWorkspace, path: Path) -> None:
        """Where Slack holds messages, the person is told so soon, and the message comes by itself."""
        async with office(slack, path, patience=0.1) as post:
            slack.fail("chat.postMessage", retry_after=1)
            first, second = await post.follow("job-1"), await post.follow("job-2")
            await post.outbox.deliver(first)
            await post.outbox.deliver(second)
            assert len(post.posts()) == 1
            async with post.open():
                await all_told(post)

            assert len(slack.messages(post.channel)) == 2

    async def test_patience_is_not_for_what_is_on_its_way(self, slack: SlackWorkspace, path: Path) -> None:
        """A message that Slack takes its time for is waited for."""
        async with office(slack, path, patience=0.2) as post:
            slack.fail("chat.postMessage", delay=0.6)
            key = await post.follow()

            await post.outbox.deliver(key)

            assert (await post.kept(key)).card is not None


class TestDisk:
    """When the disk does not let it."""

    async def test_what_slack_took_is_not_sent_again(self, post: Office, path: Path) -> None:
        """A message that can't be written down is not repeated, and is written when the disk comes back."""
        await fail_fast(post.store)
        key = await post.follow()
        other = await post.follow("job-2")
        async with post.open():
            with disk_held(path):
                post.outbox.wake(key)
                await eventually(lambda: post.store.trouble is not None)
                trouble = post.store.trouble
                await eventually(lambda: post.store.trouble is not trouble)  # it was tried again
                sent = len(post.posts())
            await all_told(post)

        assert sent == 1
        assert len(post.posts()) == 2
        assert (await post.kept(other)).card is not None

    async def test_what_cant_be_written_is_not_sent(self, post: Office, path: Path) -> None:
        """While the disk is known to be in trouble, nothing is sent; when it is not, all is."""
        await fail_fast(post.store)
        key = await post.follow()
        other = await post.follow(channel=post.slack.add_channel("others"))
        with disk_held(path):
            with pytest.raises(Exception, match="StoreTrouble"):
                await post.store.check()
            trouble = post.store.trouble
            async with post.open():
                post.outbox.wake(key)
                await post.outbox.deliver(other)
                await eventually(lambda: post.store.trouble is not trouble)

                assert post.slack.calls == []
        async with post.open():
            await all_told(post)

        assert len(post.slack.calls) == 2

    async def test_a_disk_in_trouble_is_tried_after_a_pause(self, slack: SlackWorkspace, path: Path) -> None:
        """What could not be written is not tried again at once, even if it could be by then."""
        async with office(slack, path, first_pause=0.5) as post:
            await fail_fast(post.store)
            key = await post.follow(stopped_by="U1")
            started = time.monotonic()
            async with post.open():
                with disk_held(path):
                    post.outbox.wake(key)
                    await eventually(lambda: post.store.trouble is not None)
                await eventually(lambda: post.store.trouble is None)

            assert time.monotonic() - started > 0.5
            assert await post.store.get(key) is None
            assert slack.calls == []


class TestEnd:
    """When the bot is stopped."""

    async def test_what_is_on_its_way_is_written_down(self, post: Office) -> None:
        """A stop waits for the answer of Slack, and nothing new begins."""
        key = await post.follow("job-1")
        await post.follow("job-2")
        post.slack.fail("chat.postMessage", delay=0.3)
        async with post.open():
            await eventually(lambda: bool(post.posts()))
        await post.outbox.drain(5)

        assert (await post.kept(key)).card is not None
        assert len(post.posts()) == 1

    async def test_nothing_new_begins(self, post: Office) -> None:
        """After the end began, neither a person nor a change gets a message sent; the store keeps it."""
        key = await post.follow()
        async with post.open():
            await all_told(post)
            await post.job_is(key, "PROCESSING")
            await post.outbox.drain(5)
            post.outbox.wake(key)
            await post.outbox.deliver(key)
        post.outbox.wake(key)
        post.outbox.wake(await post.follow(channel="C2"))

        assert len(post.slack.calls) == 1
        assert (await post.kept(key)).notice is not None

    async def test_the_end_waits_for_so_long_and_no_longer(
        self, post: Office, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What Slack does not answer in time is left, said in the log, and due again after the next start."""
        key = await post.follow()
        post.slack.fail("chat.postMessage", delay=3)
        async with post.open():
            await eventually(lambda: bool(post.posts()))
        await post.outbox.drain(0.1)

        assert "messages under way, which may come again: 1" in caplog.text
        assert (await post.kept(key)).card is None

    async def test_a_stop_is_heard_even_when_it_was_just_woken(self, post: Office) -> None:
        """A channel that waits ends when it is stopped and woken in the same moment."""
        key = await post.followed()
        post.slack.archive(post.channel)
        await post.job_is(key, "PROCESSING")
        async with post.open() as running:
            post.outbox.wake(key)
            await eventually(lambda: bool(post.slack.direct("U1")))
            await asyncio.sleep(0.1)  # it waits for the next try by now; if not, it ends too
            post.outbox.wake(key)
            running.cancel()
            await asyncio.wait([running], timeout=3)

            assert running.cancelled()


async def test_slacks_limits_are_kept(path: Path) -> None:
    """With Slack's own limits, several messages in several channels are never too many."""
    async with SlackWorkspace() as slack, office(slack, path, rates=RateLimits()) as post:
        channels = [post.channel, slack.add_channel("b"), slack.add_channel("c")]
        for channel in channels:
            for number in range(3):
                await post.follow(f"job-{number}", channel=channel)
        async with post.open():
            await all_told(post)

        assert slack.limited == []
        for channel in channels:
            first, second, third = [float(seen.ts) for seen in slack.messages(channel)]
            assert min(second - first, third - second) > 0.9


class TestOthersFirst:
    """What must not wait for what."""

    async def test_a_message_that_slack_can_not_serve_lets_the_others_through(
        self, slack: SlackWorkspace, path: Path
    ) -> None:
        """However often one of a channel's messages fails, the others are delivered."""
        async with office(slack, path, first_pause=0.05) as post:
            bad, good = await post.followed("job-1"), await post.followed("job-2")
            slack.chaos(lambda _, sent: {"error": "internal_error"} if "job-1" in str(sent) else None)
            for key in (bad, good):
                await post.job_is(key, "AUDIT_FAILED")
            async with post.open():
                post.outbox.wake(bad)
                await slack_shows(post, "job-2")

            assert next_step(await post.kept(bad)) is Step.POST_NOTICE

    async def test_a_person_does_not_wait_in_line(self, slack: SlackWorkspace, path: Path) -> None:
        """While many messages wait for their turn, what a person asks for goes first."""
        async with office(slack, path, rates=RateLimits(channel=0, posts=0.2, edits=0)) as post:
            for number in range(12):
                await post.follow(f"job-{number}", channel=slack.add_channel(f"crowd-{number}"))
            mine = await post.follow("job-mine")
            async with post.open():
                await eventually(lambda: len(slack.calls) > 1)
                await post.outbox.deliver(mine, person_is_here=True)

                # Its place in the line, not how many went by until it is recorded: disks can be slow.
                (place,) = [
                    number for number, sent in enumerate(slack.calls) if "job-mine" in str(sent.arguments)
                ]
                assert place < 5

    async def test_a_person_does_not_wait_for_the_disk(self, slack: SlackWorkspace, path: Path) -> None:
        """What Slack took is written down as soon as the disk lets it; the person is answered before."""
        async with office(slack, path, patience=0.3, send_seconds=0.5) as post:
            key = await post.follow()
            clock = asyncio.get_running_loop().time
            with disk_held(path):
                started = clock()
                await post.outbox.deliver(key, person_is_here=True)
                waited = clock() - started
            await post.outbox.drain(PATIENCE)

            assert waited < 2
            assert (await post.kept(key)).card
            assert len(post.posts()) == 1

    async def test_what_slack_took_for_one_is_not_written_to_its_successor(
        self, slack: SlackWorkspace, path: Path
    ) -> None:
        """A subscription that was made anew while a card was on its way gets a card of its own."""
        async with office(slack, path) as post:
            key = await post.follow()
            slack.fail("chat.postMessage", delay=0.3)
            late = asyncio.create_task(post.outbox.deliver(key, person_is_here=True))
            await eventually(lambda: any(call.method == "chat.postMessage" for call in slack.calls))
            await post.store.change(key, lambda _: None)
            await post.follow(subscribed_at=1767329999)
            await late

            assert (await post.kept(key)).card is None
            assert next_step(await post.kept(key)) is Step.POST_CARD
