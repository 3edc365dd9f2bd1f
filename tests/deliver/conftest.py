"""The fixtures of the tests of the outbox."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.simulators.slack.workspace import SlackWorkspace
from tests.support import Office, office


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the store is."""
    return tmp_path / "store"


@pytest.fixture
async def idle(slack: SlackWorkspace, path: Path) -> AsyncIterator[Office]:
    """Open an office whose outbox does not run yet."""
    async with office(slack, path) as opened:
        yield opened


@pytest.fixture
async def post(idle: Office) -> AsyncIterator[Office]:
    """Open an office whose outbox runs."""
    async with idle.running():
        yield idle
