"""What a channel is told: the card, the changes, and why nothing comes any more."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.jobs import ENDED_STATES, GONE, PERSONAL_FIELDS, STATES, Job, meaning_of
from bot.domain.slack_errors import KNOWN, Refusal
from bot.domain.slack_errors import meaning_of as refusal_of
from bot.domain.subscriptions import Level, Notice, Pause, Subscription
from bot.messages import channel as notices
from bot.messages import job_card
from bot.messages.blocks import Message
from bot.messages.channel import LEVELS, LONGEST_PATH, MessageContext
from bot.messages.texts import en
from bot.simulators.slack.blockkit import buttons
from tests.blocks import problems
from tests.profiles import examples
from tests.strategies import answers, texts

JOB_ID = "26f06524-4f75-4b3a-a853-b649a21aaf66"
NOW = 1767323045
NOW_TOKEN = "<!date^1767323045^{date_short_pretty} {time}|2026-01-02 03:04 UTC>"
LOOK = MessageContext(
    region="cn-north-4", bot_name="voicejob", command="/voicejob", console_url=lambda _: None
)
HOSTILE = "<!channel> <@U0BOB> `*x*` :x: \u202e <https://e.example|l> & "


def kept_of(state: Any = "PROCESSING", job: dict[str, Any] | None = None, **given: Any) -> Subscription:
    """Make a subscription to a job in this state."""
    shown = Job.from_api({"job_id": JOB_ID, "voice_name": "Morning News", "state": state} | (job or {}))
    usual: dict[str, Any] = {
        "team_id": "T1",
        "channel_id": "C1",
        "job_id": JOB_ID,
        "level": Level.ALL,
        "subscribed_by": "U0ALICE",
        "subscribed_at": NOW,
        "job": shown.remembered(),
    }
    return Subscription(**usual | given)


def paused_of(reason: str, **given: Any) -> Subscription:
    pause = Pause(reason=reason, since=NOW, tries=1, next_try=NOW + 300, person_knows=False)
    return kept_of(pause=pause, **given)


def told_of(*path: str) -> Notice:
    return Notice(path=path, since=NOW)


def mrkdwn_of(part: Any) -> list[str]:
    """List every mrkdwn text in blocks, at any depth."""
    if isinstance(part, list):
        return [text for inner in part for text in mrkdwn_of(inner)]
    if not isinstance(part, dict):
        return []
    own = [part["text"]] if part.get("type") == "mrkdwn" else []
    return own + [text for inner in part.values() for text in mrkdwn_of(inner)]


OURS = re.compile(
    r"<@[UW][A-Z0-9]+>|<#[CG][A-Z0-9]+>|<!date\^\d+\^\{date_short_pretty\} \{time\}\|[-: 0-9]+ UTC>"
)


def check(message: Message) -> None:
    """Assert that Slack takes a message, and that nothing in it is alive but what is ours."""
    assert problems({"text": message.text, "blocks": message.blocks}) == []
    assert len(message.text) <= 4000
    for text in [message.text, *mrkdwn_of(message.blocks)]:
        assert text.count("`") % 2 == 0, text
        live = re.sub(r"`[^`<>\n]*`", "", text)
        assert not re.search("[<>`\u202e\x00]", OURS.sub("", live)), text
        assert not re.search("&(?!amp;|lt;|gt;)", text)
    for _, button in buttons(message.blocks):
        assert button["text"]["text"].isascii()


class TestNotice:
    """One or more changes."""

    @pytest.mark.parametrize("state", [*STATES, GONE, "BRAND_NEW", ""])
    def test_text_alone_says_it_all(self, state: str) -> None:
        """Phones get only the text: which voice, from where to where, whose turn, what to do, what next."""
        message = notices.notice(kept_of(state), told_of("AUDITING", state))
        meaning = meaning_of(state)

        assert message.text.startswith(f"`Morning News`: In manual review → {notices.label(state)}")
        following = f" Next: {meaning.next}" if meaning.next else ""
        assert f"{job_card.TURNS[meaning.phase]}: {meaning.to_do}{following}" in message.text
        assert ("Next:" in message.text) is (state not in ENDED_STATES)
        assert len(message.text) < 300
        check(message)

    def test_notice_reads_well(self) -> None:
        """The blocks say the same in two lines, with what asks the reader to act in bold."""
        message = notices.notice(kept_of("AUDIT_FAILED"), told_of("AUDITING", "AUDIT_FAILED"))

        (said,) = mrkdwn_of(message.blocks)
        assert said == (
            ":point_right: `Morning News`: In manual review → *Review failed, new recordings needed*\n"
            "*Your turn: Upload new recordings and submit the job again.* "
            "Next: MetaStudio reviews the new recordings."
        )

    def test_several_changes_name_the_path(self) -> None:
        """Changes that piled up are one message, which names each state on the way."""
        told = told_of("AUDITING", "WAITING", "AUDITING", "PROCESSING")
        path = "In manual review → Waiting for training → In manual review →"

        message = notices.notice(kept_of(), told)

        assert f": {path} In training. " in message.text
        assert f": {path} *In training*\n" in mrkdwn_of(message.blocks)[0]

    def test_state_that_occurs_again_is_called_so(self) -> None:
        """A state that follows itself does not read like a mistake."""
        message = notices.notice(kept_of("AUDITING"), told_of("AUDITING", "AUDITING"))

        assert "In manual review → In manual review again." in message.text
        assert "In manual review → *In manual review again*\n" in mrkdwn_of(message.blocks)[0]

    @pytest.mark.parametrize("length", [2, 11, 12, 13, 500])
    def test_long_path_is_shortened_in_the_middle(self, length: int) -> None:
        """Of a long path the beginning and the end are named."""
        states = [f"STATE_{number}" for number in range(length)]
        message = notices.notice(kept_of(states[-1]), told_of(*states))
        named = re.findall(r"`STATE_(\d+)`", message.text)
        whole = list(map(str, range(length)))

        assert named == (whole if length <= LONGEST_PATH else [*whole[:2], *whole[3 - LONGEST_PATH :]])
        assert (" → … → " in message.text) is (length > LONGEST_PATH)
        check(message)

    @pytest.mark.parametrize(
        ("state", "is_there"), [("FAILED", True), ("AUDIT_FAILED", True), ("WAITING", False)]
    )
    def test_cause_of_a_failure(self, state: str, is_there: bool) -> None:  # noqa: FBT001  a column
        """Why a job failed stands in the text and in the blocks, where it failed."""
        job = {"job_failed_code": "MSS.1", "job_failed_reason": "Segment 14.wav is too long."}
        message = notices.notice(kept_of(state, job), told_of("AUDITING", state))

        assert ("Error: `MSS.1`. Reason: “`Segment 14.wav is too long.`”." in message.text) is is_there
        assert ("Segment 14.wav" in json.dumps(message.blocks)) is is_there

    @pytest.mark.parametrize(
        ("state", "words"),
        [
            (GONE, "Deleted"),
            ("SUCCEED", "Succeeded"),
            ("BRAND_NEW", "`BRAND_NEW`"),
            ("", "No state given"),
            ("?", "`?`"),
        ],
    )
    def test_label(self, state: str, words: str) -> None:
        """A state is said in words; one that is new to the bot keeps its own name."""
        assert notices.label(state) == words


class TestCard:
    """The message that stands for a subscription."""

    def test_card_says_what_the_channel_gets(self) -> None:
        """Below the job stand the level, who asked, the region, the time and the id."""
        card = notices.card(kept_of(), LOOK, now=NOW)

        assert [part["text"] for part in card.blocks[-1]["elements"]] == [
            "This channel is told of every change.",
            "Subscribed by <@U0ALICE>.",
            "Region `cn-north-4`",
            f"As of {NOW_TOKEN}",
            f"`{JOB_ID}`",
        ]
        assert card.text == (
            "`Morning News`: In training. MetaStudio's turn: Nothing for you to do. Next: MetaStudio reviews "
            "the result. This channel is told of every change. Subscribed by <@U0ALICE>."
        )

    def test_level_is_said_in_words(self) -> None:
        """The card of an important-only subscription says which changes those are."""
        card = notices.card(kept_of(level=Level.IMPORTANT), LOOK, now=NOW)

        assert (
            "This channel is told of important changes only: when the job waits for you, or is over."
            in mrkdwn_of(card.blocks)
        )
        assert LEVELS.keys() == set(Level)

    @pytest.mark.parametrize(
        ("subscription", "found"),
        [
            (kept_of(), ["Refresh", "Unsubscribe"]),
            (kept_of(stopped_by="U0BOB"), ["Subscribe channel"]),
            (kept_of("SUCCEED"), []),
            (kept_of("FAILED", stopped_by="U0BOB"), []),
        ],
        ids=["followed", "stopped", "over", "stopped and over"],
    )
    @pytest.mark.parametrize("console", [None, "https://console.example/"])
    def test_buttons(self, subscription: Subscription, found: list[str], console: str | None) -> None:
        """A card has buttons for what is still possible, each with the job's id."""
        context = MessageContext(region="r", bot_name="b", command="/c", console_url=lambda _: console)
        card = notices.card(subscription, context, now=NOW)
        labels = [button["text"]["text"] for _, button in buttons(card.blocks)]

        assert [label for label in labels if label != "Open console"] == found
        assert ("Open console" in labels) is bool(console)
        for _, button in buttons(card.blocks):
            assert button.get("value") == JOB_ID or button["url"] == console
        check(card)

    def test_buttons_have_their_handlers(self) -> None:
        """Each button is one that is listened for; ending needs a yes."""
        card, stopped = (notices.card(each, LOOK, now=NOW) for each in (kept_of(), kept_of(stopped_by="U0B")))
        refresh, stop = (button for _, button in buttons(card.blocks))
        (start,) = (button for _, button in buttons(stopped.blocks))

        assert refresh["action_id"] == notices.REFRESH_CARD
        assert stop["action_id"] == notices.STOP
        assert start["action_id"] == job_card.SUBSCRIBE
        assert stop["confirm"]["confirm"]["text"] == "Unsubscribe"
        assert "confirm" not in refresh

    def test_ended_card_says_why(self) -> None:
        """A card that changes no more says whether a person or the job ended it."""
        assert (
            "Stopped by <@U0BOB>. This channel is not told of it any more."
            in notices.card(kept_of("FAILED", stopped_by="U0BOB"), LOOK, now=NOW).text
        )
        over = notices.card(kept_of("SUCCEED"), LOOK, now=NOW)
        assert "The job is over, and the subscription with it." in over.text
        assert "told of" not in over.text


