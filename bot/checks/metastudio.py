"""Trying MetaStudio: its address, the clocks, the sign-in, the project, and the two calls that the bot makes.

They are the list of jobs, and one of the jobs in it; neither changes anything. One that is refused is not
tried again: several wrong signatures in a row can lock an access key.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import Final

from bot.app import metastudio_from
from bot.checks.item import Item, fails, untried, works
from bot.config import Settings
from bot.domain.job_ids import JOB_ID
from bot.domain.jobs import Page
from bot.errors import (
    CredentialsRefused,
    JobNotFound,
    MetaStudioError,
    PermissionDenied,
    Throttled,
    TimedOut,
    Unreachable,
    UnreadableAnswer,
    WrongProject,
)
from bot.metastudio.client import MetaStudio
from bot.metastudio.probe import clock_difference
from bot.network.names import is_unknown
from bot.network.trust import certificate_fault

ADDRESS: Final = "MetaStudio address"
CLOCK: Final = "clock"
CREDENTIALS: Final = "MetaStudio credentials"
PROJECT: Final = "MetaStudio project"
JOBS: Final = "MetaStudio jobs"
SIGNED_IN: Final = (CREDENTIALS, PROJECT, JOBS)
NAMES: Final = (ADDRESS, CLOCK, *SIGNED_IN)

SIGNATURE_LIFE: Final = timedelta(minutes=15)
"""How far ``X-Sdk-Date`` may be off (page "API Signing Guide, Overview")."""
SLACKS_SIGNATURE_LIFE: Final = timedelta(minutes=5)
"""How old a request of Slack's may be (page "Verifying requests from Slack")."""
NOTEWORTHY: Final = timedelta(seconds=30)
PROJECT_CODES: Final = frozenset({"MSS.00010009", "APIGW.0310", "APIGW.0801", "APIGW.0802"})
"""Codes of a WrongProject that are about the project. All others are about the address."""
REMEDIES: Final = {
    "the temporary access key": (
        "It may have expired: get HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK and HUAWEICLOUD_SDK_SECURITY_TOKEN "
        "anew."
    ),
    "the access key": (
        "Copy HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK again, and check that the key is enabled, in the "
        "console under My Credentials. If both are right, wrong tries may have locked it: wait some minutes."
    ),
    "the IAM user": (
        "Check HUAWEICLOUD_IAM_USER, HUAWEICLOUD_IAM_PASSWORD and HUAWEICLOUD_IAM_DOMAIN, and that the "
        "user is enabled, without MFA. If all is right, wrong tries may have locked it: wait some minutes."
    ),
    "the token": (
        "It may have expired, or be of another region or project: set a new METASTUDIO_AUTH_TOKEN, or an "
        "access key instead, which does not expire."
    ),
}
"""What to do where MetaStudio refuses what the bot signs in with."""
POLICY: Final = (
    "In IAM, give its user the system policy MetaStudio ReadOnlyAccess; if that is not enough, "
    "MetaStudio FullAccess."
)
"""No page says which calls the policy for reading allows; the bot makes no others."""
FAULTS: Final = {
    Throttled: (
        "MetaStudio limits this account's requests right now {answer}. Try again in a minute: other programs "
        "of the account count, too."
    ),
    WrongProject | UnreadableAnswer: (
        "what answers at “{endpoint}” is not MetaStudio {answer}. Check METASTUDIO_ENDPOINT and "
        "METASTUDIO_REGION{iam}, and any proxy or firewall on the way."
    ),
    TimedOut: "MetaStudio took too long to answer. Try again in a minute: it may only be busy.",
    Unreachable: (
        "the connection to MetaStudio broke. Try again in a minute; if it goes on, check the network and "
        "its proxy."
    ),
    MetaStudioError: (
        "MetaStudio, or a proxy before it, has a fault {answer}. Try again in a few minutes; if it goes "
        "on, check METASTUDIO_ENDPOINT and the proxy."
    ),
}
"""What to do about any other error of a request; the first that fits counts."""


async def try_metastudio(settings: Settings) -> AsyncGenerator[Item, None]:
    """Try all of it, in the order in which one thing needs the other."""
    try:
        ahead = await clock_difference(settings.endpoint)
    except MetaStudioError as error:
        yield fails(ADDRESS, unreachable(settings.endpoint, error, "METASTUDIO_ENDPOINT"))
        for name in NAMES[1:]:
            yield untried(name, "because MetaStudio can't be reached")
        return
    yield works(ADDRESS, f"“{settings.endpoint}” answers")
    yield _clock(settings, ahead)
    if ahead is not None and abs(ahead) > SIGNATURE_LIFE and settings.huaweicloud_sdk_ak:
        for name in SIGNED_IN:
            yield untried(name, "until the clock is set")
        return
    async with aclosing(_signed_in(settings)) as found:
        async for item in found:
            yield item


def unreachable(address: str, error: MetaStudioError, key: str) -> str:
    """Describe why there is no connection, and what to do about it."""
    if fault := certificate_fault(error):
        return f"“{address}” can't be reached: {fault}"
    if is_unknown(error):
        return (
            f"“{address}” can't be reached: there is no such host. Check METASTUDIO_REGION and {key}; where "
            "only a proxy knows the hosts of the internet, set HTTPS_PROXY."
        )
    cause = error.__cause__
    reason = f"{type(cause).__name__}: {cause}" if cause and str(cause) else type(cause or error).__name__
    what = f"“{address}” can't be reached ({reason[:160].rstrip('. ')})"
    return f"{what}. Check METASTUDIO_REGION and {key}, the network and its proxy."


