"""The outbox at work: order, people who wait, the disk, and the end."""

import asyncio
import logging
import time
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from bot.deliver.outbox import Times
from bot.deliver.outcome import Later, Refused, Sent
from bot.domain.keys import Address
from bot.domain.records import Destination
from bot.domain.subscriptions import keys_of, stopped
from bot.errors import StoreTrouble
from bot.simulators.slack.workspace import Fault, SlackWorkspace
from bot.store.sqlite import SqliteStore
from tests.records import paused
from tests.store.faulty import FaultyStore
from tests.support import AT_ONCE, SOON, Office, disk_held, eventually, fail_fast, office


async def test_what_is_due_at_the_start_or_becomes_due_is_delivered(idle: Office) -> None:
    """It begins with what the store holds, and hears of every change, again and again."""
    key = await idle.subscribe()
    async with idle.running():
        await idle.settled()
        for state in ("PROCESSING", "RESULT_REVIEW", "UPLOADING"):
            await idle.job_is(key.job.job_id, state)
            await idle.settled()

    assert len(idle.posts()) == 4
    assert len(idle.edits()) == 3


async def test_notices_come_in_the_order_of_the_changes_and_edits_last(idle: Office) -> None:
    """In a channel, what was seen first is told first, and cards are edited when all is told."""
    job_ids = ["job-3", "job-1", "job-2"]
    async with idle.running():
        keys = [await idle.followed(job_id) for job_id in job_ids]
    for since, key in enumerate(keys, 100):
        await idle.job_is(key.job.job_id, "PROCESSING")
        found = await idle.following(key)
        assert found
        first, last = found.record.sights
        await idle.put(replace(found.record, sights=(first, replace(last, at=since))))
    idle.slack.calls.clear()
    async with idle.running():
        await idle.settled()

    told = [sent["text"].split(":")[0] for sent in idle.posts()]
    assert told == [f"voice of {job_id}" for job_id in job_ids]
    methods = [call.method for call in idle.slack.calls]
    assert methods == ["chat.postMessage"] * 3 + ["chat.update"] * 3


async def test_a_channel_that_hangs_holds_up_no_other(idle: Office, caplog: pytest.LogCaptureFixture) -> None:
    """The others are told, and the end does not wait for ever: what is left is said in the log, and due."""
    other = idle.slack.add_channel("others")
    idle.slack.fail("chat.postMessage", channel=idle.channel, delay=99)
    key = await idle.subscribe("job-1")
    await idle.subscribe("job-2", channel=other)
    async with idle.running():
        await idle.slack.message_where(lambda seen: seen.channel == other)
        await eventually(lambda: bool(idle.posts()))
    await idle.outbox.drain(0.1)

    assert idle.slack.messages(idle.channel) == []
    assert "messages under way, which may come again: 1" in caplog.text
    assert (await idle.delivery(key)).card is None


async def test_a_channel_has_one_message_on_its_way(post: Office) -> None:
    """The next message to a channel waits until the one before is answered and recorded."""
    post.slack.chaos(lambda _, __: {"delay": 0.05})
    keys = [await post.subscribe(f"job-{number}") for number in range(4)]
    await eventually(lambda: len(post.posts()) == 4)

    assert sum([(await post.delivery(key)).card is not None for key in keys]) == 3


async def test_what_changes_while_it_waits_is_told_as_it_is(slack: SlackWorkspace, path: Path) -> None:
    """Who unsubscribes while the message waits for Slack's pace is told nothing any more."""
    async with office(slack, path, rates=replace(AT_ONCE, channel=3)) as post, post.running():
        await post.subscribe("job-1")
        await eventually(lambda: len(post.posts()) == 1)
        second = await post.subscribe("job-2")
        await asyncio.sleep(0.1)
        await post.store.change(keys_of(second), stopped(second, "U1"))
        await post.settled()

        assert await post.following(second) is None
        assert len(post.posts()) == 1


