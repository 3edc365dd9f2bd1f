"""Every message of the bot, in each language, held against Slack's rules, whatever comes from outside."""

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.following import Following
from bot.domain.jobs import GONE, PERSONAL_FIELDS, STATES, Job
from bot.domain.keys import Address
from bot.domain.records import Level, Pause
from bot.messages.context import MessageContext
from tests.messages.kinds import every_message
from tests.messages.reading import CHINESE, CONTEXT, HOSTILE, LINKED, check, followed, paused_of
from tests.profiles import examples
from tests.records import NOW
from tests.strategies import answers, texts

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
        address=Address("T1", draw(st.sampled_from(["C1", "D1", "U1"]) | IDS)),
        level=draw(st.sampled_from(Level)),
        pause=draw(st.none() | pauses),
        delivered_at=draw(st.none() | TIMES),
        stopped_by=draw(st.none() | WORDS),
    )


@given(followings(), texts(), st.sampled_from([LINKED, CHINESE]))
@examples(30)
def test_slack_takes_every_message(shown: Following, said: str, context: MessageContext) -> None:
    """Nothing from outside breaks a message, comes alive in it, or makes it too long."""
    for message in every_message(shown, said, context):
        check(message)


@pytest.mark.parametrize(
    ("context", "filler", "tail"),
    [
        *((CONTEXT, filler, "x" * 470) for filler in (HOSTILE, "&", "女", ":x")),  # English takes more room
        *((CHINESE, filler, "x" * 470) for filler in (HOSTILE, "女")),
        *((CONTEXT, "x", tail) for tail in ("&" * 470, "x" * 2982)),
    ],
)
def test_longest_of_everything_fits(context: MessageContext, filler: str, tail: str) -> None:
    """Long paths, lists, addresses, endless names, states and ids fit into one message, and into its text."""
    long = (filler * 5000)[:5000]
    fields = dict.fromkeys(Job.model_fields, long) | {"reject_times": 10**4000, "lastupdate_time": NOW}
    console = partial("https://e.example/{0}".format, tail)
    endless = replace(context, region=long, bot_name=long, console_url=console)
    for state in ("FAILED", f"X{long}"):
        path = (long, "", *(f"{long}{number}" for number in range(20)), state)
        shown = paused_of(long, *path, by=long, job_id=long[:900], job=fields | {"state": state})
        for message in every_message(shown, long, endless):
            check(message)


@pytest.mark.parametrize("secret", ["SECRETSECRET", ["SECRETSECRET"], {"a": "SECRETSECRET"}])
def test_nothing_personal_is_shown(secret: object) -> None:
    """No personal field is in any message, in whatever state, of whatever type, and however it came here."""
    for state in (*STATES, "BRAND_NEW", ""):
        shown = paused_of("is_archived", "AUDITING", state, job=dict.fromkeys(PERSONAL_FIELDS, secret))
        for message in every_message(shown, "said", CONTEXT):
            assert "SECRETSECRET" not in str(message)
