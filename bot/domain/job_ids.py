"""PURE. Job ids: their syntax, and extraction from text and links that a person typed or pasted."""

import re
from typing import Final
from urllib.parse import unquote

from bot.domain.characters import AMPERSAND, normalised
from bot.errors import BadJobId, BadLink

JOB_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
UUID: Final = re.compile(
    r"(?<![0-9a-z-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-z-])", re.IGNORECASE
)
"""How the ids of real jobs look; no page promises it."""
SOME_JOB: Final = "<job_id>"
"""Stands for a job id in the form of a command."""
SOME_NAME: Final = "<name>"
"""Stands there for the name of a batch, or for a tag."""
SOME_PERSON: Final = "<@person>"
"""Stands there for somebody who is named."""

_NAMED: Final = re.compile(r"(?:/jobs/|(?<![\w-])job_?id=)([^/?#&\s]*)", re.IGNORECASE)
"""What stands where a link names its job, be it an id or not."""
_SIMILAR: Final = re.compile(r"(?:/jobs/|job_?id=)([^/?#&\s]*)", re.IGNORECASE)
"""The same, and behind longer names: ``dhtms_job_id`` is another id of the same job."""
_PAGE: Final = re.compile(r"\.(?:html?|json)\Z|;.*\Z", re.IGNORECASE)
"""What servers put behind an id."""
_ADDRESS: Final = re.compile(r"[(\[{]*[\w-]+(?:\.[\w-]+)+/", re.ASCII)
"""How a link begins that was pasted without its ``https://``."""
_ENCODINGS: Final = 3
"""How often an address may stand encoded in another one: a page to go to after signing in does once."""
_BLANKS: Final = "".join(filter(str.isspace, map(chr, range(0x3001))))
_QUOTES: Final = "`'\"‘’‚‛“”„‟‹›«»「」『』"  # noqa: RUF001  what keyboards and copying add
_AFTER_ID: Final = ".,:;!?。、"
_AFTER_LINK: Final = _AFTER_ID + ")]}" + _QUOTES


def job_id_from(text: str) -> str:
    """Parse the job id that a person typed or pasted: bare, quoted, in backticks, or inside a link.

    Raises BadJobId when it can't be one, BadLink when a link holds none, or more than one.
    """
    return job_id_in(normalised(text))


def job_id_in(text: str) -> str:
    """Parse the job id in a normalised text. Raises BadJobId and BadLink as ``job_id_from``."""
    bare = unquoted(text)
    if is_link(bare):
        return _job_id_in_link(bare)
    found = bare.rstrip(_AFTER_ID)
    if not JOB_ID.fullmatch(found):
        raise BadJobId(bare)
    return _read(found)


def is_link(text: str) -> bool:
    """Whether a text is a URL, or has one in it."""
    return "://" in text or _ADDRESS.match(unquoted(text)) is not None


def unquoted(text: str) -> str:
    """Strip the blanks and quotes around the words that a person typed."""
    return text.strip(_BLANKS + _QUOTES)


def _job_id_in_link(link: str) -> str:
    """Parse the one job id in a link; Slack may send the link as ``<https://…|label>``.

    An id that is named as such wins, at first in the address as it is, and then in what is encoded in it. A
    UUID that stands elsewhere is the id only where no other one is named, not even one that can't be read.
    """
    address = link.strip("<>").partition("|")[0].rstrip(_AFTER_LINK)
    for _ in range(_ENCODINGS):
        named = set(map(_read, _NAMED.findall(address))) - {""}
        if any(map(JOB_ID.fullmatch, named)):
            return _the_one(named, link)
        address = _decoded(address)
    if _decoded(address) != address:
        raise BadLink(link)
    return _the_one({*UUID.findall(address), *map(_read, _SIMILAR.findall(address))}, link)


def _decoded(address: str) -> str:
    """Undo one percent encoding; an encoded blank does not end the id."""
    return AMPERSAND.sub("&", re.sub(r"\s", "\ufffd", unquote(address)))


def _read(value: str) -> str:
    """Strip what stands around a UUID; anything else may be an id as it is."""
    bare = _PAGE.sub("", value).strip("_" + _QUOTES)
    return bare if UUID.fullmatch(bare) else value


def _the_one(ids: set[str], link: str) -> str:
    if len(ids) != 1 or not all(map(JOB_ID.fullmatch, ids)):
        raise BadLink(link)
    return ids.pop()
