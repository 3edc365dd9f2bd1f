"""ListVoiceTrainingJob in the MetaStudio simulator: its query parameters, the order of jobs, and one page.

The parameters are those of the page "ListVoiceTrainingJob". Where it leaves something open: times are
RFC 3339, texts match exactly, a job without ``is_ondemand_resource`` is not on demand, and an unknown
``state``, ``tag`` or ``job_type`` matches nothing. Unknown parameters are ignored, as gateways do; of a
parameter that is given twice the first one counts.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.simulators.metastudio.errors import failed_check
from bot.simulators.metastudio.jobs import RawJob

MOST_OFFSET = 2147483647
MOST_LIMIT = 100
USUAL_LIMIT = 10
MOST_STATES = 128

JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a job id must look like."""

_NUMBER = re.compile("[0-9]{1,10}")
_TIME = re.compile(
    "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_TEXT = re.compile(".+", re.DOTALL)
_SORT_KEYS = {
    "create_time": "create_time",
    "ceate_time": "create_time",  # a misprint of the page
    "update_time": "lastupdate_time",
}
_TIME_FIELDS = {"create": "create_time", "update": "lastupdate_time"}

Filter = Callable[[RawJob], bool]
"""Whether a job matches one parameter."""


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text


def _number(text: str, least: int, most: int) -> int:
    number = int(_matching(_NUMBER, text))
    if not least <= number <= most:
        raise ValueError(text)
    return number


def _time(text: str) -> float:
    """Parse an RFC 3339 time to epoch seconds."""
    return datetime.fromisoformat(_matching(_TIME, text)).timestamp()


def _text(text: str) -> str:
    return _matching(_TEXT, text)


def _short(text: str) -> str:
    """Return a list of states, which may have 128 characters (MetaStudio's OpenAPI text)."""
    if len(text) > MOST_STATES:
        raise ValueError(text)
    return text


def _one_of(choices: Mapping[str, Any]) -> Callable[[str], Any]:
    return lambda text: choices[text]


PARSERS: Mapping[str, Callable[[str], Any]] = {
    "offset": lambda text: _number(text, 0, MOST_OFFSET),
    "limit": lambda text: _number(text, 1, MOST_LIMIT),
    "create_since": _time,
    "create_until": _time,
    "update_since": _time,
    "update_until": _time,
    "state": lambda text: tuple(_text(state) for state in _short(text).split(",")),
    "job_id": lambda text: _matching(JOB_ID, text),
    "voice_name": _text,
    "tag": _text,
    "batch_name": _text,
    "job_type": _text,
    "sort_key": _one_of(_SORT_KEYS),
    "sort_dir": _one_of({"asc": False, "desc": True}),
    "is_ondemand_resource": _one_of({"true": True, "false": False}),
}
"""The parser of every documented query parameter; it raises ``ValueError`` or ``KeyError``."""


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """Which jobs a request asks for, in which order, and which page of them."""

    filters: Sequence[Filter] = ()
    sort_field: str = "create_time"
    descending: bool = True
    offset: int = 0
    limit: int = USUAL_LIMIT


FilterMode = Literal["exact", "part", "ignored", "refused"]
"""What a server may do with a filter, as no page says: match the whole text, match a part of it, take no
notice, or refuse the parameter.
"""


def parse_query(query: Mapping[str, str], modes: Mapping[str, FilterMode] | None = None) -> ListQuery:
    """Parse the parameters of a request; raise ``ApiError`` for a value that is malformed or out of range.

    ``modes`` are those of ``voice_name`` and ``state``.
    """
    modes = modes or {}
    for name in query:
        if modes.get(name) == "refused":
            raise failed_check(name)
    taken = [name for name in PARSERS if name in query and modes.get(name) != "ignored"]
    given = {name: _parse(name, query[name]) for name in taken}
    return ListQuery(
        offset=given.pop("offset", 0),
        limit=given.pop("limit", USUAL_LIMIT),
        sort_field=given.pop("sort_key", "create_time"),
        descending=given.pop("sort_dir", True),
        filters=[_filter(name, value, modes.get(name, "exact")) for name, value in given.items()],
    )


def _parse(name: str, text: str) -> Any:
    try:
        return PARSERS[name](text)
    except (ValueError, KeyError):
        raise failed_check(name) from None


def _filter(name: str, value: Any, mode: FilterMode) -> Filter:
    """Return the filter for one parameter; bounds in time are inclusive."""
    prefix, _, bound = name.partition("_")
    if bound == "since":
        return lambda job: _time_of(job, _TIME_FIELDS[prefix], -1) >= value
    if bound == "until":
        return lambda job: _time_of(job, _TIME_FIELDS[prefix], MOST_OFFSET + 1) <= value
    if name == "state":
        return lambda job: job.get("state") in value
    if name == "is_ondemand_resource":
        return lambda job: bool(job.get(name)) is value
    if mode == "part":
        return lambda job: value in str(job.get(name))
    return lambda job: job.get(name) == value


def _time_of(job: RawJob, field: str, default: float) -> float:
    """Return a time of a job in epoch seconds, or ``default`` where a test left it out or made it a text."""
    value = job.get(field)
    return value if isinstance(value, int | float) else default


def page(
    shown: Mapping[str, RawJob], query: ListQuery, *, hidden: Collection[str], unsorted: bool
) -> dict[str, Any]:
    """Return the body of the response; equal times are in the order of adding, or reversed if descending."""
    jobs = [job for job_id, job in shown.items() if job_id not in hidden]
    for matches in query.filters:
        jobs = [job for job in jobs if matches(job)]
    if not unsorted:
        jobs.sort(key=lambda job: _time_of(job, query.sort_field, 0))
        if query.descending:
            jobs.reverse()
    return {"count": len(jobs), "jobs": jobs[query.offset : query.offset + query.limit]}
