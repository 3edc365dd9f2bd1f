"""What MetaStudio might answer, as hypothesis strategies: the hostile, the broken and the usual."""

from typing import Any

from hypothesis import strategies as st

from bot.domain.jobs import STATES, Job

FIELDS = tuple(Job.model_fields)
"""Every field of a job, by MetaStudio's own name."""
VALUES = ("BASIC", "FLEXUS", "CN", "en_US", "FEMALE", "NEWS", "PACKAGE", "true", "false", "1767323045")
"""Usual ones, for which a message has words or a form of its own."""

MARKUP = ("<!channel>", "<@U0BOB>", "<https://evil.example|here>", "<!date^1^{date}|x>", "&lt;", "&")
STYLES = ("> quote", "*bold*", "_i_", "~s~", "`", "```", ":x:", "[red]", "[/]")
CONTROLS = ("\n", "\r", "\t", "\x00", "\x1b[31m", "\x1b]8;;https://evil.example\x07")
UNUSUAL = ("\ud800", "\udfff", "\u200b", "\u202e", "\u2066", "\u2028", "女声", "👩\u200d🎤")
HOSTILE_PIECES = MARKUP + STYLES + CONTROLS + UNUSUAL


def texts() -> st.SearchStrategy[str]:
    """Generate any text: lone surrogates and control characters too, markup, nothing, and very much."""
    any_character = st.characters() | st.characters(categories=("Cs", "Cc", "Cf"))
    hostile = st.lists(st.sampled_from(HOSTILE_PIECES) | st.text(any_character, max_size=4)).map("".join)
    huge = st.builds(lambda piece, times: piece * times, hostile, st.sampled_from([40, 400]))
    return st.text(any_character, max_size=30) | hostile | huge


def json_values() -> st.SearchStrategy[Any]:
    """Generate any JSON value, and the numbers that Python's parser accepts although JSON has none."""
    numbers = st.integers() | st.sampled_from([0, -1, 2147483647, 10**11, 10**15, 10**4000])
    simple = st.none() | st.booleans() | numbers | st.floats() | texts()
    return st.recursive(
        simple,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(), inner, max_size=3),
        max_leaves=6,
    )


def answers() -> st.SearchStrategy[dict[str, Any]]:
    """Generate any JSON object, mostly with fields of a job, of any type each."""
    values = st.sampled_from([*STATES, *VALUES]) | st.integers(1, 2**31) | texts() | json_values()
    known = st.fixed_dictionaries(
        {}, optional=dict.fromkeys(FIELDS, values) | {"state": st.sampled_from([*STATES]) | values}
    )
    unknown = st.dictionaries(texts(), json_values(), max_size=2)
    return st.builds(lambda first, second: first | second, unknown, known)
