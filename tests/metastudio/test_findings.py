"""The results of a job's reviews and its history: how they are asked for, and what is made of the answers."""

import asyncio
import json
from typing import Any

import pytest

from bot.domain.findings import AuditResult, Findings, OperationLog
from bot.domain.jobs import Job
from bot.errors import BadJobId, CredentialsRefused
from bot.metastudio.answers import LONGEST_AUDIT, LONGEST_LOG
from bot.metastudio.client import MetaStudio
from bot.simulators.metastudio.reviews import MOST_ERRORS, file_errors
from bot.simulators.metastudio.simulator import Fault, MetaStudioSimulator
from tests.faults import ANSWERS
from tests.servers import client_at, failure_of

NOTHING = Findings(AuditResult(), OperationLog())


@pytest.fixture
def sent_back(metastudio: MetaStudioSimulator) -> str:
    """Return the id of a job that a reviewer sent back."""
    job_id = str(metastudio.add_job(state="AUDITING")["job_id"])
    metastudio.set_state(job_id, "AUDIT_FAILED")
    return job_id


async def test_the_two_requests(metastudio: MetaStudioSimulator, sent_back: str) -> None:
    """They are those of the pages, for a hundred operations; neither has an X-App-UserId."""
    async with client_at(metastudio.url, app_user_id="user-1") as client:
        audit, log = await client.audit_result(sent_back), await client.operation_log(sent_back)
    asked = [(seen.method, seen.path.rpartition("/jobs/")[2], seen.query) for seen in metastudio.requests]

    assert asked == [
        ("GET", f"{sent_back}/audit-result", ""),
        ("GET", f"{sent_back}/op-logs", "limit=100&offset=0"),
    ]
    assert not any("X-App-UserId" in seen.headers for seen in metastudio.requests)
    assert "not signed" in (audit.admin.message or "")
    assert {each.action for each in log.operations} == {
        *("CREATE_JOB", "COMMIT_JOB", "SYSTEM_AUDIT_PASS", "AUDIT_NOT_PASS")
    }


BODIES: dict[str, Any] = {
    "{}": NOTHING,
    '{"system_audit_result": null, "admin_audit_result": [], "operations": null}': NOTHING,
    '{"system_audit_result": {"audit_time": "x", "errors": {}}, "operations": {}, "count": "x"}': NOTHING,
    '{"system_audit_result": 7, "operations": [7, null, []]}': NOTHING,
    '{"error_code": "MSS.41000003", "error_msg": "none"}': Findings(),
    "[]": Findings(),
    "null": Findings(),
    "": Findings(),
    '{"operations": [': Findings(),
}
"""What comes with status 200, and what is made of it."""


async def test_odd_answers(metastudio: MetaStudioSimulator, client: MetaStudio, sent_back: str) -> None:
    """An object of which nothing can be read is an empty answer; what is none, or an error, is no answer."""
    for body, found in BODIES.items():
        metastudio.fail(Fault.raw(body.encode()), times=2)
        assert await client.findings(sent_back) == found, body


@pytest.mark.parametrize("call", ["audit_result", "operation_log"])
async def test_each_fault_is_its_error(metastudio: MetaStudioSimulator, sent_back: str, call: str) -> None:
    """They are those of a look-up; what may pass is tried three times, or once for whoever can't wait."""
    name = "audit" if call == "audit_result" else "op-logs"
    for said, answer in ANSWERS.items():
        if not isinstance(answer.sent, Fault) or answer.error is CredentialsRefused:
            continue  # whose credentials are refused, asks nothing more for a while
        metastudio.requests.clear()
        metastudio.fail(answer.sent, times=9, on=name)  # type: ignore[arg-type]
        async with client_at(metastudio.url) as client:
            failed = await failure_of(getattr(client, call)(sent_back))
            tries = len(metastudio.requests)
            found = await client.findings(sent_back)
        metastudio.heal()

        assert (type(failed), failed.values) == (answer.error, {"job_id": sent_back}), said
        assert tries == (3 if answer.error.transient else 1), said
        assert len(metastudio.requests) == tries + 2, said
        assert [found.audit is None, found.log is None] == [name == "audit", name == "op-logs"], said


async def test_as_many_errors_as_there_may_be(
    metastudio: MetaStudioSimulator, client: MetaStudio, sent_back: str
) -> None:
    """All 4,096 are read, and no more; an answer that is larger than any sensible one is none."""
    errors = file_errors(MOST_ERRORS)
    metastudio.audits[sent_back]["system_audit_result"] = {"audit_time": 5, "errors": errors}
    many = await client.audit_result(sent_back)
    metastudio.fail(Fault.raw(json.dumps({"x": "x" * LONGEST_AUDIT}).encode()), on="audit")
    metastudio.fail(Fault.raw(json.dumps({"x": "x" * LONGEST_LOG}).encode()), on="op-logs")

    assert len(many.system.errors) == MOST_ERRORS
    assert (
        len(AuditResult.from_api({"system_audit_result": {"errors": errors * 2}}).system.errors)
        == MOST_ERRORS
    )
    assert await client.findings(sent_back) == Findings()


async def test_history_is_in_order(
    metastudio: MetaStudioSimulator, client: MetaStudio, sent_back: str
) -> None:
    """The oldest step is first, whatever order the answer has; of the same second, by the usual path."""
    times = [1_700_000_300, 1_700_000_100, None, 1_700_000_200_000]
    metastudio.operations[sent_back] = [{"time": time, "action": "A"} for time in times]

    log = await client.operation_log(sent_back)
    assert [each.time for each in log.operations] == [None, 1_700_000_100, 1_700_000_200, 1_700_000_300]
    same = [{"time": 1, "action": action} for action in ("AUDIT_NOT_PASS", "NEW", "COMMIT_JOB", "CREATE_JOB")]
    in_order = OperationLog.from_api({"operations": same}).operations
    assert [each.action for each in in_order] == ["CREATE_JOB", "COMMIT_JOB", "AUDIT_NOT_PASS", "NEW"]


async def test_nobody_waits_longer_than_they_said(metastudio: MetaStudioSimulator, sent_back: str) -> None:
    """A call that hangs ends with the time; the other's answer is there, and nothing is left running."""
    metastudio.fail(Fault.hang(), times=9, on="audit")
    async with client_at(metastudio.url) as client:
        await client.job(sent_back)  # since then, it is known that the credentials are right
        found = await client.findings(sent_back, seconds=0.3)
        left = [task for task in asyncio.all_tasks() if "findings" in repr(task.get_coro())]

    assert (found.audit, found.log is None, left) == (None, False, [])
    assert metastudio.requests_to("audit") == 1
    with pytest.raises(BadJobId):
        await client.findings("../x")


async def test_no_cause_of_a_job_that_can_not_be_asked_for(client: MetaStudio) -> None:
    """The list may have any id; it costs no request, and nobody an error."""
    assert await client.cause(Job(job_id="../x", state="FAILED")) is None
