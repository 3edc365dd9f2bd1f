"""PURE. A job's history, step by step: what happened, when, by whom, and how long it took."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from bot.domain.findings import Operation, OperationLog
from bot.messages.blocks import QUOTED_LIMIT, VALUE_LIMIT, code, date, literal
from bot.messages.texts import Words

MOST_STEPS: Final = 20
_UNITS: Final = (("days", 24 * 60 * 60), ("hours", 60 * 60), ("minutes", 60))
"""The units in which a time is told, with their seconds, largest first."""


def lines(log: OperationLog, words: Words) -> list[str]:
    """Return a history in mrkdwn, one step a line, oldest first: the last MOST_STEPS of them."""
    every = log.operations
    shown = [_step(now, before, words) for before, now in pairwise((None, *every)) if now][-MOST_STEPS:]
    left_out = max(len(every), log.count or 0) - len(shown)
    return [words("details-left-out", count=left_out), *shown] if left_out > 0 else shown


def _step(operation: Operation, before: Operation | None, words: Words) -> str:
    known = words.known("action", operation.action)
    action = known or code(operation.action or "", VALUE_LIMIT)
    at = date(operation.time, words("moment")) if operation.time else "?"
    # Whoever is no kind of operator may be a person, whose name is never shown.
    if by := words.known("operator", operation.operator):
        step = words("details-step-by", at=at, action=action, by=by)
    else:
        step = words("details-step", at=at, action=action)
    if operation.time and before and before.time:
        step = words("details-after", step=step, span=span(operation.time - before.time, words))
    info = operation.external_info
    said = literal(info.algorithm_failure_reason or info.admin_audit_failure_reason or "", QUOTED_LIMIT)
    return words("details-step-said", step=step, said=said) if said else step


def span(seconds: int, words: Words) -> str:
    """Return how long something took, in the two largest units that it has."""
    parts: list[str] = []
    left = seconds
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(words(f"span-{unit}", count=count))
        elif parts:
            break
    return _joined(parts[:2], words) if parts else words("span-short")


def _joined(parts: Sequence[str], words: Words) -> str:
    return words("span-both", larger=parts[0], smaller=parts[1]) if len(parts) > 1 else parts[0]
