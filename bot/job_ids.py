"""PURE. Job ids: how they look, and where one is in what a person typed or pasted."""

import re
from typing import Final

from bot.errors import BadJobId, BadLink

JOB_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
UUID: Final = re.compile(
    r"(?<![0-9a-z-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-z-])", re.IGNORECASE
)
"""How the ids of real jobs look; no page promises it."""

_LINKED_ID: Final = (
    re.compile(r"/jobs/([A-Za-z0-9_-]{1,64})(?=[/?#&\s]|$)"),
    re.compile(r"[?&#]job_?id=([A-Za-z0-9_-]{1,64})(?=[/?#&\s]|$)", re.IGNORECASE),
)
_BLANKS: Final = "".join(filter(str.isspace, map(chr, range(0x3001))))
_QUOTES: Final = "`'\"‘’‚‛“”„‟‹›«»´「」『』\u200b\ufeff"  # noqa: RUF001  what keyboards and copying add
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))  # noqa: RUF001  the same


def job_id_from(text: str) -> str:
    """Read the job id that a person typed or pasted: bare, quoted, in backticks, or inside a link.

    Raises BadJobId when it can't be one, BadLink when a link holds none, or more than one.
    """
    bare = unquoted(text)
    if "://" in bare:
        return _job_id_in_link(bare)
    found = bare.rstrip(".,:;!?。，：；！？")  # noqa: RUF001  from Chinese keyboards
    if not JOB_ID.fullmatch(found):
        raise BadJobId(bare)
    return found


def unquoted(text: str) -> str:
    """Take away what is around the words that a person typed, and the dashes that phones make of hyphens."""
    return text.strip(_BLANKS + _QUOTES).translate(_DASHES)


def _job_id_in_link(link: str) -> str:
    """Find the one job id in a link; Slack may send the link as ``<https://…|label>``."""
    address = link.strip("<>").partition("|")[0]
    named = {found for pattern in _LINKED_ID for found in pattern.findall(address)}
    ids = named or set(UUID.findall(address))
    if len(ids) != 1:
        raise BadLink(link)
    return str(ids.pop())
