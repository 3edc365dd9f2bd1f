"""The fixtures of the tests of the outbox."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.simulators.slack.workspace import SlackWorkspace
from tests.support import Office, office


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give where the store is."""
    return tmp_path / "store"


@pytest.fixture
async def post(slack: SlackWorkspace, path: Path) -> AsyncIterator[Office]:
    """Give an outbox that is not running."""
    async with office(slack, path) as opened:
        yield opened
