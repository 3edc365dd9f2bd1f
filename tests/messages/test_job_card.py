"""Messages as Slack gets them: what they say, that they fit, and that nothing from outside comes alive."""

import json
import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.jobs import PERSONAL_FIELDS, STATES, Job, Phase, meaning_of
from bot.errors import (
    BadJobId,
    BadLink,
    BadUsage,
    CredentialsRefused,
    JobNotFound,
    MetaStudioError,
    PermissionDenied,
    RequestRefused,
    ServiceDown,
    Throttled,
    TimedOut,
    Unreachable,
    UnreadableAnswer,
    VoiceJobError,
    WrongProject,
)
from bot.messages import blocks, job_card
from bot.messages.errors import sentence
from bot.simulators.slack.blockkit import buttons
from tests.blocks import problems
from tests.profiles import examples
from tests.strategies import answers, full_answers, texts

JOB_ID = "26f06524-4f75-4b3a-a853-b649a21aaf66"
NOW = 1767323045
NOW_TOKEN = "<!date^1767323045^{date_short_pretty} {time}|2026-01-02 03:04 UTC>"
COMMAND = "/voicejob"
HOSTILE = "<!channel> <@U1> *x* &lt; `y` _z_ ~w~ :x: <https://e.example|l> & >"
IN_CODE = HOSTILE.replace("`", "'")
"""How the hostile text reads inside a code span."""

SHOWN_FIELDS = (
    "voice_name",
    "state",
    "job_type",
    "language",
    "sex",
    "tag",
    "create_type",
    "batch_name",
    "asset_id",
    "dhtms_job_id",
    "job_failed_code",
    "job_failed_reason",
)


def card_of(answer: dict[str, Any], *, job_id: str = JOB_ID, **given: Any) -> blocks.Message:
    """Make the card of an answer, the way a look-up does."""
    usual: dict[str, Any] = {"region": "cn-north-4", "now": NOW}
    return job_card.job(Job.from_api(answer | {"job_id": job_id}), **usual | given)


