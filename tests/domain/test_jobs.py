"""Jobs as MetaStudio sends them: fields, and what the states mean."""

import json
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.jobs import PERSONAL_FIELDS, STATES, Job, Meaning, Phase, meaning_of, without_personal_fields
from tests.profiles import examples
from tests.strategies import answers, json_values

COUNTS, TIMES = ["reject_times"], ["create_time", "lastupdate_time"]
FLAGS, PARTS = ["is_remake", "is_ondemand_resource"], ["allocated_resource", "assess_result"]
TEXTS = sorted(Job.model_fields.keys() - {*COUNTS, *TIMES, *FLAGS, *PARTS})


def sdk_model(name: str) -> Any:
    """Get a class of the official SDK, which is imported only where a test needs it."""
    return getattr(import_module("huaweicloudsdkmetastudio.v1"), name)


def read(**fields: Any) -> Job:
    return Job.from_api(fields)


READ: list[tuple[list[str], Any, list[Any]]] = [
    (TEXTS, None, [None, "", " \n ", "\u3164\u2800", "\u200b\ufe0f\u0301"]),
    (TEXTS, "BRAND_New 9", ["BRAND_New 9", " BRAND_New 9\n"]),
    (TEXTS, "\u3164女", ["\u3164女"]),
    (TEXTS, "7", [7]),
    (TEXTS, '["a", "女"]', [["a", "女"]]),
    (TEXTS, "a?b", ["a\ud800b"]),
    (TEXTS, str(10**4000), [10**4000]),
    (COUNTS, 3, [3, "3", 3.0]),
    (COUNTS, 10**4000, [10**4000]),
    (COUNTS, None, [None, True, "three", "", [], {}, float("nan"), float("inf"), "9" * 5000]),
    (TIMES, 1767323045, [1767323045, "1767323045", 1767323045.9, 1767323045123, "1767323045123"]),
    (TIMES, 2147483648, [2147483648]),
    (TIMES, 10**8, [10**11 + 1]),
    (TIMES, None, [10**11, 0, -1, 2147483647, "2147483647", 2147483647000, 2147483647999, 10**15, 10**4000]),
    (TIMES, None, [None, True, "2026-01-02T03:04:05Z", [1767323045]]),
    (FLAGS, True, [True, "true"]),
    (FLAGS, False, [False, "False"]),
    (FLAGS, None, [None, 1, "yes", [], {"true": True}]),
    (PARTS, {"speed": {"status": 1}}, [{"speed": {"status": 1}}]),
    (PARTS, None, [None, 1, "x", [], [{"a": 1}], True]),
]
"""Fields, what is read of them, and the values that are read so."""


@pytest.mark.parametrize(("fields", "expected", "values"), READ, ids=lambda value: ascii(value)[:20])
def test_values(fields: list[str], expected: Any, values: list[Any]) -> None:
    """What is not of the promised type is read as far as it can be; the rest counts as absent."""
    for name in fields:
        for value in values:
            found = getattr(read(**{name: value}), name)
            assert (found, type(found)) == (expected, type(expected))


@given(answers())
@examples(80)
def test_no_json_object_is_refused(answer: dict[str, Any]) -> None:
    """Whatever object comes, a job is read, and each of its texts can be written in UTF-8."""
    job = Job.from_api(answer)

    assert job.meaning.phase in Phase
    for name in TEXTS:
        assert (getattr(job, name) or "-").encode()


def test_deep_values_are_no_crash() -> None:
    """A value nested as deep as a JSON reader lets pass can be read as any field, and shown."""
    deep = json.loads("[" * 900 + "]" * 900)

    assert set(read(brand_new=deep, model_config=1, meaning=2).model_dump().values()) == {None}
    for name in Job.model_fields:
        assert read(**{name: deep}).state is None or name == "state"
    assert list(without_personal_fields({"phone": "1", "deep": deep})) == ["deep"]


PHASES = {
    Phase.WAITS_FOR_CUSTOMER: "CREATING AUDIT_FAILED USER_RESULT_REVIEW",
    Phase.ENDED_WELL: "SUCCEED",
    Phase.ENDED_BADLY: "FAILED",
    Phase.UNKNOWN: "SPLIT_FAILED",
}
"""The states that are not in progress at MetaStudio."""


def test_fields_and_states_are_those_of_the_sdk() -> None:
    """Who acts in the 14 documented states is known as far as pages and names tell; of others it is not."""
    assert {*sdk_model("ShowVoiceTrainingJobResponse").attribute_map.values()} == {*Job.model_fields}
    assert {name for name in vars(sdk_model("JobState")) if name.isupper()} == STATES.keys()
    assert sorted({meaning.step or 0 for meaning in STATES.values()}) == list(range(9))
    for phase, states in PHASES.items():
        assert set(states.split()) == {state for state in STATES if STATES[state].phase is phase}
    for state in ("BRAND_NEW", "succeed", " ", None):
        assert read(state=state).meaning == meaning_of(state) == Meaning(Phase.UNKNOWN)


PERSONAL = ["app_user_id", "phone", "training_input_source_url", "voice_authorization_url"]
"""What the pages call personal or secret."""


@given(json_values(), st.sampled_from(PERSONAL), st.integers(0, 4))
@examples(60)
def test_personal_fields_are_taken_out_at_any_depth(value: Any, name: str, depth: int) -> None:
    """A personal field is gone from the answer however deep it lies; everything else stays."""
    answer: Any = {name: "SECRETSECRET", "kept": value, "list": [{name: ["SECRETSECRET"]}]}
    rest: Any = {"kept": value, "list": [{}]}
    for _ in range(depth):
        answer, rest = {"deeper": [answer]}, {"deeper": [rest]}
    before = repr(answer)
    shown = without_personal_fields(answer)

    assert sorted(PERSONAL_FIELDS) == PERSONAL
    assert shown == without_personal_fields(rest) or "nan" in before
    assert "SECRETSECRET" not in repr(shown)
    assert repr(answer) == before
