"""The log: one line an event, to stderr, as text or JSON, with neither secrets nor what people wrote in it.

A line of ours is a constant message and fields: ``log.info("told", extra=about(job=…, channel=…))``. Other
libraries put into their messages what they were given: request bodies, addresses that let anybody answer,
whole replies. So of theirs only the first words are taken, and of an exception never what it says, only its
class and where it came from.
"""

import json
import logging
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType
from typing import Any, Final, TextIO, TypeAlias

from bot.errors import MetaStudioError, StoreTrouble
from bot.process.output import on_lost

FIELDS: Final = (
    "job",
    "channel",
    "request",
    "step",
    "state",
    "seconds",
    "outcome",
    "error",
    "status",
    "code",
    "cause",
)
"""All fields that a line can have, in their order. ``request`` is Huawei Cloud's id of a request."""
LONGEST_FIELD: Final = 64
"""Characters of a field: a job id has no more, nor has any code."""
QUIET: Final = {
    "aiohttp": logging.WARNING,
    "asyncio": logging.WARNING,
    "httpx": logging.WARNING,  # at INFO: each request, with its address
    "slack_bolt": logging.WARNING,  # at INFO: the bodies of requests; at DEBUG everything
    "slack_sdk": logging.WARNING,  # at DEBUG: envelopes and the tickets of Socket Mode
    "sqlitedict": logging.CRITICAL,  # ten lines for each error, which reaches our log as one
}
"""The libraries' least levels, and WARNING for all others, whatever somebody sets instead."""

LOST: Final = "lines of the log that could not be written: %d"

LONGEST_TRACE: Final = 40
"""Frames of a traceback: the last ones."""

_OURS: Final = "bot"
_FIRST_WORDS: Final = re.compile(r"[A-Za-z ,-]{1,80}")
_PLAIN: Final = re.compile(r"[\w.:/+-]+", re.ASCII)
_UNTOLD: Final = "(its words are not logged)"

Fields: TypeAlias = dict[str, str | float]
ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class LogFormat(StrEnum):
    """How a line looks."""

    TEXT = "text"
    JSON = "json"


def about(
    *, error: Exception | None = None, seconds: float | None = None, **values: str | None
) -> dict[str, Any]:
    """Make the ``extra`` of a line from values for FIELDS; empty ones are left out, long ones are cut.

    ``error`` becomes its class, and what it knows of MetaStudio's answer. Raises ValueError for no field.
    """
    given: dict[str, str | float | None] = {**_of(error), **values}
    if seconds is not None:
        given["seconds"] = round(seconds, 2)
    if unknown := given.keys() - set(FIELDS):
        raise ValueError(f"no fields of the log: {', '.join(sorted(unknown))}")
    return {"about": {name: _cut(value) for name in FIELDS if (value := given.get(name)) not in {None, ""}}}


def set_up(form: LogFormat = LogFormat.TEXT, level: int = logging.INFO) -> None:
    """Send what is logged from ``level`` on to stderr; a second call takes the place of the first.

    Warnings of Python and exceptions that nobody caught go the same way.
    """
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, _Lines)]:
        root.removeHandler(handler)
    root.addHandler(lines := _Lines(form, level, sys.stderr))
    on_lost(lines.lost)
    root.setLevel(max(level, logging.WARNING))
    logging.getLogger(_OURS).setLevel(level)
    for name, quiet in QUIET.items():
        logging.getLogger(name).setLevel(max(level, quiet))
    _hear_of_crashes()


class _Lines(logging.StreamHandler[TextIO]):
    """Writes lines; also fit where somebody sets other levels."""

    def __init__(self, form: LogFormat, level: int, stream: TextIO) -> None:
        super().__init__(stream)
        self.setLevel(level)
        self.setFormatter(JsonLines() if form is LogFormat.JSON else TextLines())
        self.addFilter(_is_fit)

    def lost(self, number: int) -> str:
        """Write the line that says how many were dropped."""
        told = {"name": __name__, "levelname": "WARNING", "msg": LOST, "args": (number,)}
        return self.format(logging.makeLogRecord(told)) + self.terminator

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's own name
        """Say that a line can't be made: logging would print it raw, with its values."""
        where = {"name": record.name, "levelname": "ERROR", "msg": f"a line can't be made: {_place(record)}"}
        with suppress(Exception):
            self.stream.write(self.format(logging.makeLogRecord(where)) + self.terminator)


