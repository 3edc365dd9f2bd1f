"""PURE. Why a job stands where it does, by MetaStudio: the results of its reviews, and its operation log.

Sources: the pages ShowJobAuditResult and ListJobOperationLog of the API, and the official SDK 3.1.219. As of
a job, whatever can't be read counts as absent, and values that are not known are kept. Addresses of files and
all that names a person are not read at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict

from bot.domain.jobs import Count, Epoch, Text

OPERATORS: Final = frozenset({"USER", "ADMIN", "SYSTEM"})
"""Kinds of those who do a step (ListJobOperationLog)."""
ACTIONS: Final = (
    "CREATE_JOB",
    "COMMIT_JOB",
    "SYSTEM_AUDIT_PASS",
    "ADMIN_AUDIT_PASS",
    "AUDIT_NOT_PASS",
    "TRAINING_FINISH",
    "UPLOADING_MODEL",
    "COMPLETE_JOB",
)
"""What is done in a job, in the order of its usual path (ListJobOperationLog)."""
MOST_ERRORS: Final = 4096
"""Files that ShowJobAuditResult names at most; what a server sends beyond them is not read."""


def _as_rows(value: Any) -> list[Any]:
    return [row for row in value[:MOST_ERRORS] if isinstance(row, Mapping)] if isinstance(value, list) else []


def _as_texts(value: Any) -> list[str] | None:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else None


def _as_object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


class _Lenient(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class AudioError(_Lenient):
    """What the automatic review found wrong with one sentence."""

    audio_name: Text = None
    text_name: Text = None
    error_code: Text = None
    error_message: Text = None


class SystemAudit(_Lenient):
    """The result of the automatic review."""

    audit_time: Epoch = None
    errors: Annotated[tuple[AudioError, ...], BeforeValidator(_as_rows)] = ()


class AdminAudit(_Lenient):
    """The result of the review by a person at MetaStudio."""

    audit_time: Epoch = None
    message: Text = None
    attachment_name: Text = None


class AuditResult(_Lenient):
    """The results of both reviews (ShowJobAuditResult)."""

    system: SystemAudit = SystemAudit()
    admin: AdminAudit = AdminAudit()

    @classmethod
    def from_api(cls, answer: Mapping[str, Any]) -> "AuditResult":
        """Parse MetaStudio's answer. Never fails: what can't be read counts as absent."""
        return cls(
            system=SystemAudit.model_validate(_as_object(answer.get("system_audit_result"))),
            admin=AdminAudit.model_validate(_as_object(answer.get("admin_audit_result"))),
        )


class ExternalInfo(_Lenient):
    """What belongs to one operation."""

    algorithm_failure_reason: Text = None
    admin_audit_failure_reason: Text = None
    review_id_list: Annotated[tuple[str, ...] | None, BeforeValidator(_as_texts)] = None


class Operation(_Lenient):
    """One step in a job's history."""

    time: Epoch = None
    action: Text = None
    operator: Text = None
    external_info: Annotated[ExternalInfo, BeforeValidator(_as_object)] = ExternalInfo()


class OperationLog(_Lenient):
    """The history of a job (ListJobOperationLog), oldest first; what has no time stands at the beginning."""

    operations: tuple[Operation, ...] = ()
    count: Count = None
    """How many operations there are, if the answer told it: there may be more than were read."""

    @classmethod
    def from_api(cls, answer: Mapping[str, Any]) -> "OperationLog":
        """Parse MetaStudio's answer, in whose order nothing is promised. Never fails."""
        read = map(Operation.model_validate, _as_rows(answer.get("operations")))
        return cls.model_validate(
            {"operations": tuple(sorted(read, key=_order)), "count": answer.get("count")}
        )


def _order(operation: Operation) -> tuple[int, int]:
    """Return what orders operations; those of the same second are in the order of a job's usual path."""
    place = ACTIONS.index(operation.action) if operation.action in ACTIONS else len(ACTIONS)
    return operation.time or 0, place


def _told(part: BaseModel) -> dict[str, Any]:
    told = part.model_dump(exclude_none=True)
    return {key: value for key, value in told.items() if key != "operator" or value in OPERATORS}


@dataclass(frozen=True)
class Findings:
    """What MetaStudio answered on why a job stands where it does; None for what it did not answer."""

    audit: AuditResult | None = None
    log: OperationLog | None = None

    def as_api(self) -> dict[str, Any]:
        """Return what was read of both answers, by MetaStudio's names; null for an answer that did not come.

        Of who did a step there is only the kind: anything else may be a person's name.
        """
        audit, log = self.audit, self.log
        return {
            "audit_result": {
                "system_audit_result": _told(audit.system),
                "admin_audit_result": _told(audit.admin),
            }
            if audit
            else None,
            "operations": [_told(each) for each in log.operations] if log else None,
        }
