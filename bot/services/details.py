"""Details of a job: why it failed or was sent back, and its history."""

import asyncio
import time
from functools import partial

from bot.messages import details
from bot.messages.context import Answer
from bot.metastudio.client import MetaStudio
from bot.services.caller import Caller


class DetailsService:
    """The use case of asking why."""

    def __init__(self, metastudio: MetaStudio) -> None:
        self._metastudio = metastudio

    async def details(self, _: Caller, job_id: str) -> Answer:
        """Return a job's details, as far as MetaStudio tells why. Raises MetaStudioError."""
        findings = asyncio.ensure_future(self._metastudio.findings(job_id))
        try:
            job = await self._metastudio.job(job_id)
            return partial(details.details, job, await findings, now=int(time.time()))
        finally:
            findings.cancel()
            await asyncio.gather(findings, return_exceptions=True)
