"""A job's card, help and problems: what they say, that they fit, and that nothing personal is shown."""

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot import errors
from bot.domain.jobs import PERSONAL_FIELDS, STATES, Job, Phase
from bot.errors import BadJobId, BadLink, BadUsage, JobNotFound, MetaStudioError, RequestRefused, ServiceDown
from bot.messages import job_card
from bot.messages.blocks import Message
from bot.messages.errors import sentence
from bot.simulators.slack.blockkit import buttons
from tests.domain.subscriptions import NOW
from tests.messages.reading import (
    HOSTILE,
    IN_CODE,
    JOB_ID,
    NOW_TOKEN,
    as_json,
    check,
    codes_in,
    labels,
    live_in,
    read_mrkdwn,
    texts_of,
)
from tests.profiles import examples
from tests.strategies import answers, full_answers, texts

COMMAND = "/voicejob"
SHOWN_FIELDS = """
    voice_name state job_type language sex tag create_type batch_name asset_id dhtms_job_id job_failed_code
    job_failed_reason
"""


def card_of(answer: dict[str, Any], *, job_id: str = JOB_ID, **given: Any) -> Message:
    """Make the card of an answer, the way a look-up does, and check it."""
    usual: dict[str, Any] = {"region": "cn-north-4", "now": NOW}
    message = job_card.job(Job.from_api(answer | {"job_id": job_id}), **usual | given)
    check(message)
    return message


def details_of(message: Message) -> list[str]:
    """List what the small print of a card tells of the job."""
    (details,) = message.blocks[-2]["elements"]
    return str(details["text"]).split(job_card.BETWEEN)


STATUS = {
    "CREATING": ":point_right: *Waiting for the recordings*\n"
    "*Your turn: Upload the recordings and submit the job.*\n"
    "▰▱▱▱▱▱▱▱  Step 1 of 8: Upload. Next: MetaStudio reviews the recordings.",
    "PROCESSING": ":hourglass_flowing_sand: *In training*\nMetaStudio's turn: Nothing for you to do.\n"
    "▰▰▰▰▰▱▱▱  Step 5 of 8: Training. Next: MetaStudio reviews the result.",
    "SUCCEED": ":white_check_mark: *Succeeded*\n"
    "Done: Find the voice under My Creations in the MetaStudio console.\n"
    "▰▰▰▰▰▰▰▰  Step 8 of 8: Done.",
    "FAILED": ":x: *Failed*\n*Your turn: Fix the cause and create a new job, or ask Huawei Cloud support.*",
    "BRAND_NEW": ":warning: *Unknown state* `BRAND_NEW`\n"
    "*Perhaps your turn: Check the job in the MetaStudio console.*\n"
    "Next: Not known: MetaStudio has a state here that is new to the bot.",
}
"""What a card says first, for a state of each phase."""


