"""Jobs that the simulator of MetaStudio has."""

import pytest

from bot.simulators.metastudio.simulator import MetaStudioSimulator


@pytest.fixture
def job_id(metastudio: MetaStudioSimulator) -> str:
    return str(metastudio.add_job(state="PROCESSING", voice_name="女声")["job_id"])


@pytest.fixture
def job_ids(metastudio: MetaStudioSimulator) -> list[str]:
    """Return the ids of twelve jobs."""
    return [str(metastudio.add_job()["job_id"]) for _ in range(12)]