async def test_an_edit_that_has_to_wait_lets_notices_go_first(post: Office) -> None:
    """While edits are held, a notice in the same channel is told."""
    await post.followed()
    post.slack.fail("chat.update", retry_after=600)
    await post.job_is("job-1", "PROCESSING")
    await eventually(lambda: bool(post.edits()))
    await post.job_is("job-1", "RESULT_REVIEW")
    await eventually(lambda: len(post.posts()) == 3)

    assert len(post.edits()) == 1


async def test_news_overtakes_an_edit_in_line(slack: SlackWorkspace, path: Path) -> None:
    """While many cards wait for their edit, a channel's notice goes before the edit of its own card."""
    async with office(slack, path, rates=replace(AT_ONCE, edits=0.3)) as post, post.running():
        for number in range(6):
            await post.followed(f"job-{number}", channel=slack.add_channel(f"c{number}"))
        await post.followed("job-last")
        slack.calls.clear()
        for number in range(6):
            await post.job_is(f"job-{number}", "PROCESSING")
        await post.job_is("job-last", "PROCESSING")
        await eventually(lambda: len(post.edits()) >= 1)
        await post.job_is("job-last", "RESULT_REVIEW")
        await post.settled()

    here = [call.method for call in slack.calls if call.arguments.get("channel") == post.channel]
    assert here == ["chat.postMessage", "chat.postMessage", "chat.update"]


async def test_edits_keep_their_pace(slack: SlackWorkspace, path: Path) -> None:
    """Cards are edited one after the other, with Slack's interval between two edits."""
    async with office(slack, path, rates=replace(AT_ONCE, edits=0.1)) as post, post.running():
        for number in range(3):
            await post.followed(f"job-{number}")
        for number in range(3):
            await post.job_is(f"job-{number}", "PROCESSING")
        await post.settled()

        at = [call.at for call in slack.calls if call.method == "chat.update"]
        assert len(at) == 3
        assert min(later - sooner for sooner, later in pairwise(at)) > 0.09


async def test_429_holds_one_method(slack: SlackWorkspace, path: Path) -> None:
    """For as long as Slack names, and no longer, that method is called for no channel; others are."""
    async with office(slack, path, times=replace(SOON, first_pause=600)) as post, post.running():
        await post.followed()
        slack.calls.clear()
        slack.fail("chat.postMessage", retry_after=1)
        await post.subscribe(channel=slack.add_channel("first"))
        await eventually(lambda: bool(slack.calls))
        await post.subscribe(channel=slack.add_channel("second"))
        await post.job_is("job-1", "PROCESSING")
        await post.settled()

    first, *later = [call.at for call in slack.calls if call.method == "chat.postMessage"]
    assert len(later) >= 3
    assert min(later) - first >= 0.95


async def test_the_outcome(post: Office) -> None:
    """It is sent, refused with Slack's code, or comes later; what is not there is nothing to wait for."""
    assert await post.outbox.deliver(await post.subscribe("job-1")) == Sent()
    assert await post.outbox.deliver(post.key("unknown")) == Sent()
    key = await post.subscribe("job-2", channel=post.slack.add_channel("shut"))
    post.slack.archive(key.address.channel_id)
    assert await post.outbox.deliver(key, person="U1") == Refused("is_archived")
    post.slack.fail("chat.postMessage", error="internal_error")
    assert await post.outbox.deliver(await post.subscribe("job-3")) == Sent()
    post.slack.chaos(lambda _, __: {"error": "internal_error"})
    assert await post.outbox.deliver(await post.subscribe("job-4")) == Later()


async def test_who_sees_a_refusal_gets_no_direct_message(idle: Office) -> None:
    """The others who subscribed in that channel get one."""
    idle.slack.archive(idle.channel)
    key = await idle.subscribe("job-1")
    await idle.subscribe("job-2", by="U2")
    async with idle.running():
        assert await idle.outbox.deliver(key, person="U1") == Refused("is_archived")
        await idle.settled()

    assert [len(idle.slack.direct(person)) for person in ("U1", "U2")] == [0, 1]


