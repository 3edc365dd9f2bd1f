"""Runs all property tests at length: ``python -m tests.bench.properties``, with ``--seed`` to repeat a run.

Every test with hypothesis's ``@given`` is tried with 20,000 random examples (or ``--examples``), side by side
on all cores. On two of them that takes half an hour, and each process up to 4 GiB of memory. ``--quick`` is a
short run whose seed is always the same. Exits with 1 if a test failed; what pytest prints has the example
that made it fail.
"""

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.bench.figures import Figure, show

ROOT = Path(__file__).parent.parent.parent
MOST_SECONDS = 5
"""So many of the tests that took longest have a row of their own."""


@dataclass(frozen=True, kw_only=True)
class Property:
    """One property test of the run; ``examples`` are those that it passed."""

    name: str
    seconds: float
    examples: int
    failed: bool


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, help="of each test (20000; 50 with --quick)")
    parser.add_argument("--seed", type=int, help="(random; 0 with --quick)")
    parser.add_argument("--quick", action="store_true", help="a few seconds, the same each time")
    parser.add_argument("--only", default="", help="the tests to which this applies, as in pytest's -k")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="side by side (all cores)")
    given = parser.parse_args()
    if given.examples is None:
        given.examples = 50 if given.quick else 20_000
    if given.seed is None:
        given.seed = 0 if given.quick else secrets.randbelow(10**6)
    return given


def run(given: argparse.Namespace, report: Path) -> int:
    """Let pytest run the tests, write its report, and print the examples that failed; gives its exit code."""
    chosen = ["-m", "hypothesis", "-k", given.only]
    drawn = ["--hypothesis-profile=long", f"--hypothesis-seed={given.seed}"]
    # A long run has no time limit, and of the usual options (coverage, one worker for each core) none.
    way = ["--timeout=0", "-o", "addopts=", "-n", str(given.processes), "--dist=worksteal"]
    told = ["-q", "--tb=short", "-p", "no:cacheprovider", f"--junitxml={report}"]
    command = [sys.executable, "-m", "pytest", *files(), *chosen, *drawn, *way, *told]
    environment = os.environ | {"LONG_EXAMPLES": str(given.examples)}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603  our own


def files() -> list[str]:
    """Find the files that speak of hypothesis at all: to import the others takes longer than a quick run."""
    tests = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(path) for path in tests if "hypothesis" in path.read_text()]


def properties(report: Path) -> list[Property]:
    """Read pytest's report, in JUnit's format."""
    return [_property(case) for case in ET.parse(report).getroot().iter("testcase")]  # noqa: S314  our own


def _property(case: ET.Element) -> Property:
    noted = {each.get("name"): each.get("value") for each in case.iter("property")}
    return Property(
        name=f"{case.get('classname', '').rpartition('.')[2]}: {case.get('name')}",
        seconds=float(case.get("time", "0")),
        examples=int(noted.get("examples") or 0),
        failed=case.find("failure") is not None or case.find("error") is not None,
    )


def figures(found: Sequence[Property], seconds: float) -> list[Figure]:
    """Write the rows: the sums, what failed, and what took longest."""
    failed = [each for each in found if each.failed]
    slowest = sorted(found, key=lambda each: -each.seconds)[:MOST_SECONDS]
    return [
        Figure(name="property tests", ours=len(found), failed=not found),
        Figure(name="examples that passed", ours=sum(each.examples for each in found)),
        Figure(name="failures", ours=len(failed), aim="0", failed=bool(failed)),
        *(Figure(name=f"  {each.name}: examples", ours=each.examples, failed=True) for each in failed),
        Figure(name="seconds", ours=seconds),
        *(Figure(name=f"  {each.name}", ours=each.seconds) for each in slowest),
    ]


def main() -> None:
    """Run the tests, print the table, and exit."""
    given = options()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="voicejob-bench-") as folder:
        report = Path(folder) / "report.xml"
        code = run(given, report)
        found = properties(report) if report.exists() else []
    caption = f"seed {given.seed}, {given.examples} examples of each"
    show(figures(found, time.monotonic() - started), caption)
    sys.exit(1 if code or not found else 0)


if __name__ == "__main__":
    main()
