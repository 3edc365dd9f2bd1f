"""What all benches share: their options, the figures, and the table that shows them."""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, nan
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
SETTINGS = ("SLACK_", "HUAWEICLOUD_", "CLOUD_SDK_", "METASTUDIO_", "VOICEJOB_", "PORT")
"""How the bot's settings begin: those of this machine must reach no bench."""
MS = 1000
"""Milliseconds of a second."""


@dataclass(frozen=True)
class Figure:
    """One row: what was measured of the bot, and of something else beside it, if anything was.

    ``aim`` says what ratio or number is hoped for; ``failed`` marks a figure that makes the bench fail.
    """

    name: str
    value: float
    compared: float | None = None
    compared_with: str = ""
    aim: str = ""
    digits: int = 0
    failed: bool = False

    def cells(self) -> tuple[str, ...]:
        """Format the row."""
        value = f"{self.value:,.{self.digits}f}"
        compared = "" if self.compared is None else f"{self.compared:,.{self.digits}f}"
        ratio = f"{self.value / self.compared:.2f}" if self.compared else ""
        return self.name, value, compared, ratio, self.compared_with, self.aim


def zero(name: str, count: int, compared: int | None = None, compared_with: str = "") -> Figure:
    """Make a row that must count nothing."""
    return Figure(name, count, compared, compared_with, aim="0", failed=bool(count or compared))


def beside(name: str, values: Iterable[float], compared_with: str, aim: str = "", digits: int = 2) -> Figure:
    """Make a row of the bot's value and the one that it is compared with."""
    value, compared = values
    return Figure(name, value, compared, compared_with, aim, digits)


def at_most(  # the arguments of a figure
    name: str, value: float, most: float | None, compared: float | None = None, compared_with: str = ""
) -> Figure:
    """Make a row that must not exceed a number, where there is one."""
    aim, failed = ("", False) if most is None else (f"{most:g} at most", value > most)
    return Figure(name, value, compared, compared_with, aim=aim, digits=1, failed=failed)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that this share of the values does not exceed; NaN if there is none."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)] if values else nan


def options(description: str | None, **defaults: tuple[Any, Any, str]) -> argparse.Namespace:
    """Parse the command line: ``--quick``, and an option for each default.

    A default is a triple: the value of a long run, that of a short one, and a text for ``--help``.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="a short run, to see that all works")
    quick = parser.parse_known_args([each for each in sys.argv[1:] if each == "--quick"])[0].quick
    for name, (usual, short, explanation) in defaults.items():
        value = short if quick else usual
        explained = f"{explanation} ({value})"
        if isinstance(value, bool):
            parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=explanation)
        else:
            parser.add_argument(f"--{name}", type=type(value), default=value, help=explained)
    return parser.parse_args()


def progress(what: str) -> None:
    """Print to stderr what is measured now."""
    print(f"measuring: {what}", file=sys.stderr, flush=True)


def run(measure: Callable[[Path], Awaitable[Sequence[Figure]]], caption: str) -> NoReturn:
    """Measure in an empty folder, print the table, and exit: with 1 if a figure failed."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="voicejob-bench-") as folder:
        os.environ["HOME"] = folder  # where the official SDK stores an id
        os.environ["PYTHONPATH"] = str(ROOT)  # where other processes find these modules
        for key in list(os.environ):
            if key.startswith(SETTINGS) or key.lower().endswith("_proxy"):
                del os.environ[key]
        try:
            figures = asyncio.run(_until_terminated(measure(Path(folder))))
        except (asyncio.CancelledError, KeyboardInterrupt):
            sys.exit("stopped")
    seconds = time.monotonic() - started
    show(figures, f"{caption}; {os.cpu_count()} cores, Python {sys.version.split()[0]}, {seconds:.0f} s")
    sys.exit(any(figure.failed for figure in figures))


async def _until_terminated(measuring: Awaitable[Sequence[Figure]]) -> Sequence[Figure]:
    """Measure; SIGTERM cancels that, so that all processes are ended."""
    task = asyncio.ensure_future(measuring)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def show(figures: Sequence[Figure], caption: str) -> None:
    """Print the table, as wide as it needs to be."""
    table = Table(title="VoiceJob, measured", caption=caption, caption_justify="left")
    for name in ("figure", "bot", "beside", "ratio"):
        table.add_column(name, justify="left" if name == "figure" else "right")
    table.add_column("what stands beside")
    table.add_column("aim")
    for figure in figures:
        table.add_row(*figure.cells(), style="bold red" if figure.failed else None)
    Console(width=120).print(table)
