"""Jobs as MetaStudio sends them: ids, fields, and what the states mean."""

import json
import re
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.domain.job_ids import JOB_ID, job_id_from
from bot.domain.jobs import (
    EDITIONS,
    ENDED_STATES,
    LANGUAGES,
    PERSONAL_FIELDS,
    SEXES,
    STATES,
    STEPS,
    SUPPLIES,
    USES,
    Job,
    Phase,
    meaning_of,
    without_personal_fields,
)
from bot.errors import BadJobId, BadLink, VoiceJobError
from bot.messages.errors import sentence
from tests.profiles import examples
from tests.strategies import answers, json_values, texts

UUID = "26f06524-4f75-4b3a-a853-b649a21aaf66"
OTHER = "3c9d1f00-1111-4222-8333-444455556666"

DOCUMENTED_FIELDS = {
    "job_type",
    "job_id",
    "app_user_id",
    "voice_name",
    "sex",
    "language",
    "state",
    "reject_times",
    "asset_id",
    "job_failed_code",
    "job_failed_reason",
    "create_time",
    "lastupdate_time",
    "voice_authorization_url",
    "create_type",
    "tag",
    "phone",
    "dhtms_job_id",
    "batch_name",
}
"""The table of the page ShowVoiceTrainingJob."""
SDK_ONLY_FIELDS = {
    "training_input_source_url",
    "allocated_resource",
    "output_language",
    "is_remake",
    "assess_result",
    "is_ondemand_resource",
}
"""The six that the official SDK has besides."""
DOCUMENTED_STATES = {
    "CREATING",
    "SYSTEM_AUDITING",
    "AUDITING",
    "WAITING_SPLIT",
    "SPLITTING",
    "SPLIT_FAILED",
    "ANNOTATING",
    "WAITING",
    "PROCESSING",
    "RESULT_REVIEW",
    "AUDIT_FAILED",
    "UPLOADING",
    "FAILED",
    "SUCCEED",
}
TEXT_FIELDS = sorted(
    (DOCUMENTED_FIELDS | SDK_ONLY_FIELDS)
    - {"reject_times", "create_time", "lastupdate_time"}
    - {"is_remake", "is_ondemand_resource", "allocated_resource", "assess_result"}
)


def sdk_model(name: str) -> Any:
    """Get a class of the official SDK, which is imported only where a test needs it."""
    return getattr(import_module("huaweicloudsdkmetastudio.v1"), name)


def read(**fields: Any) -> Job:
    return Job.from_api(fields)


def nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = {"deeper": [value]}
    return value


