"""PURE. The requests of the voice training API: addresses, parameters, headers, and their answers."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from bot.domain.findings import AuditResult, OperationLog
from bot.domain.job_ids import JOB_ID
from bot.domain.jobs import PAGE_SIZE, Page
from bot.errors import BadJobId
from bot.metastudio import answers
from bot.metastudio.requests import Request

MOST_OPERATIONS: Final = 100
"""Operations that are asked for: the most that ListJobOperationLog gives at a time."""


class Apis:
    """The requests to one project. ``endpoint`` is an address without a slash at its end."""

    def __init__(self, endpoint: str, *, project_id: str, app_user_id: str | None) -> None:
        self._jobs_url = f"{endpoint}/v1/{project_id}/voice-training-manage/user/jobs"
        # The pages of Show and List have this header, those of the audit result and the operation log do not.
        self._app_user = {"X-App-UserId": app_user_id} if app_user_id else {}

    def show(self, job_id: str) -> Request[dict[str, Any]]:
        """Return the request ShowVoiceTrainingJob. Raises BadJobId."""
        return Request(
            call="show",
            url=self._url_of(job_id),
            headers=self._app_user,
            max_bytes=answers.LONGEST_JOB,
            read=partial(answers.read_job, job_id=job_id),
            job_id=job_id,
        )

    def list(self, filters: Mapping[str, str], offset: int, job_id: str = "") -> Request[Page]:
        """Return the request ListVoiceTrainingJob; ``job_id`` is the only job that is asked for, if any."""
        # A lone surrogate, which JSON allows, can be neither sent nor signed.
        sent = {name: value.encode(errors="replace").decode() for name, value in filters.items()}
        return Request(
            call="list",
            url=self._jobs_url,
            query=sent | {"offset": str(offset), "limit": str(PAGE_SIZE)},
            headers=self._app_user,
            max_bytes=answers.LONGEST_PAGE,
            read=answers.read_page,
            job_id=job_id,
        )

    def audit_result(self, job_id: str) -> Request[AuditResult]:
        """Return the request ShowJobAuditResult. Raises BadJobId."""
        return Request(
            call="audit-result",
            url=f"{self._url_of(job_id)}/audit-result",
            max_bytes=answers.LONGEST_AUDIT,
            read=answers.read_audit_result,
            job_id=job_id,
        )

    def operation_log(self, job_id: str) -> Request[OperationLog]:
        """Return the request ListJobOperationLog. Raises BadJobId."""
        return Request(
            call="op-logs",
            url=f"{self._url_of(job_id)}/op-logs",
            query={"offset": "0", "limit": str(MOST_OPERATIONS)},
            max_bytes=answers.LONGEST_LOG,
            read=answers.read_operation_log,
            job_id=job_id,
        )

    def _url_of(self, job_id: str) -> str:
        """Return a job's address. Raises BadJobId for what could leave its place in the path."""
        if not JOB_ID.fullmatch(job_id):
            raise BadJobId(job_id)
        return f"{self._jobs_url}/{job_id}"
