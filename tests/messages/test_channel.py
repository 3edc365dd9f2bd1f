"""What a channel is told: the card, the changes, and why nothing comes any more."""

import re

import pytest

from bot.domain.following import Following
from bot.domain.jobs import ENDED_STATES, GONE, STATES, meaning_of
from bot.domain.records import Address, Level
from bot.messages import channel, job_card
from bot.messages.blocks import Message
from bot.messages.channel import LONGEST_PATH, MessageContext
from bot.messages.texts import en
from bot.simulators.slack.blockkit import buttons
from tests.messages.reading import CONTEXT, JOB_ID, NOW_TOKEN, followed, paused_of, pressed, texts_of
from tests.records import NOW, warning


def notice_of(*path: str, job: dict[str, str] | None = None) -> Message:
    """Make the notice of a path, for a job that is in its last state."""
    return channel.notice(followed(*path, job=job))


@pytest.mark.parametrize("state", [*STATES, GONE, "BRAND_NEW", ""])
def test_text_of_a_notice_says_it_all(state: str) -> None:
    """Phones get only the text: which voice, from where to where, whose turn, what to do, what next."""
    message = notice_of("SPLITTING", "AUDITING", state)
    words = job_card.state_text(state)
    following = f" Next: {words.next}" if words.next else ""

    assert message.text == (
        "`Morning News`: Recordings being cut into sentences → In manual review → "
        f"{channel.label(state)}{' again' * (state == 'AUDITING')}. "
        f"{job_card.TURNS[meaning_of(state).phase]}: {words.to_do}{following}"
    )
    assert ("Next:" in message.text) is (state not in ENDED_STATES)


def test_blocks_of_a_notice() -> None:
    """They say the same in two lines, with what asks the reader to act in bold; the cause comes below."""
    job = {"job_failed_code": "MSS.1", "job_failed_reason": "Too long."}
    failed, works = (
        notice_of("WAITING", "AUDITING", state, job=job) for state in ("AUDIT_FAILED", "WAITING")
    )

    (said,) = texts_of(failed)
    assert said == (
        ":point_right: `Morning News`: Waiting for training → In manual review → "
        "*Review failed, new recordings needed*\n"
        "*Your turn: Upload new recordings and submit the job again.* "
        "Next: MetaStudio reviews the new recordings."
    )
    assert texts_of(failed, "plain_text") == ["Error MSS.1: Too long."]
    assert failed.text.endswith(" Error: `MSS.1`. Reason: “`Too long.`”.")
    assert texts_of(works, "plain_text") == []


@pytest.mark.parametrize("length", [2, LONGEST_PATH, LONGEST_PATH + 1, 64])
def test_long_path_is_shortened_in_the_middle(length: int) -> None:
    """Of a long path the beginning and the end are named."""
    message = notice_of(*(f"STATE_{number}" for number in range(length)))
    named = re.findall(r"`STATE_(\d+)`", message.text)
    whole = list(map(str, range(length)))

    assert named == (whole if length <= LONGEST_PATH else [*whole[:2], *whole[3 - LONGEST_PATH :]])
    assert (" → … → " in message.text) is (length > LONGEST_PATH)


MINE = Address("T1", "D1")
BY = "Subscribed by <@U0ALICE>."
STOPPED = "Stopped by <@U0BOB>. This channel is not told of it any more."
IMPORTANT = "This channel is told of important changes only: when the job waits for you, or is over."
GOES_ON = {"Refresh": channel.REFRESH_CARD, "Unsubscribe": channel.STOP}
CARDS: dict[str, tuple[Following, list[str], dict[str, str]]] = {
    "every change": (followed(), ["This channel is told of every change.", BY], GOES_ON),
    "direct message": (followed(address=MINE), ["You are told of every change.", BY], GOES_ON),
    "important": (followed(level=Level.IMPORTANT), [IMPORTANT, BY], GOES_ON),
    "stopped": (followed(stopped_by="U0BOB"), [STOPPED], {"Subscribe channel": job_card.SUBSCRIBE}),
    "over": (followed("SUCCEED"), ["The job is over, and the subscription with it."], {}),
    "stopped and over": (followed("FAILED", stopped_by="U0BOB"), [STOPPED], {}),
}
"""A followed job, what its card says of the subscription, and the buttons for what is still possible."""