class TestTypedIds:
    """What a person types."""

    @pytest.mark.parametrize(
        "job_id",
        [UUID, UUID.upper(), "abcdefg", "a", "A-b_9", "x" * 64, "-", "_"],
        ids=["uuid", "upper case", "word", "one letter", "all signs", "64", "hyphen", "underscore"],
    )
    def test_plain_id_is_taken_as_it_is(self, job_id: str) -> None:
        """Letters, digits, hyphens and underscores, 64 at most, are an id."""
        assert job_id == job_id_from(job_id)

    @pytest.mark.parametrize(
        "template",
        [
            "`{}`",
            "```{}```",
            '"{}"',
            "'{}'",
            "“{}”",
            "”{}”",
            "„{}“",
            "‘{}’",  # noqa: RUF001
            "‚{}‘",  # noqa: RUF001
            "«{}»",
            "‹{}›",  # noqa: RUF001
            "´{}´",  # noqa: RUF001
            "  {}  ",
            "\t{}\n",
            "\u00a0{}\u00a0",
            "\u3000{}\u3000",
            "\u202f{}",
            ' " `{}` " ',
            "「{}」",
            "\u200b{}\ufeff",
            "*{}*",
            "~*`{}`*~",
            "&gt; {}",
            "&lt;{}&gt;",
            "\u2068{}\u2069",
            "＂{}＂",  # noqa: RUF001
        ],
        ids=ascii,
    )
    def test_wrapping_does_no_harm(self, template: str) -> None:
        """Quotes, also typographic ones, backticks and spaces of any kind around an id are taken away."""
        assert job_id_from(template.format(UUID)) == UUID

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "   ",
            "``",
            "../x",
            "..",
            ".",
            "a/b",
            "a\\b",
            "%2e%2e",
            "a%2Fb",
            "a?b",
            "a#b",
            "a b",
            "a\nb",
            "a\r\nX-Evil: 1",
            "a\x00b",
            "a:b",
            "a;b",
            "a@b",
            "x" * 65,
            "x" * 10_000,
            "女声",
            "١٢٣",
            "a*b",
            "👍",
            "\ud800",
            "<!channel>",
            "<@U0BOB>",
            "{job_id}",
        ],
        ids=lambda text: ascii(text)[:24],
    )
    def test_anything_else_gets_a_clear_sentence(self, text: str) -> None:
        """What can't be an id is refused with a sentence that quotes it and says what an id looks like."""
        with pytest.raises(BadJobId) as refused:
            job_id_from(text)

        assert "can't be a job id" in sentence(refused.value)
        assert "64 letters" in sentence(refused.value)

    @pytest.mark.parametrize(
        "typed",
        [
            "26f06524–4f75—4b3a‐a853−b649a21aaf66",  # noqa: RUF001
            "２６ｆ06524－4f75-4b3a-a853-b649a21aaf66",  # noqa: RUF001
            "26f06524-4f75-\u200b4b3a\u00ad-a853-b649\ufe0fa21aaf66\U000e007f",
            "\u115f\u316426f06524-4f75-4b3a-a853-b649a21aaf66\u2800",
        ],
        ids=ascii,
    )
    def test_other_signs_for_the_same_letters_do_no_harm(self, typed: str) -> None:
        """Smart dashes, wide letters, and what can't be seen inside an id: it is the same id."""
        assert job_id_from(typed) == UUID

    @pytest.mark.parametrize("job_id", ["_my_job_", "__", "-a-", "a_"])
    def test_underscores_and_hyphens_belong_to_the_id(self, job_id: str) -> None:
        """A pair of underscores around one word may be Slack's italics, and may be the id: it is the id."""
        assert job_id_from(job_id) == job_id_from(f"*{job_id}*") == job_id

    @given(texts())
    @examples(100)
    def test_id_never_leaves_its_place_in_the_path(self, text: str) -> None:
        """Whatever is typed, it is refused in our own words, or what comes out is safe in a path."""
        try:
            job_id = job_id_from(text)
        except (BadJobId, BadLink):
            return

        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", job_id)

    @given(st.text("abcXYZ019_-", min_size=1, max_size=64))
    @examples(60)
    def test_every_id_can_be_typed(self, job_id: str) -> None:
        """No possible id is refused or changed, bare or in a link."""
        assert job_id == job_id_from(job_id)
        assert job_id == job_id_from(f"https://console.example/x/jobs/{job_id}?tab=1")