WHY = {
    "not_in_channel": "I am not a member of the channel. Type `/invite @voicejob` in the channel, then press",
    "channel_not_found": "Type `/invite @voicejob` in the channel, then press Try again.",
    "is_archived": "The channel is archived. Subscribe in another channel, or have this one reopened",
    "restricted_action": "Ask whoever runs your workspace to let me post there, or subscribe in another",
    "message_not_found": "I will post a new one by myself; to have it now, press Try again.",
    "invalid_blocks": "which is a mistake of mine. Tell whoever runs the bot;",
    "brand_new": "Slack refuses my messages. Ask whoever runs your workspace",
}


class TestPaused:
    """What the person who subscribed is told, once."""

    @pytest.mark.parametrize(("reason", "says"), WHY.items(), ids=WHY)
    def test_names_the_reason_and_the_remedy(self, reason: str, says: str) -> None:
        """The message says where, which job, why, and what to do, and that nothing is lost."""
        message = notices.paused(paused_of(reason), LOOK)

        assert message.text.startswith("I can't post in <#C1>, so nobody there is told how `Morning News` ")
        assert says in message.text
        assert f"(Slack calls it `{reason}`.) Nothing is lost" in message.text
        check(message)

    def test_buttons_name_the_channel_too(self) -> None:
        """The message is not in the channel, so its buttons say which one they mean."""
        found = [
            (button["text"]["text"], button["action_id"], button["value"])
            for _, button in buttons(notices.paused(paused_of("is_archived"), LOOK).blocks)
        ]

        assert found == [
            ("Try again", notices.RETRY, f"{JOB_ID} C1"),
            ("Unsubscribe", notices.STOP, f"{JOB_ID} C1"),
        ]

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

        assert notices.paused(subscription, LOOK).text.startswith(
            f"I can't post in {named} any more, so nobody "
        )

    def test_says_where_the_job_is(self) -> None:
        """The last known state and the id stand below."""
        assert mrkdwn_of(notices.paused(paused_of("is_archived"), LOOK).blocks)[-2:] == [
            "Now: In training",
            f"`{JOB_ID}`",
        ]


