"""What all benches share: their options, the figures, and the table that shows them."""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, nan
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Column, Table

ROOT = Path(__file__).parents[2]
SETTINGS = ("SLACK_", "HUAWEICLOUD_", "CLOUD_SDK_", "METASTUDIO_", "VOICEJOB_", "PORT")
"""How the bot's settings begin: those of this machine must reach no bench."""
MS = 1000
"""Milliseconds of a second."""
BARE_APP = "Bolt app that only acks"


@dataclass(frozen=True)
class Figure:
    """One row: what was measured of the bot, and of something else beside it, if anything was.

    ``aim`` is the ratio or number that is hoped for. The bench fails if the value exceeds ``most``.
    """

    name: str
    value: float
    compared: float | None = None
    compared_with: str = ""
    aim: str = ""
    digits: int = 0
    most: float | None = None

    @property
    def failed(self) -> bool:
        """Whether this figure makes the bench fail."""
        return self.most is not None and self.value > self.most

    def cells(self) -> tuple[str, ...]:
        """Format the row."""
        value, compared = (
            "" if it is None else f"{it:,.{self.digits}f}" for it in (self.value, self.compared)
        )
        ratio = f"{self.value / self.compared:.2f}" if self.compared else ""
        aim = self.aim if self.most is None else f"{self.most:g} at most"
        return self.name, value, compared, ratio, self.compared_with, aim


def beside(
    name: str, values: Iterable[float], aim: str = "", digits: int = 2, compared_with: str = BARE_APP
) -> Figure:
    """Make a row of the bot's value and the one that it is compared with."""
    value, compared = values
    return Figure(name, value, compared, compared_with, aim, digits)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that this share of the values does not exceed; NaN if there is none."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)] if values else nan


def options(description: str | None, **defaults: tuple[Any, Any, str]) -> argparse.Namespace:
    """Parse the command line: ``--quick``, and an option for each default.

    A default is a triple: the value of a long run, that of a short one, and a text for ``--help``.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="a short run, to see that all works")
    for name, (usual, short, explanation) in defaults.items():
        value = short if "--quick" in sys.argv else usual
        parser.add_argument(f"--{name}", type=type(value), default=value, help=f"{explanation} ({value})")
    return parser.parse_args()


def progress(what: str) -> None:
    """Print to stderr what is measured now."""
    print(f"measuring: {what}", file=sys.stderr, flush=True)


def run(measure: Callable[[Path], Coroutine[Any, Any, Sequence[Figure]]], caption: str) -> NoReturn:
    """Measure in an empty folder, print the table, and exit: with 1 if a figure failed."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="voicejob-bench-") as folder:
        os.environ["HOME"] = folder  # where the official SDK stores an id
        os.environ["PYTHONPATH"] = str(ROOT)  # where other processes find these modules
        for key in list(os.environ):
            if key.startswith(SETTINGS) or key.lower().endswith("_proxy"):
                del os.environ[key]
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that all processes are ended
        try:
            figures = asyncio.run(measure(Path(folder)))
        except KeyboardInterrupt:
            sys.exit("stopped")
    seconds = time.monotonic() - started
    caption += f"; {os.cpu_count()} cores, Python {sys.version.split()[0]}, {seconds:.0f} s"
    numbers = [Column(name, justify="right") for name in ("bot", "beside", "ratio")]
    columns: list[Column | str] = ["figure", *numbers, "what stands beside", "aim"]
    table = Table(*columns, title="VoiceJob, measured", caption=caption, caption_justify="left")
    for figure in figures:
        table.add_row(*figure.cells(), style="bold red" if figure.failed else None)
    Console(width=120).print(table)
    sys.exit(any(figure.failed for figure in figures))
