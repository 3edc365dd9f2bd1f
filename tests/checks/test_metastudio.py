"""``voicejob check`` and MetaStudio: what each answer means for sign-in, project and jobs; and the clocks."""

import socket
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.checks.metastudio import unreachable, without_list
from bot.errors import Unreachable, UnreadableAnswer
from bot.simulators.metastudio.simulator import Fault
from bot.simulators.world import settings_for
from tests.checks.checking import (
    BY_USER,
    CLOCK,
    JOBS,
    METASTUDIO,
    NAMES,
    PROJECT,
    SIGN_IN,
    Checked,
    CheckSetup,
    answering,
)
from tests.faults import ANSWERS
from tests.sign_ins import WRONG, settings_of
from tests.support import HTTP_MODE

REFUSED = "refuses the access key {}. Copy HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK again"
OTHER_API = "is not MetaStudio {}. Check METASTUDIO_ENDPOINT and METASTUDIO_REGION, and any proxy or firewall"
FAULT = "has a fault {}. Try again in a few minutes"
NO_LIST = {
    "CredentialsRefused": (SIGN_IN, REFUSED),
    "PermissionDenied": (
        JOBS,
        "may not list jobs {}. In IAM, give its user the system policy MetaStudio Read",
    ),
    "Throttled": (JOBS, "limits this account's requests right now {}"),
    "TimedOut": (JOBS, "took too long to answer"),
    "Unreachable": (JOBS, "the connection to MetaStudio broke"),
    **dict.fromkeys(("WrongProject", "UnreadableAnswer"), (JOBS, OTHER_API)),
    **dict.fromkeys(("ServiceDown", "JobNotFound", "RequestRefused"), (JOBS, FAULT)),
}
"""The item that fails for each error, and what it says."""


def test_each_answer_to_the_request_for_the_list(setup: CheckSetup) -> None:
    """It blames one item, and says of the others no more than can be known; what is no API's says nothing."""
    settings = settings_for(setup.slack, setup.metastudio)
    for name, answer in ANSWERS.items():
        failed, says = NO_LIST[answer.error.__name__]
        if answer.code in {"MSS.00010009", "APIGW.0310", "APIGW.0801", "APIGW.0802"}:
            failed, says = PROJECT, "does not know “{project}” {}. Copy HUAWEI"
        found = Checked(without_list(settings, answer.error(status=answer.status, code=answer.code)))
        good = {SIGN_IN} if failed == PROJECT or "may not" in says else set()

        assert [item.name for item in found.items] == [SIGN_IN, PROJECT, JOBS]
        line = found.only_fails(failed, untried={SIGN_IN, PROJECT, JOBS} - {failed} - good)
        told = f"(HTTP {answer.status or '-'}, {answer.code or 'no error code'})"
        assert says.format(told, project=settings.huaweicloud_sdk_project_id) in line, name
        assert "HUAWEICLOUD_SDK_IAM_ENDPOINT" not in line
    of_user = settings_for(setup.slack, setup.metastudio, **settings_of("IAM user"))
    assert "HUAWEICLOUD_SDK_IAM_ENDPOINT" in without_list(of_user, UnreadableAnswer())[-1].says


@pytest.mark.parametrize(
    ("way", "code", "remedy"),
    [
        ("access key", "APIGW.0301", "may have locked it: wait"),
        ("IAM user", "401", "HUAWEICLOUD_IAM_USER, HUAWEICLOUD_IAM_PASSWORD and HUAWEICLOUD_IAM_DOMAIN"),
        ("token", "APIGW.0307", "set a new METASTUDIO_AUTH_TOKEN"),
    ],
)
async def test_good_and_wrong_credentials(setup: CheckSetup, way: str, code: str, remedy: str) -> None:
    """The line names the way; wrong ones are tried once, since that may lock them, and the keys named."""
    good = await setup.check(**settings_of(way))
    setup.metastudio.requests.clear()
    says = (await setup.check(**settings_of(way, WRONG))).only_fails(SIGN_IN, untried={PROJECT, JOBS})

    assert good.names(ok=True) == set(NAMES), good.items
    assert way.rsplit(maxsplit=1)[-1] in good[SIGN_IN].says
    assert len([seen for seen in setup.metastudio.requests if seen.api]) == 1
    assert "Authorization" not in setup.metastudio.requests[0].headers
    assert f"(HTTP 401, {code})" in says
    assert remedy in says


