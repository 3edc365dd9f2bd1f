"""PURE. What MetaStudio's answers with status 200 say, and how large they may be.

An answer of which nothing can be read is an error; one that has an error code too is that error.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import httpx

from bot.domain.findings import AuditResult, OperationLog
from bot.domain.jobs import Page
from bot.errors import MetaStudioError, UnreadableAnswer
from bot.metastudio.errors import refusal

LONGEST_JOB: Final = 256 * 1024
"""Bytes of one job, which has a few KiB. Python makes up to twenty bytes of each one that it reads."""
LONGEST_PAGE: Final = 2 * 1024 * 1024
"""Bytes of a page of the list: a hundred jobs of twenty KiB."""
LONGEST_AUDIT: Final = 2 * 1024 * 1024
"""Bytes of an audit result: 4,096 errors, the most there are, of half a KiB.

Each of an error's four texts may have 1,024 characters, 50 MiB together; but a job has 20 or 100 sentences,
and for each this leaves 20 KiB.
"""
LONGEST_LOG: Final = 1024 * 1024
"""Bytes of an operation log: a hundred operations of ten KiB. No page limits a reason of failure."""
JOB_FIELDS: Final = frozenset({"job_id", "state", "voice_name"})
"""An answer that has an error code and none of these is no job, whatever its status."""


def read_job(response: httpx.Response, job_id: str) -> dict[str, Any]:
    """Return a job as MetaStudio sent it. Raises MetaStudioError where it is none, or another job."""
    answer = _json_in(response)
    if isinstance(answer, Mapping) and JOB_FIELDS & answer.keys():
        if str(answer.get("job_id") or job_id).lower() != job_id.lower():
            raise UnreadableAnswer  # it is about another job
        return dict(answer)
    error = _refusal(response)
    if isinstance(answer, Mapping) and not error.code:
        return dict(answer)
    raise error


def read_page(response: httpx.Response) -> Page:
    """Return a page of the list. Raises MetaStudioError where it is none."""
    # What is parsed, which may be large, is in no variable here: an error would keep it.
    page = Page.from_api(_json_in(response))
    if page is None or not page.rows:
        error = _refusal(response)
        if page is None or error.code:
            raise error
    return page


def read_audit_result(response: httpx.Response) -> AuditResult:
    """Return the results of the reviews. Raises MetaStudioError where the answer is no object."""
    result = AuditResult.from_api(_object_in(response))
    if result == AuditResult():
        _raise_for_code(response)
    return result


def read_operation_log(response: httpx.Response) -> OperationLog:
    """Return a job's history. Raises MetaStudioError where the answer is no object."""
    log = OperationLog.from_api(_object_in(response))
    if not log.operations:
        _raise_for_code(response)
    return log


def _object_in(response: httpx.Response) -> Mapping[str, Any]:
    answer = _json_in(response)
    if isinstance(answer, Mapping):
        return answer
    del answer  # which may be large: an error would keep it
    raise _refusal(response)


def _raise_for_code(response: httpx.Response) -> None:
    error = _refusal(response)
    if error.code:
        raise error


def _refusal(response: httpx.Response) -> MetaStudioError:
    return refusal(response.status_code, response.headers, response.content)


def _json_in(response: httpx.Response) -> Any:
    try:
        return json.loads(response.content, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
