"""PURE. A voice training job as MetaStudio describes it, and what each of its states means to a person.

Sources: the pages ShowVoiceTrainingJob and ListVoiceTrainingJob of the API, and the official SDK 3.1.219.
MetaStudio adds values without notice, so nothing here refuses one that it does not know.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict

from bot.domain.characters import is_blank

PERSONAL_FIELDS: Final = frozenset(
    {"phone", "app_user_id", "voice_authorization_url", "training_input_source_url"}
)
"""What is never shown to anyone."""

GONE: Final = "gone"
"""What we call the state of a job that is not there any more. MetaStudio writes its states in capitals."""

_NOT_REMEMBERED: Final = PERSONAL_FIELDS | {"allocated_resource", "assess_result"}

_NO_TIME: Final = 2147483647
"""MetaStudio's placeholder for a time that is not known: the largest value its pages allow (2038-01-19)."""
_MILLISECONDS_FROM: Final = 10**11
"""No page states a unit. As seconds, a number this large would be the year 5138: it is milliseconds."""


def _as_text(value: Any) -> str | None:
    """Read anything where a string was promised; what shows nothing counts as absent."""
    if value is None:
        return None
    text = value if isinstance(value, str) else _as_json(value)
    # A lone surrogate is legal in JSON and in no encoding: it must not travel further.
    text = text.encode(errors="replace").decode().strip()
    return None if is_blank(text) else text


def _as_json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "…"


def _as_count(value: Any) -> int | None:
    try:
        return None if isinstance(value, bool) else int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _as_epoch(value: Any) -> int | None:
    """Read a time as epoch seconds; placeholders count as absent."""
    number = _as_count(value)
    if number is None:
        return None
    seconds = number // 1000 if number > _MILLISECONDS_FROM else number
    return seconds if 0 < seconds < _MILLISECONDS_FROM and seconds != _NO_TIME else None


def _as_flag(value: Any) -> bool | None:
    return {"true": True, "false": False}.get(str(value).lower())


def _as_mapping(value: Any) -> dict[str, Any] | None:
    return dict(value) if isinstance(value, Mapping) else None


Text = Annotated[str | None, BeforeValidator(_as_text)]
Count = Annotated[int | None, BeforeValidator(_as_count)]
Epoch = Annotated[int | None, BeforeValidator(_as_epoch)]
Flag = Annotated[bool | None, BeforeValidator(_as_flag)]
Parts = Annotated[dict[str, Any] | None, BeforeValidator(_as_mapping)]


class Job(BaseModel):
    """One voice training job, with MetaStudio's own field names. Every field may be absent (None).

    Make one with ``Job.from_api``. Times are epoch seconds, UTC.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    job_id: Text = None
    voice_name: Text = None
    state: Text = None
    reject_times: Count = None
    """How often the present state has occurred in this job; no count of rejections, in spite of its name."""
    job_type: Text = None
    sex: Text = None
    language: Text = None
    output_language: Text = None
    tag: Text = None
    create_type: Text = None
    batch_name: Text = None
    asset_id: Text = None
    dhtms_job_id: Text = None
    """The linked avatar job."""
    job_failed_code: Text = None
    job_failed_reason: Text = None
    create_time: Epoch = None
    lastupdate_time: Epoch = None
    """When the state changed last."""
    is_remake: Flag = None
    is_ondemand_resource: Flag = None
    allocated_resource: Parts = None
    assess_result: Parts = None
    app_user_id: Text = None
    phone: Text = None
    voice_authorization_url: Text = None
    training_input_source_url: Text = None

    @classmethod
    def from_api(cls, answer: Mapping[str, Any]) -> "Job":
        """Read MetaStudio's answer. Never fails: what can't be read counts as absent."""
        return cls.model_validate(dict(answer))

    def remembered(self) -> "Job":
        """Copy the job without what is never shown and what no message uses: this is what may be kept."""
        return self.model_copy(update=dict.fromkeys(_NOT_REMEMBERED))

    def gone(self) -> "Job":
        """Copy the job as one that is not there any more."""
        return self.model_copy(update={"state": GONE, "reject_times": None})

    @property
    def is_over(self) -> bool:
        """Whether the job has ended, so that nothing more will come."""
        return self.state in ENDED_STATES

    @property
    def meaning(self) -> "Meaning":
        """What the job's state means."""
        return meaning_of(self.state)


PAGE_SIZE: Final = 100
"""Jobs on a full page of the list: the most that MetaStudio gives (ListVoiceTrainingJob)."""


