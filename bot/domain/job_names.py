"""PURE. Jobs by the names of their voices, as people type them: in part, in any case and width."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from bot.domain.jobs import Job
from bot.errors import BadUsage

LONGEST_NAME: Final = 256
"""Characters of a name that the list can be asked for (ListVoiceTrainingJob, ``voice_name``)."""
MOST_NEAREST: Final = 3
_LIKE_ENOUGH: Final = 0.5
_LOOK_ALIKES: Final = str.maketrans(
    {
        "\N{ASTERISK OPERATOR}": "*",
        "\N{TILDE OPERATOR}": "~",
        "\N{MODIFIER LETTER LOW MACRON}": "_",
        "\N{RATIO}": ":",
        "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}": ">",
    }
)
"""What messages put in the place of Slack's own signs, see ``messages.blocks.literal``: names are copied."""


@dataclass(frozen=True)
class Wanted:
    """The job that a person means."""

    job_id: str = ""
    """What may be its id; empty where no word can be one."""
    name: str = ""
    """What may be in its voice's name; empty where it is certain that the id is one."""
    guess: BadUsage | None = field(default=None, compare=False)
    """What else was meant if there is no such job."""

    @property
    def typed(self) -> str:
        """What the person typed."""
        return self.name or self.job_id


@dataclass(frozen=True)
class Found:
    """The jobs that were found by a name."""

    jobs: tuple[Job, ...] = ()
    """Those whose voice's name contains it, the one that changed last first."""
    nearest: tuple[Job, ...] = ()
    """Where there are none: those with a similar name, the most similar one first."""
    searched: int | None = None
    """How many of the newest jobs were searched, where there may be more; None: all of them."""


def folded(name: str) -> str:
    """Return a name as it is compared: without differences of case, width and blanks."""
    plain = unicodedata.normalize("NFKC", name.translate(_LOOK_ALIKES)).translate(_LOOK_ALIKES)
    return " ".join(plain.casefold().split())


def named(jobs: Iterable[Job], name: str) -> tuple[Job, ...]:
    """Return each job once whose voice's name contains ``name``, the one that changed last first."""
    wanted = folded(name)
    found = {job.job_id: job for job in jobs if wanted in folded(job.voice_name or "")}
    return tuple(sorted(found.values(), key=lambda job: -(job.lastupdate_time or job.create_time or 0)))


def nearest(jobs: Sequence[Job], name: str) -> tuple[Job, ...]:
    """Return the jobs whose voices have the most similar names, one for each name."""
    by_name = {folded(job.voice_name): job for job in reversed(jobs) if job.voice_name}
    close = get_close_matches(folded(name), list(by_name), n=MOST_NEAREST, cutoff=_LIKE_ENOUGH)
    return tuple(by_name[each] for each in close)