async def test_a_person_does_not_wait_in_line(slack: SlackWorkspace, path: Path) -> None:
    """While many messages wait for their turn, in that channel too, what a person asks for goes first."""
    async with office(slack, path, rates=replace(AT_ONCE, posts=0.1)) as post, post.running():
        for number in range(12):
            await post.subscribe(f"job-{number}", channel=slack.add_channel(f"crowd-{number}"))
        await post.subscribe("job-last")
        await eventually(lambda: bool(slack.calls))
        assert await post.outbox.deliver(await post.subscribe("job-mine")) == Sent()

        # Its place in the line, not how many went by until it is recorded: disks can be slow.
        assert ["job-mine" in str(sent.arguments) for sent in slack.calls].index(True) < 10


async def test_a_person_waits_for_so_long_and_no_longer(slack: SlackWorkspace, path: Path) -> None:
    """A message that Slack takes its time for is waited for; one that Slack holds comes by itself."""
    async with office(slack, path, times=replace(SOON, patience=0.1)) as post, post.running():
        slack.fail("chat.postMessage", delay=0.3, after=True)
        assert await post.outbox.deliver(await post.subscribe("job-1")) == Sent()
        slack.fail("chat.postMessage", retry_after=1)
        keys = [await post.subscribe(f"job-{number}") for number in (2, 3)]
        assert [await post.outbox.deliver(key) for key in keys] == [Later(), Later()]
        await post.settled()

        assert len(slack.messages(post.channel)) == 3


async def test_a_person_does_not_wait_for_the_disk(slack: SlackWorkspace, path: Path) -> None:
    """What Slack took is recorded as soon as the disk lets it; the person is answered before."""
    times = Times(first_pause=0.01, disk_pause=0.01, patience=0.3, sending=0.5)
    async with office(slack, path, times=times) as post:
        key = await post.subscribe()
        await fail_fast(post.store)
        async with post.running():
            with disk_held(path):
                assert await post.outbox.deliver(key) == Later()
            await post.settled()

        assert len(post.posts()) == 1


async def test_what_slack_took_is_not_sent_again(post: Office, path: Path) -> None:
    """A message that can't be recorded is not repeated, and is recorded when the disk comes back."""
    await fail_fast(post.store)
    post.slack.fail("chat.postMessage", delay=0.3)
    await post.subscribe("job-1")
    await post.subscribe("job-2")
    with disk_held(path):
        await eventually(lambda: post.store.trouble is not None)
        trouble = post.store.trouble
        await eventually(lambda: post.store.trouble is not trouble)  # it was tried again
        assert len(post.posts()) == 1
    await post.settled()

    assert len(post.posts()) == 2


async def test_what_cant_be_recorded_is_not_sent(idle: Office, path: Path) -> None:
    """While the disk is known to be in trouble, nothing is sent; when it is not, all is."""
    await fail_fast(idle.store)
    await idle.subscribe()
    other = await idle.subscribe(channel=idle.slack.add_channel("others"))
    with ExitStack() as held:
        held.enter_context(disk_held(path))
        with pytest.raises(StoreTrouble):
            await idle.store.check()
        trouble = idle.store.trouble
        async with idle.running():
            assert await idle.outbox.deliver(other) == Later()
            await eventually(lambda: idle.store.trouble is not trouble)
            assert idle.slack.calls == []
            held.close()
            await idle.settled()

    assert len(idle.slack.calls) == 2


async def test_a_store_that_fails_now_and_then_ends_nothing(slack: SlackWorkspace, path: Path) -> None:
    """Each third call fails, reads included: all is told, and once; who waits hears that it comes later."""
    faulty: list[FaultyStore] = []

    def wrapped(real: SqliteStore) -> FaultyStore:
        faulty.append(FaultyStore(real, lambda call: call % 3 == 0))
        return faulty[0]

    times = replace(SOON, patience=600)
    async with office(slack, path, times=times, store=wrapped) as post, post.running():
        keys = [await post.subscribe(f"job-{number}") for number in range(5)]
        await eventually(lambda: len(post.posts()) >= len(keys))
        await post.settled()
        for key in keys:
            await post.job_is(key.job.job_id, "PROCESSING")
        await post.settled()
        assert len(post.posts()) == 2 * len(keys)

        faulty[0].fails = lambda _: True
        assert await post.outbox.deliver(keys[0]) == Later()


