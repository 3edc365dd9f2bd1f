"""PURE. A voice training job as MetaStudio describes it, and what each of its states means to a person.

Sources: the pages ShowVoiceTrainingJob and ListVoiceTrainingJob of the API, and the official SDK 3.1.219.
MetaStudio adds values without notice, so nothing here refuses one that it does not know.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict

from bot.domain.characters import is_blank

PERSONAL_FIELDS: Final = frozenset(
    {"phone", "app_user_id", "voice_authorization_url", "training_input_source_url"}
)
"""Fields with personal data, which are never shown or stored."""

GONE: Final = "gone"
"""The bot's own state for a deleted job; MetaStudio's states are in capitals."""

_NOT_REMEMBERED: Final = PERSONAL_FIELDS | {"allocated_resource", "assess_result"}

_NO_TIME: Final = 2147483647
"""MetaStudio's placeholder for a time that is not known: the largest value its pages allow (2038-01-19)."""
_MILLISECONDS_FROM: Final = 10**11
"""No page states a unit. As seconds, a number this large would be the year 5138: it is milliseconds."""


def _as_text(value: Any) -> str | None:
    """Convert anything where a string was promised; what shows nothing counts as absent."""
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
    """Convert a time to epoch seconds; placeholders count as absent."""
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
        """Parse MetaStudio's answer. Never fails: what can't be read counts as absent."""
        return cls.model_validate(dict(answer))

    def remembered(self) -> "Job":
        """Return a copy without what is never shown and what no message uses: this is what may be stored."""
        return self.model_copy(update=dict.fromkeys(_NOT_REMEMBERED))

    def gone(self) -> "Job":
        """Return a copy in the state GONE."""
        return self.model_copy(update={"state": GONE, "reject_times": None})

    @property
    def is_gone(self) -> bool:
        """Whether MetaStudio does not have the job any more."""
        return self.state == GONE

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
    """The number of rows on the page, with those that are no job."""

    @classmethod
    def from_api(cls, answer: object) -> "Page | None":
        """Parse ListVoiceTrainingJob's answer; None where it is no list. A row without a job id is left out.

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
    """Return a copy of MetaStudio's answer without the fields that are never shown, at any depth."""
    return _without(answer, PERSONAL_FIELDS.__contains__)


def without_addresses(answer: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of MetaStudio's answer without the fields that are addresses, at any depth."""
    return _without(answer, lambda name: name.endswith("_url"))


def _without(answer: dict[str, Any], is_left_out: Callable[[str], bool]) -> dict[str, Any]:
    def kept(fields: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if not is_left_out(name)}

    # The JSON reader goes as deep as it went the first time; a recursion of ours would not.
    return dict(json.loads(json.dumps(answer), object_hook=kept))


class Phase(Enum):
    """Who has to act on the job, or how it ended."""

    IN_PROGRESS = "in progress at MetaStudio"
    WAITS_FOR_CUSTOMER = "waits for the customer"
    ENDED_WELL = "ended well"
    ENDED_BADLY = "ended badly"
    UNKNOWN = "unknown"


ENDED: Final = frozenset({Phase.ENDED_WELL, Phase.ENDED_BADLY})
"""The phases in which a job is over."""


@dataclass(frozen=True)
class Meaning:
    """What a state means. ``step`` counts from 1 along the usual path, None where the state is off it."""

    phase: Phase
    step: int | None = None


STATES: Final[Mapping[str, Meaning]] = {
    "CREATING": Meaning(Phase.WAITS_FOR_CUSTOMER, 1),
    "SYSTEM_AUDITING": Meaning(Phase.IN_PROGRESS, 2),
    "AUDITING": Meaning(Phase.IN_PROGRESS, 3),
    "WAITING_SPLIT": Meaning(Phase.IN_PROGRESS, 4),
    "SPLITTING": Meaning(Phase.IN_PROGRESS, 4),
    "SPLIT_FAILED": Meaning(Phase.UNKNOWN, 4),
    "ANNOTATING": Meaning(Phase.IN_PROGRESS, 4),
    "WAITING": Meaning(Phase.IN_PROGRESS, 4),
    "PROCESSING": Meaning(Phase.IN_PROGRESS, 5),
    "RESULT_REVIEW": Meaning(Phase.IN_PROGRESS, 6),
    "USER_RESULT_REVIEW": Meaning(Phase.WAITS_FOR_CUSTOMER, 6),
    "USER_REVIEW_REJECT": Meaning(Phase.IN_PROGRESS, 6),
    "AUDIT_FAILED": Meaning(Phase.WAITS_FOR_CUSTOMER, 1),
    "UPLOADING": Meaning(Phase.IN_PROGRESS, 7),
    "SUCCEED": Meaning(Phase.ENDED_WELL, 8),
    "FAILED": Meaning(Phase.ENDED_BADLY),
}
"""Every state that the pages or the SDK know. Only for AUDIT_FAILED do the pages say who acts; for the others
that is read from their names and from the order of the operation log (ListJobOperationLog).
"""
ENDED_STATES: Final = frozenset(state for state, meaning in STATES.items() if meaning.phase in ENDED) | {GONE}
"""The states in which a job is over."""
_ENDED_BADLY: Final = Meaning(Phase.ENDED_BADLY)
_UNKNOWN: Final = Meaning(Phase.UNKNOWN)


def meaning_of(state: str | None) -> Meaning:
    """Return what a state means; for one that is not known, or None, the phase is UNKNOWN."""
    return _ENDED_BADLY if state == GONE else STATES.get(state or "", _UNKNOWN)