class TestPastedLinks:
    """What a person pastes."""

    @pytest.mark.parametrize(
        "link",
        [
            "https://console.example/voice/jobs/{}",
            "https://console.example/voice/jobs/{}/",
            "https://console.example/voice/jobs/{}/result",
            "https://console.example/voice/jobs/{}?tab=log#top",
            "https://console.example/#/voice/jobs/{}",
            "http://127.0.0.1:8080/jobs/{}",
            "HTTPS://CONSOLE.EXAMPLE/jobs/{}",
            "https://console.example/voice?region=cn-north-4&job_id={}",
            "https://console.example/voice?job_id={}&tab=1",
            "https://console.example/voice#job_id={}",
            "https://console.example/#/voice?job_id={}",
            "https://console.example/voice?jobId={}",
            "https://console.example/voice?JobID={}",
            "<https://console.example/voice/jobs/{}>",
            "<https://console.example/voice/jobs/{}|console.example/voice>",
            "<https://console.example/voice/jobs/{}|my job>",
            "`https://console.example/voice/jobs/{}`",
            "“https://console.example/voice/jobs/{}”",
            "  <https://console.example/voice/jobs/{}>  ",
            "https://metastudio.cn-north-4.myhuaweicloud.com/v1/0123/voice-training-manage/user/jobs/{}",
            "https://console.example/voice?tab=1&amp;job_id={}",
            "<https://console.example/voice?a=1&amp;job_id={}&amp;b=2|voice &amp; more>",
            f"https://console.example/voice?trace={OTHER}&amp;job_id={{}}",
            f"https://console.example/voice?trace={OTHER}&job%5Fid%3D{{}}",
            f"https://sign-in.example/?state={OTHER}&next=https%3A%2F%2Fconsole.example%2Fjobs%2F{{}}%3Fa%3D1",
            "https://sign-in.example/?next=https%253A%252F%252Fconsole.example%252F%253Fjob_id%253D{}",
            "*https://console.example/voice/jobs/{}*",
            "~<https://console.example/voice/jobs/{}|~x~>~",
            "https：／／console.example/jobs/{}",  # noqa: RUF001
            "(https://console.example/jobs/{})",
            "https://console.example/~me/jobs/{}.",
            f"https://console.example/?project={OTHER}&#38;job_id={{}}",
            f"https://console.example/?project={OTHER}&#x26;job_id={{}}&amp;#38;a=1",
            f"https://console.example/?s=https%3A%2F%2Fc%3Fproject%3D{OTHER}%26amp%3Bjob_id%3D{{}}",
            f"https://console.example/?s=c%253Fproject%253D{OTHER}%2526%252338%253Bjob_id%253D{{}}",
            f"https://console.example/?project={OTHER};job_id={{}}",
            f"https://console.example/p/{OTHER}/Jobs/{{}}",
            "https://console.example/jobs/?job_id={}",
            f"https://console.example/?dhtms_job_id={OTHER}&job_id={{}}",
            "console.example/voice/jobs/{}?tab=1",
        ],
    )
    @pytest.mark.parametrize("job_id", [UUID, "abcdefg"])
    def test_id_is_found(self, link: str, job_id: str) -> None:
        """The id is found in the path, in the query or in the fragment, as Slack sends links too."""
        assert job_id == job_id_from(link.format(job_id))

    @pytest.mark.parametrize(
        "link",
        [
            "https://console.example/voice/{}",
            "https://console.example/voice?task={}",
            "https://console.example/voice#{}",
            "https://console.example/voice/{}.html",
            "<https://console.example/voice/{}|label>",
            "https://console.example/voice/jobs/{}.html",
            "https://console.example/voice/jobs/{};session=1",
            "https://console.example/?training_job_id={}",
            "https://console.example/?job_id=%22{}%22",
            "https://console.example/jobs/{}_",
            "_https://console.example/jobs/{}_",
            "*_https://console.example/?job_id={}_*",
        ],
    )
    def test_uuid_is_found_anywhere(self, link: str) -> None:
        """A UUID is taken for the id wherever it stands, if it is the only one."""
        assert job_id_from(link.format(UUID)) == UUID

    def test_the_same_id_twice_is_one_id(self) -> None:
        """A link that names one job twice is clear."""
        assert job_id_from(f"https://console.example/jobs/{UUID}?job_id={UUID}#{UUID}") == UUID

    def test_named_id_wins_over_other_uuids(self) -> None:
        """A UUID of something else does not hide the id that is named as such."""
        assert job_id_from(f"https://console.example/{OTHER}/jobs/{UUID}") == UUID
        assert job_id_from(f"https://console.example/{OTHER}/?job_id={UUID}") == UUID

    @pytest.mark.parametrize(
        "link",
        [
            "https://console.example/voice",
            "https://",
            "https://console.example/jobs/",
            "https://console.example/jobs",
            f"https://console.example/{UUID}/{OTHER}",
            f"https://console.example/jobs/{UUID}?next=/jobs/{OTHER}",
            f"https://console.example/?job_id={UUID}&job_id={OTHER}",
            f"https://console.example/jobs/{UUID}?job_id={OTHER}",
            "https://console.example/jobs/first?next=/jobs/second&job_id=third",
            f"https://a.example/jobs/{UUID} https://b.example/jobs/{OTHER}",
            "https://console.example/jobs/%2e%2e",
            "https://console.example/jobs/../x",
            "https://console.example/jobs/" + "x" * 65,
            "https://console.example/jobs/女声",
            "https://console.example/jobs/a%0d%0ab",
            f"https://console.example/?next=%2Fjobs%2F{UUID}%26job_id%3D{OTHER}",
            "https://console.example/" + "x" * 10_000,
            f"<https://console.example/voice|{UUID}>",
            f"https://console.example/?project={OTHER}&job_id=",
            f"https://console.example/?job_id=&project={OTHER}",
            f"https://console.example/?project={OTHER}&job_id=abc.def",
            f"https://console.example/?project={OTHER}&jobId=" + "x" * 65,
            f"https://console.example/p/{OTHER}/jobs/abc123!x",
            f"https://console.example/p/{OTHER}/jobs/",
            f"https://console.example/p/{OTHER}/jobs/女声",
            f"https://console.example/p/{OTHER}/jobs/a%20b",
            f"https://console.example/jobs/{OTHER}?job_id=abc.def",
            f"https://console.example/?project={OTHER}&training_job_id=abc123",
            f"https://console.example/?project={OTHER}&next=%2Fjobs%2Fabc.def",
            f"https://console.example/?project={OTHER}&next=%25252Fjobs%25252Fabc",
            f"https://console.example/?project={OTHER}&next=%2525252525252Fjobs%2525252525252Fabc",
            f"https://console.example/?project={OTHER}&amp;job_id=",
        ],
        ids=lambda link: ascii(link)[:60],
    )
    def test_link_without_one_clear_id_is_refused(self, link: str) -> None:
        """A link that holds no id, or several, or one that can't be one, is refused, never guessed."""
        with pytest.raises(BadLink) as refused:
            job_id_from(link)

        assert "Copy the job id itself" in sentence(refused.value)


