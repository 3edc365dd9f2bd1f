"""Trying MetaStudio: its address, the clocks, the sign-in, the project, and a list of jobs.

Signed in once only: several wrong signatures in a row can lock an access key.
"""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Final

from bot.app import metastudio_from
from bot.checks.item import Item, fails, untried, works
from bot.config import Settings
from bot.errors import (
    CredentialsRefused,
    MetaStudioError,
    PermissionDenied,
    Throttled,
    TimedOut,
    Unreachable,
    UnreadableAnswer,
    WrongProject,
)
from bot.metastudio.probe import clock_difference
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
        "It may have ended: get HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK and HUAWEICLOUD_SDK_SECURITY_TOKEN "
        "anew."
    ),
    "the access key": (
        "Copy HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK again, and see in the console, under My "
        "Credentials, that the key is enabled. If both are right, earlier wrong tries may have locked the "
        "key: wait some minutes."
    ),
    "the IAM user": (
        "Check HUAWEICLOUD_IAM_USER, HUAWEICLOUD_IAM_PASSWORD and HUAWEICLOUD_IAM_DOMAIN, and that the "
        "user is enabled, without MFA. If all is right, earlier wrong tries may have locked the user: "
        "wait some minutes."
    ),
    "the token": (
        "It may have ended, or be of another region or project: set a new METASTUDIO_AUTH_TOKEN, or an "
        "access key instead, which does not end."
    ),
}
"""What to do where MetaStudio refuses what the bot signs in with."""
NO_LIST: Final = {
    Throttled: (
        "MetaStudio limits this account's requests at the moment {answer}. Try again in a minute; other "
        "programs of the account count too."
    ),
    WrongProject | UnreadableAnswer: (
        "what answers at “{endpoint}” is not this API {answer}. Check METASTUDIO_ENDPOINT and "
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
"""What to do about any other error of a request for the list; the first that fits counts."""


async def try_metastudio(settings: Settings) -> AsyncGenerator[Item, None]:
    """Try all of it, in the order in which one thing needs the other."""
    try:
        ahead = await clock_difference(settings.endpoint)
    except MetaStudioError as error:
        yield fails(ADDRESS, _unreachable(settings.endpoint, error, "METASTUDIO_ENDPOINT"))
        for name in NAMES[1:]:
            yield untried(name, "MetaStudio can't be reached")
        return
    yield works(ADDRESS, f"“{settings.endpoint}” answers")
    yield _clock(settings, ahead)
    if ahead is not None and abs(ahead) > SIGNATURE_LIFE and settings.huaweicloud_sdk_ak:
        for name in SIGNED_IN:
            yield untried(name, "with this clock no signature counts")
        return
    for item in await _signed_in(settings):
        yield item


def _unreachable(address: str, error: MetaStudioError, key: str) -> str:
    """Describe why there is no connection, and what to do about it."""
    if fault := certificate_fault(error):
        return f"“{address}” can't be reached: {fault}"
    cause = error.__cause__
    reason = f"{type(cause).__name__}: {cause}" if cause and str(cause) else type(cause or error).__name__
    what = f"“{address}” can't be reached ({reason[:160]})"
    return f"{what}. Check METASTUDIO_REGION and {key}, the network and its proxy."


def _clock(settings: Settings, ahead: timedelta | None) -> Item:
    if ahead is None:
        return untried(CLOCK, "MetaStudio's answer does not tell the time")
    limit = SLACKS_SIGNATURE_LIFE if settings.is_http_mode else SIGNATURE_LIFE
    off = f"{_seconds_or_minutes(abs(ahead))} {'behind' if ahead > timedelta() else 'ahead of'} MetaStudio's"
    within = f"signatures count within {_seconds_or_minutes(limit)}"
    if abs(ahead) > limit:
        return fails(CLOCK, f"this machine's is {off}, and {within} only. Set it, best by NTP.")
    if abs(ahead) > NOTEWORTHY:
        return works(CLOCK, f"this machine's is {off}; {within}. Better set it, by NTP")
    little = _seconds_or_minutes(NOTEWORTHY)
    return works(CLOCK, f"this machine's and MetaStudio's differ by less than {little}")


def _seconds_or_minutes(time: timedelta) -> str:
    seconds = round(time.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} minutes"  # noqa: PLR2004  up to two minutes


async def _signed_in(settings: Settings) -> list[Item]:
    if settings.huaweicloud_iam_user:
        try:
            await clock_difference(settings.iam_endpoint)
        except MetaStudioError as error:
            says = _unreachable(settings.iam_endpoint, error, "HUAWEICLOUD_SDK_IAM_ENDPOINT")
            no_token = [untried(name, "there is no token from IAM") for name in (PROJECT, JOBS)]
            return [fails(CREDENTIALS, f"IAM at {says}"), *no_token]
    try:
        async with metastudio_from(settings) as metastudio:
            page = await metastudio.recent_jobs()
    except MetaStudioError as error:
        return without_list(settings, error)
    number = len(page.jobs) if page.count is None else page.count
    keys = "HUAWEICLOUD_SDK_PROJECT_ID, METASTUDIO_REGION and METASTUDIO_APP_USER_ID"
    return [
        works(CREDENTIALS, f"MetaStudio takes {_signs_in_with(settings)}"),
        works(PROJECT, f"“{settings.huaweicloud_sdk_project_id}”"),
        works(
            JOBS,
            f"the list has {number}" if number else f"the list is empty. If it should not be, check {keys}",
        ),
    ]


def without_list(settings: Settings, error: MetaStudioError) -> list[Item]:
    """Return what the error of a request for the list means for the sign-in, the project and the jobs."""
    answer = f"(HTTP {error.status or '-'}, {error.code or 'no error code'})"
    who = _signs_in_with(settings)
    if isinstance(error, CredentialsRefused):
        says = f"MetaStudio refuses {who} {answer}. {REMEDIES[who]}"
        return [fails(CREDENTIALS, says), *(untried(name, "the sign-in failed") for name in (PROJECT, JOBS))]
    # IAM's code for a project that it does not know is the HTTP status again.
    if isinstance(error, WrongProject) and error.code in PROJECT_CODES | {str(error.status)}:
        says = (
            f"“{settings.huaweicloud_sdk_project_id}” is not known there {answer}. Copy "
            "HUAWEICLOUD_SDK_PROJECT_ID from My Credentials in the console: the one of METASTUDIO_REGION."
        )
        takes = works(CREDENTIALS, f"MetaStudio takes {who}")
        return [takes, fails(PROJECT, says), untried(JOBS, "the project is not known")]
    if isinstance(error, PermissionDenied):
        says = f"{who} may not list jobs {answer}. Give its user MetaStudio FullAccess in IAM."
        knows = works(CREDENTIALS, f"MetaStudio knows {who}")
        return [knows, untried(PROJECT, "the list was refused"), fails(JOBS, says)]
    says = next(says for kind, says in NO_LIST.items() if isinstance(error, kind))
    iam = ", HUAWEICLOUD_SDK_IAM_ENDPOINT" if settings.huaweicloud_iam_user else ""
    unseen = (untried(name, "there was no list to see it by") for name in (CREDENTIALS, PROJECT))
    return [*unseen, fails(JOBS, says.format(endpoint=settings.endpoint, answer=answer, iam=iam))]


def _signs_in_with(settings: Settings) -> str:
    if settings.huaweicloud_sdk_ak:
        return "the temporary access key" if settings.huaweicloud_sdk_security_token else "the access key"
    return "the IAM user" if settings.huaweicloud_iam_user else "the token"
