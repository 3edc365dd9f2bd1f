"""PURE. What the environment holds for other programs, and would break a library of ours."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

UNUSED: Final = frozenset({"PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir", "_VOICEJOB_COMPLETE"})
"""What no command has a use for: the bot is one process, and has no completion for shells.

prometheus_client would put each figure into a file of that folder, and typer complete instead of obeying.
"""
SIZES: Final = frozenset({"COLUMNS", "LINES", "TERMINAL_WIDTH"})
"""Of the terminal. rich draws nothing in no columns, and typer fails where it is no number."""
OF_SLACK: Final = re.compile(r"SLACK_.*", re.IGNORECASE)
OF_THE_NETWORK: Final = re.compile(r"SSL_CERT_(FILE|DIR)|SSLKEYLOGFILE|NETRC|.*_PROXY", re.IGNORECASE)
"""What is for other hosts than this one: certificates, proxies, and tokens. The demo stays on loopback."""
_SIZE: Final = re.compile(r"[1-9][0-9]{0,3}")


def harmful(environment: Mapping[str, str], arguments: Iterable[str]) -> list[str]:
    """Name what has to go from the environment before a command imports its libraries."""
    is_demo = next(iter(arguments), "") == "demo"
    return [
        name
        for name, value in environment.items()
        if name in UNUSED
        or (name in SIZES and not _SIZE.fullmatch(value))
        or (is_demo and (OF_SLACK.fullmatch(name) or OF_THE_NETWORK.fullmatch(name)))
    ]
