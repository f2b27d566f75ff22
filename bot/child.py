"""Another `jiegeng` as a process of its own, which ends when the one that started it ends, however that happens."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from bot.errors import Misconfigured

log = logging.getLogger(__name__)


class Child:
    """Runs a `jiegeng` command beside us. It reads our end of a pipe and stops when that closes."""

    def __init__(
        self,
        name: str,
        words: Sequence[str],
        env: Mapping[str, str],
        *,
        patience: float = 20.0,
        drain: float = 10.0,
    ) -> None:
        self.name = name
        self._words = ["-m", "bot", *words, "--leash"]
        self._env = dict(env)
        self._patience = patience
        self._drain = drain
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the child and return when it is ready; raises `Misconfigured` with what it said if it is not."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | self._env,
            start_new_session=True,
        )
        self._process = process
        assert process.stdout is not None  # noqa: S101 - we asked for a pipe
        try:
            async with asyncio.timeout(self._patience):
                ready = await process.stdout.readline()
        except TimeoutError as error:
            message = f"{self.name} was not ready after {self._patience:.0f} s"
            raise Misconfigured(message) from error
        if not ready:
            await process.wait()
            message = f"{self.name} ended at once; what it said stands above"
            raise Misconfigured(message)

    async def keep(self) -> None:
        """Start it again if it has died; call this now and then."""
        if self._process is None or self._process.returncode is not None:
            log.warning("%s has ended; starting it again", self.name)
            await self.start()

    async def stop(self) -> None:
        """Let go of the leash and wait, at most `drain` seconds."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(self._drain):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def run_errand(module: str, told: str) -> None:
    """Let a module of ours do one thing in a process of its own, which is told what in a line of standard input.

    The line stays open until it ends or we do; when we are cancelled it is killed. It may fail or not start at all: who
    sent it does what is left to do, and finds out for themselves what was wrong.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        log.warning("no process for %s: %s", module, error)
        return
    assert process.stdin is not None  # noqa: S101 - we asked for a pipe
    try:
        process.stdin.write(told.encode() + b"\n")
        with suppress(ConnectionError):
            await process.stdin.drain()
        if await process.wait():
            log.info("%s ended with %d; its work is done here", module, process.returncode)
    finally:
        process.stdin.close()
        if process.returncode is None:
            process.kill()
            await process.wait()


def plaza_token(folder: Path) -> str:
    """The robot's token on this plaza, made once and kept readable for us alone."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "token"
    if not place.exists():
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32))
    return place.read_text().strip()


async def let_go() -> None:
    """In a child: return when the one who started us lets go of the leash, by closing it or by dying."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


def say_ready() -> None:
    """In a child: tell the one who started us that we are up."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
