"""What a channel is told: the card, the changes, and why nothing comes any more."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.jobs import ENDED_STATES, GONE, PERSONAL_FIELDS, STATES, Job, meaning_of
from bot.domain.slack_errors import KNOWN, Refusal
from bot.domain.slack_errors import meaning_of as refusal_of
from bot.domain.subscriptions import Level, Notice, Subscription
from bot.messages import channel, job_card
from bot.messages.blocks import Message
from bot.messages.channel import LEVELS, LONGEST_PATH, MessageContext
from bot.messages.texts import en
from bot.simulators.slack.blockkit import buttons
from tests.domain.subscriptions import NOW, notices, subscriptions
from tests.messages.reading import (
    CONTEXT,
    HOSTILE,
    JOB_ID,
    NOW_TOKEN,
    as_json,
    check,
    labels,
    paused_of,
    subscription_of,
    texts_of,
)
from tests.profiles import examples
from tests.strategies import texts


def card_of(subscription: Subscription) -> Message:
    return channel.card(subscription, CONTEXT, now=NOW)


def notice_of(*path: str, job: dict[str, str] | None = None) -> Message:
    """Make the notice of a path, for a job that is in its last state, and check it."""
    message = channel.notice(subscription_of(path[-1], job), Notice(path=path, since=NOW))
    check(message)
    return message


class TestNotice:
    """One or more changes."""

    @pytest.mark.parametrize("state", [*STATES, GONE, "BRAND_NEW", ""])
    def test_text_alone_says_it_all(self, state: str) -> None:
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

    def test_notice_reads_well(self) -> None:
        """The blocks say the same in two lines, with what asks the reader to act in bold."""
        (said,) = texts_of(notice_of("AUDITING", "AUDIT_FAILED"))

        assert said == (
            ":point_right: `Morning News`: In manual review → *Review failed, new recordings needed*\n"
            "*Your turn: Upload new recordings and submit the job again.* "
            "Next: MetaStudio reviews the new recordings."
        )

    @pytest.mark.parametrize(
        ("states", "before", "last"),
        [
            (
                "AUDITING WAITING AUDITING PROCESSING",
                "Waiting for training → In manual review",
                "In training",
            ),
            ("WAITING AUDITING AUDITING", "In manual review", "In manual review again"),
        ],
    )
    def test_several_changes_name_the_path(self, states: str, before: str, last: str) -> None:
        """Changes that piled up are one message; a state that follows itself does not read like a mistake."""
        message = notice_of(*states.split())

        assert f"{before} → {last}. " in message.text
        assert f"{before} → *{last}*\n" in texts_of(message)[0]

    @pytest.mark.parametrize("length", [2, 11, 12, 13, 500])
    def test_long_path_is_shortened_in_the_middle(self, length: int) -> None:
        """Of a long path the beginning and the end are named."""
        message = notice_of(*(f"STATE_{number}" for number in range(length)))
        named = re.findall(r"`STATE_(\d+)`", message.text)
        whole = list(map(str, range(length)))

        assert named == (whole if length <= LONGEST_PATH else [*whole[:2], *whole[3 - LONGEST_PATH :]])
        assert (" → … → " in message.text) is (length > LONGEST_PATH)

    @pytest.mark.parametrize("state", ["FAILED", "AUDIT_FAILED", "WAITING"])
    def test_cause_of_a_failure(self, state: str) -> None:
        """Why a job failed stands in the text and in the blocks, where it failed."""
        job = {"job_failed_code": "MSS.1", "job_failed_reason": "Segment 14.wav is too long."}
        message = notice_of("AUDITING", state, job=job)
        is_there = state != "WAITING"

        assert ("Error: `MSS.1`. Reason: “`Segment 14.wav is too long.`”." in message.text) is is_there
        assert texts_of(message, "plain_text") == ["Error MSS.1: Segment 14.wav is too long."] * is_there

    def test_label(self) -> None:
        """A state is said in words; one that is new to the bot keeps its own name."""
        words = {GONE: "Deleted", "SUCCEED": "Succeeded", "NEW": "`NEW`", "": "No state given", "?": "`?`"}

        assert {state: channel.label(state) for state in words} == words


CARDS: dict[str, tuple[Subscription, list[str], list[str]]] = {
    "followed": (
        subscription_of(),
        ["This channel is told of every change.", "Subscribed by <@U0ALICE>."],
        ["Refresh", "Unsubscribe"],
    ),
    "followed in a direct message": (
        subscription_of(channel_id="D1"),
        ["You are told of every change.", "Subscribed by <@U0ALICE>."],
        ["Refresh", "Unsubscribe"],
    ),
    "important": (
        subscription_of(level=Level.IMPORTANT),
        [
            "This channel is told of important changes only: when the job waits for you, or is over.",
            "Subscribed by <@U0ALICE>.",
        ],
        ["Refresh", "Unsubscribe"],
    ),
    "stopped": (
        subscription_of(stopped_by="U0BOB"),
        ["Stopped by <@U0BOB>. This channel is not told of it any more."],
        ["Subscribe channel"],
    ),
    "over": (subscription_of("SUCCEED"), ["The job is over, and the subscription with it."], []),
    "stopped and over": (
        subscription_of("FAILED", stopped_by="U0BOB"),
        ["Stopped by <@U0BOB>. This channel is not told of it any more."],
        [],
    ),
}
"""A subscription, what its card says of it, and the buttons for what is still possible."""
ACTIONS = {
    "Refresh": channel.REFRESH_CARD,
    "Unsubscribe": channel.STOP,
    "Subscribe channel": job_card.SUBSCRIBE,
}


class TestCard:
    """The message that stands for a subscription."""

    @pytest.mark.parametrize(("subscription", "notes", "possible"), CARDS.values(), ids=CARDS)
    @pytest.mark.parametrize("console", [None, "https://console.example/"])
    def test_card(
        self, subscription: Subscription, notes: list[str], possible: list[str], console: str | None
    ) -> None:
        """Below the job stand who is told of what, the region, the time and the id, as in its buttons."""
        context = MessageContext(region="r", bot_name="b", command="/c", console_url=lambda _: console)
        card = channel.card(subscription, context, now=NOW)
        small = [part["text"] for part in card.blocks[-1]["elements"]]
        ours = [button for _, button in buttons(card.blocks) if button["text"]["text"] != "Open console"]

        assert small == [*notes, "Region `r`", f"As of {NOW_TOKEN}", f"`{JOB_ID}`"]
        assert card.text.endswith(" ".join(notes))
        assert ("Open console" in labels(card)) is bool(console)
        assert [(each["action_id"], each["value"]) for each in ours] == [
            (ACTIONS[label], JOB_ID) for label in possible
        ]
        assert [label for label in labels(card) if label != "Open console"] == possible
        for button in ours:
            assert ("confirm" in button) is (button["text"]["text"] == "Unsubscribe")
        check(card)

    def test_text_says_where_the_job_is(self) -> None:
        """Phones get only the text."""
        assert card_of(subscription_of()).text == (
            "`Morning News`: In training. MetaStudio's turn: Nothing for you to do. Next: MetaStudio reviews "
            "the result. This channel is told of every change. Subscribed by <@U0ALICE>."
        )
        assert LEVELS.keys() == set(Level)


REASONS = {
    "not_in_channel": "I am not a member of the channel. Type `/invite @voicejob` in the channel, then press",
    "channel_not_found": "Type `/invite @voicejob` in the channel, then press Try again.",
    "is_archived": "The channel is archived. Subscribe in another channel, or have this one reopened",
    "is_inactive": "The channel is not active any more. Subscribe in another channel, or have this one",
    "restricted_action": f"{en.RESTRICTED} Ask whoever runs your workspace to let me post there, or",
    "restricted_action_read_only_channel": en.RESTRICTED,
    "restricted_action_thread_locked": "The thread of my message in the channel is locked.",
    "message_not_found": "I will post a new one by myself; to have it now, press Try again.",
    "invalid_blocks": f"{en.MALFORMED} Tell whoever runs the bot;",
    "metadata_too_large": en.MALFORMED,
    "brand_new": "Slack refuses my messages. Ask whoever runs your workspace",
}
"""Slack's code for a refusal, and what is said of the reason and the remedy."""


