"""The fixture of the tests of ``voicejob check``."""

from pathlib import Path

import pytest

from bot.simulators.metastudio.simulator import MetaStudioSimulator
from bot.simulators.slack.workspace import SlackWorkspace
from tests.checks.checking import CheckSetup


@pytest.fixture
def setup(slack: SlackWorkspace, metastudio: MetaStudioSimulator, tmp_path: Path) -> CheckSetup:
    return CheckSetup(slack, metastudio, tmp_path / "kept.sqlite")
