"""The log: one line for each event, to stderr, as text or JSON, without secrets or what people wrote.

The bot logs constant messages and fields: ``log.info("delivered", extra=about(job=…, channel=…))``. Other
libraries log what they were given: request bodies, response URLs, whole answers. So of their messages only
the first words are logged, and of exceptions only classes and tracebacks, never their messages.
"""

import json
import logging
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType
from typing import Any, Final, TextIO, TypeAlias

from bot.errors import MetaStudioError, StoreTrouble
from bot.process.output import report_lost

FIELDS: Final = (
    "job",
    "jobs",
    "user",
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
"""All fields that a line can have, in this order. ``request`` is Huawei Cloud's request id.

``jobs`` is what a wide subscription is to, ``user`` who made a change.
"""
LONGEST_FIELD: Final = 64
"""The most characters of a field's value; job ids and error codes are no longer."""
QUIET: Final = {
    "aiohttp": logging.WARNING,
    "asyncio": logging.WARNING,
    "httpx": logging.WARNING,  # at INFO: each request, with its address
    "slack_bolt": logging.WARNING,  # at INFO: the bodies of requests; at DEBUG everything
    "slack_sdk": logging.WARNING,  # at DEBUG: envelopes and the tickets of Socket Mode
    "sqlitedict": logging.CRITICAL,  # ten lines for each error, which reaches our log as one
}
"""The minimum level of each library's records, whatever its logger is set to; WARNING for all others."""
LOST: Final = "lines of the log that could not be written: %d"
LONGEST_TRACE: Final = 40
"""The most frames of a traceback that are logged, the innermost ones."""

_OURS: Final = "bot"
_FIRST_WORDS: Final = re.compile(r"[A-Za-z ,-]{1,80}")
_PLAIN: Final = re.compile(r"[\w.:/+-]+", re.ASCII)
_OMITTED: Final = "(its words are not logged)"

Fields: TypeAlias = dict[str, str | float]


class LogFormat(StrEnum):
    """The formats of the log."""

    TEXT = "text"
    JSON = "json"


def about(
    *, error: Exception | None = None, seconds: float | None = None, **values: str | None
) -> dict[str, Any]:
    """Return the ``extra`` argument of a log call with these FIELDS; empty ones are left out, long ones cut.

    ``error`` becomes its class, and MetaStudio's status, code and request id. Raises ValueError for a name
    that is no field.
    """
    given: dict[str, str | None] = {**_fields_of(error), **values}
    if unknown := given.keys() - set(FIELDS):
        raise ValueError(f"no fields of the log: {', '.join(sorted(unknown))}")
    fields: Fields = {name: _cut(str(value)) for name, value in given.items() if value}
    if seconds is not None:
        fields["seconds"] = round(seconds, 2)
    return {"about": {name: fields[name] for name in FIELDS if name in fields}}


def set_up(form: LogFormat = LogFormat.TEXT, level: int = logging.INFO) -> None:
    """Log to stderr from ``level`` on; a second call replaces the first.

    Warnings and uncaught exceptions are logged, too.
    """
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, _StderrHandler)]:
        root.removeHandler(handler)
    root.addHandler(handler := _StderrHandler(form, level))
    report_lost(handler.lost)
    root.setLevel(max(level, logging.WARNING))
    logging.getLogger(_OURS).setLevel(level)
    for name, quiet in QUIET.items():
        logging.getLogger(name).setLevel(max(level, quiet))
    _log_crashes()


class _StderrHandler(logging.StreamHandler[TextIO]):
    """Writes lines to stderr. Its filter also holds where somebody sets the loggers' levels."""

    def __init__(self, form: LogFormat, level: int) -> None:
        super().__init__(sys.stderr)
        self.setLevel(level)
        self.setFormatter(JsonLines() if form is LogFormat.JSON else TextLines())
        self.addFilter(_is_logged)

    def lost(self, number: int) -> str:
        """Format the line with the number of lines lost."""
        return self._line(__name__, "WARNING", LOST % number)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's own name
        """Log where a record can't be formatted: logging would print its arguments."""
        with suppress(Exception):
            place = f"{record.module}:{record.lineno}"
            self.stream.write(self._line(record.name, "ERROR", f"a line can't be made: {place}"))

    def _line(self, name: str, level: str, message: str) -> str:
        record = logging.makeLogRecord({"name": name, "levelname": level, "msg": message})
        return self.format(record) + self.terminator


