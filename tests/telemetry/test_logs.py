"""The log: what a line looks like, what can't break it, and whose words never get into it."""

import json
import logging
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from bot.config import MetaStudioSettings, Settings
from bot.errors import BadSettings, JobNotFound, StoreTrouble, TimedOut
from bot.telemetry import logs
from bot.telemetry.log_once import LogOnce
from bot.telemetry.logs import LONGEST_FIELD, QUIET, JsonLines, LogFormat, TextLines, about

JOB = "4c8f7e9a-c62a-4629-bb97-6ce3c38a17cd"
HOSTILE = "x\nERROR forged\r\x1b[2J\x85\u2028\u202e\x00\udc80 y"
SECRET = "hush-hush-4711"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]+ +[\w.]+: .+")
FORMATTERS = {"text": TextLines(), "json": JsonLines()}
CRASHES = {
    "main": "raise RuntimeError(secret)",
    "chain": "try:\n    int(secret)\nexcept ValueError as error:\n    raise KeyError(secret) from error",
    "group": "raise ExceptionGroup(secret, [ValueError(secret), OSError(secret)])",
    "thread": (
        "import threading\nthread = threading.Thread(target=lambda: int(secret))\n"
        "thread.start()\nthread.join()"
    ),
    "unraisable": "class Odd:\n    def __del__(self):\n        int(secret)\nOdd()",
    "warning": "import warnings\nwarnings.warn(f'(a {secret})')",
    "bad line": "import logging\nlogging.getLogger('bot.x').warning('%d', secret)",
    "bad extra": "import logging\nlogging.getLogger('bot.x').warning('odd', extra={'about': secret})",
    "other's words": "import logging\nlogging.getLogger('slack_bolt.x').error(f'Refused ({secret})')",
    "other's error": "import logging\nlogging.getLogger('slack_bolt.x').error(ValueError(f'x {secret}'))",
    "lost task": (
        "import asyncio, gc\n"
        "async def fails():\n    int(secret)\n"
        "async def main():\n"
        "    asyncio.ensure_future(fails())\n    await asyncio.sleep(0)\n    gc.collect()\n"
        "asyncio.run(main())"
    ),
    "callback": (
        "import asyncio\n"
        "async def main():\n"
        "    asyncio.get_running_loop().call_soon(int, secret)\n    await asyncio.sleep(0.01)\n"
        "asyncio.run(main())"
    ),
}
"""Programs in which something goes wrong with a secret in its words."""


def record(message: str = "told", name: str = "bot.deliver.outbox", **more: Any) -> logging.LogRecord:
    level = more.pop("levelno", logging.INFO)
    made = {"name": name, "msg": message, "levelno": level, "levelname": logging.getLevelName(level)}
    return logging.makeLogRecord(made | more)


def failed(error: Exception) -> dict[str, Any]:
    """Make what logging keeps of an error that was raised."""

    def fails() -> None:
        raise error

    with pytest.raises(type(error)) as told:
        fails()
    return {"exc_info": (told.type, told.value, told.tb)}


@pytest.fixture
def restored() -> Iterator[None]:
    """Put logging back as it was."""
    names = [None, "bot", *QUIET]
    levels = {name: logging.getLogger(name).level for name in names}
    hooks = sys.excepthook, sys.unraisablehook, warnings.showwarning
    handlers = logging.getLogger().handlers[:]
    yield
    logging.getLogger().handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    sys.excepthook, sys.unraisablehook, warnings.showwarning = hooks


class TestFields:
    """What a line can tell besides its message."""

    def test_they_are_in_order_and_empty_ones_are_left_out(self) -> None:
        """Whatever the order of the arguments."""
        told = about(step="edit_card", channel="C1", job=JOB, code="", state=None, seconds=0.0)["about"]

        assert list(told.items()) == [
            ("job", JOB),
            ("channel", "C1"),
            ("step", "edit_card"),
            ("seconds", 0.0),
        ]

    def test_there_are_no_others(self) -> None:
        """A field that nobody agreed on is a mistake."""
        with pytest.raises(ValueError, match="text, user"):
            about(user="U1", text="x")

    def test_a_job_id_is_whole_and_more_is_cut(self) -> None:
        """The longest id there can be stays as it is."""
        assert about(job="x" * LONGEST_FIELD)["about"]["job"] == "x" * LONGEST_FIELD
        assert about(job="x" * 10_000)["about"]["job"] == "x" * (LONGEST_FIELD - 1) + "…"

    def test_what_metastudio_answered(self) -> None:
        """Of an error of MetaStudio's, with the request id that support asks for."""
        error = JobNotFound(job_id=JOB, status=404, code="MSS.41000003", request_id="r-1")

        assert about(error=error)["about"] == {
            "request": "r-1",
            "error": "JobNotFound",
            "status": "404",
            "code": "MSS.41000003",
        }

    def test_what_lies_behind_an_error_is_only_named(self) -> None:
        """Its words may quote a header, and so a token."""
        error = TimedOut()
        error.__cause__ = ValueError(SECRET)

        assert about(error=error)["about"] == {"error": "TimedOut", "cause": "ValueError"}
        assert SECRET not in str(error)

    def test_other_errors(self) -> None:
        """Only their class is told; of the store, the reason too."""
        assert about(error=KeyError(SECRET))["about"] == {"error": "KeyError"}
        assert about(error=StoreTrouble(path="/x", reason="disk full"))["about"] == {
            "error": "StoreTrouble",
            "cause": "disk full",
        }


