"""When Slack fails, refuses a channel, or refuses the bot: the outbox pauses, and loses nothing."""

import asyncio
import logging
import time
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.domain.rates import RateLimits
from bot.domain.subscriptions import Key, Level, Pause, outdated, stopped, with_level
from bot.simulators.slack.workspace import SlackWorkspace
from tests.deliver.test_outbox import all_told, methods
from tests.support import Office, eventually, eventually_so, office


async def is_open(post: Office, key: Key) -> bool:
    return (await post.kept(key)).pause is None


async def was_refused(post: Office, key: Key, times: int) -> bool:
    """Say whether Slack has refused it so many times, and the next try is a while away."""
    pause = (await post.kept(key)).pause
    return pause is not None and pause.tries == times and pause.next_try > time.time()


async def refuse_notice(post: Office, key: Key) -> None:
    """Let Slack refuse a notice, and the person be told."""
    post.slack.fail("chat.postMessage", error="restricted_action")
    await post.job_is(key, "PROCESSING")
    for _ in range(2):
        await post.outbox.deliver(key)


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
            for number in range(2):
                await post.follow(f"job-{number}")
            async with post.open():
                await all_told(post)

        pauses = [later - earlier for earlier, later in pairwise(at)]
        assert all(pause >= wanted for pause, wanted in zip(pauses[:3], (0.2, 0.4, 0.8), strict=True))
        assert 0.2 <= pauses[4] < 1.6  # which it would be at least, had it gone on growing

    async def test_failures_are_logged_once(self, post: Office, caplog: pytest.LogCaptureFixture) -> None:
        """An outage is logged when it begins and when it is over, however many channels it is about.

        A channel that failed, and was unsubscribed meanwhile, does not hide that Slack works again.
        """
        caplog.set_level(logging.INFO)
        post.slack.chaos(lambda _, __: {"status": 500})
        keys = [await post.follow(channel=post.slack.add_channel(f"c{number}")) for number in range(3)]
        async with post.open():
            await eventually(lambda: all(len(post.posts(key.channel_id)) > 1 for key in keys))
            await post.store.change(keys[0], lambda _: None)
            post.outbox.wake(keys[0])
            post.slack.chaos(None)
            await all_told(post)

        assert caplog.text.count("Slack does not take a message") == 1
        assert caplog.text.count("Slack takes messages again") == 1

    async def test_each_person_is_told_once_of_what_paused_together(self, post: Office) -> None:
        """One message is enough for each person; it is edited when all that it is about is over."""
        people = {"job-1": "U1", "job-2": "U1", "job-3": "U2"}
        keys = [await post.followed(job_id, subscribed_by=person) for job_id, person in people.items()]
        now = int(time.time())
        pause = Pause(reason="is_archived", since=now, tries=1, next_try=now + 300, person_knows=False)
        for key in keys:
            await post.update(key, pause=pause)
        for key in keys:
            await post.outbox.deliver(key)

        assert [len(post.slack.direct(person)) for person in ("U1", "U2")] == [1, 1]
        known = pause.model_copy(update={"person_knows": True})
        assert [(await post.kept(key)).pause for key in keys] == [known] * 3
        before = post.slack.direct("U1")[0].text
        for key, shown in ((keys[0], before), (keys[1], "was ended")):
            await post.store.change(key, stopped("U2"))
            for _ in range(3):
                await post.outbox.deliver(key)
            assert await post.store.get(key) is None
            assert shown in post.slack.direct("U1")[0].text

    async def test_one_message_that_gets_through_opens_the_channel(self, post: Office) -> None:
        """What is paused in a channel follows as soon as Slack takes another job's message there.

        An edit, or a direct message, does not say that it does.
        """
        paused, other = await post.followed("job-1"), await post.followed("job-2")
        elsewhere = await post.follow("job-3", channel=post.slack.add_channel("elsewhere"))
        await refuse_notice(post, paused)
        before = await post.kept(paused)
        await post.update(elsewhere, pause=before.pause)
        await post.store.change(other, outdated)
        await post.outbox.deliver(other)
        assert (len(post.edits()), len(post.slack.direct("U1"))) == (1, 1)
        assert await post.kept(paused) == before
        await post.job_is(other, "PROCESSING")
        async with post.open():
            await eventually_so(partial(is_open, post, paused))

        assert (await post.kept(paused)).notice is None
        assert (await post.kept(elsewhere)).pause is not None

    async def test_one_that_slack_refuses_for_itself_is_tried_once_for_each_other_message(
        self, post: Office
    ) -> None:
        """It does not come back at once, and its person is told once."""
        refused, other = await post.followed("job-1"), await post.followed("job-2")
        card = (await post.kept(refused)).card
        assert card is not None
        post.slack.chaos(
            lambda _, sent: {"error": "restricted_action"} if sent.get("thread_ts") == card.ts else None
        )
        await post.job_is(refused, "PROCESSING")
        async with post.open():
            await eventually(lambda: bool(post.slack.direct("U1")))
            for tries, state in enumerate(("PROCESSING", "RESULT_REVIEW"), start=2):
                await post.job_is(other, state)
                post.outbox.wake(other)
                await eventually_so(partial(was_refused, post, refused, tries))
            await asyncio.sleep(0.1)

        assert await was_refused(post, refused, 3)
        assert len(post.slack.direct("U1")) == 1

    async def test_refused_credentials_stop_everything(self, slack: SlackWorkspace, path: Path) -> None:
        """A refused bot asks rarely, for all channels together, until a person's message goes through."""
        rates = RateLimits(channel=0, posts=0.1, edits=0)
        async with office(slack, path, first_pause=600, rates=rates) as post:
            slack.revoke("account_inactive")
            key = await post.follow()
            for number in range(2):
                await post.follow(channel=slack.add_channel(f"c{number}"))
            async with post.open():
                await eventually(lambda: post.outbox.trouble is not None)
                await asyncio.sleep(0.3)  # the others waited for their place, and then see the trouble
                assert len(slack.calls) == 1
                slack.revoke(None)
                await post.outbox.deliver(key)
                await all_told(post)

        assert post.outbox.trouble is None

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

    async def test_429_holds_one_method(self, post: Office) -> None:
        """For as long as Slack names, that method is not called for any channel; others are."""
        edit = await post.followed()
        await post.store.change(edit, with_level(Level.IMPORTANT))
        post.slack.fail("chat.postMessage", retry_after=1)
        post.slack.calls.clear()
        others = [await post.follow(channel=post.slack.add_channel(f"c{number}")) for number in range(3)]
        await post.outbox.deliver(others[0])
        async with post.open():
            await all_told(post)

        at = {
            method: [call.at for call in post.slack.calls if call.method == method]
            for method in methods(post)
        }
        first, *later = at["chat.postMessage"]
        assert len(later) == 3
        assert min(later) - first >= 0.95
        assert at["chat.update"][0] < min(later)

    async def test_an_edit_that_has_to_wait_lets_notices_go_first(
        self, slack: SlackWorkspace, path: Path
    ) -> None:
        """While edits are held, a notice in the same channel is told."""
        async with office(slack, path, first_pause=600) as post:
            key = await post.followed()
            slack.fail("chat.update", retry_after=600)
            await post.store.change(key, with_level(Level.IMPORTANT))
            async with post.open():
                await eventually(lambda: bool(post.edits()))
                await post.job_is(key, "PROCESSING")
                post.outbox.wake(key)
                await slack.message_where(lambda seen: bool(seen.thread_ts))

            assert len(post.edits()) == 1

    async def test_a_person_waits_for_so_long_and_no_longer(self, slack: SlackWorkspace, path: Path) -> None:
        """A message that Slack takes its time for is waited for; one that Slack holds comes by itself."""
        async with office(slack, path, patience=0.1) as post:
            keys = [await post.follow(f"job-{number}") for number in range(3)]
            slack.fail("chat.postMessage", delay=0.3)
            await post.outbox.deliver(keys[0])
            assert (await post.kept(keys[0])).card is not None
            slack.fail("chat.postMessage", retry_after=1)
            for key in keys[1:]:
                await post.outbox.deliver(key)
            assert len(post.posts()) == 2
            async with post.open():
                await all_told(post)

            assert len(slack.messages(post.channel)) == 3