@pytest.mark.parametrize(("shown", "notes", "possible"), CARDS.values(), ids=CARDS)
def test_card(shown: Following, notes: list[str], possible: dict[str, str]) -> None:
    """Below the job stand who is told of what, the region, the time and the id, as in its buttons."""
    url = "https://console.example/"
    context = MessageContext(region="r", bot_name="b", command="/c", console_url=lambda _: url)
    card = channel.card(shown, context, now=NOW)
    console = ("Open console", job_card.OPEN_CONSOLE, url)

    small = [part["text"] for part in card.blocks[-1]["elements"]]
    assert small == [*notes, "Region `r`", f"As of {NOW_TOKEN}", f"`{JOB_ID}`"]
    assert card.text.endswith(" ".join(notes))
    assert {*pressed(card)} == {console, *((*button, JOB_ID) for button in possible.items())}
    confirmed = [each["text"]["text"] for _, each in buttons(card.blocks) if "confirm" in each]
    assert confirmed == [*possible][1:]


def test_plain_text_names_the_job() -> None:
    """Without blocks, there are the voice, the state and the id."""
    assert channel.plain_text(followed()) == Message(f"`Morning News`: In training. Job `{JOB_ID}`.", [])


REASONS = {
    "not_in_channel": "I am not a member of the channel. Type `/invite @voicejob` in the channel, then press",
    "channel_not_found": "Type `/invite @voicejob` in the channel, then press Try again.",
    "is_archived": "The channel is archived. Subscribe in another channel, or have this one reopened",
    "restricted_action": f"{en.RESTRICTED} Ask whoever runs your workspace to let me post",
    "team_access_not_granted": f"{en.RESTRICTED} Ask whoever runs your workspace to let me post",
    "invalid_blocks": f"{en.MALFORMED} Tell whoever runs the bot;",
    "brand_new": "Slack refuses my messages. Ask whoever runs your workspace",
}
"""Slack's code for a refusal, and what is said of the reason and the remedy."""


@pytest.mark.parametrize("reason", REASONS)
def test_pause_has_its_reason_and_remedy(reason: str) -> None:
    """The person reads where, which job, why, and what to do, and that nothing is lost."""
    message = channel.paused(paused_of(reason), CONTEXT)

    assert message.text.startswith("I can't post in <#C1>, so nobody there is told how `Morning News` ")
    assert REASONS[reason] in message.text
    assert f"(Slack calls it `{reason}`.) Nothing is lost" in message.text
    assert texts_of(message)[-2:] == ["Now: In training", f"`{JOB_ID}`"]
    assert pressed(message) == [
        ("Try again", channel.RETRY, f"{JOB_ID} C1"),
        ("Unsubscribe", channel.STOP, f"{JOB_ID} C1"),
    ]


def test_channel_is_named_as_slack_shows_it() -> None:
    """A channel is a link; a direct message has no name, and anything else is just characters."""
    named = ["<#C0VOICES>", "<#G0VOICES>", "our direct message", "`&lt;!channel&gt;`"]

    assert [channel.channel(each) for each in ("C0VOICES", "G0VOICES", "D0ALICE", "<!channel>")] == named
    shown = paused_of("no_permission", delivered_at=NOW)
    assert channel.paused(shown, CONTEXT).text.startswith("I can't post in <#C1> any more, so nobody ")


@pytest.mark.parametrize("shown", [followed(), followed(stopped_by="U1"), None])
def test_warning_says_that_it_is_over(shown: Following | None) -> None:
    """It names the voice also where the job is not followed any more, and its state where it is."""
    message = channel.pause_over(warning(job_id=JOB_ID), Address("T1", "C0VOICES"), shown)
    voice = f"`voice of {JOB_ID}`"
    on = [f"I can post in <#C0VOICES> again, and tell there how {voice} goes on.", "Now: In training"]
    ended = [f"The subscription to {voice} in <#C0VOICES> has ended, so nothing is told there any more."]

    expected = on if shown and shown.subscription else ended
    assert [message.text, *texts_of(message)[1:]] == [*expected, f"`{JOB_ID}`"]