class TestCard:
    """What a card says."""

    @pytest.mark.parametrize("name", ["女声 :x: *bold*", None, "\x00\u202e \u2066", "👍" * 150, "n" * 500])
    def test_leads_with_the_voice(self, name: str | None) -> None:
        """The first thing is the name, as plain text; where nothing can be seen of it, that there is none."""
        message = card_of({"voice_name": name})
        shown = name if name and name.isprintable() else "Voice without a name"

        assert message.blocks[0]["text"]["text"] == (shown if len(shown) <= 150 else f"{shown[:149]}…")
        assert message.text.startswith(f"`{shown[:60]}")

    @example({"state": "SUCCEED"})
    @example({"state": "USER_RESULT_REVIEW"})
    @example({})
    @given(answers())
    @examples(100)
    def test_any_job_fits(self, answer: dict[str, Any]) -> None:
        """The message is one that Slack takes, and its text says where the job is, and what comes next."""
        message = card_of(answer, console_url="https://console.example/")
        job = Job.from_api(answer)
        words, turn = job_card.state_text(job.state), job_card.TURNS[job.meaning.phase]

        for text in (message.text, message.blocks[1]["text"]["text"]):
            for said in (words.label, f"{turn}: {words.to_do}", words.next):
                assert said in text
            assert ("Next: " in read_mrkdwn(text)[0]) is bool(words.next)
        assert message.text.endswith(f"Job `{JOB_ID}`.")

    @pytest.mark.parametrize("state", STATUS)
    def test_status(self, state: str) -> None:
        """It is in bold where the reader must act, or may have to; the text says the same without the bar."""
        message = card_of({"state": state})
        label, turn, *_ = STATUS[state].partition(": ")[2].replace("*", "").split("\n")

        assert message.blocks[1]["text"]["text"] == STATUS[state]
        assert message.text.startswith(f"`Voice without a name`: {label}. {turn}")
        assert (f"State: `{state}`." in message.text) is (state in STATES)
        assert not set("▰▱") & set(message.text)
        assert set(job_card.ICONS) == set(job_card.TURNS) == set(Phase)

    @pytest.mark.parametrize("state", ["FAILED", "AUDIT_FAILED", "SPLIT_FAILED", "BRAND_NEW"])
    def test_failure_has_its_cause(self, state: str) -> None:
        """Error code and reason are shown, or one of them, when something failed, or may have."""
        both = card_of({"state": state, "job_failed_code": "MSS.1", "job_failed_reason": "太长"})
        half = card_of({"state": state, "job_failed_reason": "r" * 5000})

        assert "Error MSS.1: 太长" in texts_of(both, "plain_text")
        assert "Error: `MSS.1`. Reason: “`太长`”." in both.text
        assert "Error MSS.1" in texts_of(card_of({"state": state, "job_failed_code": "MSS.1"}), "plain_text")
        assert f"Reason: {'r' * 2991}…" in texts_of(half, "plain_text")
        assert not re.search("Reason|Error", as_json(card_of({"state": state})))

    @pytest.mark.parametrize("state", ["WAITING", "SUCCEED", "PROCESSING"])
    def test_cause_without_a_failure_is_not_shown(self, state: str) -> None:
        """MetaStudio's own example has an error code beside a state in which nothing failed."""
        message = card_of({"state": state, "job_failed_code": "MSS.0", "job_failed_reason": "error reason"})

        assert not re.search("MSS|error reason", as_json(message))


