"""Finding the job that a person means: by its id, or by the name of its voice."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from bot.domain.job_names import Found, Wanted, named, nearest
from bot.domain.jobs import PAGE_SIZE, Job, Page
from bot.errors import JobNotFound, MetaStudioError, RequestRefused
from bot.metastudio.client import MetaStudio
from bot.metastudio.pages import pages

NEWEST: Final = 300
"""Jobs that are searched where MetaStudio itself finds none."""
_NEWEST_FIRST: Final = {"sort_key": "create_time", "sort_dir": "desc"}

T = TypeVar("T")


class Finder:
    """Finds jobs by the names of their voices."""

    def __init__(self, metastudio: MetaStudio) -> None:
        self._metastudio = metastudio

    async def find(self, name: str) -> Found:
        """Return the jobs of this name. Raises MetaStudioError.

        MetaStudio's own filter is used first and never trusted: no page says whether it finds parts of names.
        """
        page = await self._filtered(name)
        if page and (jobs := named(page.jobs, name)):
            return Found(jobs, searched=None if page.is_last(0) else len(page.jobs))
        return await self._among_newest(name)

    async def act(
        self,
        wanted: Wanted,
        *,
        on_id: Callable[[str], Awaitable[T]],
        on_one: Callable[[Found], Awaitable[T]],
        on_several: Callable[[Found], T],
    ) -> T:
        """Do what a person asks for with the job that they mean; ``on_several`` answers if there is not one.

        Raises MetaStudioError, BadUsage.
        """
        if wanted.job_id:
            try:
                return await on_id(wanted.job_id)
            except MetaStudioError as error:
                if not wanted.name:
                    raise
                if not isinstance(error, JobNotFound | RequestRefused):
                    raise wanted.guess or error from None
        try:
            found = await self.find(wanted.name)
        except MetaStudioError:
            if wanted.guess:
                raise wanted.guess from None
            raise
        if not found.jobs and wanted.guess:
            raise wanted.guess
        return await on_one(found) if len(found.jobs) == 1 else on_several(found)

    async def _filtered(self, name: str) -> Page | None:
        """Ask for a name; None from a server that knows no such filter."""
        try:
            return await self._metastudio.listed({"voice_name": name} | _NEWEST_FIRST)
        except RequestRefused:
            return None

    async def _among_newest(self, name: str) -> Found:
        """Search the newest jobs, page by page."""
        jobs: list[Job] = []
        is_last = False

        async def ask(offset: int) -> Page:
            return await self._metastudio.listed(_NEWEST_FIRST, offset=offset)

        async for page, is_last in pages(ask, NEWEST // PAGE_SIZE):  # noqa: B007  it is that of the last one
            jobs += page.jobs
        found = named(jobs, name)
        return Found(found, () if found else nearest(jobs, name), None if is_last else len(jobs))