async def test_what_is_on_its_way_is_recorded(post: Office) -> None:
    """A stop waits for Slack's answer, and nothing new begins, neither for a person nor a change."""
    post.slack.fail("chat.postMessage", delay=0.3)
    first = await post.subscribe("job-1")
    await eventually(lambda: bool(post.posts()))
    await post.outbox.drain(5)
    second = await post.subscribe("job-2", channel=post.slack.add_channel("others"))
    assert await post.outbox.deliver(second) == Later()

    assert len(post.slack.calls) == 1
    assert (await post.delivery(first)).card is not None
    assert (await post.delivery(second)).card is None


async def test_who_waits_is_answered_at_the_end(idle: Office) -> None:
    """A message that is on its way is awaited; who waits for another one hears that it comes later."""
    idle.slack.fail("chat.postMessage", delay=0.3)
    async with idle.running():
        keys = [await idle.subscribe(f"job-{number}") for number in range(2)]
        waiting = [asyncio.create_task(idle.outbox.deliver(key)) for key in keys]
        await eventually(lambda: bool(idle.posts()))
    await idle.outbox.drain(5)

    assert sorted(map(str, [await each for each in waiting])) == ["Later()", "Sent()"]


async def test_a_stop_is_heard_even_when_it_was_just_woken(idle: Office) -> None:
    """A channel that waits ends when it is stopped and woken in the same moment."""
    async with idle.running() as running:
        await idle.followed()
        idle.slack.archive(idle.channel)
        await idle.job_is("job-1", "PROCESSING")
        await eventually(lambda: bool(idle.slack.direct("U1")))
        await asyncio.sleep(0.1)  # it waits for the next try by now; if not, it ends too
        await idle.job_is("job-1", "RESULT_REVIEW")
        running.cancel()
        await asyncio.wait([running], timeout=3)

        assert running.cancelled()


async def test_a_message_that_slack_can_not_serve_lets_the_others_through(
    slack: SlackWorkspace, path: Path
) -> None:
    """However often, and however soon, one of a channel's messages fails, the others are delivered."""
    async with office(slack, path, times=replace(SOON, first_pause=0)) as post, post.running():
        bad, good = await post.followed("job-1"), await post.followed("job-2")
        slack.chaos(lambda _, sent: {"error": "internal_error"} if "job-1" in str(sent) else None)
        for key in (bad, good):
            await post.job_is(key.job.job_id, "AUDIT_FAILED")
        await slack.message_where(lambda seen: bool(seen.thread_ts) and "job-2" in seen.text)

        found = await post.following(bad)
        assert found
        assert found.path


async def test_failures_are_logged_once(post: Office, caplog: pytest.LogCaptureFixture) -> None:
    """An outage of many channels is logged when it begins and ends, though one was unsubscribed meanwhile."""
    caplog.set_level(logging.INFO)
    post.slack.chaos(lambda _, __: {"error": "internal_error"})
    keys = [await post.subscribe(channel=post.slack.add_channel(f"c{number}")) for number in range(3)]
    await eventually(lambda: all(len(post.posts(key.address.channel_id)) > 1 for key in keys))
    await post.store.change(keys_of(keys[0]), stopped(keys[0], "U1"))
    post.slack.chaos(None)
    await post.settled()
    await eventually(lambda: "Slack takes messages again" in caplog.text)

    assert caplog.text.count("Slack does not take a message") == 1
    assert caplog.text.count("Slack takes messages again") == 1


async def test_a_message_whose_answer_is_lost_comes_again_once_slack_answers(post: Office) -> None:
    """It may have arrived: while no answers arrive at all, it is not repeated; others are not held up."""
    post.slack.fail("chat.postMessage", drop=True, after=True)
    post.slack.fail("auth.test", status=500, times=3)
    key = await post.subscribe("job-1")
    await eventually(lambda: len([1 for call in post.slack.calls if call.method == "auth.test"]) >= 3)
    assert await post.outbox.deliver(key) == Later()
    assert len(post.posts()) == 1
    assert await post.outbox.deliver(await post.subscribe("job-2")) == Sent()
    await post.settled()

    assert len(post.posts()) == 3
    assert (await post.delivery(key)).card


