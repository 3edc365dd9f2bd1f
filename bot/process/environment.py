"""PURE. Environment variables that are meant for other programs, and would break a library of the bot."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

UNUSED: Final = frozenset({"PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"})
"""Variables that no command uses: prometheus_client would keep its values in files of that folder."""
COMPLETION: Final = "_VOICEJOB_COMPLETE"
"""By this variable a shell asks for completions, without arguments. With some, no command would run."""
SIZES: Final = frozenset({"COLUMNS", "LINES", "TERMINAL_WIDTH"})
"""The terminal's size. rich draws nothing in 0 columns, and typer fails where it is no number."""
OF_SLACK: Final = re.compile(r"SLACK_.*", re.IGNORECASE)
OF_THE_NETWORK: Final = re.compile(r"SSL_CERT_(FILE|DIR)|SSLKEYLOGFILE|NETRC|.*_PROXY", re.IGNORECASE)
"""What is needed for other hosts: certificates, proxies, and tokens. The demo stays on loopback."""
_SIZE: Final = re.compile(r"[1-9][0-9]{0,3}")


def harmful(environment: Mapping[str, str], arguments: Iterable[str]) -> list[str]:
    """Return the names of the variables to remove before a command imports its libraries."""
    command = next(iter(arguments), "")
    return [
        name
        for name, value in environment.items()
        if name in UNUSED
        or (name in SIZES and not _SIZE.fullmatch(value))
        or (name == COMPLETION and command)
        or (command == "demo" and (OF_SLACK.fullmatch(name) or OF_THE_NETWORK.fullmatch(name)))
    ]
