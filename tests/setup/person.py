"""A person at a terminal, in which a command asks."""

import asyncio
import re
import sys
from asyncio.subprocess import PIPE, Process
from codecs import getincrementaldecoder
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Final

from tests.support import PATIENCE, started

IN_A_TERMINAL: Final = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
"""A program that runs a command in a pseudo-terminal, which it connects to its own stdin and stdout."""
CTRL_C: Final = "\x03"
CTRL_D: Final = "\x04"
BOLD: Final = "\x1b[1m"
"""How each prompt begins."""


class Person:
    """Reads what the command prints, and types."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._unread = self.seen = ""

    async def sees(self, words: str) -> str:
        """Read up to some words, which may be spread over lines, and return all that is new."""
        return await self._sees(r"\s+".join(map(re.escape, words.split())))

    async def answers(self, prompt: str, text: str = "") -> str:
        """Type an answer and Enter as soon as a prompt that begins so is there; return what came before."""
        before = await self._sees(re.escape(f"{BOLD}{prompt}") + r"[^\x1b]* \x1b\[0m")
        self.types(f"{text}\r")
        return before

    def types(self, text: str) -> None:
        """Type something, without Enter; a lone surrogate is the byte that it stands for."""
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode(errors="surrogateescape"))

    async def _sees(self, pattern: str) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while not (found := re.search(pattern, self._unread)):
                data = await self._process.stdout.read(4096)
                assert data, f"the command ended without {pattern!r}: {self.seen}"
                read = self._decode(data)
                self._unread += read
                self.seen += read
        new, self._unread = self._unread[: found.end()], self._unread[found.end() :]
        return new

    async def sees_the_end(self) -> int:
        """Read to the end, and return the command's exit code."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            self.seen += self._decode(await self._process.stdout.read())
            return await self._process.wait()


@asynccontextmanager
async def at_a_terminal(
    *arguments: str, settings: Mapping[str, str] = MappingProxyType({})
) -> AsyncIterator[Person]:
    """Run the bot's command in a terminal of 80 columns."""
    before = (sys.executable, "-c", IN_A_TERMINAL)
    size = {"COLUMNS": "80", "TERM": "xterm"}
    async with started(*arguments, settings={**settings, **size}, before=before, typed=PIPE) as process:
        yield Person(process)
