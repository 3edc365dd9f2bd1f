"""PURE. The newest page of the list of jobs, which the watcher asks for anyway."""

from dataclasses import replace

from bot.domain.jobs import Page


class NewestJobs:
    """Keeps the newest first page of the jobs that changed last, without personal fields."""

    def __init__(self) -> None:
        self.page: tuple[Page, float] | None = None
        """The page, and when it was asked for, in epoch seconds; None: no answer came yet."""

    def keep(self, page: Page, asked_at: float) -> None:
        """Keep a page that was asked for at ``asked_at``, unless a newer one is kept."""
        if self.page is None or self.page[1] <= asked_at:
            self.page = replace(page, jobs=tuple(job.remembered() for job in page.jobs)), asked_at