async def test_a_refused_channel_pauses_and_follows_when_it_is_open(post: Office) -> None:
    """All that waits there is kept; each person is told once, and when it is over the message says so."""
    people = {"job-1": "U1", "job-2": "U1", "job-3": "U2"}
    for job_id, person in people.items():
        await post.followed(job_id, by=person)
    post.slack.archive(post.channel)
    for job_id in people:
        await post.job_is(job_id, "PROCESSING")
    await post.settled()
    assert [len(post.slack.direct(person)) for person in ("U1", "U2")] == [1, 1]
    pause = await post.pause()
    assert pause
    assert (pause.reason, pause.tries, pause.told) == ("is_archived", 1, ("U1", "U2"))

    post.slack.unarchive(post.channel)
    assert await post.outbox.deliver(post.key("job-2")) == Sent()
    await post.settled()
    assert await post.pause() is None
    assert all(post.slack.direct(person)[0].edited for person in ("U1", "U2"))
    assert len(post.slack.messages(post.channel)) == 6


async def test_one_message_that_slack_refuses_does_not_starve_its_channel(post: Office) -> None:
    """The first time it seems to be the channel; when others got through, it is the message."""
    await post.followed("job-1")
    await post.followed("job-2")
    post.slack.chaos(lambda _, sent: {"error": "new_code"} if "voice of job-1:" in str(sent) else None)
    await post.job_is("job-1", "PROCESSING")
    await eventually(lambda: bool(post.slack.direct("U1")))
    await post.job_is("job-2", "PROCESSING")
    found = (await post.store.channel(Address("T1", post.channel))).destination
    assert found.pause
    await post.put(replace(found, pause=replace(found.pause, next_try=int(time.time()))))
    await eventually(lambda: len(post.slack.messages(post.channel)) == 3)
    await eventually(lambda: len([1 for sent in post.posts() if "job-1" in str(sent)]) == 1 + 3 + 3)

    assert await post.pause() is None


async def test_another_try_is_made_with_what_waits(post: Office) -> None:
    """Who asks hears what became of it, though the job they name has no news; without any, it is over."""
    quiet, _ = await post.followed("job-1"), await post.followed("job-2")
    post.slack.archive(post.channel)
    await post.job_is("job-2", "PROCESSING")
    await eventually(lambda: bool(post.slack.direct("U1")))
    assert await post.outbox.deliver(quiet, person="U1") == Refused("is_archived")
    post.slack.unarchive(post.channel)
    assert await post.outbox.deliver(quiet, person="U1") == Sent()
    await post.settled()
    assert await post.pause() is None

    await post.put(Destination(address=quiet.address, pause=paused("U1")))
    assert await post.outbox.deliver(quiet, person="U1") == Sent()
    assert await post.pause() is None


async def test_a_pause_ends_with_what_was_followed(post: Office) -> None:
    """Who subscribes in that channel later begins anew."""
    key = await post.followed()
    post.slack.archive(post.channel)
    await post.job_is("job-1", "PROCESSING")
    await eventually(lambda: bool(post.slack.direct("U1")))
    await post.store.change(keys_of(key), stopped(key, "U1"))
    post.slack.unarchive(post.channel)
    assert await post.outbox.deliver(key) == Sent()
    await eventually(lambda: bool(post.slack.direct("U1")[0].edited))
    await post.settled()

    assert await post.pause() is None


async def test_what_is_refused_everywhere_is_the_bots_own_trouble(post: Office) -> None:
    """Though Slack, which all ask at the same time, accepts the token: no channel is paused for it."""
    channels = [post.slack.add_channel(f"c{number}") for number in range(3)]
    late, refused = Fault(delay=0.1), Fault(error="team_is_restricted")
    post.slack.chaos(lambda method, _: late if method == "auth.test" else refused)
    for channel in channels:
        await post.subscribe(channel=channel)
    await eventually(lambda: post.outbox.trouble is not None)
    await eventually(lambda: all(len(post.posts(channel)) > 1 for channel in channels))
    assert [await post.pause(channel) for channel in channels] == [None] * 3
    post.slack.chaos(None)
    await post.settled()

    assert post.outbox.trouble is None
    assert post.slack.direct("U1") == []
    assert all(len(post.slack.messages(channel)) == 1 for channel in channels)


