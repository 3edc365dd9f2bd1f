"""Measures the look-up: ``python -m tests.bench.lookup``, or with ``--quick`` in about half a minute.

Everything runs on loopback, each program in a process of its own. Times depend on the machine, so what counts
is the ratio to what stands beside the bot in the same run. Exits with 1 if a command was not acknowledged
with 200, or its card did not come.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import median

from bot.simulators.metastudio.account import ACCESS_KEY, PROJECT_ID, SECRET_KEY
from tests.bench.acks import OK, App, Apps, both, both_apps, in_turns
from tests.bench.processes import BARE_APP, Simulators, bare_app, bare_python, bot, simulators
from tests.bench.report import MS, Figure, beside, options, progress, quantile, run, zero
from tests.bench.simulators import job_id

LATENCY = 0.3
"""Seconds that MetaStudio takes to answer, except where look-ups a second are counted."""
HIGHEST_ACK = 1.0
MOST_THREADS = 20
SDK = "official SDK"

LookUps = Callable[[Sequence[str], int], Awaitable[None]]
"""Looks up all these jobs, so many at once."""


async def measure(given: argparse.Namespace, folder: Path) -> list[Figure]:
    """Measure one thing after the other."""
    figures: list[Figure] = []
    async with simulators(folder, latency=LATENCY, jobs=given.jobs) as world:
        async with both_apps(world, jobs=given.jobs) as apps:
            progress("acknowledgements")
            figures += await acknowledgements(apps, given)
            progress("highest rate")
            figures += await highest_rates(apps, given)
        progress("memory and start")
        figures += await memory(world, given.settle)
        figures.append(await start(world, given.runs))
    async with simulators(folder, jobs=given.jobs) as world:
        progress("look-ups a second")
        return figures + await look_ups(world, given.jobs, given.rounds)


async def acknowledgements(apps: Apps, given: argparse.Namespace) -> list[Figure]:
    """Measure how a steady rate of commands is acknowledged."""
    ours, theirs = await in_turns(apps, commands=given.commands, rate=given.rate, rounds=given.rounds)

    ack_ms, late_ms = [ours.ack_ms, theirs.ack_ms], [ours.late_ms, theirs.late_ms]
    return [
        both("ack p50, ms", (quantile(ms, 0.5) for ms in ack_ms), "1.05 at most"),
        both("ack p99, ms", (quantile(ms, 0.99) for ms in ack_ms), "1.5 at most"),
        both("ack slowest, ms", map(max, ack_ms)),
        both("  sent late by the load, p99, ms", (quantile(ms, 0.99) for ms in late_ms)),
        both("  CPU of one command, ms", (ours.cpu_ms, theirs.cpu_ms)),
        Figure("commands", len(ours.acks), len(theirs.acks), BARE_APP),
        zero("  not acknowledged with 200", ours.refused, theirs.refused, BARE_APP),
        zero("  cards that did not come", ours.without_card),
        Figure("  requests to MetaStudio for them", ours.requests),
        Figure("card p50, ms", quantile(ours.card_ms, 0.5)),
        Figure("card p99, ms", quantile(ours.card_ms, 0.99)),
    ]


async def highest_rates(apps: Apps, given: argparse.Namespace) -> list[Figure]:
    """Find the highest rate at which every ack stays under a second, for both apps.

    A rate a little above what an app can do forever passes, since the queue needs time to grow.
    """
    ours, theirs = (app.anew() for app in apps)
    rates = [await highest_rate(app, given) for app in (ours, theirs)]
    name = f"highest rate with acks under 1 s, for {given.probe:g} s, up to {given.top:,.0f}"
    return [
        beside(name, rates, BARE_APP, "0.75 at least", 0),
        zero("  cards that did not come meanwhile", ours.without_card),
    ]


async def highest_rate(app: App, given: argparse.Namespace) -> float:
    """Double the rate until it does not hold, then halve the gap a few times."""
    held, failed = 0.0, given.rate
    while failed <= given.top and await _holds(app, failed, given.probe):
        held, failed = failed, failed * 2
    for _ in range(given.steps if failed <= given.top else 0):
        middle = (held + failed) / 2
        if await _holds(app, middle, given.probe):
            held = middle
        else:
            failed = middle
    return held


async def _holds(app: App, rate: float, seconds: float) -> bool:
    """Try a rate, and once more if it does not hold: it may have been something else on this machine."""
    for _ in range(2):
        acks = await app.send(round(rate * seconds), rate, patience=HIGHEST_ACK)
        if all(ack.status == OK and ack.seconds < HIGHEST_ACK for ack in acks):
            app.acks += acks
            return True
    return False


async def memory(world: Simulators, settle: float) -> list[Figure]:
    """Measure the resident memory, ``settle`` seconds after all are ready."""
    async with AsyncExitStack() as stack:
        bots = bot(world), bot(world, socket_mode=True, store="socket-mode.sqlite")
        programs = (*bots, bare_app(world), bare_python(world))
        processes = [await stack.enter_async_context(program) for program in programs]
        await asyncio.sleep(settle)
        http, socket_mode, bare, python = (process.mebibytes for process in processes)
    return [
        Figure("memory when idle, HTTP mode, MiB", http, bare, BARE_APP, "62 MiB at most", 1),
        Figure("memory when idle, Socket Mode, MiB", socket_mode, bare, BARE_APP, "62 MiB at most", 1),
        Figure("  the same", socket_mode, python, "Python with nothing", digits=1),
    ]


async def start(world: Simulators, runs: int) -> Figure:
    """Measure the time from the start of the process to ``ready:``, in turns."""
    seconds: dict[object, list[float]] = {bot: [], bare_app: []}
    for _ in range(runs):
        for program in (bot, bare_app):
            async with program(world) as process:
                seconds[program].append(process.seconds)
    return both(f"start to ready, median of {runs}, s", map(median, seconds.values()), "2 times at most")


async def look_ups(world: Simulators, jobs: int, rounds: int) -> list[Figure]:
    """Let our client and the official SDK look up the same jobs, in rounds that alternate."""
    ids = [job_id(number) for number in range(jobs)]
    figures = []
    async with _our_client(world) as ours, _sdk(world) as theirs:
        for at_once, how in ((1, "one after the other"), (MOST_THREADS, f"{MOST_THREADS} at once")):
            rates: dict[LookUps, list[float]] = {ours: [], theirs: []}
            cpu: dict[LookUps, list[float]] = {ours: [], theirs: []}
            for client in rates:
                await client(ids[: 2 * at_once], at_once)
            for number in range(rounds):
                for client in rates if number % 2 else reversed(rates):
                    started, cpu_before = time.monotonic(), time.process_time()
                    await client(ids, at_once)
                    rates[client].append(len(ids) / (time.monotonic() - started))
                    cpu[client].append(MS * (time.process_time() - cpu_before) / len(ids))
            medians = map(median, rates.values())
            figures.append(beside(f"look-ups a second, {how}", medians, SDK, "1 at least", 0))
            figures.append(beside("  CPU of one, ms", map(median, cpu.values()), SDK))
    return figures


@asynccontextmanager
async def _our_client(world: Simulators) -> AsyncIterator[LookUps]:
    async with world.client() as metastudio:

        async def look_up(ids: Sequence[str], at_once: int) -> None:
            left = iter(ids)

            async def worker() -> None:
                for one in left:
                    await metastudio.job(one)

            await asyncio.gather(*(worker() for _ in range(at_once)))

        yield look_up


@asynccontextmanager
async def _sdk(world: Simulators) -> AsyncIterator[LookUps]:
    """Use the SDK with as many connections as threads. It is imported here: it writes into HOME as it is."""
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

    def show(one: str) -> None:
        client.show_voice_training_job(v1.ShowVoiceTrainingJobRequest(job_id=one))

    with ThreadPoolExecutor(MOST_THREADS) as threads:

        async def look_up(ids: Sequence[str], at_once: int) -> None:
            every = map if at_once == 1 else threads.map
            await asyncio.to_thread(lambda: list(every(show, ids)))

        yield look_up
    client.close()


if __name__ == "__main__":
    given = options(
        __doc__,
        commands=(2000, 200, "for each app"),
        jobs=(200, 200, "that MetaStudio has"),
        rate=(100.0, 100.0, "commands a second"),
        rounds=(4, 1, "turns of each app"),
        # Above 1600 a second it would be the load, not the bare app, that gives out.
        top=(1600.0, 400.0, "highest rate to try"),
        probe=(4.0, 1.0, "seconds at each rate"),
        steps=(3, 0, "halvings of the highest rate"),
        runs=(5, 1, "starts of each app"),
        settle=(5.0, 1.0, "seconds before memory is read"),
    )
    run(
        partial(measure, given), f"{given.commands} commands for {given.jobs} jobs at {given.rate:g} a second"
    )
