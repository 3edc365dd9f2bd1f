"""What several tests need."""

import asyncio
from collections.abc import Callable


async def eventually(holds: Callable[[], bool], *, within: float = 5) -> None:
    """Wait until the condition holds. Raises TimeoutError after ``within`` seconds."""
    async with asyncio.timeout(within):
        while not holds():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.01)