class TestPaused:
    """What the person who subscribed is told, once."""

    @pytest.mark.parametrize("reason", REASONS)
    def test_names_the_reason_and_the_remedy(self, reason: str) -> None:
        """The message says where, which job, why, and what to do, and that nothing is lost."""
        message = channel.paused(paused_of(reason), CONTEXT)

        assert message.text.startswith("I can't post in <#C1>, so nobody there is told how `Morning News` ")
        assert REASONS[reason] in message.text
        assert f"(Slack calls it `{reason}`.) Nothing is lost" in message.text
        assert texts_of(message)[-2:] == ["Now: In training", f"`{JOB_ID}`"]
        assert labels(message) == ["Try again", "Unsubscribe"]
        assert [(each["action_id"], each["value"]) for _, each in buttons(message.blocks)] == [
            (channel.RETRY, f"{JOB_ID} C1"),
            (channel.STOP, f"{JOB_ID} C1"),
        ]
        check(message)

    def test_what_pauses_a_subscription_has_its_own_reason(self) -> None:
        """A person reads why, where Slack says why, in a plain sentence that is true wherever it is read."""
        pausing = {Refusal.NOT_HERE, Refusal.MESSAGE_GONE}

        assert en.CANNOT_POST.keys() == {code for code in KNOWN if refusal_of(code) in pausing}
        for said in (*en.CANNOT_POST.values(), en.RESTRICTED, en.MALFORMED, en.NO_REASON):
            assert re.fullmatch(r"[A-Z][^.!?<>`_]+\.", said)
            assert not re.search(r"\b(here|this channel)\b", said)

    @pytest.mark.parametrize(
        ("channel_id", "named"),
        [
            ("C0VOICES", "<#C0VOICES>"),
            ("G0VOICES", "<#G0VOICES>"),
            ("D0ALICE", "our direct message"),
            ("<!channel>", "`&lt;!channel&gt;`"),
            ("", "` `"),
        ],
    )
    def test_channel_is_named_as_slack_shows_it(self, channel_id: str, named: str) -> None:
        """A channel is a link; a direct message has no name, and anything else is just characters."""
        subscription = paused_of("no_permission", channel_id=channel_id, delivered_at=NOW)
        stopped = paused_of("no_permission", channel_id=channel_id, stopped_by="U1")

        said = channel.paused(subscription, CONTEXT).text
        assert said.startswith(f"I can't post in {named} any more, so nobody ")
        assert channel.pause_over(subscription).text == (
            f"I can post in {named} again, and tell there how `Morning News` goes on."
        )
        assert channel.pause_over(stopped).text == (
            f"The subscription to `Morning News` in {named} was ended, so nothing is told there any more."
        )