def odd_subscriptions() -> st.SearchStrategy[Subscription]:
    """Give subscriptions in which any text is as hostile as it can be."""
    huge = st.sampled_from([HOSTILE * 20, "&" * 1000, "", "女" * 1000])
    words = texts().map(lambda text: text[:1000]) | huge
    shown = answers().map(lambda answer: Job.from_api(answer | {"job_id": JOB_ID}).remembered())
    pauses = st.none() | st.builds(
        Pause, reason=words, since=TIMES, tries=TIMES, next_try=TIMES, person_knows=st.booleans()
    )
    ids = words.map(lambda text: text[:900].encode(errors="replace").decode() or "x")
    return st.builds(
        kept_of,
        team_id=words,
        channel_id=ids,
        job_id=ids,
        level=st.sampled_from(Level),
        subscribed_by=words,
        subscribed_at=TIMES,
        delivered_at=st.none() | TIMES,
        stopped_by=st.none() | words,
        pause=pauses,
    ).flatmap(lambda subscription: shown.map(lambda job: subscription.model_copy(update={"job": job})))


TIMES = st.integers(0, 10**11 - 1)
PATHS = st.lists(st.sampled_from([*STATES, GONE, ""]) | texts(), min_size=2, max_size=40).map(tuple)


class TestAnything:
    """Any subscription at all."""

    @given(odd_subscriptions(), PATHS)
    @examples(80)
    def test_every_message_is_one_that_slack_takes(
        self, subscription: Subscription, path: tuple[str, ...]
    ) -> None:
        """Nothing that is outside the bot breaks a message, comes alive in it, or makes it too long."""
        check(notices.card(subscription, LOOK, now=NOW))
        check(notices.notice(subscription, Notice(path=path, since=NOW)))
        check(notices.paused(subscription, LOOK))
        check(notices.plainly(subscription))

    @pytest.mark.parametrize("filler", [HOSTILE, "&", "<", "x"])
    def test_longest_path_of_longest_names_fits(self, filler: str) -> None:
        """A long path of endless names of states, of a voice with an endless name, fits as well."""
        long = (filler * 5000)[:5000]
        job = {"voice_name": long, "job_failed_code": long, "job_failed_reason": long}
        path = (long, "", *[f"{long}{number}" for number in range(20)])
        message = notices.notice(kept_of("FAILED", job, job_id=long), Notice(path=path, since=NOW))

        check(message)

    @pytest.mark.parametrize("field", sorted(PERSONAL_FIELDS))
    def test_nothing_personal_is_shown(self, field: str) -> None:
        """No personal field is in any message, in whatever way the subscription came by it."""
        job = Job.from_api({"job_id": JOB_ID, "state": "FAILED", field: "SECRETSECRET"})
        subscription = paused_of("is_archived").model_copy(update={"job": job})

        for message in (
            notices.card(subscription, LOOK, now=NOW),
            notices.notice(subscription, told_of("AUDITING", "FAILED")),
            notices.paused(subscription, LOOK),
            notices.plainly(subscription),
        ):
            assert "SECRETSECRET" not in json.dumps(message.blocks) + message.text

    def test_plain_words_need_no_blocks(self) -> None:
        """What is left when a message can't be made still names the voice, the state and the job."""
        assert notices.plainly(kept_of()) == Message(f"`Morning News`: In training. Job `{JOB_ID}`.", [])


