"""The lines of the log about what people changed: who, where, what."""

import logging

from bot.services.caller import Caller
from bot.telemetry.logs import about

log = logging.getLogger(__name__)


def note(what: str, caller: Caller, job_id: str = "", *, jobs: str = "") -> None:
    """Log that a person changed something; ``jobs`` is what a wide subscription is to."""
    log.info(what, extra=about(job=job_id, jobs=jobs, user=caller.user_id, channel=caller.channel_id))