class TestFields:
    """What is read from an answer."""

    def test_every_documented_field_is_known(self) -> None:
        """The job has each field of the documented table, and the six that only the SDK knows."""
        assert set(Job.model_fields) >= DOCUMENTED_FIELDS
        assert set(Job.model_fields) >= SDK_ONLY_FIELDS
        assert (len(DOCUMENTED_FIELDS), len(SDK_ONLY_FIELDS)) == (19, 6)

    def test_every_field_of_the_sdk_is_known(self) -> None:
        """The job has each field of the official SDK's answer, by the same name."""
        theirs = sdk_model("ShowVoiceTrainingJobResponse").attribute_map

        assert set(theirs.values()) == DOCUMENTED_FIELDS | SDK_ONLY_FIELDS
        assert set(Job.model_fields) >= set(theirs.values())

    def test_full_answer_is_read(self) -> None:
        """Every field of a full answer arrives as it was sent."""
        answer: dict[str, Any] = dict.fromkeys(TEXT_FIELDS, "text") | {
            "reject_times": 2,
            "create_time": 1767323045,
            "lastupdate_time": 1767323046,
            "is_remake": True,
            "is_ondemand_resource": False,
            "allocated_resource": {"resource_id": "r", "charge_mode": "PERIODIC"},
            "assess_result": {"speed": {"status": 1}, "suggestion": "慢一点"},
        }

        assert set(answer) == DOCUMENTED_FIELDS | SDK_ONLY_FIELDS
        assert answer == Job.from_api(answer).model_dump()

    def test_everything_may_be_absent(self) -> None:
        """An empty answer is a job of which nothing is known."""
        assert set(read().model_dump().values()) == {None}

    def test_unknown_fields_are_ignored(self) -> None:
        """A field that nobody documented changes nothing."""
        assert read(state="WAITING", brand_new={"a": 1}, model_config=1, meaning=2) == read(state="WAITING")

    @pytest.mark.parametrize("field", TEXT_FIELDS)
    def test_unknown_values_stay_as_they_came(self, field: str) -> None:
        """A value that no page knows is kept letter for letter."""
        assert getattr(read(**{field: "BRAND_New 9"}), field) == "BRAND_New 9"

    def test_job_can_not_be_changed(self) -> None:
        """A job is a record: it is made once."""
        with pytest.raises(ValidationError):
            read(state="WAITING").state = "FAILED"  # type: ignore[misc]  # mypy forbids it too


