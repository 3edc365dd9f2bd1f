"""The fixtures of the tests of the watcher."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.watch.watching import Watch, watching


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give where the store is."""
    return tmp_path / "store"


@pytest.fixture
async def watch(path: Path) -> AsyncIterator[Watch]:
    """Give a watcher that is not running."""
    async with watching(path) as opened:
        yield opened
