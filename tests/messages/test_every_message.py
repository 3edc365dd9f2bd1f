"""Every message of the bot, held against Slack's rules, whatever comes from outside."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.jobs import PERSONAL_FIELDS, STATES, Job
from bot.domain.subscriptions import Notice, Subscription
from bot.errors import BadJobId, BadLink, ServiceDown
from bot.messages import channel, job_card, private
from bot.messages.blocks import Message
from bot.messages.channel import MessageContext
from tests.domain.subscriptions import NOW, notices, subscriptions
from tests.messages.reading import CONTEXT, HOSTILE, JOB_ID, check, paused_of
from tests.profiles import examples
from tests.strategies import texts


def every_message(
    subscription: Subscription, notice: Notice, said: str, context: MessageContext = CONTEXT
) -> Iterator[Message]:
    """Make each kind of message, about this subscription, or about what somebody ``said``."""
    job = subscription.job
    for make in (channel.pause_over, channel.plain_text, private.subscribed, private.later):
        yield make(subscription)
    for explain in (channel.paused, private.already, private.refused, private.stopped):
        yield explain(subscription, context)
    for answer in (private.outdated_button, private.unknown_command):
        yield answer(said, context.command)
    yield private.level_changed(subscription)
    yield channel.card(subscription, context, now=NOW)
    yield channel.notice(subscription, notice)
    yield job_card.job(job, region=context.region, now=NOW, is_followed=True)
    yield private.over(job, context, now=NOW)
    yield private.refused(subscription, context, elsewhere=True)
    yield private.not_subscribed(said, context)
    yield private.listing([subscription] * 9, context, start=0, checked_at=lambda _: NOW, checks_fail=True)
    yield job_card.problem(BadLink(said), job_id=JOB_ID)
    yield job_card.problem(ServiceDown(job_id=said, request_id=said), job_id=JOB_ID)
    yield from (private.outsider(), private.not_in_direct(context), job_card.help(context.command))
    yield job_card.usage(BadJobId(said, meant=said), context.command)


LONG_URL = "https://e.example/" + "x" * 2982
WORDS = st.sampled_from([HOSTILE * 20, "&" * 1000, "", "女" * 1000]) | texts().map(lambda text: text[:1000])
IDS = WORDS.map(lambda text: text[:900].encode(errors="replace").decode() or "x")


@given(subscriptions(WORDS, IDS), notices(texts()), texts())
@examples(40)
def test_slack_takes_every_message(subscription: Subscription, notice: Notice, said: str) -> None:
    """Nothing from outside breaks a message, comes alive in it, or makes it too long."""
    for message in every_message(subscription, notice, said):
        check(message)


@pytest.mark.parametrize("filler", [HOSTILE, "&", "x", "女", "<"])
def test_longest_of_everything_fits(filler: str) -> None:
    """Long paths and lists of endless names, states and ids fit into one message, and into its text."""
    long = (filler * 5000)[:5000]
    fields = dict.fromkeys(Job.model_fields, long) | {"reject_times": 10**4000, "lastupdate_time": NOW}
    given = paused_of(long, subscribed_by=long, job_id=long[:900])
    path = (long, "", *(f"{long}{number}" for number in range(20)))
    context = MessageContext(region=long, bot_name=long, command="/voicejob", console_url=lambda _: LONG_URL)

    for state in ("FAILED", f"X{long}"):
        job = Job.from_api(fields | {"job_id": long[:900], "state": state})
        for message in every_message(given.updated(job=job), Notice(path=path, since=NOW), long, context):
            check(message)


@pytest.mark.parametrize("state", [*STATES, "BRAND_NEW", None])
def test_nothing_personal_is_shown(state: str | None) -> None:
    """No personal field is in any message, in whatever state, of whatever type, and however it came here."""
    for secret in ("SECRETSECRET", ["SECRETSECRET"], {"a": "SECRETSECRET"}):
        job = Job.from_api(dict.fromkeys(PERSONAL_FIELDS, secret) | {"job_id": JOB_ID, "state": state})
        subscription = paused_of("is_archived").updated(job=job)
        messages = every_message(subscription, Notice(path=("AUDITING", state or ""), since=NOW), "said")
        for message in messages:
            check(message)
            assert "SECRETSECRET" not in str(message)
