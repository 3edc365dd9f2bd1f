"""The outbox at work: order, the disk, and the end."""

import asyncio
import logging
import time
from pathlib import Path

import pytest

from bot.domain.rates import RateLimits
from bot.domain.subscriptions import Step, next_step, stopped
from bot.simulators.slack.workspace import SlackWorkspace
from bot.telemetry.metrics import Gauges, Metrics
from tests.support import PATIENCE, Office, disk_held, eventually, eventually_so, fail_fast, log_text, office


async def all_told(post: Office) -> None:
    """Wait until nothing is due any more."""

    async def is_told() -> bool:
        subscription = [each for every in (await post.store.followed()).values() for each in every]
        return all(next_step(each) is None for each in subscription)

    await eventually_so(is_told)


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
        job_ids = ["job-3", "job-1", "job-2"]
        keys = [await post.followed(job_id) for job_id in job_ids]
        post.slack.calls.clear()
        for since, key in enumerate(keys, 100):
            await post.job_is(key, "PROCESSING")
            notice = (await post.kept(key)).notice
            assert notice is not None
            await post.update(key, notice=notice.model_copy(update={"since": since}))
        async with post.open():
            await all_told(post)

        told = [sent["text"].split(":")[0] for sent in post.posts()]
        assert told == [f"`voice of {job_id}`" for job_id in job_ids]
        assert methods(post) == ["chat.postMessage"] * 3 + ["chat.update"] * 3

    async def test_a_channel_that_hangs_holds_up_no_other(
        self, post: Office, caplog: pytest.LogCaptureFixture
    ) -> None:
        """While Slack does not answer for one channel, the others are told.

        The end does not wait for ever: what is left is said in the log, and due again after the next start.
        """
        other = post.slack.add_channel("others")
        post.slack.fail("chat.postMessage", channel=post.channel, delay=99)
        key = await post.follow("job-1")
        await post.follow("job-2", channel=other)
        async with post.open():
            await post.slack.message_where(lambda seen: seen.channel == other)
            await eventually(lambda: bool(post.posts()))
        await post.outbox.drain(0.1)

        assert post.slack.messages(post.channel) == []
        assert "messages under way, which may come again: 1" in caplog.text
        assert (await post.kept(key)).card is None

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

    async def test_what_was_stopped_before_its_card_is_no_message(
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

        assert "forget" not in log_text(caplog) + metrics.exposition(Gauges.of([], 0), is_ready=True).decode()
        assert "Slack takes messages again" not in caplog.text


class TestDisk:
    """When the disk does not let it."""

    async def test_what_slack_took_is_not_sent_again(self, post: Office, path: Path) -> None:
        """A message that can't be written down is not repeated, and is written when the disk comes back."""
        await fail_fast(post.store)
        for number in range(2):
            await post.follow(f"job-{number}")
        async with post.open():
            with disk_held(path):
                await eventually(lambda: post.store.trouble is not None)
                trouble = post.store.trouble
                await eventually(lambda: post.store.trouble is not trouble)  # it was tried again
                assert len(post.posts()) == 1
            await all_told(post)

        assert len(post.posts()) == 2

    async def test_what_cant_be_written_is_not_sent(self, post: Office, path: Path) -> None:
        """While the disk is known to be in trouble, nothing is sent; when it is not, all is."""
        await fail_fast(post.store)
        await post.follow()
        other = await post.follow(channel=post.slack.add_channel("others"))
        with disk_held(path):
            with pytest.raises(Exception, match="StoreTrouble"):
                await post.store.check()
            trouble = post.store.trouble
            async with post.open():
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
                    await eventually(lambda: post.store.trouble is not None)
                await eventually(lambda: post.store.trouble is None)

            assert time.monotonic() - started > 0.5
            assert await post.store.get(key) is None
            assert slack.calls == []


class TestEnd:
    """When the bot is stopped."""

    async def test_what_is_on_its_way_is_written_down(self, post: Office) -> None:
        """A stop waits for the answer of Slack, and nothing new begins, neither for a person nor a change."""
        first, second = await post.follow("job-1"), await post.follow("job-2")
        post.slack.fail("chat.postMessage", delay=0.3)
        async with post.open():
            await eventually(lambda: bool(post.posts()))
            await post.outbox.drain(5)
            post.outbox.wake(second)
            await post.outbox.deliver(second)
        for woken in (second, await post.follow(channel="C2")):
            post.outbox.wake(woken)

        assert len(post.slack.calls) == 1
        assert (await post.kept(first)).card is not None
        assert (await post.kept(second)).card is None

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


class TestOthersFirst:
    """What must not wait for what."""

    async def test_a_message_that_slack_can_not_serve_lets_the_others_through(self, post: Office) -> None:
        """However often one of a channel's messages fails, the others are delivered."""
        bad, good = await post.followed("job-1"), await post.followed("job-2")
        post.slack.chaos(lambda _, sent: {"error": "internal_error"} if "job-1" in str(sent) else None)
        for key in (bad, good):
            await post.job_is(key, "AUDIT_FAILED")
        async with post.open():
            await post.slack.message_where(lambda seen: bool(seen.thread_ts) and "job-2" in seen.text)

        assert next_step(await post.kept(bad)) is Step.POST_NOTICE

    async def test_a_person_does_not_wait_in_line(self, slack: SlackWorkspace, path: Path) -> None:
        """While many messages wait for their turn, what a person asks for goes first."""
        async with office(slack, path, rates=RateLimits(channel=0, posts=0.1, edits=0)) as post:
            for number in range(12):
                await post.follow(f"job-{number}", channel=slack.add_channel(f"crowd-{number}"))
            mine = await post.follow("job-mine")
            async with post.open():
                await eventually(lambda: len(slack.calls) > 1)
                await post.outbox.deliver(mine, person_is_here=True)

                # Its place in the line, not how many went by until it is recorded: disks can be slow.
                assert ["job-mine" in str(sent.arguments) for sent in slack.calls].index(True) < 7

    async def test_a_person_does_not_wait_for_the_disk(self, slack: SlackWorkspace, path: Path) -> None:
        """What Slack took is written down as soon as the disk lets it; the person is answered before."""
        async with office(slack, path, patience=0.3, send_seconds=0.5) as post:
            key = await post.follow()
            with disk_held(path):
                await post.outbox.deliver(key, person_is_here=True)
                assert len(post.posts()) == 1
            await post.outbox.drain(PATIENCE)

            assert (await post.kept(key)).card

    async def test_what_slack_took_for_one_is_not_written_to_its_successor(self, post: Office) -> None:
        """A subscription that was made anew while a card was on its way gets a card of its own."""
        key = await post.follow()
        post.slack.fail("chat.postMessage", delay=0.3)
        late = asyncio.create_task(post.outbox.deliver(key, person_is_here=True))
        await eventually(lambda: bool(post.posts()))
        await post.store.change(key, lambda _: None)
        await post.follow(subscribed_at=1767329999)
        await late

        assert (await post.kept(key)).card is None
