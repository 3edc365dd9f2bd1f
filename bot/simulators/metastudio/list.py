"""ListVoiceTrainingJob as the MetaStudio simulator answers it: its query parameters, the order, one page.

The parameters are those of the page "ListVoiceTrainingJob". Where it leaves something open: moments are
RFC 3339, texts match exactly, a job that does not say ``is_ondemand_resource`` is not on demand, and an
unknown ``state``, ``tag`` or ``job_type`` matches nothing. Unknown parameters are ignored, as gateways do;
of a parameter that is given twice the first one counts.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.simulators.metastudio import errors
from bot.simulators.metastudio.jobs import RawJob

MOST_OFFSET = 2147483647
MOST_LIMIT = 100
USUAL_LIMIT = 10

JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a job id must look like."""

_NUMBER = re.compile("[0-9]{1,10}")
_MOMENT = re.compile(
    "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_SORT_KEYS = {
    "create_time": "create_time",
    "ceate_time": "create_time",  # a misprint of the page
    "update_time": "lastupdate_time",
}

Keep = Callable[[RawJob], bool]
"""Tells whether a job matches one parameter."""


def _number(text: str, least: int, most: int) -> int:
    if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise ValueError(text)
    return int(text)


def _moment(text: str) -> float:
    """Read an RFC 3339 moment as epoch seconds."""
    if not _MOMENT.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text).timestamp()


def _one_of(choices: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        if text not in choices:
            raise ValueError(text)
        return choices[text]

    return read


def _text(text: str) -> str:
    if not text:
        raise ValueError(text)
    return text


def _job_id(text: str) -> str:
    if not JOB_ID.fullmatch(text):
        raise ValueError(text)
    return text


READERS: Mapping[str, Callable[[str], Any]] = {
    "offset": lambda text: _number(text, 0, MOST_OFFSET),
    "limit": lambda text: _number(text, 1, MOST_LIMIT),
    "create_since": _moment,
    "create_until": _moment,
    "update_since": _moment,
    "update_until": _moment,
    "state": lambda text: tuple(_text(state) for state in text.split(",")),
    "job_id": _job_id,
    "voice_name": _text,
    "tag": _text,
    "batch_name": _text,
    "job_type": _text,
    "sort_key": _one_of(_SORT_KEYS),
    "sort_dir": _one_of({"asc": False, "desc": True}),
    "is_ondemand_resource": _one_of({"true": True, "false": False}),
}
"""Every documented query parameter, and how its value is read; a reader raises ``ValueError``."""


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """What one request for the list asks: which jobs, in which order, which page of them."""

    keeps: Sequence[Keep] = ()
    sort_field: str = "create_time"
    descending: bool = True
    offset: int = 0
    limit: int = USUAL_LIMIT


def read_query(query: Mapping[str, str]) -> ListQuery:
    """Read the parameters of a request; raise ``ApiError`` for a value out of range or unreadable."""
    given = {name: _read(name, query[name]) for name in READERS if name in query}
    return ListQuery(
        offset=given.pop("offset", 0),
        limit=given.pop("limit", USUAL_LIMIT),
        sort_field=given.pop("sort_key", "create_time"),
        descending=given.pop("sort_dir", True),
        keeps=[_keep(name, value) for name, value in given.items()],
    )


def _read(name: str, text: str) -> Any:
    try:
        return READERS[name](text)
    except ValueError:
        raise errors.failed_check(name) from None


def _keep(name: str, value: Any) -> Keep:
    """Return the test for one parameter; bounds in time are inclusive."""
    times = {"create": "create_time", "update": "lastupdate_time"}
    what, _, bound = name.partition("_")
    if bound == "since":
        return lambda job: _time(job.get(times[what]), -1) >= value
    if bound == "until":
        return lambda job: _time(job.get(times[what]), MOST_OFFSET + 1) <= value
    if name == "state":
        return lambda job: job.get("state") in value
    if name == "is_ondemand_resource":
        return lambda job: bool(job.get(name)) is value
    return lambda job: job.get(name) == value


def _time(value: Any, otherwise: float) -> float:
    """Return a time of a job, which a test may have left out or made unreadable."""
    return value if isinstance(value, int | float) else otherwise


class Orders:
    """Sorts jobs by a field, and remembers the orders: sorting thousands anew costs more than the answer.

    An order depends on the times alone, so it holds for as long as they are equal, whoever changed the jobs.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[list[Any], list[int]]] = {}

    def sort(self, jobs: Sequence[RawJob], field: str, *, descending: bool) -> list[RawJob]:
        """Return the jobs by a time; equal times stay in the order of ``jobs``, reversed if descending."""
        ascending = [jobs[index] for index in self._order([job.get(field) for job in jobs], field)]
        return ascending[::-1] if descending else ascending

    def _order(self, times: list[Any], field: str) -> list[int]:
        known_times, order = self._known.get(field, (None, []))
        if times != known_times:
            order = sorted(range(len(times)), key=[_time(each, 0) for each in times].__getitem__)
            self._known[field] = times, order
        return order


def page(
    shown: Mapping[str, RawJob], query: ListQuery, hidden: Collection[str], orders: Orders | None
) -> dict[str, Any]:
    """Answer one request from the jobs that the list shows; without ``orders`` they stay as added."""
    jobs = _without(shown, hidden)
    if orders:
        jobs = orders.sort(jobs, query.sort_field, descending=query.descending)
    jobs = _matching(jobs, query.keeps)
    return {"count": len(jobs), "jobs": jobs[query.offset : query.offset + query.limit]}


def _without(shown: Mapping[str, RawJob], hidden: Collection[str]) -> list[RawJob]:
    if not hidden:
        return list(shown.values())
    return [job for job_id, job in shown.items() if job_id not in hidden]


def _matching(jobs: list[RawJob], keeps: Iterable[Keep]) -> list[RawJob]:
    for keep in keeps:
        jobs = [job for job in jobs if keep(job)]
    return jobs