REASONS = {
    "not_in_channel": "I am not a member of the channel.",
    "is_archived": "The channel is archived.",
    "restricted_action": en.RESTRICTED,
    "restricted_action_read_only_channel": en.RESTRICTED,
    "restricted_action_thread_locked": "The thread of my message in the channel is locked.",
    "invalid_blocks": en.MALFORMED,
    "metadata_too_large": en.MALFORMED,
    "brand_new": en.NO_REASON,
    "": en.NO_REASON,
}


@pytest.mark.parametrize("code", REASONS)
def test_reason(code: str) -> None:
    """What is known of a code is said; a rule of the workspace and a mistake of the bot are named as such."""
    assert notices.reason_of(code) == REASONS[code]


def test_what_pauses_a_subscription_has_its_own_reason() -> None:
    """A person reads why, where Slack says why, in a plain sentence that is true wherever it is read."""
    assert {
        code for code in KNOWN if refusal_of(code) in {Refusal.NOT_HERE, Refusal.MESSAGE_GONE}
    } == en.CANNOT_POST.keys()
    for said in (*en.CANNOT_POST.values(), *REASONS.values()):
        assert re.fullmatch(r"[A-Z][^.!?<>`_]+\.", said)
        assert not re.search(r"\b(here|this channel)\b", said)