class TestText:
    """Lines for people."""

    def test_a_line(self) -> None:
        """Time in UTC, level, logger, message, fields."""
        line = TextLines().format(record(created=0.5, **about(job=JOB, channel="C1", state="A B")))

        assert (
            line
            == f"1970-01-01T00:00:00.500Z INFO    bot.deliver.outbox: told job={JOB} channel=C1 state='A B'"
        )

    @pytest.mark.parametrize("value", ["a=b", "a b", "'", "", "名", "\\n"], ids=ascii)
    def test_an_odd_value_is_quoted(self, value: str) -> None:
        """So that it can't be taken for another field."""
        line = TextLines().format(record(**about(job=f"x{value}")))

        assert line.endswith(f"job={(value and repr('x' + value)) or 'x'}")


class TestJson:
    """Lines for programs."""

    def test_a_line(self) -> None:
        """One object, with the fields beside the rest, and nothing that another library attached."""
        made = record(created=0.5, **about(job=JOB, seconds=1.234), args_of_theirs=SECRET)

        assert json.loads(JsonLines().format(made)) == {
            "time": "1970-01-01T00:00:00.500Z",
            "level": "INFO",
            "logger": "bot.deliver.outbox",
            "message": "told",
            "job": JOB,
            "seconds": 1.23,
        }

    def test_a_traceback_is_a_field(self) -> None:
        """With its line breaks, and without what the error says."""
        told = json.loads(JsonLines().format(record(**failed(KeyError(SECRET)))))

        frames = r'(\n  File ".+", line \d+, in fail(ed|s)\n    .+){2}'
        assert re.fullmatch(rf"Traceback:{frames}\nKeyError", told["traceback"])


@pytest.mark.parametrize("form", FORMATTERS.values(), ids=FORMATTERS)
class TestBoth:
    """What holds for both formats."""

    def test_nothing_breaks_a_line(self, form: logging.Formatter) -> None:
        """One event is one line of printable characters, whatever comes from outside."""
        line = form.format(
            record("odd", name=f"odd{HOSTILE}", **about(job=HOSTILE), **failed(KeyError(HOSTILE)))
        )
        assert line.isprintable()

        line = form.format(
            record("odd %s", args=(HOSTILE,), **about(job=HOSTILE), **failed(KeyError(HOSTILE)))
        )

        assert line.isprintable()

    def test_what_an_exception_says_is_not_logged(self, form: logging.Formatter) -> None:
        """Nor what those say that led to it."""
        error = KeyError(SECRET)
        error.__cause__ = ValueError(SECRET)
        error.__cause__.__cause__ = error  # a circle, too

        line = form.format(record(**failed(error)))

        assert "ValueError" in line
        assert "KeyError" in line
        assert "in failed" in line
        assert SECRET not in line

    def test_an_exception_that_was_not_raised(self, form: logging.Formatter) -> None:
        """It has no place, and its class is told all the same."""
        error = KeyError(SECRET)

        assert "KeyError" in form.format(record(exc_info=(KeyError, error, None)))
        assert "Traceback" not in form.format(record(exc_info=(None, None, None)))

    @pytest.mark.parametrize(
        "message", [SECRET, f"({SECRET})", f"Unhandled request ({SECRET})", {"a": SECRET}]
    )
    def test_of_others_only_the_first_words_are_told(self, form: logging.Formatter, message: str) -> None:
        """And where they were said."""
        made = record(message, name="slack_bolt.AsyncApp", lineno=7, module="app", about={"job": SECRET})

        line = form.format(made)

        assert "4711" not in line
        assert "(its words are not logged) app:7" in line


