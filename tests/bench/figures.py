"""Figures, and the one table that shows them all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, nan

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One row: what the bot reached, and what stands beside it, if anything does.

    ``aim`` says what ratio or number is hoped for. ``failed`` marks a figure that makes the bench fail.
    """

    name: str
    ours: float
    theirs: float | None = None
    beside: str = ""
    aim: str = ""
    digits: int = 0
    failed: bool = False

    @property
    def ratio(self) -> str:
        """Say how many times the other figure ours is."""
        return f"{self.ours / self.theirs:.2f}" if self.theirs else ""

    def cells(self) -> tuple[str, ...]:
        """Write the row."""
        theirs = "" if self.theirs is None else f"{self.theirs:,.{self.digits}f}"
        ours = f"{self.ours:,.{self.digits}f}"
        return self.name, ours, theirs, self.ratio, self.beside, self.aim


def quantile(values: Sequence[float], share: float) -> float:
    """Give the smallest value that this share of the values does not exceed; of no values, no number."""
    if not values:
        return nan
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def show(figures: Iterable[Figure], caption: str) -> None:
    """Print the table, as wide as it needs to be."""
    table = Table(title="VoiceJob, measured", caption=caption, caption_justify="left")
    for name in ("figure", "bot", "beside", "ratio"):
        table.add_column(name, justify="left" if name == "figure" else "right")
    table.add_column("what stands beside")
    table.add_column("aim")
    for figure in figures:
        table.add_row(*figure.cells(), style="bold red" if figure.failed else None)
    Console(width=120).print(table)
