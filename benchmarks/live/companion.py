"""A process that works beside the clients: it says that it is ready, and begins at the word."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from benchmarks.live.ground import NotUpError
from workers.processes import ROOT


class Companion:
    """One that has started and waits."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def work(self) -> str:
        """Let it work until it ends; what it printed. Raises NotUpError."""
        said, _ = await self._process.communicate(b"go\n")
        if self._process.returncode:
            raise NotUpError("A process beside the clients failed.")
        return said.decode()


@asynccontextmanager
async def companion(command: Sequence[str], env: Mapping[str, str]) -> AsyncIterator[Companion]:
    """Start it and wait until it is ready; in the end it is gone. Raises NotUpError."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, env=dict(env), cwd=ROOT, stdin=pipe, stdout=pipe
    )
    try:
        assert process.stdout is not None
        if await process.stdout.readline() != b"ready\n":
            raise NotUpError(" ".join(command))
        yield Companion(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