@pytest.mark.usefixtures("restored")
class TestSetUp:
    """Where lines go, and which are written."""

    def test_levels(self, capsys: pytest.CaptureFixture[str]) -> None:
        """INFO of ours, WARNING of others."""
        logs.set_up()
        for name in ("bot.watch.watcher", "slack_bolt.AsyncApp", "httpx", "botany"):
            for level in (logging.DEBUG, logging.INFO, logging.WARNING):
                logging.getLogger(name).log(level, "heard")

        told = re.findall(r"Z (\w+) +([\w.]+):", capsys.readouterr().err)
        assert told == [
            ("INFO", "bot.watch.watcher"),
            ("WARNING", "bot.watch.watcher"),
            ("WARNING", "slack_bolt.AsyncApp"),
            ("WARNING", "httpx"),
            ("WARNING", "botany"),
        ]

    def test_debug_changes_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Whoever turns on what the libraries log, and what we do not, gets no more."""
        logs.set_up()
        for name in (None, "bot", "slack_bolt", "slack_sdk", "httpx", "asyncio"):
            logging.getLogger(name).setLevel(logging.DEBUG)
            logging.getLogger(name and f"{name}.deeper").debug("heard")
            logging.getLogger(name and f"{name}.deeper").info("heard")

        assert re.findall(r"Z (\w+) +([\w.]+):", capsys.readouterr().err) == [("INFO", "bot.deeper")]

    def test_a_second_set_up_takes_the_place_of_the_first(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A line comes once, in the format of the second."""
        logs.set_up()
        logs.set_up(LogFormat.JSON, logging.WARNING)
        logging.getLogger("bot.x").info("not heard")
        logging.getLogger("bot.x").warning("heard")

        assert json.loads(capsys.readouterr().err)["message"] == "heard"

    @pytest.mark.parametrize("form", LogFormat)
    @pytest.mark.parametrize("program", CRASHES.values(), ids=CRASHES)
    def test_what_python_would_print_raw_is_a_line(self, form: LogFormat, program: str) -> None:
        """An end by an exception, a thread's, a lost task, a warning: one line each, without their words."""
        start = f"from bot.telemetry import logs\nlogs.set_up(logs.LogFormat.{form.name})\nsecret = input()\n"
        ended = subprocess.run(  # noqa: S603  a program of this table
            [sys.executable, "-X", "dev", "-c", start + program],
            input=SECRET,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

        assert ended.stdout == ""
        assert SECRET not in ended.stderr
        lines = ended.stderr.splitlines()
        assert lines
        for line in lines:
            assert LINE.fullmatch(line) if form is LogFormat.TEXT else json.loads(line)["message"]

    def test_a_stream_that_is_gone_is_no_trouble(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Where nobody can be told, the bot goes on."""
        logs.set_up()
        handler = logging.getLogger().handlers[-1]
        assert isinstance(handler, logging.StreamHandler)
        with open("log", "w", encoding="utf-8") as closed:  # noqa: PTH123  only closed is of interest
            handler.setStream(closed)
        logging.getLogger("bot.x").warning("unheard")

        assert capsys.readouterr().err == ""


class TestEdge:
    """Fields travel with what is told of a trouble."""

    def test_fields(self, caplog: pytest.LogCaptureFixture) -> None:
        """They come with the one line that is logged."""
        once = LogOnce(logging.getLogger("bot.test"))
        for _ in range(2):
            once.fails("odd %s", "thing", about=about(job=JOB))

        assert [TextLines().format(each).split(": ")[1] for each in caplog.records] == [
            f"odd thing job={JOB}"
        ]


class TestSetting:
    """VOICEJOB_LOG."""

    @pytest.mark.parametrize(("value", "form"), [("json", LogFormat.JSON), (" text ", LogFormat.TEXT)])
    def test_a_format(self, monkeypatch: pytest.MonkeyPatch, value: str, form: LogFormat) -> None:
        """Both formats are known by name."""
        assert self.read(monkeypatch, value).voicejob_log is form

    def test_text_is_usual(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a word, and with an empty one."""
        assert self.read(monkeypatch, "").voicejob_log is LogFormat.TEXT

    def test_another_format_is_a_problem(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is told like all others."""
        with pytest.raises(BadSettings) as refused:
            self.read(monkeypatch, "xml")

        assert refused.value.problems == ["VOICEJOB_LOG: must be text or json (it is 'xml')"]

    def test_looking_up_needs_none(self) -> None:
        """It is the bot's, not the command's that prints a job."""
        assert "voicejob_log" not in MetaStudioSettings.model_fields

    def read(self, monkeypatch: pytest.MonkeyPatch, value: str) -> Settings:
        """Read the settings, with this format."""
        given = {
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_APP_TOKEN": "xapp-1",
            "HUAWEICLOUD_SDK_PROJECT_ID": "p",
            "METASTUDIO_AUTH_TOKEN": "t",
            "VOICEJOB_LOG": value,
        }
        for key, each in given.items():
            monkeypatch.setenv(key, each)
        return Settings.load()