class TestWrongTypes:
    """Values of a type that was not promised."""

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (None, None),
            ("", None),
            (" \n ", None),
            ("\u3164\u2800", None),
            ("\u200b\ufe0f\u0301", None),
            ("\u3164女", "\u3164女"),
            (" x ", "x"),
            (7, "7"),
            (1.5, "1.5"),
            (True, "true"),
            (["a", "女"], '["a", "女"]'),
            ({"a": 1}, '{"a": 1}'),
            ("a\ud800b", "a?b"),
            (10**4000, str(10**4000)),
        ],
        ids=lambda value: ascii(value)[:20],
    )
    @pytest.mark.parametrize("field", ["voice_name", "state", "job_type", "tag"])
    def test_text(self, field: str, value: Any, expected: str | None) -> None:
        """Anything where a text was promised is read as one; blank counts as absent."""
        assert expected == getattr(read(**{field: value}), field)

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (3, 3),
            ("3", 3),
            (3.0, 3),
            (None, None),
            (True, None),
            ("three", None),
            ("", None),
            ([], None),
            ({}, None),
            (float("nan"), None),
            (float("inf"), None),
            (-1, -1),
            (10**4000, 10**4000),
            ("9" * 5000, None),
        ],
        ids=lambda value: ascii(value)[:20],
    )
    def test_count(self, value: Any, expected: int | None) -> None:
        """A count is a whole number, or one written as text; all else counts as absent."""
        assert expected == read(reject_times=value).reject_times

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (1767323045, 1767323045),
            ("1767323045", 1767323045),
            (1767323045.9, 1767323045),
            (1767323045123, 1767323045),
            ("1767323045123", 1767323045),
            (1, 1),
            (2147483646, 2147483646),
            (2147483648, 2147483648),
            (10**11, None),
            (10**11 + 1, 10**8),
            (0, None),
            (-1, None),
            (2147483647, None),
            ("2147483647", None),
            (2147483647000, None),
            (2147483647999, None),
            (10**15, None),
            (10**4000, None),
            (None, None),
            (True, None),
            ("2026-01-02T03:04:05Z", None),
            ([1767323045], None),
        ],
        ids=lambda value: ascii(value)[:24],
    )
    @pytest.mark.parametrize("field", ["create_time", "lastupdate_time"])
    def test_time(self, field: str, value: Any, expected: int | None) -> None:
        """Times are epoch seconds, or milliseconds when too large for seconds; placeholders are absent."""
        assert expected == getattr(read(**{field: value}), field)

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (True, True),
            (False, False),
            ("true", True),
            ("False", False),
            (None, None),
            (1, None),
            ("yes", None),
            ([], None),
            ({"true": True}, None),
        ],
        ids=ascii,
    )
    def test_flag(self, value: Any, expected: bool | None) -> None:  # noqa: FBT001  a column of a table
        """A flag is true or false, or the same as text; all else counts as absent."""
        assert expected is read(is_remake=value).is_remake
        assert expected is read(is_ondemand_resource=value).is_ondemand_resource

    @pytest.mark.parametrize("value", [None, 1, "x", [], [{"a": 1}], True], ids=ascii)
    def test_parts(self, value: Any) -> None:
        """What should be an object and is none counts as absent."""
        assert read(assess_result=value).assess_result is None
        assert read(allocated_resource=value).allocated_resource is None

    @given(answers())
    @examples(80)
    def test_no_json_object_is_refused(self, answer: dict[str, Any]) -> None:
        """Whatever object comes, a job is read, and each of its texts can be written in UTF-8."""
        job = Job.from_api(answer)

        assert job.meaning.label
        for name in TEXT_FIELDS:
            assert (getattr(job, name) or "-").encode()

    @pytest.mark.parametrize("field", sorted(DOCUMENTED_FIELDS | SDK_ONLY_FIELDS))
    @pytest.mark.parametrize("depth", [100, 400, 900])
    def test_deep_values_are_no_crash(self, field: str, depth: int) -> None:
        """A value nested as deep as a JSON reader lets pass does not break any field."""
        deep = json.loads("[" * depth + "]" * depth)

        assert read(**{field: deep}).meaning.label == "No state given" or field == "state"