def _clock(settings: Settings, ahead: timedelta | None) -> Item:
    if ahead is None:
        return untried(CLOCK, "because MetaStudio's answer doesn't tell the time")
    limit = SLACKS_SIGNATURE_LIFE if settings.is_http_mode else SIGNATURE_LIFE
    off = f"{_seconds_or_minutes(abs(ahead))} {'behind' if ahead > timedelta() else 'ahead of'} MetaStudio's"
    within = f"signatures count within {_seconds_or_minutes(limit)}"
    if abs(ahead) > limit:
        return fails(CLOCK, f"{off}, and {within} only. Set this machine's clock, best by NTP.")
    if abs(ahead) > NOTEWORTHY:
        return works(CLOCK, f"{off}; {within}. Better set this machine's clock, by NTP")
    return works(CLOCK, f"less than {_seconds_or_minutes(NOTEWORTHY)} from MetaStudio's")


def _seconds_or_minutes(time: timedelta) -> str:
    seconds = round(time.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} minutes"  # noqa: PLR2004  up to two minutes


async def _signed_in(settings: Settings) -> AsyncGenerator[Item, None]:
    if settings.huaweicloud_iam_user:
        try:
            await clock_difference(settings.iam_endpoint)
        except MetaStudioError as error:
            says = unreachable(settings.iam_endpoint, error, "HUAWEICLOUD_SDK_IAM_ENDPOINT")
            yield fails(CREDENTIALS, f"IAM at {says}")
            for name in (PROJECT, JOBS):
                yield untried(name, "because there is no token from IAM")
            return
    async with metastudio_from(settings) as metastudio:
        try:
            page = await metastudio.recent_jobs()
        except MetaStudioError as error:
            for item in without_list(settings, error):
                yield item
            return
        yield works(CREDENTIALS, f"MetaStudio accepts {_signs_in_with(settings)}")
        yield works(PROJECT, f"“{settings.huaweicloud_sdk_project_id}”")
        yield await _jobs(settings, metastudio, page)


async def _jobs(settings: Settings, metastudio: MetaStudio, page: Page) -> Item:
    """Look up one job of the list. That it is gone by now shows as well that the bot may."""
    number = len(page.jobs) if page.count is None else page.count
    job_id = next((job.job_id for job in page.jobs if JOB_ID.fullmatch(job.job_id or "")), None)
    if job_id is None:
        keys = "HUAWEICLOUD_SDK_PROJECT_ID, METASTUDIO_REGION and METASTUDIO_APP_USER_ID"
        return works(JOBS, f"the list is empty, so none was shown. If it should have jobs, check {keys}")
    who = _signs_in_with(settings)
    try:
        with suppress(JobNotFound):
            await metastudio.answer(job_id)
    except PermissionDenied as error:
        return fails(JOBS, f"the list has {number}, but {who} may not show one {_answer(error)}. {POLICY}")
    except CredentialsRefused as error:
        says = f"the list has {number}, but then MetaStudio refused {who} {_answer(error)}. {REMEDIES[who]}"
        return fails(JOBS, says)
    except MetaStudioError as error:
        return fails(JOBS, f"the list has {number}, but none could be shown: {_fault(settings, error)}")
    return works(JOBS, f"the list has {number}; {who} may list and show them")


def without_list(settings: Settings, error: MetaStudioError) -> list[Item]:
    """Return what the error of a request for the list means for the sign-in, the project and the jobs."""
    answer, who = _answer(error), _signs_in_with(settings)
    if isinstance(error, CredentialsRefused):
        skipped = (untried(name, "because the sign-in failed") for name in (PROJECT, JOBS))
        return [fails(CREDENTIALS, f"MetaStudio refuses {who} {answer}. {REMEDIES[who]}"), *skipped]
    # IAM's code for a project that it does not know is the HTTP status again.
    if isinstance(error, WrongProject) and error.code in PROJECT_CODES | {str(error.status)}:
        says = (
            f"MetaStudio does not know “{settings.huaweicloud_sdk_project_id}” {answer}. Copy "
            "HUAWEICLOUD_SDK_PROJECT_ID from My Credentials in the console: the one of METASTUDIO_REGION."
        )
        accepts = works(CREDENTIALS, f"MetaStudio accepts {who}")
        return [accepts, fails(PROJECT, says), untried(JOBS, "until the project is right")]
    if isinstance(error, PermissionDenied):
        knows = works(CREDENTIALS, f"MetaStudio knows {who}")
        unseen = untried(PROJECT, "because the list was refused")
        return [knows, unseen, fails(JOBS, f"{who} may not list jobs {answer}. {POLICY}")]
    skipped = (untried(name, "because there was no list of jobs") for name in (CREDENTIALS, PROJECT))
    return [*skipped, fails(JOBS, _fault(settings, error))]


def _fault(settings: Settings, error: MetaStudioError) -> str:
    """Return what an error says that refuses neither sign-in nor permission."""
    says = next(says for kind, says in FAULTS.items() if isinstance(error, kind))
    iam = ", HUAWEICLOUD_SDK_IAM_ENDPOINT" if settings.huaweicloud_iam_user else ""
    return says.format(endpoint=settings.endpoint, answer=_answer(error), iam=iam)


def _answer(error: MetaStudioError) -> str:
    return f"(HTTP {error.status or '-'}, {error.code or 'no error code'})"


def _signs_in_with(settings: Settings) -> str:
    if settings.huaweicloud_sdk_ak:
        return "the temporary access key" if settings.huaweicloud_sdk_security_token else "the access key"
    return "the IAM user" if settings.huaweicloud_iam_user else "the token"
