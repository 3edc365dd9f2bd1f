"""The log: what a line looks like, what can't break it, and whose words never get into it."""

import io
import json
import logging
import re
import subprocess
import sys
from typing import Any

import pytest

from bot.errors import JobNotFound, StoreTrouble, TimedOut
from bot.telemetry import logs
from bot.telemetry.log_once import LogOnce
from bot.telemetry.logs import LONGEST_FIELD, JsonLines, LogFormat, TextLines, about

JOB = "4c8f7e9a-c62a-4629-bb97-6ce3c38a17cd"
HOSTILE = "x\nERROR forged\r\x1b[2J\x85\u2028\u202e\x00\udc80 y"
SECRET = "hush-hush-4711"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]+ +[\w.]+: .+")
FORMATTERS = {"text": TextLines(), "json": JsonLines()}
OMITTED = "(its words are not logged)"
CRASHES = """
import asyncio, gc, logging, threading, warnings
from bot.telemetry import logs

logs.set_up(logs.LogFormat.{form})
secret = input()

def fail(*_):
    int(secret)

class Odd:
    __del__ = fail

async def lose():
    fail()

async def main():
    asyncio.get_running_loop().call_soon(fail, secret)
    asyncio.ensure_future(lose())
    await asyncio.sleep(0)
    gc.collect()

(thread := threading.Thread(target=fail)).start()
thread.join()
Odd()
warnings.warn(f"(a {{secret}})")
logging.getLogger("bot.x").warning("%d", secret)
logging.getLogger("bot.x").warning("odd", extra={{"about": secret}})
logging.getLogger("slack_bolt.x").error(f"Refused ({{secret}})")
logging.getLogger("slack_bolt.x").error(ValueError(f"x {{secret}}"))
asyncio.run(main())
raise ExceptionGroup(secret, [ValueError(secret), OSError(secret)]) from KeyError(secret)
"""
"""A program in which everything goes wrong with a secret in its words."""
LOGGED = [
    "a thread crashed",
    "an exception that nobody can catch",
    "UserWarning at ",
    "a line can't be made: <string>:",
    "a line can't be made: <string>:",
    f"Refused {OMITTED} <string>:",
    f"{OMITTED} <string>:",
    f"Exception in callback fail {OMITTED}",
    f"Task exception was never retrieved {OMITTED}",
    "crashed",
]


def record(message: Any = "told", name: str = "bot.deliver.outbox", **more: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"name": name, "msg": message, "levelname": "INFO"} | more)


def failed(error: Exception) -> dict[str, Any]:
    """Return what logging keeps of an error that was raised."""

    def fails() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        fails()
    return {"exc_info": (raised.type, raised.value, raised.tb)}


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


FIELDS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"step": "edit_card", "channel": "C1", "job": JOB, "code": "", "state": None, "seconds": 0.0},
        {"job": JOB, "channel": "C1", "step": "edit_card", "seconds": 0.0},
    ),
    ({"job": "x" * 10_000}, {"job": "x" * (LONGEST_FIELD - 1) + "…"}),
    (
        {"error": JobNotFound(job_id=JOB, status=404, code="MSS.41000003", request_id="r-1")},
        {"request": "r-1", "error": "JobNotFound", "status": "404", "code": "MSS.41000003"},
    ),
    ({"error": caused(TimedOut(), ValueError(SECRET))}, {"error": "TimedOut", "cause": "ValueError"}),
    ({"error": StoreTrouble(path="/x", reason="disk full")}, {"error": "StoreTrouble", "cause": "disk full"}),
]


def test_fields() -> None:
    """In order, without empty ones, long ones cut; of errors no words but the store's reason; no others."""
    for given, fields in FIELDS:
        assert list(about(**given)["about"].items()) == list(fields.items())
    with pytest.raises(ValueError, match="email, text"):
        about(email="U1", text="x")


def test_a_line_of_text() -> None:
    """Time in UTC, level, logger, message, fields; an odd value is quoted, to be taken for no other field."""
    for value in ("xa=b", "xa b", "x名"):
        line = TextLines().format(record(created=0.5, **about(job=JOB, state=value)))
        where = "1970-01-01T00:00:00.500Z INFO    bot.deliver.outbox"
        assert line == f"{where}: told job={JOB} state={value!r}"