class TestStates:
    """What each state means."""

    def test_every_known_state_is_in_the_table(self) -> None:
        """The table has the 14 documented states and the 16 of the SDK."""
        kind = sdk_model("JobState")
        theirs = {name for name in vars(kind) if name.isupper()}

        assert len(theirs) == 16
        assert set(STATES) >= DOCUMENTED_STATES | theirs

    @pytest.mark.parametrize("state", STATES)
    def test_meaning_is_complete(self, state: str) -> None:
        """A state has words of its own, what comes next unless it is an end, and what to do, as sentences."""
        meaning = STATES[state]

        assert re.fullmatch(r"[A-Z].*[^.]", meaning.label)
        assert re.fullmatch(r"[A-Z].*\." if state not in ENDED_STATES else "", meaning.next)
        assert re.fullmatch(r"[A-Z].*\.", meaning.to_do)
        assert meaning is meaning_of(state) is read(state=state).meaning

    def test_labels_differ(self) -> None:
        """No two states look the same."""
        assert len({meaning.label for meaning in STATES.values()}) == len(STATES)

    @pytest.mark.parametrize("state", STATES)
    def test_step_is_on_the_path(self, state: str) -> None:
        """A state's step is one of the path's; only a failed job has none, as it may have failed anywhere."""
        step = STATES[state].step

        assert (step is None) is (state == "FAILED")
        assert step is None or 1 <= step <= len(STEPS)

    def test_usual_path_goes_forward(self) -> None:
        """The steps of the usual path never go back, and end with the last one."""
        path = [
            "CREATING",
            "SYSTEM_AUDITING",
            "AUDITING",
            "WAITING_SPLIT",
            "SPLITTING",
            "ANNOTATING",
            "WAITING",
            "PROCESSING",
            "RESULT_REVIEW",
            "UPLOADING",
            "SUCCEED",
        ]
        steps = [STATES[state].step or 0 for state in path]

        assert sorted(steps) == steps
        assert set(steps) == set(range(1, len(STEPS) + 1))

    @pytest.mark.parametrize(
        ("phase", "states"),
        [
            (Phase.WAITS_FOR_CUSTOMER, {"CREATING", "AUDIT_FAILED", "USER_RESULT_REVIEW"}),
            (Phase.ENDED_WELL, {"SUCCEED"}),
            (Phase.ENDED_BADLY, {"FAILED"}),
            (Phase.UNKNOWN, {"SPLIT_FAILED"}),
            (
                Phase.IN_PROGRESS,
                {
                    "SYSTEM_AUDITING",
                    "AUDITING",
                    "WAITING_SPLIT",
                    "SPLITTING",
                    "ANNOTATING",
                    "WAITING",
                    "PROCESSING",
                    "RESULT_REVIEW",
                    "USER_REVIEW_REJECT",
                    "UPLOADING",
                },
            ),
        ],
        ids=lambda value: value.name if isinstance(value, Phase) else "",
    )
    def test_who_acts(self, phase: Phase, states: set[str]) -> None:
        """Each state says whose turn it is, as far as the pages and the names tell."""
        assert states == {state for state, meaning in STATES.items() if meaning.phase is phase}

    @pytest.mark.parametrize("state", ["BRAND_NEW", "succeed", "SUCCEEDED", "7", "女声"])
    def test_unknown_state_is_unknown_and_kept(self, state: str) -> None:
        """A state that no page knows gets a meaning that says so, and its own name stays."""
        job = read(state=state)

        assert (job.meaning.phase, job.meaning.label, job.meaning.step) == (
            Phase.UNKNOWN,
            "Unknown state",
            None,
        )
        assert job.state == state

    def test_absent_state_is_told_apart(self) -> None:
        """No state at all is not the same as an unknown one."""
        assert meaning_of(None).label == "No state given"
        assert read(state=" ").meaning is meaning_of(None)


