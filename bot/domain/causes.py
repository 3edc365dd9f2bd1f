"""PURE. Why a job failed or was sent back, in a form that is short enough to be kept with the job."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

FAILURES: Final = frozenset({"AUDIT_FAILED", "SPLIT_FAILED", "FAILED"})
"""The states that have a cause."""


class Reviewer(StrEnum):
    """Who refused a job's recordings, or on whom it failed."""

    SYSTEM = "system"
    """The automatic review."""
    ADMIN = "admin"
    """A person at MetaStudio."""
    ALGORITHM = "algorithm"
    """The training itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Files that the automatic review found wrong in the same way."""

    code: str
    """MetaStudio's error code; empty if there was none."""
    count: int
    names: tuple[str, ...] = ()
    """The first of the files' names."""
    message: str = ""
    """What MetaStudio says of the first of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a job failed or was sent back."""

    by: Reviewer
    at: int | None = None
    """When, in epoch seconds."""
    said: str = ""
    """The words of the reviewer, or of the algorithm, as MetaStudio sent them."""
    faults: tuple[Fault, ...] = ()
    """The most frequent first."""