@dataclass(frozen=True)
class Page:
    """A page of MetaStudio's list of jobs; ``count`` is the number of all jobs, if the answer told it."""

    jobs: tuple[Job, ...]
    count: int | None
    rows: int
    """How long the page was, with what is no job."""

    @classmethod
    def from_api(cls, answer: object) -> "Page | None":
        """Read ListVoiceTrainingJob's answer; None where it is no list. What has no job's id is left out.

        An empty list may come as null, and beside a count of 0 as anything that is empty, or not at all.
        """
        if not isinstance(answer, Mapping):
            return None
        rows, count = answer.get("jobs"), _as_count(answer.get("count"))
        if not rows and (count == 0 or (rows is None and "jobs" in answer)):
            rows = []
        if not isinstance(rows, list):
            return None
        jobs = (Job.from_api(row) for row in rows if isinstance(row, Mapping))
        return cls(tuple(job for job in jobs if job.job_id), count, len(rows))

    def is_last(self, offset: int) -> bool:
        """Whether the list ends with this page, which was asked for from ``offset`` on.

        A short page may be all that the server gives at once, so the count has to agree, where there is one.
        """
        is_short = self.rows < PAGE_SIZE and offset + self.rows >= (self.count or 0)
        return is_short or not self.rows


def without_personal_fields(answer: dict[str, Any]) -> dict[str, Any]:
    """Copy MetaStudio's answer without the fields that are never shown, at any depth."""

    def kept(fields: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in fields.items() if key not in PERSONAL_FIELDS}

    # The JSON reader goes as deep as it went the first time; a recursion of ours would not.
    return dict(json.loads(json.dumps(answer), object_hook=kept))


class Phase(Enum):
    """Who has the job now."""

    IN_PROGRESS = "in progress at MetaStudio"
    WAITS_FOR_CUSTOMER = "waits for the customer"
    ENDED_WELL = "ended well"
    ENDED_BADLY = "ended badly"
    UNKNOWN = "unknown"


ENDED: Final = frozenset({Phase.ENDED_WELL, Phase.ENDED_BADLY})
"""The phases in which a job is over."""

STEPS: Final = (
    "Upload",
    "Automatic review",
    "Manual review",
    "Preparation",
    "Training",
    "Result review",
    "Model upload",
    "Done",
)
"""The usual path, in order. Preparation takes in cutting, annotation and the queue."""