class TestWords:
    """The values that are translated."""

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            (EDITIONS, "BASIC MIDDLE ADVANCE THIRD_PARTY THIRD_PARTY_LJZN FLEXUS LLM_MAJOR LLM_MINOR"),
            (SEXES, "FEMALE MALE"),
            (SUPPLIES, "PACKAGE SEGMENT"),
            (USES, "ECOMMERCE NEWS MARKETING LIVE EDUCATION CUSTOMER STORYTELLING"),
        ],
        ids=["job_type", "sex", "create_type", "tag"],
    )
    def test_every_documented_value_has_words(self, words: dict[str, str], expected: str) -> None:
        """Each value of the pages has words, and no two share them."""
        assert set(expected.split()) == set(words)
        assert len(set(words.values())) == len(words)

    def test_languages_of_voice_training_have_words(self) -> None:
        """CN and EN, which voice training uses, and their newer names mean the same."""
        assert LANGUAGES["CN"] == LANGUAGES["zh_CN"] == "Chinese"
        assert LANGUAGES["EN"] == LANGUAGES["en_US"] == "English"

    def test_advanced_is_middle(self) -> None:
        """English pages call MIDDLE the advanced edition and ADVANCE the premium one."""
        assert EDITIONS["MIDDLE"].startswith("Advanced")
        assert EDITIONS["ADVANCE"].startswith("Premium")


class TestPersonalFields:
    """What is never shown."""

    def test_are_the_four_that_the_pages_call_personal_or_secret(self) -> None:
        """Phone, end user and the two addresses are personal, and nothing else is."""
        expected = {"phone", "app_user_id", "voice_authorization_url", "training_input_source_url"}

        assert expected == PERSONAL_FIELDS
        assert set(Job.model_fields) >= PERSONAL_FIELDS

    @given(json_values(), st.sampled_from(sorted(PERSONAL_FIELDS)), st.integers(0, 4))
    @examples(60)
    def test_are_taken_out_at_any_depth(self, value: Any, name: str, depth: int) -> None:
        """A personal field is gone from the answer however deep it lies; everything else stays."""
        answer = nested({name: "SECRETSECRET", "kept": value, "list": [{name: ["SECRETSECRET"]}]}, depth)

        assert without_personal_fields(nested({"kept": value, "list": [{}]}, depth)) == (
            without_personal_fields(answer)
        ) or "nan" in repr(value)
        assert "SECRETSECRET" not in repr(without_personal_fields(answer))

    def test_answer_itself_is_not_changed(self) -> None:
        """What is handed in stays as it was."""
        answer = {"phone": "1", "list": [{"phone": "2"}]}
        without_personal_fields(answer)

        assert answer == {"phone": "1", "list": [{"phone": "2"}]}

    @pytest.mark.parametrize("depth", [100, 400, 900])
    def test_deep_answers_are_no_crash(self, depth: int) -> None:
        """An answer nested as deep as a JSON reader lets pass can be shown without its personal fields."""
        answer = json.loads('{"phone": "1", "deep": ' + "[" * depth + "]" * depth + "}")

        assert list(without_personal_fields(answer)) == ["deep"]


def test_ids_are_what_the_pages_show() -> None:
    """The documented examples of ids fit the form that is asked of an id."""
    assert JOB_ID.fullmatch(UUID)
    assert JOB_ID.fullmatch("abcdefg")
    assert issubclass(BadJobId, VoiceJobError)
