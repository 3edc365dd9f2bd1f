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
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.bench.report import ROOT, Figure, options, run


async def measure(given: argparse.Namespace, folder: Path) -> list[Figure]:
    """Let pytest run the tests, and write its report; it prints the examples that failed."""
    report = folder / "report.xml"
    # To import the files that do not speak of hypothesis takes longer than a quick run.
    files = [path for path in sorted((ROOT / "tests").rglob("test_*.py")) if "hypothesis" in path.read_text()]
    examples = ["-m", "hypothesis", "--hypothesis-profile=long", f"--hypothesis-seed={given.seed}"]
    # A long run has no time limit, and of the usual options (coverage, one worker for each core) none.
    how = ["--timeout=0", "-o", "addopts=", "-n", str(os.cpu_count() or 1), "--dist=worksteal"]
    output = ["-q", "--tb=short", "-p", "no:cacheprovider", f"--junitxml={report}"]
    command = [sys.executable, "-m", "pytest", *map(str, files), *examples, *how, *output]
    environment = os.environ | {"LONG_EXAMPLES": str(given.examples)}
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
    code = await process.wait()
    root = ET.parse(report).getroot()  # noqa: S314  our own
    passed = [int(each.get("value") or 0) for each in root.iterfind(".//property[@name='examples']")]
    return [
        Figure("property tests", len(passed)),
        Figure("examples that passed", sum(passed)),
        Figure("pytest's exit code", code, most=0),
    ]


if __name__ == "__main__":
    given = options(
        __doc__,
        examples=(20_000, 50, "of each test"),
        seed=(secrets.randbelow(10**6), 0, "to repeat a run"),
    )
    run(partial(measure, given), f"seed {given.seed}, {given.examples} examples of each")