def odd_subscriptions() -> st.SearchStrategy[Subscription]:
    """Give subscriptions in which any text is as hostile as it can be."""
    words = st.sampled_from([HOSTILE * 20, "&" * 1000, "", "女" * 1000]) | texts().map(
        lambda text: text[:1000]
    )
    return subscriptions(words, words.map(lambda text: text[:900].encode(errors="replace").decode() or "x"))


class TestAnything:
    """Any subscription at all."""

    @given(odd_subscriptions(), notices(texts()))
    @examples(60)
    def test_every_message_is_one_that_slack_takes(self, subscription: Subscription, notice: Notice) -> None:
        """Nothing that is outside the bot breaks a message, comes alive in it, or makes it too long."""
        check(card_of(subscription))
        check(channel.notice(subscription, notice))
        check(channel.paused(subscription, CONTEXT))
        check(channel.pause_over(subscription))
        check(channel.plain_text(subscription))

    @pytest.mark.parametrize("filler", [HOSTILE, "&", "<", "x"])
    def test_longest_path_of_longest_names_fits(self, filler: str) -> None:
        """A long path of endless names of states, of a voice with an endless name, fits as well."""
        long = (filler * 5000)[:5000]
        job = {"voice_name": long, "job_failed_code": long, "job_failed_reason": long}

        notice_of(long, "", *[f"{long}{number}" for number in range(20)], job=job)

    @pytest.mark.parametrize("field", sorted(PERSONAL_FIELDS))
    def test_nothing_personal_is_shown(self, field: str) -> None:
        """No personal field is in any message, in whatever way the subscription came by it."""
        job = Job.from_api({"job_id": JOB_ID, "state": "FAILED", field: "SECRETSECRET"})
        subscription = paused_of("is_archived").model_copy(update={"job": job})

        for message in (
            card_of(subscription),
            channel.notice(subscription, Notice(path=("AUDITING", "FAILED"), since=NOW)),
            channel.paused(subscription, CONTEXT),
            channel.plain_text(subscription),
        ):
            assert "SECRETSECRET" not in as_json(message)

    def test_plain_words_need_no_blocks(self) -> None:
        """What is left when a message can't be made still names the voice, the state and the job."""
        expected = Message(f"`Morning News`: In training. Job `{JOB_ID}`.", [])

        assert channel.plain_text(subscription_of()) == expected