_LOOK: Final = "Check the job in the MetaStudio console."


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What a state means: ``step`` counts from 1 along STEPS, None where the state is off the path.

    ``next`` says what happens next, empty where nothing does; ``to_do`` what the reader should do.
    """

    label: str
    phase: Phase
    step: int | None = None
    next: str = ""
    to_do: str = "Nothing for you to do."


STATES: Final[Mapping[str, Meaning]] = {
    "CREATING": Meaning(
        label="Waiting for the recordings",
        phase=Phase.WAITS_FOR_CUSTOMER,
        step=1,
        next="MetaStudio reviews the recordings.",
        to_do="Upload the recordings and submit the job.",
    ),
    "SYSTEM_AUDITING": Meaning(
        label="In automatic review",
        phase=Phase.IN_PROGRESS,
        step=2,
        next="A person at MetaStudio reviews the recordings.",
    ),
    "AUDITING": Meaning(
        label="In manual review",
        phase=Phase.IN_PROGRESS,
        step=3,
        next="The recordings are prepared for training.",
        to_do="Nothing for you to do. The review often takes a working day.",
    ),
    "WAITING_SPLIT": Meaning(
        label="Recordings waiting to be cut",
        phase=Phase.IN_PROGRESS,
        step=4,
        next="The recordings are cut into sentences.",
    ),
    "SPLITTING": Meaning(
        label="Recordings being cut into sentences",
        phase=Phase.IN_PROGRESS,
        step=4,
        next="The sentences are annotated.",
    ),
    "SPLIT_FAILED": Meaning(
        label="Cutting the recordings failed",
        phase=Phase.UNKNOWN,
        step=4,
        next="MetaStudio does not say who acts now.",
        to_do=_LOOK,
    ),
    "ANNOTATING": Meaning(
        label="Sentences being annotated",
        phase=Phase.IN_PROGRESS,
        step=4,
        next="The job joins the queue for training.",
    ),
    "WAITING": Meaning(
        label="Waiting for training",
        phase=Phase.IN_PROGRESS,
        step=4,
        next="Training starts by itself when the queue allows.",
    ),
    "PROCESSING": Meaning(
        label="In training",
        phase=Phase.IN_PROGRESS,
        step=5,
        next="MetaStudio reviews the result.",
    ),
    "RESULT_REVIEW": Meaning(
        label="Result in review at MetaStudio",
        phase=Phase.IN_PROGRESS,
        step=6,
        next="The finished model is uploaded.",
    ),
    "USER_RESULT_REVIEW": Meaning(
        label="Waiting for you to judge the result",
        phase=Phase.WAITS_FOR_CUSTOMER,
        step=6,
        next="The finished model is uploaded once the result is accepted.",
        to_do="Listen to the result and accept or reject it.",
    ),
    "USER_REVIEW_REJECT": Meaning(
        label="Result rejected, being redone",
        phase=Phase.IN_PROGRESS,
        step=6,
        next="MetaStudio works on the voice again and shows a new result.",
    ),
    "AUDIT_FAILED": Meaning(
        label="Review failed, new recordings needed",
        phase=Phase.WAITS_FOR_CUSTOMER,
        step=1,
        next="MetaStudio reviews the new recordings.",
        to_do="Upload new recordings and submit the job again.",
    ),
    "UPLOADING": Meaning(
        label="Model being uploaded",
        phase=Phase.IN_PROGRESS,
        step=7,
        next="The voice is ready after the upload.",
    ),
    "SUCCEED": Meaning(
        label="Succeeded",
        phase=Phase.ENDED_WELL,
        step=8,
        to_do="Find the voice under My Creations in the MetaStudio console.",
    ),
    "FAILED": Meaning(
        label="Failed",
        phase=Phase.ENDED_BADLY,
        to_do="Fix the cause and create a new job, or ask Huawei Cloud support.",
    ),
}
"""Every state that the pages or the SDK know. Only for AUDIT_FAILED do the pages say who acts; for the others
that is read from their names and from the order of the operation log (ListJobOperationLog).
"""

_GONE: Final = Meaning(
    label="Deleted",
    phase=Phase.ENDED_BADLY,
    to_do="If it was deleted by mistake, create a new job.",
)
ENDED_STATES: Final = frozenset(state for state, meaning in STATES.items() if meaning.phase in ENDED) | {GONE}
"""The states in which a job is over."""

_NEW_STATE: Final = Meaning(
    label="Unknown state",
    phase=Phase.UNKNOWN,
    next="Not known: MetaStudio has a state here that is new to the bot.",
    to_do=_LOOK,
)
_NO_STATE: Final = Meaning(
    label="No state given",
    phase=Phase.UNKNOWN,
    next="Not known: MetaStudio did not say where the job is.",
    to_do=_LOOK,
)


def meaning_of(state: str | None) -> Meaning:
    """Look up what a state means; one that is not known is UNKNOWN, and its own name stays with the job."""
    if not state:
        return _NO_STATE
    return _GONE if state == GONE else STATES.get(state, _NEW_STATE)


EDITIONS: Final[Mapping[str, str]] = {
    "BASIC": "Basic (20 sentences)",
    "MIDDLE": "Advanced (100 sentences)",
    "ADVANCE": "Premium",
    "THIRD_PARTY": "Third-party (DupDub)",
    "THIRD_PARTY_LJZN": "Third-party (AudioX)",
    "FLEXUS": "Flexus",
    "LLM_MAJOR": "LLM, Chinese and English",
    "LLM_MINOR": "LLM, other languages",
}
"""``job_type``. Advanced in English is MIDDLE; ADVANCE is premium. LLM_* stand only on the pages of 2024."""

SEXES: Final[Mapping[str, str]] = {"FEMALE": "Female", "MALE": "Male"}

LANGUAGES: Final[Mapping[str, str]] = {
    "CN": "Chinese",
    "EN": "English",
    "zh_CN": "Chinese",
    "en_US": "English",
    "ESP": "Spanish",
    "por": "Portuguese",
    "fr": "French",
}
"""``language``: CN and EN on the pages of voice training, the others elsewhere in MetaStudio."""

USES: Final[Mapping[str, str]] = {
    "ECOMMERCE": "E-commerce",
    "NEWS": "News",
    "MARKETING": "Marketing",
    "LIVE": "Livestreaming",
    "EDUCATION": "Education and training",
    "CUSTOMER": "Customer service",
    "STORYTELLING": "Storytelling",
}
"""``tag``."""

SUPPLIES: Final[Mapping[str, str]] = {"PACKAGE": "One package", "SEGMENT": "Sentence by sentence"}
"""``create_type``: how the recordings came."""
