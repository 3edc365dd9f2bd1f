"""PURE. Job ids: how they look, and where one is in what a person typed or pasted."""

import re
from typing import Final
from urllib.parse import unquote

from bot.characters import normalised
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
_ENCODINGS: Final = 3
"""How often an address may stand encoded in another one: a page to go to after signing in does once."""
_BLANKS: Final = "".join(filter(str.isspace, map(chr, range(0x3001))))
_QUOTES: Final = "`'\"‘’‚‛“”„‟‹›«»「」『』"  # noqa: RUF001  what keyboards and copying add
_AFTER_ID: Final = ".,:;!?。、"
_AFTER_LINK: Final = _AFTER_ID + ")]}" + _QUOTES


def job_id_from(text: str) -> str:
    """Read the job id that a person typed or pasted: bare, quoted, in backticks, or inside a link.

    Raises BadJobId when it can't be one, BadLink when a link holds none, or more than one.
    """
    return job_id_in(normalised(text))


def job_id_in(text: str) -> str:
    """Read the job id in what is normalised already. Raises BadJobId and BadLink as ``job_id_from``."""
    bare = unquoted(text)
    if "://" in bare:
        return _job_id_in_link(bare)
    found = bare.rstrip(_AFTER_ID)
    if not JOB_ID.fullmatch(found):
        raise BadJobId(bare)
    return found


def unquoted(text: str) -> str:
    """Take away the blanks and quotes around the words that a person typed."""
    return text.strip(_BLANKS + _QUOTES)


def _job_id_in_link(link: str) -> str:
    """Find the one job id in a link; Slack may send the link as ``<https://…|label>``.

    An id that is named as such wins, at first in the address as it is, and then in what is encoded in it.
    """
    address = link.strip("<>").partition("|")[0].rstrip(_AFTER_LINK)
    for _ in range(_ENCODINGS):
        if named := {found for pattern in _LINKED_ID for found in pattern.findall(address)}:
            return _the_one(named, link)
        address = re.sub(r"\s", "%", unquote(address))  # what was encoded ends nothing
    return _the_one(set(UUID.findall(address)), link)


def _the_one(ids: set[str], link: str) -> str:
    if len(ids) != 1:
        raise BadLink(link)
    return ids.pop()