def whole(message: blocks.Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": message.blocks}


def text_objects(part: Any) -> Iterator[dict[str, Any]]:
    """Walk over every text object of a message, at any depth."""
    if isinstance(part, dict):
        if part.get("type") in {"mrkdwn", "plain_text"}:
            yield part
        for inner in part.values():
            yield from text_objects(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from text_objects(inner)


def mrkdwn_of(message: blocks.Message) -> list[str]:
    """List every mrkdwn text of a message; the top-level text is one."""
    found = [part["text"] for part in text_objects(message.blocks) if part["type"] == "mrkdwn"]
    return [message.text, *found]


def details_of(message: blocks.Message) -> list[str]:
    """List what the small print of a card tells of the job."""
    (details,) = message.blocks[-2]["elements"]
    return str(details["text"]).split(job_card.BETWEEN)


def plain_of(message: blocks.Message) -> list[str]:
    return [part["text"] for part in text_objects(message.blocks) if part["type"] == "plain_text"]


@dataclass(frozen=True)
class Mrkdwn:
    """A mrkdwn text as Slack would read it: ``live`` is what may be markup, ``codes`` what is just shown."""

    live: str
    codes: tuple[str, ...]


ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")
DATE = re.compile(r"<!date\^\d+\^\{date_short_pretty\} \{time\}\|\d{4}-\d\d-\d\d \d\d:\d\d UTC>")


def read_mrkdwn(text: str) -> Mrkdwn:
    """Read mrkdwn by Slack's rules: code spans hold plain characters, with three of them as entities.

    Asserts that no span is broken, and that the only thing in angle brackets is a date.
    """
    live, codes = "", []
    before, tick, rest = text.partition("`")
    while tick:
        inside, end, rest = rest.partition("`")
        assert end, f"a code span does not end: {inside[:60]!r}"
        assert inside, "an empty code span is two backticks"
        assert len(inside.splitlines()) == 1, "a code span ends on its line"
        assert not re.search("[<>]", inside), inside
        assert not ENTITY.search(inside), inside
        codes.append(inside.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
        live += before + "``"
        before, tick, rest = rest.partition("`")
    live += before
    assert not re.search("[<>]", DATE.sub("", live)), live
    assert not ENTITY.search(live), live
    return Mrkdwn(live, tuple(codes))


class TestReader:
    """The reader above, which the tests below lean on."""

    def test_tells_code_from_markup(self) -> None:
        """Spans are read with their entities, the rest is live."""
        assert read_mrkdwn("*a* `b &lt;&amp;lt; c` d") == Mrkdwn("*a* `` d", ("b <&lt; c",))

    @pytest.mark.parametrize(
        "text", ["`a", "``", "`a\nb`", "`<a>`", "`a & b`", "<!channel>", "<@U1>", "a & b", "a > b"]
    )
    def test_refuses_what_would_come_alive(self, text: str) -> None:
        """Broken spans, raw brackets and raw ampersands are found."""
        with pytest.raises(AssertionError):
            read_mrkdwn(text)


class TestCard:
    """What a card says."""

    def test_leads_with_the_voice(self) -> None:
        """The first thing is the name of the voice, as plain text in which no picture is drawn."""
        header = card_of({"voice_name": "女声 :x: *bold*"}).blocks[0]

        assert header == {
            "type": "header",
            "text": {"type": "plain_text", "text": "女声 :x: *bold*", "emoji": False},
        }

    @pytest.mark.parametrize(
        "name",
        [None, "", "  ", "\x00", "\u200b", "\u202e", "\x00 \x00", "\x00\u202e \u2066", "\u200b \u200b"],
        ids=ascii,
    )
    def test_voice_without_a_name(self, name: str | None) -> None:
        """Where nothing can be seen of a name, the card says that there is none."""
        message = card_of({"voice_name": name})

        assert message.blocks[0]["text"]["text"] == "Voice without a name"
        assert message.text.startswith("`Voice without a name`:")

    @pytest.mark.parametrize("state", [*STATES, "BRAND_NEW", None], ids=str)
    def test_says_where_the_job_is(self, state: str | None) -> None:
        """The state in words and by its own name, the step, the turn and what comes next stand together."""
        meaning = meaning_of(state)
        message = card_of({"state": state})
        status_text = message.blocks[1]["text"]["text"]

        for said in (message.text, status_text):
            assert meaning.label in said
            assert meaning.next in said
            assert meaning.to_do in said
            assert ("Step " in said) is (meaning.step is not None)
        assert (f"State: `{state}`." in message.text) is (state in STATES)
        assert (f"*{meaning.label}* `{state}`" in status_text) is (state == "BRAND_NEW")

    @pytest.mark.parametrize(
        ("state", "turn"),
        [
            ("PROCESSING", "MetaStudio's turn"),
            ("USER_REVIEW_REJECT", "MetaStudio's turn"),
            ("CREATING", "Your turn"),
            ("AUDIT_FAILED", "Your turn"),
            ("USER_RESULT_REVIEW", "Your turn"),
            ("FAILED", "Your turn"),
            ("SUCCEED", "Done"),
            ("SPLIT_FAILED", "Perhaps your turn"),
            ("BRAND_NEW", "Perhaps your turn"),
            (None, "Perhaps your turn"),
        ],
    )
    def test_says_whose_turn_it_is(self, state: str | None, turn: str) -> None:
        """Exactly one turn is named, in the blocks and in the text."""
        message = card_of({"state": state})
        turns = {"MetaStudio's turn", "Your turn", "Perhaps your turn", "Done"}

        for said in (message.text, message.blocks[1]["text"]["text"]):
            assert [turn] == [
                each for each in turns if re.search(rf"(^|[ *]){re.escape(each)}:", said, re.MULTILINE)
            ]

    def test_every_phase_has_its_icon_and_turn(self) -> None:
        """No phase is forgotten."""
        assert set(job_card.ICONS) == set(job_card.TURNS) == set(Phase)

    @pytest.mark.parametrize(
        ("state", "step"),
        [
            ("CREATING", "▰▱▱▱▱▱▱▱  Step 1 of 8: Upload. Next: "),
            ("PROCESSING", "▰▰▰▰▰▱▱▱  Step 5 of 8: Training. Next: "),
            ("SUCCEED", "▰▰▰▰▰▰▰▰  Step 8 of 8: Done."),
        ],
    )
    def test_draws_the_path(self, state: str, step: str) -> None:
        """The step is named and drawn; the text names it without the drawing."""
        message = card_of({"state": state})

        assert message.blocks[1]["text"]["text"].splitlines()[-1].startswith(step)
        assert step.partition("  ")[2] in message.text
        assert not set("▰▱") & set(message.text)

    @pytest.mark.parametrize("state", ["FAILED", "AUDIT_FAILED", "SPLIT_FAILED", "BRAND_NEW"])
    def test_failure_has_its_cause(self, state: str) -> None:
        """Error code and reason are shown when something failed, or may have."""
        message = card_of({"state": state, "job_failed_code": "MSS.41000017", "job_failed_reason": "太长"})

        assert "Error MSS.41000017: 太长" in plain_of(message)
        assert "Error: `MSS.41000017`. Reason: “`太长`”." in message.text

    @pytest.mark.parametrize("state", ["WAITING", "SUCCEED", "PROCESSING"])
    def test_cause_without_a_failure_is_not_shown(self, state: str) -> None:
        """MetaStudio's own example has an error code beside a state in which nothing failed."""
        message = card_of(
            {"state": state, "job_failed_code": "MSS.00000000", "job_failed_reason": "error reason"}
        )

        assert "MSS.00000000" not in json.dumps(whole(message))
        assert "error reason" not in json.dumps(whole(message))

    def test_half_a_cause_is_shown(self) -> None:
        """A code without a reason is shown, and a reason without a code."""
        assert "Error MSS.1" in plain_of(card_of({"state": "FAILED", "job_failed_code": "MSS.1"}))
        assert "Reason: 太长" in plain_of(card_of({"state": "FAILED", "job_failed_reason": "太长"}))

    def test_absent_cause_takes_no_room(self) -> None:
        """A failed job without a code and a reason has no empty lines for them."""
        said = json.dumps(whole(card_of({"state": "FAILED"})))

        assert "Reason" not in said
        assert "Error" not in said


FACTS = [
    ("job_type", "BASIC", "Edition", "Basic (20 sentences)"),
    ("job_type", "NEW_ONE", "Edition", "`NEW_ONE`"),
    ("language", "CN", "Language", "Chinese"),
    ("language", "Klingon", "Language", "`Klingon`"),
    ("sex", "FEMALE", "Sex of the voice", "Female"),
    ("sex", "NEW_ONE", "Sex of the voice", "`NEW_ONE`"),
    ("tag", "ECOMMERCE", "Use", "E-commerce"),
    ("tag", "NEW_ONE", "Use", "`NEW_ONE`"),
    ("create_type", "PACKAGE", "Recordings", "One package"),
    ("create_type", "NEW_ONE", "Recordings", "`NEW_ONE`"),
    ("create_time", NOW, "Created", NOW_TOKEN),
    ("create_time", NOW * 1000, "Created", NOW_TOKEN),
    ("reject_times", 2, "Times in this state", "2"),
    ("batch_name", "spring", "Batch", "`spring`"),
    ("asset_id", "asset-1", "Model asset", "`asset-1`"),
    ("dhtms_job_id", "avatar-1", "Avatar job", "`avatar-1`"),
]
"""A field's name, a value, the label it has on the card, and how the value reads there."""


class TestFacts:
    """The details below."""

    @pytest.mark.parametrize(
        ("name", "value", "label", "shown"), FACTS, ids=[f"{name} {value}" for name, value, *_ in FACTS]
    )
    def test_what_is_known_is_shown(self, name: str, value: Any, label: str, shown: str) -> None:
        """A field that is there has its place in the blocks and in the text."""
        message = card_of({"state": "WAITING", name: value})

        assert f"{label}: {shown}" in details_of(message)
        assert f"{label}: {shown}." in message.text

    @pytest.mark.parametrize("label", sorted({label for _, _, label, _ in FACTS}))
    def test_what_is_not_known_takes_no_room(self, label: str) -> None:
        """A field that is not there has no label either."""
        said = mrkdwn_of(card_of({"state": "WAITING"}))

        assert not [text for text in said if f"{label}:" in text]

    @pytest.mark.parametrize("value", [0, 1, None, -3, "x"])
    def test_once_in_a_state_is_not_worth_a_word(self, value: Any) -> None:
        """How often the state occurred is shown from twice on."""
        assert "Times in this state" not in card_of({"reject_times": value}).text

    @pytest.mark.parametrize("value", [0, 2147483647, 2147483647000, "soon", None])
    def test_placeholders_of_times_are_not_shown(self, value: Any) -> None:
        """A time that is not known is not shown as the year 2038."""
        message = card_of({"create_time": value, "lastupdate_time": value})

        assert "Created" not in message.text
        assert " since " not in message.text
        assert " since " not in json.dumps(message.blocks)

    def test_card_with_everything_has_all_labels(self) -> None:
        """A job of which all is known shows all of it."""
        answer = {name: value for name, value, _, _ in reversed(FACTS)} | {"state": "WAITING"}
        message = card_of(answer)
        labels = {detail.partition(": ")[0] for detail in details_of(message)}

        assert labels == {"State", *(label for _, _, label, _ in FACTS)}
        assert problems(whole(message)) == []


class TestOrigin:
    """The end of a card, and its buttons."""

    def test_id_region_and_time_come_last(self) -> None:
        """The last line has the region, when it was looked up, and the job id to copy."""
        last = card_of({"state": "WAITING"}).blocks[-1]

        assert last["type"] == "context"
        assert [part["text"] for part in last["elements"]] == [
            "Region `cn-north-4`",
            f"Looked up {NOW_TOKEN}",
            f"`{JOB_ID}`",
        ]

    def test_text_ends_with_the_id(self) -> None:
        """The text names the id, in code style, at its end."""
        assert card_of({"state": "WAITING"}).text.endswith(f"Job `{JOB_ID}`.")

    def test_refresh_carries_the_id(self) -> None:
        """A button of the card asks for the same job again."""
        _, (_, button) = buttons(card_of({}).blocks)

        assert (button["text"]["text"], button["action_id"], button["value"]) == (
            "Refresh",
            job_card.REFRESH,
            JOB_ID,
        )
        assert "url" not in button

    def test_subscribe_carries_the_id(self) -> None:
        """The first button subscribes the channel to the job."""
        (_, button), _ = buttons(card_of({}).blocks)

        assert (button["text"]["text"], button["action_id"], button["value"], button["style"]) == (
            "Subscribe channel",
            job_card.SUBSCRIBE,
            JOB_ID,
            "primary",
        )

    @pytest.mark.parametrize("state", ["SUCCEED", "FAILED"])
    def test_a_job_that_is_over_has_no_button_to_subscribe(self, state: str) -> None:
        """Nothing about it will change."""
        message = card_of({"state": state})

        assert [button["action_id"] for _, button in buttons(message.blocks)] == [job_card.REFRESH]

    def test_a_followed_job_says_so(self) -> None:
        """Where the channel is subscribed already, the card says it and has no button for it."""
        message = card_of({}, is_followed=True)

        assert [button["action_id"] for _, button in buttons(message.blocks)] == [job_card.REFRESH]
        assert "told of its changes" in str(message.blocks[-1])
        assert problems(whole(message)) == []

    def test_console_has_a_button_if_its_address_is_known(self) -> None:
        """With an address there is a further button, which is a link."""
        message = card_of({}, console_url="https://console.example/jobs/1")
        _, (_, refresh), (_, console) = buttons(message.blocks)

        assert refresh["action_id"] == job_card.REFRESH
        assert (console["text"]["text"], console["url"]) == ("Open console", "https://console.example/jobs/1")
        assert problems(whole(message)) == []

    def test_longest_console_address_fits(self) -> None:
        """An address as long as Slack takes is a button."""
        assert problems(whole(card_of({}, console_url="https://e.example/" + "x" * 2982))) == []


class TestLimits:
    """Slack's limits, for any job."""

    @example({"state": "SUCCEED"})
    @example({"state": "USER_RESULT_REVIEW"})
    @given(answers())
    @examples(100)
    def test_any_job_fits(self, answer: dict[str, Any]) -> None:
        """Whatever MetaStudio says, the message is one that Slack takes, with a text that says it all.

        A step that comes next is told where there is one, and no other is promised.
        """
        message = card_of(answer, console_url="https://console.example/")
        meaning = Job.from_api(answer).meaning
        status_text = message.blocks[1]["text"]["text"]

        assert problems(whole(message)) == []
        assert json.dumps(whole(message), ensure_ascii=False).encode()
        assert message.blocks[0]["text"]["text"].strip()
        for said in (
            meaning.label,
            f"{job_card.TURNS[meaning.phase]}: {meaning.to_do}",
            f"Next: {meaning.next}" if meaning.next else "",
            f"`{JOB_ID}`",
        ):
            assert said in message.text
        for text in (message.text, status_text):
            assert ("Next: " in read_mrkdwn(text).live) is bool(meaning.next)

    @given(full_answers())
    @examples(25)
    def test_longest_job_fits(self, answer: dict[str, Any]) -> None:
        """A job with thousands of characters in every field fits, and its text as well."""
        message = card_of(answer, job_id="x" * 64, region="x" * 64)

        assert problems(whole(message)) == []
        assert len(message.text) <= 4000
        assert message.text.endswith(f"`{'x' * 64}`.")

    def test_long_name_is_cut_visibly(self) -> None:
        """A name longer than a header is cut, with a sign that it was."""
        header = card_of({"voice_name": "n" * 500}).blocks[0]["text"]["text"]

        assert (len(header), header[-1]) == (150, "…")

    def test_long_reason_is_kept_as_far_as_possible(self) -> None:
        """A long reason has a whole section of its own, up to Slack's limit."""
        message = card_of({"state": "FAILED", "job_failed_reason": "r" * 5000})
        (reason,) = [text for text in plain_of(message) if text.startswith("Reason: ")]

        assert (len(reason), reason[-1]) == (3000, "…")

    @pytest.mark.parametrize("name", ["a" * 150, "👍" * 150, "&" * 150], ids=["ascii", "emoji", "ampersands"])
    def test_name_of_just_the_limit_is_whole(self, name: str) -> None:
        """Nothing is cut that fits."""
        assert card_of({"voice_name": name}).blocks[0]["text"]["text"] == name

    def test_job_without_an_id_still_fits(self) -> None:
        """Even a job whose id is not known makes a message that Slack takes."""
        message = job_card.job(Job.from_api({}), region="cn-north-4", now=NOW)

        assert problems(whole(message)) == []


class TestEscaping:
    """Text from outside is just characters."""

    @pytest.mark.parametrize("name", SHOWN_FIELDS)
    def test_hostile_value_stays_plain(self, name: str) -> None:
        """In every field that is shown, markup reaches Slack as characters, in the blocks and in the text."""
        tame, hostile = (card_of({"state": "FAILED", name: value}, region="r") for value in ("tame", HOSTILE))
        tame_read, read = ([read_mrkdwn(text) for text in mrkdwn_of(each)] for each in (tame, hostile))

        assert [each.live for each in tame_read] == [each.live for each in read]
        assert IN_CODE in read[0].codes
        in_plain_text = [text for text in plain_of(hostile) if HOSTILE in text]
        in_mrkdwn = [code for each in read[1:] for code in each.codes if code == IN_CODE]
        assert len(in_plain_text) + len(in_mrkdwn) == 1

    def test_hostile_id_and_region_stay_plain(self) -> None:
        """Even what is checked elsewhere is escaped here."""
        message = card_of({}, job_id=HOSTILE, region=HOSTILE)
        codes = [code for text in mrkdwn_of(message) for code in read_mrkdwn(text).codes]

        assert codes.count(IN_CODE) == 3

    @given(st.sampled_from(SHOWN_FIELDS), texts())
    @examples(100)
    def test_no_text_changes_the_rest_of_the_message(self, name: str, value: str) -> None:
        """Whatever is in a field, what is live in the message is what is live without it being special."""
        tame = card_of({"state": "BRAND_NEW"} | {name: "tame"})
        message = card_of({"state": "BRAND_NEW"} | {name: f"x{value}"})

        assert [read_mrkdwn(text).live for text in mrkdwn_of(tame)] == [
            read_mrkdwn(text).live for text in mrkdwn_of(message)
        ]

    @given(answers())
    @examples(50)
    def test_no_plain_text_is_drawn_as_pictures_or_turned_around(self, answer: dict[str, Any]) -> None:
        """A name like ":x:" is no picture, and no invisible character turns the line around."""
        for part in text_objects(card_of(answer).blocks):
            is_label = part["text"] in {"Subscribe channel", "Refresh", "Open console"}
            assert part["type"] == "mrkdwn" or is_label or part["emoji"] is False
            assert not {unicodedata.category(char) for char in part["text"]} & {"Cs"}
            assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00\x1b\x7f\x9b") & set(
                part["text"]
            )


class TestNeverShown:
    """Personal data."""

    @pytest.mark.parametrize("name", sorted(PERSONAL_FIELDS))
    @pytest.mark.parametrize("state", [*STATES, "BRAND_NEW", None], ids=str)
    def test_personal_field_is_nowhere(self, name: str, state: str | None) -> None:
        """No personal field is shown in any state."""
        message = card_of({"state": state, name: "SECRETSECRET"})

        assert "SECRETSECRET" not in json.dumps(whole(message))

    @given(answers(), st.sampled_from(["SECRETSECRET", ["SECRETSECRET"], {"a": "SECRETSECRET"}]))
    @examples(40)
    def test_personal_fields_are_nowhere_in_any_job(self, answer: dict[str, Any], secret: Any) -> None:
        """Whatever else a job says, nothing of its personal fields is in the message."""
        message = card_of(answer | dict.fromkeys(PERSONAL_FIELDS, secret))

        assert "SECRETSECRET" not in json.dumps(whole(message))


TRY_AGAIN_HELPS: dict[type[MetaStudioError], bool] = {
    JobNotFound: False,
    RequestRefused: False,
    CredentialsRefused: False,
    PermissionDenied: False,
    WrongProject: False,
    Throttled: True,
    ServiceDown: True,
    Unreachable: True,
    TimedOut: True,
    UnreadableAnswer: True,
}
"""Whether the same look-up may succeed later, once somebody has mended something."""


class TestProblem:
    """What a person sees when a look-up fails."""

    @pytest.mark.parametrize(
        ("kind", "helps"), TRY_AGAIN_HELPS.items(), ids=[kind.__name__ for kind in TRY_AGAIN_HELPS]
    )
    def test_try_again_is_there_where_it_helps(
        self,
        kind: type[MetaStudioError],
        helps: bool,  # noqa: FBT001  a column of a table
    ) -> None:
        """A button asks for the same job again, unless the answer would be the same."""
        message = job_card.problem(kind(job_id=JOB_ID), job_id=JOB_ID)
        found = [(button["action_id"], button["value"]) for _, button in buttons(message.blocks)]

        assert found == ([(job_card.TRY_AGAIN, JOB_ID)] if helps else [])
        assert problems(whole(message)) == []

    @pytest.mark.parametrize("size", [3, 10_000])
    @pytest.mark.parametrize("kind", [BadJobId, BadLink, BadUsage])
    def test_bad_usage_is_not_worth_another_try(self, kind: type[BadUsage], size: int) -> None:
        """What can't be a job id will never be one."""
        message = job_card.problem(kind("x y" * size), job_id="x y" * size)

        assert list(buttons(message.blocks)) == []
        assert problems(whole(message)) == []

    def test_without_an_id_there_is_nothing_to_try(self) -> None:
        """Where no job is known, no button is offered."""
        assert list(buttons(job_card.problem(TimedOut()).blocks)) == []
        assert list(buttons(job_card.problem(TimedOut(), job_id="").blocks)) == []

    def test_unexpected_error_may_be_tried_again(self) -> None:
        """A fault of the bot itself is told in a sentence, with a button."""
        message = job_card.problem(VoiceJobError(), job_id=JOB_ID)

        assert "Something went wrong inside the bot" in message.text
        assert len(list(buttons(message.blocks))) == 1

    @pytest.mark.parametrize("kind", TRY_AGAIN_HELPS, ids=lambda kind: kind.__name__)
    def test_says_the_sentence(self, kind: type[MetaStudioError]) -> None:
        """The sentence of the error is the message, in the blocks and in the text."""
        error = kind(job_id=JOB_ID)
        message = job_card.problem(error)

        assert sentence(error, "`{}`".format) == message.text
        assert f":warning: {message.text}" == message.blocks[0]["text"]["text"]

    def test_request_id_is_shown_shortened(self) -> None:
        """The first eight signs of the request id are enough to find it in the log; no more is shown."""
        message = job_card.problem(ServiceDown(request_id="0123abcdEFGH4567"), job_id=JOB_ID)

        assert message.text.endswith("(For whoever runs the bot: request `0123abcd`)")
        assert message.blocks[-1]["elements"][0]["text"] == "For whoever runs the bot: request `0123abcd`"
        assert "EFGH" not in json.dumps(whole(message))

    def test_nothing_for_the_log_is_shown(self) -> None:
        """A person sees no status and no error code."""
        message = job_card.problem(ServiceDown(status=503, code="APIGW.0613", request_id=""), job_id=JOB_ID)

        assert not re.search(r"503|APIGW|[Rr]equest `", json.dumps(whole(message)))

    @given(st.sampled_from([*TRY_AGAIN_HELPS]), texts(), texts())
    @examples(100)
    def test_any_value_is_quoted_and_fits(
        self, kind: type[MetaStudioError], asked: str, request_id: str
    ) -> None:
        """Whatever was asked for, and whatever id came back, the message is whole and harmless."""
        message = job_card.problem(kind(job_id=asked, request_id=request_id), job_id=JOB_ID)

        assert problems(whole(message)) == []
        for text in mrkdwn_of(message):
            read_mrkdwn(text)


class TestUsage:
    """How the command is used, and what was wrong."""

    def test_help_names_what_can_be_typed(self) -> None:
        """Help shows the command in every form."""
        message = job_card.help(COMMAND)
        codes = read_mrkdwn(message.text).codes

        assert codes == (
            "/voicejob <job_id>",
            "/voicejob subscribe <job_id>",
            "/voicejob subscribe <job_id> important",
            "/voicejob subscribe <job_id> all",
            "/voicejob unsubscribe <job_id>",
            "/voicejob list",
            "/voicejob help",
        )
        assert problems(whole(message)) == []

    def test_text_and_blocks_say_the_same(self) -> None:
        """Help and usage read the same on a phone's notification."""
        for message in (job_card.help(COMMAND), job_card.usage(BadUsage("hlep", meant="help"), COMMAND)):
            assert [message.text] == [part["text"] for part in text_objects(message.blocks)]

    def test_usage_says_what_was_wrong_first(self) -> None:
        """The sentence comes first, then what can be typed."""
        message = job_card.usage(BadJobId("a b"), COMMAND)

        assert message.text.startswith("`a b` can't be a job id.")
        assert "/voicejob <job_id>" in read_mrkdwn(message.text).codes

    def test_guess_is_offered(self) -> None:
        """What was probably meant can be copied."""
        message = job_card.usage(BadUsage("hlep", meant="help"), COMMAND)

        assert "I don't understand `hlep`. Did you mean `/voicejob help`?" in message.text
        assert "Did you mean" not in job_card.usage(BadUsage("hlep"), COMMAND).text

    @pytest.mark.parametrize("kind", [BadUsage, BadJobId, BadLink])
    @given(typed=texts(), meant=texts())
    @examples(40)
    def test_whatever_was_typed_is_quoted_and_fits(
        self, kind: type[BadUsage], typed: str, meant: str
    ) -> None:
        """Nothing that a person typed breaks out of its quotes."""
        message = job_card.usage(kind(typed, meant=meant), COMMAND)
        tame = job_card.usage(kind("tame", meant="tame" if meant else ""), COMMAND)

        assert problems(whole(message)) == []
        assert read_mrkdwn(message.text).live == read_mrkdwn(tame.text).live

    def test_typed_markup_stays_plain(self) -> None:
        """A mention that was typed pings nobody."""
        (quoted, *_) = read_mrkdwn(job_card.usage(BadJobId(HOSTILE), COMMAND).text).codes

        assert quoted.endswith("…")
        assert IN_CODE.startswith(quoted.rstrip("…"))
        assert len(quoted) > 40


class TestParts:
    """The small functions that make text harmless."""

    @given(texts(), st.integers(8, 300))
    @examples(100)
    def test_code_is_one_span_within_its_limit(self, text: str, limit: int) -> None:
        """Any text is exactly one code span, cut after escaping and never inside an entity."""
        span = blocks.code(text, limit)
        read = read_mrkdwn(span)

        assert (read.live, len(read.codes)) == ("``", 1)
        assert len(span) <= limit + 2

    @pytest.mark.parametrize(
        ("text", "limit", "expected"),
        [
            ("abc", 3, "`abc`"),
            ("abcd", 3, "`ab…`"),
            ("<<", 8, "`&lt;&lt;`"),
            ("<<<", 8, "`&lt;…`"),
            ("a&b", 6, "`a…`"),
            ("", 5, "` `"),
            ("\x00", 5, "` `"),
            ("a`b", 5, "`a'b`"),
            ("a\n b", 5, "`a b`"),
        ],
    )
    def test_code(self, text: str, limit: int, expected: str) -> None:
        """Backticks become apostrophes, lines one line, and the limit counts what is sent."""
        assert expected == blocks.code(text, limit)

    @given(texts())
    @examples(100)
    def test_clean_is_one_visible_line_or_nothing(self, text: str) -> None:
        """What is left is a line without control characters that shows something, or it is empty."""
        line = blocks.clean(text)

        assert line == "" or (line.strip() and len(line.splitlines()) == 1)
        assert not {unicodedata.category(char) for char in line} & {"Cc", "Cs", "Zl", "Zp"}
        assert blocks.clean(line) == line

    def test_what_disturbs_is_known_by_its_kind(self) -> None:
        """Of all characters, those go that Unicode calls controls, surrogates, or marks of direction."""
        turns = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
        every = "".join(map(chr, range(sys.maxunicode + 1)))
        disturbing = {
            char
            for char in every
            if unicodedata.category(char) in {"Cc", "Cs"} or unicodedata.bidirectional(char) in turns
        }

        assert set(blocks.DISTURBING.findall(every)) == disturbing

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("  a  b\n", "a b"),
            ("女声 👩\u200d🎤", "女声 👩\u200d🎤"),
            ("a\u202eb\u2066c", "abc"),
            ("a\ud800b\x1bc", "abc"),
            ("\u2028a\u2029b\x85c", "a b c"),
        ],
        ids=ascii,
    )
    def test_clean(self, text: str, expected: str) -> None:
        """Names keep what belongs to them, joined emoji too, and lose what disturbs."""
        assert expected == blocks.clean(text)

    def test_escape_takes_the_ampersand_first(self) -> None:
        """The three characters are escaped once each."""
        assert blocks.escape("a<b>&lt;") == "a&lt;b&gt;&amp;lt;"

    @given(st.integers(1, 10**11 - 1))
    @examples(50)
    def test_date_is_a_token_with_a_fallback(self, epoch: int) -> None:
        """Any moment that a job can have is a date token, with UTC for old clients."""
        assert re.fullmatch(
            rf"<!date\^{epoch}\^{{date_short_pretty}} {{time}}\|\d{{4}}-\d\d-\d\d \d\d:\d\d UTC>",
            blocks.date(epoch),
        )