FACTS = [
    ("job_type", "BASIC", "Edition", "Basic (20 sentences)"),
    ("job_type", "NEW_ONE", "Edition", "`NEW_ONE`"),
    ("language", "CN", "Language", "Chinese"),
    ("language", "Klingon", "Language", "`Klingon`"),
    ("sex", "FEMALE", "Sex of the voice", "Female"),
    ("tag", "ECOMMERCE", "Use", "E-commerce"),
    ("create_type", "PACKAGE", "Recordings", "One package"),
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

    @pytest.mark.parametrize(("name", "value", "label", "shown"), FACTS)
    def test_what_is_known_is_shown(self, name: str, value: Any, label: str, shown: str) -> None:
        """A field that is there has its place in the blocks and in the text, and else takes no room."""
        message = card_of({"state": "WAITING", name: value})

        assert details_of(message) == ["State: `WAITING`", f"{label}: {shown}"]
        assert f"{label}: {shown}." in message.text

    @pytest.mark.parametrize(
        ("times", "time"), [(0, 0), (1, 2147483647), (None, None), (-3, 2147483647000), ("x", "soon")]
    )
    def test_what_says_nothing_is_not_shown(self, times: Any, time: Any) -> None:
        """Nor is a time that is not known, or how often a state occurred unless that is twice or more."""
        message = card_of(
            {"state": "WAITING", "reject_times": times, "create_time": time, "lastupdate_time": time}
        )

        assert details_of(message) == ["State: `WAITING`"]
        assert " since " not in as_json(message)

    def test_card_with_everything_has_all_labels(self) -> None:
        """A job of which all is known shows all of it."""
        answer = {name: value for name, value, _, _ in FACTS} | {"state": "WAITING"}
        shown = {detail.partition(": ")[0] for detail in details_of(card_of(answer))}

        assert shown == {"State", *(label for _, _, label, _ in FACTS)}


class TestOrigin:
    """The end of a card, and its buttons."""

    def test_id_region_and_time_come_last(self) -> None:
        """The last line has the region, when it was looked up, and the job id to copy."""
        last = [f"Looked up {NOW_TOKEN}", f"`{JOB_ID}`"]

        assert texts_of(card_of({}))[-3:] == ["Region `cn-north-4`", *last]
        assert texts_of(card_of({}, is_followed=True))[-4:] == [
            "This channel is told of its changes.",
            "Region `cn-north-4`",
            *last,
        ]

    @pytest.mark.parametrize("address", [None, "https://e.example/" + "x" * 2982])
    @pytest.mark.parametrize("is_followed", [False, True])
    @pytest.mark.parametrize("state", ["WAITING", "SUCCEED", "FAILED"])
    def test_buttons(self, state: str, address: str | None, *, is_followed: bool) -> None:
        """A job that goes on can be subscribed to once; any can be asked for again, and has its console."""
        message = card_of({"state": state}, console_url=address, is_followed=is_followed)
        expected = [("Refresh", job_card.REFRESH, JOB_ID)]
        if state == "WAITING" and not is_followed:
            expected.insert(0, ("Subscribe channel", job_card.SUBSCRIBE, JOB_ID))
        if address:
            expected.append(("Open console", job_card.OPEN_CONSOLE, address))

        found = [
            (each["text"]["text"], each["action_id"], each.get("value") or each["url"])
            for _, each in buttons(message.blocks)
        ]
        assert found == expected

    @given(full_answers())
    @examples(25)
    def test_longest_job_fits(self, answer: dict[str, Any]) -> None:
        """A job with thousands of characters in every field fits, and its text as well."""
        message = card_of(answer, job_id="x" * 64, region="x" * 64)

        assert message.text.endswith(f"`{'x' * 64}`.")

    def test_job_without_an_id_still_fits(self) -> None:
        """Even a job whose id is not known makes a message that Slack takes."""
        check(job_card.job(Job.from_api({}), region="cn-north-4", now=NOW))


class TestEscaping:
    """Text from outside is just characters."""

    @pytest.mark.parametrize("name", SHOWN_FIELDS.split())
    def test_hostile_value_stays_plain(self, name: str) -> None:
        """In every field that is shown, markup reaches Slack as characters, in the blocks and in the text."""
        tame, hostile = (card_of({"state": "FAILED", name: value}) for value in ("tame", HOSTILE))
        in_plain_text = "".join(texts_of(hostile, "plain_text")).count(HOSTILE.removesuffix(" \u202e"))

        assert live_in(tame) == live_in(hostile)
        assert codes_in(hostile).count(IN_CODE) + in_plain_text == 2

    def test_hostile_id_and_region_stay_plain(self) -> None:
        """Even what is checked elsewhere is escaped here."""
        assert codes_in(card_of({}, job_id=HOSTILE, region=HOSTILE)).count(IN_CODE) == 3

    @given(st.sampled_from(SHOWN_FIELDS.split()), texts())
    @examples(100)
    def test_no_text_changes_the_rest_of_the_message(self, name: str, value: str) -> None:
        """Whatever is in a field, what is live in the message is what is live without it being special."""
        tame = card_of({"state": "BRAND_NEW"} | {name: "tame"})

        assert live_in(card_of({"state": "BRAND_NEW"} | {name: f"x{value}"})) == live_in(tame)

    @pytest.mark.parametrize("state", [*STATES, "BRAND_NEW", None])
    def test_no_personal_field_is_shown(self, state: str | None) -> None:
        """Not in any state, and of whatever type it is."""
        for secret in ("SECRETSECRET", ["SECRETSECRET"], {"a": "SECRETSECRET"}):
            message = card_of({"state": state} | dict.fromkeys(PERSONAL_FIELDS, secret))
            assert "SECRETSECRET" not in as_json(message)


TRY_AGAIN_HELPS = "Throttled ServiceDown Unreachable TimedOut UnreadableAnswer VoiceJobError"
IT_DOES_NOT = "JobNotFound RequestRefused CredentialsRefused PermissionDenied WrongProject"


class TestProblem:
    """What a person sees when a look-up fails."""

    @pytest.mark.parametrize("name", [*TRY_AGAIN_HELPS.split(), *IT_DOES_NOT.split()])
    def test_problem(self, name: str) -> None:
        """It is the error's sentence; a button asks for the same job again, unless that can't help."""
        error = getattr(errors, name)(job_id=JOB_ID)
        message = job_card.problem(error, job_id=JOB_ID)
        found = [(button["action_id"], button["value"]) for _, button in buttons(message.blocks)]

        assert message.text == sentence(error, "`{}`".format)
        assert texts_of(message) == [f":warning: {message.text}"]
        assert found == ([(job_card.TRY_AGAIN, JOB_ID)] if name in TRY_AGAIN_HELPS else [])
        check(message)
        assert labels(job_card.problem(error)) == labels(job_card.problem(error, job_id="")) == []

    def test_a_word_that_is_no_job_has_a_hint(self) -> None:
        """Most people who type one want something else."""
        assert "26f06524-4f75-4b3a-a853-b649a21aaf66`; the word `help` shows what I can do." in (
            job_card.problem(JobNotFound(job_id="hlp")).text
        )

    @pytest.mark.parametrize("kind", [BadJobId, BadLink, BadUsage])
    def test_bad_usage_is_not_worth_another_try(self, kind: type[BadUsage]) -> None:
        """What can't be a job id will never be one."""
        message = job_card.problem(kind("x y" * 10_000), job_id="x y")

        assert labels(message) == []
        check(message)

    def test_request_id_is_shown_shortened(self) -> None:
        """Its first eight signs are enough to find it in the log; a person sees no status and no code."""
        error = ServiceDown(request_id="0123abcdEFGH4567", status=503, code="APIGW.0613")
        message = job_card.problem(error, job_id=JOB_ID)

        assert message.text.endswith("(For whoever runs the bot: request `0123abcd`)")
        assert texts_of(message)[-1] == "For whoever runs the bot: request `0123abcd`"
        assert not re.search("EFGH|503|APIGW", as_json(message))
        assert "request" not in job_card.problem(ServiceDown(status=503), job_id=JOB_ID).text

    @given(st.sampled_from([JobNotFound, RequestRefused, ServiceDown]), texts(), texts())
    @examples(60)
    def test_any_value_is_quoted_and_fits(
        self, kind: type[MetaStudioError], asked: str, request_id: str
    ) -> None:
        """Whatever was asked for, and whatever id came back, the message is whole and harmless."""
        check(job_card.problem(kind(job_id=asked, request_id=request_id), job_id=JOB_ID))


class TestUsage:
    """How the command is used, and what was wrong."""

    def test_help_names_what_can_be_typed(self) -> None:
        """Help shows the command in every form, in the text as in the blocks."""
        message = job_card.help(COMMAND)

        assert texts_of(message) == [message.text]
        assert read_mrkdwn(message.text)[1] == [
            "/voicejob <job_id>",
            "/voicejob subscribe <job_id>",
            "/voicejob subscribe <job_id> important",
            "/voicejob subscribe <job_id> all",
            "/voicejob unsubscribe <job_id>",
            "/voicejob list",
            "/voicejob help",
        ]
        check(message)

    def test_usage_says_what_was_wrong_first(self) -> None:
        """Then come what was probably meant, and what can be typed; a mention that was typed is none."""
        ways = "Try `/voicejob &lt;job_id&gt;` or `/voicejob help`."
        guessed = job_card.usage(BadUsage("hlep", meant="help"), COMMAND)
        hostile = job_card.usage(BadUsage(HOSTILE), COMMAND)

        assert guessed.text == f"I don't understand `hlep`. Did you mean `/voicejob help`?\n{ways}"
        assert texts_of(guessed) == [guessed.text]
        assert hostile.text.endswith(f"`.\n{ways}")
        assert IN_CODE.startswith(codes_in(hostile)[0].rstrip("…"))

    @given(typed=texts(), meant=texts())
    @examples(60)
    def test_whatever_was_typed_is_quoted_and_fits(self, typed: str, meant: str) -> None:
        """Nothing that a person typed breaks out of its quotes."""
        message = job_card.usage(BadJobId(typed, meant=meant), COMMAND)
        tame = job_card.usage(BadJobId("tame", meant="tame" if meant else ""), COMMAND)

        assert live_in(message) == live_in(tame)
        check(message)
