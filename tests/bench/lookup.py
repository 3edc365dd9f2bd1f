"""Measures the look-up: ``python -m tests.bench.lookup``, or with ``--quick`` in about half a minute.

Commands come at a steady rate, and then thousands at once. Everything runs on loopback, each program in a
process of its own. Times depend on the machine, so what counts is the ratio to what stands beside the bot in
the same run. Exits with 1 if a command was not acknowledged with 200, or not answered.
"""

import argparse
import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import median

from bot.simulators.metastudio.account import ACCESS_KEY, PROJECT_ID, SECRET_KEY
from tests.bench.load import App, both_apps, in_turns
from tests.bench.processes import Simulators, bare_app, bot, simulators
from tests.bench.report import MS, Figure, beside, options, progress, quantile, run
from tests.bench.simulators import job_id

LATENCY = 0.3
"""Seconds that MetaStudio takes to answer, except where look-ups a second are counted."""
JOBS = 200
RATE, ALL_AT_ONCE = 100.0, 1e9
"""Commands a second."""
BURSTS, BURST_JOBS, BURST_LATENCY = 3, 500, 0.1
MOST_THREADS = 20
SDK = "official SDK"


async def measure(given: argparse.Namespace, folder: Path) -> list[Figure]:
    """Measure one thing after the other."""
    async with simulators(folder, latency=LATENCY, jobs=JOBS) as world:
        async with both_apps(world, jobs=JOBS) as apps:
            progress("acknowledgements")
            figures = await acknowledgements(apps, given)
        progress("memory and start")
        figures += await memory(world, given.settle)
        figures.append(await start(world, given.runs))
    async with simulators(folder, jobs=JOBS) as world:
        progress("look-ups a second")
        figures += await look_ups(world, given.rounds)
    progress("bursts")
    bursting = simulators(folder, latency=BURST_LATENCY, jobs=BURST_JOBS)
    async with bursting as world, both_apps(world, jobs=BURST_JOBS) as apps:
        return figures + await bursts(apps, given.burst)


async def acknowledgements(apps: Sequence[App], given: argparse.Namespace) -> list[Figure]:
    """Measure how a steady rate of commands is acknowledged."""
    await in_turns(apps, commands=given.commands, rate=RATE, rounds=given.rounds)
    return [
        beside("ack p50, ms", (quantile(app.ack_ms, 0.5) for app in apps), "1.05 at most"),
        beside("ack p99, ms", (quantile(app.ack_ms, 0.99) for app in apps), "1.5 at most"),
        beside("ack slowest, ms", (max(app.ack_ms) for app in apps)),
        beside("  CPU of one command, ms", (app.cpu_ms for app in apps)),
        beside("commands", (len(app.acks) for app in apps), digits=0),
        *apps[0].failures(),
        *apps[0].cards(),
    ]


async def bursts(apps: Sequence[App], commands: int) -> list[Figure]:
    """Measure commands that are all due at the same moment."""
    await in_turns(apps, commands=BURSTS * commands, rate=ALL_AT_ONCE, rounds=BURSTS)
    rates = (commands * MS / max(app.ack_ms) for app in apps)
    slow = (quantile(app.ack_ms, 0.99) for app in apps)
    return [
        beside(f"{commands:,} commands at once: ack p99, ms", slow, "2 at most"),
        beside("  acknowledged a second, in the slowest burst", rates),
        beside("  CPU of one command, card and all, ms", (app.cpu_ms for app in apps), "4.5 at most"),
        *apps[0].failures(),
        *apps[0].cards(),
    ]


async def memory(world: Simulators, settle: float) -> list[Figure]:
    """Measure the resident memory, ``settle`` seconds after all are ready."""
    bots = bot(world), bot(world, socket_mode=True, store="socket-mode.sqlite")
    async with bots[0] as http, bots[1] as socket_mode, bare_app(world) as bare:
        await asyncio.sleep(settle)
        return [
            beside(f"memory when idle, {mode}, MiB", (one.mebibytes, bare.mebibytes), "62 MiB at most", 1)
            for mode, one in (("HTTP mode", http), ("Socket Mode", socket_mode))
        ]


async def start(world: Simulators, runs: int) -> Figure:
    """Measure the time from the start of the process to ``ready:``, in turns."""
    seconds: dict[object, list[float]] = {bot: [], bare_app: []}
    for _ in range(runs):
        for program in (bot, bare_app):
            async with program(world) as process:
                seconds[program].append(process.seconds)
    return beside(f"start to ready, median of {runs}, s", map(median, seconds.values()), "2 times at most")


async def look_ups(world: Simulators, rounds: int) -> list[Figure]:
    """Let our client and the official SDK look up the same jobs, in rounds that alternate."""
    ids = [job_id(number) for number in range(JOBS)]
    show = official_sdk(world)
    figures = []
    async with world.client() as metastudio:

        async def ours(ids: Sequence[str], at_once: int) -> None:
            left = iter(ids)

            async def worker() -> None:
                for one in left:
                    await metastudio.job(one)

            await asyncio.gather(*(worker() for _ in range(at_once)))

        async def theirs(ids: Sequence[str], at_once: int) -> None:
            with ThreadPoolExecutor(at_once) as threads:
                await asyncio.to_thread(lambda: list(threads.map(show, ids)))

        for at_once, how in ((1, "one after the other"), (MOST_THREADS, f"{MOST_THREADS} at once")):
            measured: dict[object, list[tuple[float, float]]] = {ours: [], theirs: []}
            for client in (ours, theirs):
                await client(ids[: 2 * at_once], at_once)
            for number in range(rounds):
                for client in (ours, theirs) if number % 2 else (theirs, ours):
                    started, cpu_before = time.monotonic(), time.process_time()
                    await client(ids, at_once)
                    cpu = time.process_time() - cpu_before
                    measured[client].append((JOBS / (time.monotonic() - started), MS * cpu / JOBS))
            rates, cpus = zip(
                *(map(median, zip(*each, strict=True)) for each in measured.values()), strict=True
            )
            figures.append(beside(f"look-ups a second, {how}", rates, "1 at least", 0, SDK))
            figures.append(beside("  CPU of one, ms", cpus, compared_with=SDK))
    return figures


def official_sdk(world: Simulators) -> Callable[[str], object]:
    """Return the SDK's call. It is imported here: it writes into HOME as it is."""
    credentials = import_module("huaweicloudsdkcore.auth.credentials")
    config = import_module("huaweicloudsdkcore.http.http_config")
    v1 = import_module("huaweicloudsdkmetastudio.v1")
    client = (
        v1.MetaStudioClient.new_builder()
        .with_http_config(config.HttpConfig(pool_maxsize=MOST_THREADS))
        .with_credentials(credentials.BasicCredentials(ACCESS_KEY, SECRET_KEY, PROJECT_ID))
        .with_endpoint(world.metastudio)
        .build()
    )
    return lambda one: client.show_voice_training_job(v1.ShowVoiceTrainingJobRequest(job_id=one))


if __name__ == "__main__":
    given = options(
        __doc__,
        commands=(2000, 200, "for each app"),
        rounds=(4, 1, "turns of each app"),
        burst=(3000, 300, "at once, for each app"),
        runs=(5, 1, "starts of each app"),
        settle=(5.0, 1.0, "seconds before memory is read"),
    )
    run(partial(measure, given), f"{given.commands} commands for {JOBS} jobs at {RATE:g} a second")
