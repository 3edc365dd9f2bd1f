"""Runs all property tests at length: ``python -m tests.bench.properties``, with ``--seed`` to repeat a run.

Every test with hypothesis's ``@given`` is tried with 20,000 random examples (or ``--examples``), side by side
on all cores. On two of them that takes half an hour, and each process up to 4 GiB of memory. ``--quick`` is a
short run whose seed is always the same. Exits with 1 if a test failed; what pytest prints has the example
that made it fail.
"""

import argparse
import asyncio
import os
import secrets
import sys
import time
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.bench.report import ROOT, Figure, options, run

SLOWEST = 5
"""So many of the tests that took longest have a row of their own."""


async def measure(given: argparse.Namespace, folder: Path) -> list[Figure]:
    """Let pytest run the tests, write its report, and print the examples that failed."""
    report = folder / "report.xml"
    # To import the files that do not speak of hypothesis takes longer than a quick run.
    files = [path for path in sorted((ROOT / "tests").rglob("test_*.py")) if "hypothesis" in path.read_text()]
    chosen = ["-m", "hypothesis", "-k", given.only]
    examples = ["--hypothesis-profile=long", f"--hypothesis-seed={given.seed}"]
    # A long run has no time limit, and of the usual options (coverage, one worker for each core) none.
    how = ["--timeout=0", "-o", "addopts=", "-n", str(given.processes), "--dist=worksteal"]
    output = ["-q", "--tb=short", "-p", "no:cacheprovider", f"--junitxml={report}"]
    command = [sys.executable, "-m", "pytest", *map(str, files), *chosen, *examples, *how, *output]
    environment = os.environ | {"LONG_EXAMPLES": str(given.examples)}
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
    code = await process.wait()
    cases = list(ET.parse(report).getroot().iter("testcase")) if report.exists() else []  # noqa: S314  our own
    return rows(cases, time.monotonic() - started, code)


def rows(cases: list[ET.Element], seconds: float, code: int) -> list[Figure]:
    """Make the rows of pytest's report (JUnit's format) and exit code: sums, failures, slowest tests."""
    failures = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    slowest = sorted(cases, key=lambda case: -float(case.get("time", "0")))[:SLOWEST]
    return [
        Figure("property tests", len(cases), failed=not cases),
        Figure("examples that passed", sum(map(_examples, cases))),
        Figure("failures", len(failures), aim="0", failed=bool(failures or code)),
        *(Figure(f"  {_name(case)}: examples", _examples(case), failed=True) for case in failures),
        Figure("seconds", seconds),
        *(Figure(f"  {_name(case)}", float(case.get("time", "0"))) for case in slowest),
    ]


def _name(case: ET.Element) -> str:
    return f"{case.get('classname', '').rpartition('.')[2]}: {case.get('name')}"


def _examples(case: ET.Element) -> int:
    return sum(
        int(each.get("value") or 0) for each in case.iter("property") if each.get("name") == "examples"
    )


if __name__ == "__main__":
    given = options(
        __doc__,
        examples=(20_000, 50, "of each test"),
        seed=(secrets.randbelow(10**6), 0, "to repeat a run"),
        only=("", "", "the tests to which this applies, as in pytest's -k"),
        processes=(os.cpu_count() or 1, os.cpu_count() or 1, "side by side"),
    )
    run(partial(measure, given), f"seed {given.seed}, {given.examples} examples of each")
