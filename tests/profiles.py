"""Profiles of hypothesis: how many examples the property tests try, and which."""

import os
import re
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

ORDINARY, LONG = "ordinary", "long"
"""The same examples in each run; and random ones, as many as the variable LONG_EXAMPLES says."""
PASSING = re.compile(r"(\d+) passing")

# How long an example takes says more about the machine than about the code. No database: what was found
# before must not decide about what is tried.
settings.register_profile(
    ORDINARY,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    LONG,
    settings.get_profile(ORDINARY),
    derandomize=False,
    max_examples=int(os.environ.get("LONG_EXAMPLES", "20000")),
    print_blob=True,
)
settings.load_profile(ORDINARY)  # --hypothesis-profile=long comes later than this, and earlier than the tests


def examples(number: int) -> settings:
    """Try so many examples in the ordinary run; in the long one, as many as its profile says."""
    is_long = settings.get_current_profile_name() == LONG
    return settings() if is_long else settings(max_examples=number)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note in the report of a property test how many examples it passed, for the table of the long run."""
    report = yield
    statistics: Any = getattr(item, "hypothesis_statistics", None)
    if statistics and report.when == "teardown":
        passed = sum(int(number) for number in PASSING.findall(statistics))
        report.user_properties.append(("examples", passed))
    return report