CLOCKS: list[tuple[float, dict[str, Any], bool, str]] = [
    (1200, {}, False, "20 minutes behind MetaStudio's, and signatures count within 15 minutes only"),
    (1200, BY_USER, False, "20 minutes behind"),
    (-400, {}, True, "7 minutes ahead of"),
    (-400, HTTP_MODE, False, "within 5 minutes only"),
]


@pytest.mark.parametrize(("off", "changes", "ok", "says"), CLOCKS)
async def test_clock_off(
    setup: CheckSetup, off: float, changes: dict[str, Any], *, ok: bool, says: str
) -> None:
    """Where no signature counts, none is sent; a password counts all the same. Slack's own last 5 minutes."""
    setup.metastudio.clock = lambda: time.time() + off
    found = await setup.check(**changes)
    no_signature = abs(off) > 900 and not changes

    assert found[CLOCK].ok is ok
    assert says in found[CLOCK].says
    assert found.names(ok=None) == ({SIGN_IN, PROJECT, JOBS} if no_signature else set())
    assert setup.metastudio.requests_to("list") == (0 if no_signature else 1)


@pytest.mark.parametrize(
    ("date", "ok"),
    [
        (f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S} -0000", True),  # without a zone it is UTC (RFC 9110)
        *(("today", None), ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None)),
    ],
    ids=["no zone", "no date", "no year"],
)
async def test_an_empty_list_and_no_time(setup: CheckSetup, date: str, *, ok: bool | None) -> None:
    """What tells no time can't be compared; a project without jobs may be the wrong one. Neither fails."""
    async with answering('{"count": 0}' if ok else '{"jobs": null}', Date=date) as server:
        found = await setup.check(metastudio_endpoint=str(server.make_url("/")))

    assert [found[name].ok for name in METASTUDIO] == [True, ok, True, True, True]
    assert found[JOBS].says.startswith("the list is empty, so none was shown. If it should have jobs, check")


POLICY = "may not show one (HTTP 403, MSS.00000001). In IAM, give its user the system policy"
SHOWN: list[tuple[Fault, str]] = [
    (Fault.error(404, "MSS.41000003"), ""),  # it was deleted meanwhile
    (Fault.error(403, "MSS.00000001"), POLICY),
    (
        Fault.error(401, "APIGW.0301"),
        "but then MetaStudio refused the access key (HTTP 401, APIGW.0301). Copy",
    ),
    (Fault.error(429, "APIGW.0308"), "but none could be shown: MetaStudio limits this account's requests"),
]
"""The answer to the request for one job, and what the check says of it; nothing where all is well."""


@pytest.mark.parametrize(("fault", "says"), SHOWN)
async def test_a_key_that_may_list_and_not_show(setup: CheckSetup, fault: Fault, says: str) -> None:
    """One job of the list is looked up, and only one."""
    setup.metastudio.add_job()
    setup.metastudio.add_job()
    setup.metastudio.fail(fault, times=9, on="show")
    found = await setup.check()

    assert says in found.only_fails(*([JOBS] if says else []))
    assert "the list has 2" in found[JOBS].says
    assert len({seen.path for seen in setup.metastudio.requests if seen.api == "show"}) == 1


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (socket.EAI_NONAME, "there is no such host. Check METASTUDIO_REGION and KEY; where"),
        (socket.EAI_AGAIN, "(Unreachable). Check METASTUDIO_REGION and KEY, the network"),
    ],
)
def test_a_name_without_an_address(number: int, says: str) -> None:
    """A host that does not exist is told from one whose name could not be looked up."""
    error = Unreachable()
    error.__context__ = socket.gaierror(number, "why")

    assert says in unreachable("https://here", error, "KEY")