def test_a_line_of_json() -> None:
    """One object, with the fields and a traceback beside the rest, and nothing that a library attached."""
    given = about(job=JOB, seconds=1.234) | failed(KeyError(SECRET)) | {"args_of_theirs": SECRET}
    line = json.loads(JsonLines().format(record(created=0.5, **given)))

    frames = r'(\n  File ".+", line \d+, in fail(ed|s)\n    .+){2}'
    assert re.fullmatch(rf"Traceback:{frames}\nKeyError", line.pop("traceback"))
    head = {"time": "1970-01-01T00:00:00.500Z", "level": "INFO", "logger": "bot.deliver.outbox"}
    assert line == head | {"message": "told", "job": JOB, "seconds": 1.23}


@pytest.mark.parametrize("form", FORMATTERS.values(), ids=FORMATTERS)
def test_nothing_breaks_a_line(form: logging.Formatter) -> None:
    """One event is one line of printable characters, whatever comes from outside."""
    given = about(job=HOSTILE) | failed(KeyError(HOSTILE))

    assert form.format(record("odd", name=f"odd{HOSTILE}", **given)).isprintable()
    assert form.format(record("odd %s", args=(HOSTILE,), **given)).isprintable()


@pytest.mark.parametrize("form", FORMATTERS.values(), ids=FORMATTERS)
def test_what_others_say_is_not_logged(form: logging.Formatter) -> None:
    """Neither what exceptions say, and those that led to them, nor what follows a library's first words."""
    error = KeyError(SECRET)
    line = form.format(record(**failed(caused(error, caused(ValueError(SECRET), error)))))
    assert [word for word in ("ValueError", "KeyError", "in failed") if word not in line] == []
    assert SECRET not in line
    assert "KeyError" in form.format(record(exc_info=(KeyError, KeyError(SECRET), None)))
    assert "Traceback" not in form.format(record(exc_info=(None, None, None)))
    theirs = {"lineno": 7, "module": "app", "about": {"job": SECRET}}
    for message in (SECRET, f"Unhandled request ({SECRET})", {"a": SECRET}):
        line = form.format(record(message, "slack_bolt.AsyncApp", **theirs))
        assert "4711" not in line
        assert f"{OMITTED} app:7" in line


@pytest.mark.usefixtures("restored_logging")
def test_levels(capsys: pytest.CaptureFixture[str]) -> None:
    """INFO of ours, WARNING of others, even where somebody sets the loggers to DEBUG; each line once."""
    logs.set_up(LogFormat.JSON, logging.WARNING)
    logging.getLogger("bot.x").info("not heard")
    logs.set_up()
    others = ("slack_bolt.AsyncApp", "httpx", "botany")
    for is_debug in (False, True):
        for name in (None, "bot", "slack_bolt", "slack_sdk", "httpx", "asyncio") if is_debug else ():
            logging.getLogger(name).setLevel(logging.DEBUG)
        for name in ("bot.watch.watcher", *others):
            for level in (logging.DEBUG, logging.INFO, logging.WARNING):
                logging.getLogger(name).log(level, "heard")

    heard = [(level, "bot.watch.watcher") for level in ("INFO", "WARNING")]
    heard += [("WARNING", name) for name in others]
    lines = capsys.readouterr().err.splitlines()
    assert [LINE.fullmatch(line) and tuple(line.split(":")[2].split()[1:]) for line in lines] == heard * 2


@pytest.mark.usefixtures("restored_logging")
def test_a_stream_that_is_gone_is_no_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody can be told, the bot goes on."""
    logs.set_up()
    handler = logging.getLogger().handlers[-1]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(closed := io.StringIO())
    closed.close()
    logging.getLogger("bot.x").warning("unheard")

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("form", LogFormat)
def test_what_python_would_print_raw_is_a_line(form: LogFormat) -> None:
    """An end by an exception, a thread's, a lost task, a warning: one line each, without their words."""
    program = [sys.executable, "-W", "default", "-c", CRASHES.format(form=form.name)]
    ended = subprocess.run(program, input=SECRET, capture_output=True, text=True, check=False)  # noqa: S603

    assert ended.stdout == ""
    assert SECRET not in ended.stderr
    for line, message in zip(ended.stderr.splitlines(), LOGGED, strict=True):
        if form is LogFormat.JSON:
            assert json.loads(line)["message"].startswith(message)
        else:
            assert LINE.fullmatch(line)
            assert f": {message}" in line


def test_a_trouble_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """With its fields."""
    once = LogOnce(logging.getLogger("bot.test"))
    for _ in range(2):
        once.failed("odd %s", "thing", about=about(job=JOB))

    assert [TextLines().format(each).split(": ")[1] for each in caplog.records] == [f"odd thing job={JOB}"]
