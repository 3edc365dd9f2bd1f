"""What the bot takes while it does nothing: memory, and the time until it is ready."""

import asyncio
from contextlib import AsyncExitStack
from statistics import median

from tests.bench.figures import Figure
from tests.bench.processes import World, bare_app, bare_python, bot

BARE = "Bolt app that only acks"


async def memory(world: World, *, settle: float) -> list[Figure]:
    """Measure the resident memory, ``settle`` seconds after all are ready."""
    async with AsyncExitStack() as stack:
        http_bot, socket_bot = bot(world), bot(world, socket_mode=True, store="socket-mode.sqlite")
        programs = (http_bot, socket_bot, bare_app(world), bare_python(world))
        processes = [await stack.enter_async_context(program) for program in programs]
        await asyncio.sleep(settle)
        http, socket_mode, bare, python = (process.mebibytes for process in processes)
    return [
        _memory("memory when idle, HTTP mode, MiB", http, bare),
        _memory("memory when idle, Socket Mode, MiB", socket_mode, bare),
        Figure(name="  the same", ours=socket_mode, theirs=python, beside="Python with nothing", digits=1),
    ]


async def start(world: World, *, runs: int) -> list[Figure]:
    """Measure the time from the start of the process to ``ready:``, in turns."""
    times: dict[str, list[float]] = {"bot": [], "bare": []}
    for _ in range(runs):
        async with bot(world) as process:
            times["bot"].append(process.seconds)
        async with bare_app(world) as process:
            times["bare"].append(process.seconds)
    ours, theirs = median(times["bot"]), median(times["bare"])
    name = f"start to ready, median of {runs}, s"
    return [Figure(name=name, ours=ours, theirs=theirs, beside=BARE, aim="2 times at most", digits=2)]


def _memory(name: str, ours: float, bare: float) -> Figure:
    return Figure(name=name, ours=ours, theirs=bare, beside=BARE, aim="62 MiB at most", digits=1)
