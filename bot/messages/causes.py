"""PURE. Why a job failed or was sent back, in one or two lines: for its card and for the notice."""

from typing import Final

from bot.domain.causes import Cause, Fault, Reviewer
from bot.messages.blocks import VALUE_LIMIT, code, literal
from bot.messages.texts import Words

SAID_LIMIT: Final = 300
MOST_NAMED: Final = 2
"""Files that a card names; Details names more."""
MOST_LINES: Final = 2


def lines(cause: Cause, words: Words, most: int = MOST_LINES) -> list[str]:
    """Return a cause in mrkdwn, in ``most`` lines at most."""
    if cause.faults:
        return _fault_lines(cause, words, most)
    said = literal(cause.said, SAID_LIMIT)
    if cause.by is Reviewer.ALGORITHM:
        return [words("cause-algorithm", said=said)] if said else []
    return [
        words(f"cause-{cause.by}", said=said)
        if said and cause.by is Reviewer.ADMIN
        else _silent(cause, words)
    ]


def _silent(cause: Cause, words: Words) -> str:
    return words(f"cause-{cause.by}-silent")


def _fault_lines(cause: Cause, words: Words, most: int) -> list[str]:
    told = [fault_line(fault, words, MOST_NAMED) for fault in cause.faults[:most]]
    if len(cause.faults) > most:
        told[-1] = words("cause-more-kinds", fault=told[-1])
    return [words("cause-system", faults=told[0]), *told[1:]]


def fault_line(fault: Fault, words: Words, most: int) -> str:
    """Return what is wrong with which files, of which ``most`` are named."""
    return words("fault-line", what=what(fault, words), files=files(fault, words, most))


def what(fault: Fault, words: Words) -> str:
    """Return what is wrong: our own sentence for a known code, else what MetaStudio sent."""
    if known := words.known("fault", known_name(fault)):
        return known
    said, error = literal(fault.message, SAID_LIMIT), code(fault.code, VALUE_LIMIT)
    if fault.code and said:
        return words("fault-unknown", code=error, said=said)
    return (
        words("fault-unknown-code", code=error) if fault.code else words("fault-unknown-message", said=said)
    )


def what_to_do(fault: Fault, words: Words) -> str:
    """Return what a person does about it; of a code that is not known, where to ask."""
    name = known_name(fault)
    return words.attribute(f"fault-{name}", "do") if words.known("fault", name) else words("fault-ask")


def known_name(fault: Fault) -> str | None:
    """Return a code of MetaStudio's as the catalogs write it, whose names have no full stops."""
    return fault.code.replace(".", "_") if fault.code.startswith("MSS.") else None


def files(fault: Fault, words: Words, most: int) -> str:
    """Return the names of the files, ``most`` of them and how many more there are; or how many there are."""
    named = [literal(name) for name in fault.names[:most]]
    more = fault.count - len(named)
    if not named:
        return words("fault-files-unnamed", count=fault.count)
    names = words("between-names").join(named)
    return words("fault-files-more", names=names, more=more) if more else names