async def test_a_card_that_is_gone_is_posted_anew_after_the_news(post: Office) -> None:
    """The notice stands in the channel itself."""
    key = await post.followed()
    post.slack.fail("chat.postMessage", error="thread_not_found", replies=True)
    await post.job_is("job-1", "PROCESSING")
    await post.settled()

    _, notice, card = post.slack.messages(post.channel)
    delivery = await post.delivery(key)
    assert (notice.thread_ts, delivery.cards, delivery.card and delivery.card.ts) == (None, 2, card.ts)


async def test_an_unknown_code_is_found_out_step_by_step(slack: SlackWorkspace, path: Path) -> None:
    """The words alone come first, then outside of the thread, and at Slack's pace."""
    async with office(slack, path, rates=replace(AT_ONCE, channel=0.2)) as post, post.running():
        await post.followed()
        slack.calls.clear()
        slack.fail("chat.postMessage", error="a_code_of_next_year", replies=True, times=2)
        await post.job_is("job-1", "PROCESSING")
        await post.settled()

    sent = [call for call in slack.calls if call.method == "chat.postMessage"]
    forms = [("blocks" in call.arguments, "thread_ts" in call.arguments) for call in sent]
    assert forms == [(True, True), (False, True), (False, False)]
    assert all(later.at - earlier.at >= 0.19 for earlier, later in pairwise(sent))


async def test_refusals_at_once_are_one_and_any_other_answer_ends_them(
    slack: SlackWorkspace, path: Path
) -> None:
    """Channels that are refused together make one pause; a word about a channel is none about the bot."""
    async with office(slack, path, times=replace(SOON, first_pause=0.5)) as post, post.running():
        slack.revoke()
        for number in range(8):
            await post.subscribe(channel=slack.add_channel(f"c{number}"))
        await eventually(lambda: post.outbox.trouble is not None)
        await eventually(lambda: len([1 for call in slack.calls if "channel" in call.arguments]) >= 8)
        slack.revoke(None)
        await post.settled()  # eight pauses, each longer, would be a minute
        slack.revoke()
        assert await post.outbox.deliver(await post.subscribe()) == Later()
        slack.revoke(None)
        slack.archive(post.channel)
        assert await post.outbox.deliver(await post.subscribe("job-2"), person="U1") == Refused("is_archived")
        assert post.outbox.trouble is None
        await post.settled()


async def test_a_refused_bot_asks_rarely_until_it_is_accepted(slack: SlackWorkspace, path: Path) -> None:
    """Each channel tries once; then all wait together, until a person's message goes through."""
    async with office(slack, path, times=replace(SOON, first_pause=600)) as post, post.running():
        slack.revoke("account_inactive")
        for number in range(3):
            await post.subscribe(channel=slack.add_channel(f"c{number}"))
        await eventually(lambda: len([1 for call in slack.calls if call.method == "chat.postMessage"]) == 3)
        assert post.outbox.trouble
        assert await post.outbox.deliver(await post.subscribe()) == Later()
        tried = len(slack.calls)
        slack.revoke(None)
        assert await post.outbox.deliver(await post.subscribe("job-2")) == Sent()
        await post.settled()

        assert tried <= 4 + 1 + 3
        assert post.outbox.trouble is None


async def test_a_message_that_cant_be_made_is_a_plain_word(
    slack: SlackWorkspace, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A mistake in what messages are made of costs their looks; what happened is still told."""

    def broken(_: str) -> str:
        raise KeyError("console")

    async with office(slack, path, console_url=broken) as post, post.running():
        key = await post.followed()

        assert "“voice of job-1”: Queued" in post.posts()[0]["text"]
        assert "a message can't be made" in caplog.text
        assert (await post.delivery(key)).card is not None
