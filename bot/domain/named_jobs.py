"""PURE. The jobs that a Slack message names, in whatever part of it: in its text, blocks or attachments."""

import re
from collections.abc import Iterator
from typing import Any, Final

from bot.domain.job_ids import UUID, job_id_from
from bot.errors import BadUsage

_NAMES: Final = re.compile(rf"https?://[^\s<>|\"]+|{UUID.pattern}", re.IGNORECASE)
"""A link, or a bare id."""
_WORDS: Final = frozenset(
    {"text", "value", "url", "fallback", "pretext", "title", "title_link", "from_url", "footer", "alt_text"}
)
"""The keys of strings that people see or that buttons carry (pages "Block Kit", "Secondary attachments")."""
_DEPTH: Final = 30
"""How deep a message is searched: Slack's own nest less than ten deep."""


def jobs_named(message: object) -> list[str]:
    """Return the ids of the jobs that a message of Slack's names, each once, in order of appearance.

    They are UUIDs, and whatever links to a job name.
    """
    found: dict[str, str] = {}
    for words in _strings(message, _DEPTH):
        for job_id in _ids_in(words):
            found.setdefault(job_id.lower(), job_id)
    return list(found.values())


def _strings(part: object, depth: int) -> Iterator[str]:
    """Yield the words of a message: at first its text, as people see it."""
    if depth and isinstance(part, dict):
        for name in sorted(part, key=lambda name: name != "text"):
            inside: Any = part[name]
            if isinstance(inside, str) and name in _WORDS:
                yield inside
            elif name != "files":
                yield from _strings(inside, depth - 1)
    elif depth and isinstance(part, list):
        for each in part:
            yield from _strings(each, depth - 1)


def _ids_in(words: str) -> Iterator[str]:
    for name in _NAMES.findall(words):
        try:
            yield job_id_from(name)
        except BadUsage:  # a link to something else, or to several
            yield from UUID.findall(name)
