"""Reading a list of MetaStudio's page by page."""

from collections.abc import AsyncIterator, Awaitable, Callable

from bot.domain.jobs import Page


async def pages(ask: Callable[[int], Awaitable[Page]], most: int) -> AsyncIterator[tuple[Page, bool]]:
    """Yield ``most`` pages at most, each with whether the list ends with it. Raises what ``ask`` does.

    ``ask`` gets the number of the first row. The next page begins where the rows of the one before ended: a
    server may give fewer than it is asked for.
    """
    offset = 0
    for _ in range(most):
        page = await ask(offset)
        is_last = page.is_last(offset)
        yield page, is_last
        if is_last:
            return
        offset += page.rows
