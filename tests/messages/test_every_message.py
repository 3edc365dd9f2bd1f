"""Every message of the bot, held against Slack's rules, whatever comes from outside."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.following import Following
from bot.domain.jobs import GONE, PERSONAL_FIELDS, STATES, Job
from bot.domain.records import Address, Level, Pause, Warned
from bot.errors import BadJobId, BadLink, ServiceDown
from bot.messages import channel, job_card, private
from bot.messages.blocks import Message
from bot.messages.channel import MessageContext
from tests.messages.reading import CONTEXT, HOSTILE, JOB_ID, check, followed, paused_of
from tests.profiles import examples
from tests.records import NOW
from tests.strategies import answers, texts


def every_message(shown: Following, said: str, context: MessageContext = CONTEXT) -> Iterator[Message]:
    """Make each kind of message, about this job, or about what somebody ``said``."""
    warned = Warned(user_id=said, channel_id=said, ts=said, job=shown.record.ref, voice_name=said)
    for make in (channel.plain_text, private.subscribed, private.later, private.level_changed):
        yield make(shown)
    for explain in (channel.paused, private.already, private.stopped):
        yield explain(shown, context)
    for answer in (private.outdated_button, private.unknown_command):
        yield answer(said, context.command)
    for known in (shown, None):
        yield channel.pause_over(warned, shown.delivery.address, known)
    for elsewhere in (False, True):
        yield private.refused(shown, said, context, elsewhere=elsewhere)
    if shown.path:
        yield channel.notice(shown)
    yield channel.card(shown, context, now=NOW)
    yield job_card.job(shown.job, region=context.region, now=NOW, is_followed=True)
    yield private.over(shown.job, context, now=NOW)
    yield private.not_subscribed(said, context)
    yield private.listing([shown] * 9, context, start=0, checked_at=lambda _: NOW, checks_fail=True)
    yield job_card.problem(BadLink(said), job_id=JOB_ID)
    yield job_card.problem(ServiceDown(job_id=said, request_id=said), job_id=JOB_ID)
    yield from (private.outsider(), private.not_in_direct(context), job_card.help(context.command))
    yield job_card.usage(BadJobId(said, meant=said), context.command)


LONG_URL = "https://e.example/" + "x" * 2982
WORDS = st.sampled_from([HOSTILE * 20, "&" * 1000, "", "女" * 1000]) | texts().map(lambda text: text[:1000])
TIMES = st.integers(0, 10**11 - 1)
IDS = WORDS.map(lambda text: text[:900].encode(errors="replace").decode() or "x")


@st.composite
def followings(draw: st.DrawFn) -> Following:
    """Give any job that MetaStudio may describe, seen in any states, followed by anybody, paused or not."""
    states = draw(st.lists(st.sampled_from([*STATES, GONE, ""]) | texts(), min_size=2, max_size=40))
    pauses = st.builds(Pause, reason=WORDS, since=TIMES, tries=TIMES, next_try=TIMES)
    return followed(
        *states,
        job=draw(answers()) | {"state": states[-1]},
        job_id=draw(IDS),
        by=draw(WORDS),
        address=Address("T1", draw(IDS)),
        level=draw(st.sampled_from(Level)),
        pause=draw(st.none() | pauses),
        delivered_at=draw(st.none() | TIMES),
        stopped_by=draw(st.none() | WORDS),
    )


@given(followings(), texts())
@examples(40)
def test_slack_takes_every_message(shown: Following, said: str) -> None:
    """Nothing from outside breaks a message, comes alive in it, or makes it too long."""
    for message in every_message(shown, said):
        check(message)


@pytest.mark.parametrize("filler", [HOSTILE, "&", "x", "女", "<"])
def test_longest_of_everything_fits(filler: str) -> None:
    """Long paths and lists of endless names, states and ids fit into one message, and into its text."""
    long = (filler * 5000)[:5000]
    fields = dict.fromkeys(Job.model_fields, long) | {"reject_times": 10**4000, "lastupdate_time": NOW}
    context = MessageContext(region=long, bot_name=long, command="/voicejob", console_url=lambda _: LONG_URL)

    for state in ("FAILED", f"X{long}"):
        path = (long, "", *(f"{long}{number}" for number in range(20)), state)
        shown = paused_of(long, *path, by=long, job_id=long[:900], job=fields | {"state": state})
        for message in every_message(shown, long, context):
            check(message)


@pytest.mark.parametrize("secret", ["SECRETSECRET", ["SECRETSECRET"], {"a": "SECRETSECRET"}])
def test_nothing_personal_is_shown(secret: object) -> None:
    """No personal field is in any message, in whatever state, of whatever type, and however it came here."""
    for state in (*STATES, "BRAND_NEW", ""):
        shown = paused_of("is_archived", "AUDITING", state, job=dict.fromkeys(PERSONAL_FIELDS, secret))
        for message in every_message(shown, "said"):
            assert "SECRETSECRET" not in str(message)