class TextLines(logging.Formatter):
    """``2026-01-31T08:15:00.123Z WARNING bot.deliver.outbox: message job=… channel=…``, then a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Format one line; line breaks and control characters are escaped."""
        line = f"{_time(record)} {record.levelname:<7} {record.name}: {_message(record)}"
        fields = [f"{name}={_quoted(value)}" for name, value in _fields(record).items()]
        return _escaped(" ".join(filter(None, [line, *fields, _traceback(record)])))


class JsonLines(logging.Formatter):
    """An object with the keys time, level, logger and message, the fields, and perhaps a traceback.

    Attributes that other libraries give to their records are left out.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Format one line of ASCII; JSON escapes all other characters."""
        head = {"time": _time(record), "level": record.levelname, "logger": record.name}
        text = _traceback(record)
        trace = {"traceback": text} if text else {}
        return json.dumps({**head, "message": _message(record), **_fields(record), **trace})


def _is_logged(record: logging.LogRecord) -> bool:
    return _is_ours(record) or record.levelno >= QUIET.get(record.name.partition(".")[0], logging.WARNING)


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] == _OURS


def _message(record: logging.LogRecord) -> str:
    if _is_ours(record):
        return record.getMessage()
    # After the first words, asyncio goes on with the arguments of a call, and Bolt with the request.
    words = _first_words(record.msg) if isinstance(record.msg, str) else ""
    return f"{words} {_OMITTED} {record.module}:{record.lineno}".strip()


def _first_words(text: str) -> str:
    found = _FIRST_WORDS.match(text)
    return found[0].strip() if found else ""


def _fields(record: logging.LogRecord) -> Fields:
    return getattr(record, "about", {}) if _is_ours(record) else {}


def _time(record: logging.LogRecord) -> str:
    now = datetime.fromtimestamp(record.created, UTC)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _quoted(value: str | float) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else repr(text)


def _escaped(text: str) -> str:
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_FIELD else text[: LONGEST_FIELD - 1] + "…"


def _fields_of(error: Exception | None) -> dict[str, str]:
    """Return the loggable fields of an error, without any message of MetaStudio's or a library's."""
    if error is None:
        return {}
    fields = {"error": type(error).__name__}
    if isinstance(error, MetaStudioError):
        fields |= {"status": str(error.status or ""), "code": error.code, "request": error.request_id}
        fields["cause"] = type(error.__cause__).__name__ if error.__cause__ else ""
    elif isinstance(error, StoreTrouble):
        fields["cause"] = error.values.get("reason", "")
    return fields


def _traceback(record: logging.LogRecord) -> str:
    """Format the record's exception, if it has one, and those behind it, without their messages."""
    error = record.exc_info[1] if record.exc_info else None
    return "\n".join(["Traceback:", *_traceback_lines(error, set())]) if error else ""


def _traceback_lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause and id(cause) not in seen:
        yield from _traceback_lines(cause, seen)
        yield "which led to:"
    yield from (line.rstrip() for line in traceback.format_tb(error.__traceback__, -LONGEST_TRACE))
    yield type(error).__qualname__
    for each in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        if id(each) not in seen:
            yield "of which one is:"
            yield from _traceback_lines(each, seen)


def _log_crashes() -> None:
    """Log what Python itself would print, with the messages of exceptions and warnings."""
    log = logging.getLogger(__name__)

    def crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            log.critical("crashed", exc_info=error)

    def hook(message: str) -> Callable[[Any], None]:
        def failed(args: Any) -> None:
            if args.exc_value:
                log.error(message, exc_info=args.exc_value)

        return failed

    def warned(
        message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any, **__: Any
    ) -> None:
        words = _first_words(str(message))
        log.warning("%s at %s:%d: %s %s", category.__name__, filename, lineno, words, _OMITTED)

    sys.excepthook, threading.excepthook = crashed, hook("a thread crashed")
    sys.unraisablehook, warnings.showwarning = hook("an exception that nobody can catch"), warned
