"""Profiles of hypothesis: how many examples the property tests try, and which."""

import os

from hypothesis import HealthCheck, settings

ORDINARY, LONG = "ordinary", "long"
"""The same examples in each run; and random ones, as many as the variable LONG_EXAMPLES says."""

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