class TextLines(logging.Formatter):
    """``2026-01-31T08:15:00.123Z WARNING bot.deliver.outbox: message job=… channel=…``, then a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line, whatever is in it: line breaks are escaped."""
        told = [f"{_time(record)} {record.levelname:<7} {record.name}: {_message(record)}"]
        told += [f"{name}={_quoted(value)}" for name, value in _fields(record).items()]
        if trace := _trace(record.exc_info):
            told.append(trace)
        return _escaped(" ".join(told))


class JsonLines(logging.Formatter):
    """One object: time, level, logger, message, the fields, and a traceback under that name.

    What else other libraries attach to their records is left out.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write one line: JSON escapes line breaks, and all that is not ASCII."""
        told: Fields = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
        }
        told |= _fields(record)
        if trace := _trace(record.exc_info):
            told["traceback"] = trace
        return json.dumps(told)


def _is_fit(record: logging.LogRecord) -> bool:
    return _is_ours(record) or record.levelno >= QUIET.get(record.name.partition(".")[0], logging.WARNING)


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == _OURS


def _message(record: logging.LogRecord) -> str:
    if _is_ours(record):
        return record.getMessage()
    # asyncio, for one, goes on with the arguments of what failed, and Bolt with the request.
    words = _first_words(record.msg) if isinstance(record.msg, str) else ""
    return f"{words} {_UNTOLD} {_place(record)}".strip()


def _first_words(text: str) -> str:
    found = _FIRST_WORDS.match(text)
    return found[0].strip() if found else ""


def _place(record: logging.LogRecord) -> str:
    return f"{record.module}:{record.lineno}"


def _fields(record: logging.LogRecord) -> Fields:
    return getattr(record, "about", {}) if _is_ours(record) else {}


def _time(record: logging.LogRecord) -> str:
    now = datetime.fromtimestamp(record.created, UTC)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _quoted(value: str | float) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else repr(text)


def _escaped(text: str) -> str:
    """Write line breaks, and whatever else could steer a terminal, as their codes."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _code(each) for each in text)


def _code(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _cut(value: str | float | None) -> str | float:
    if isinstance(value, float):
        return value
    text = str(value)
    return text if len(text) <= LONGEST_FIELD else text[: LONGEST_FIELD - 1] + "…"


def _of(error: Exception | None) -> Mapping[str, str]:
    """Take what is known of an error; other people's words are not among it."""
    if error is None:
        return {}
    told = {"error": type(error).__name__}
    if isinstance(error, MetaStudioError):
        told |= {"status": str(error.status or ""), "code": error.code, "request": error.request_id}
        told["cause"] = type(error.__cause__).__name__ if error.__cause__ else ""
    elif isinstance(error, StoreTrouble):
        told["cause"] = error.values.get("reason", "")
    return told


def _trace(exc_info: ExcInfo | None) -> str:
    """Tell an exception, and those behind it, by class and place: what they say may quote anything."""
    if not (exc_info and exc_info[1]):
        return ""
    return "\n".join(["Traceback:", *_lines_of(exc_info[1], set())])


def _lines_of(error: BaseException, told: set[int]) -> Iterator[str]:
    told.add(id(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause and id(cause) not in told:
        yield from _lines_of(cause, told)
        yield "which led to:"
    yield from (line.rstrip() for line in traceback.format_tb(error.__traceback__, -LONGEST_TRACE))
    yield type(error).__qualname__
    for each in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        if id(each) not in told:
            yield "of which one is:"
            yield from _lines_of(each, told)


def _hear_of_crashes() -> None:
    """Log what Python itself would print raw, with all that an exception or a warning says."""
    log = logging.getLogger(__name__)

    def crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            log.critical("crashed", exc_info=(kind, error, trace))

    def thread_crashed(args: threading.ExceptHookArgs) -> None:
        if args.exc_value:
            log.error("a thread crashed", exc_info=args.exc_value)

    def unraisable(args: "sys.UnraisableHookArgs") -> None:
        if args.exc_value:
            log.error("an exception that nobody can catch", exc_info=args.exc_value)

    def warned(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,  # noqa: ARG001  warnings calls with all of these
        line: str | None = None,  # noqa: ARG001
    ) -> None:
        words = _first_words(str(message))
        log.warning("%s at %s:%d: %s %s", category.__name__, filename, lineno, words, _UNTOLD)

    sys.excepthook, threading.excepthook, sys.unraisablehook = crashed, thread_crashed, unraisable
    warnings.showwarning = warned
