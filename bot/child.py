"""The plaza as a process of its own, which ends when the bot that started it ends, however that happens."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import sys
from pathlib import Path

from bot.errors import Misconfigured

log = logging.getLogger(__name__)


class PlazaChild:
    """Runs `jiegeng plaza` beside the bot. The child reads our end of a pipe and stops when that closes."""

    def __init__(self, folder: Path, host: str, port: int, *, admin: str = "", patience: float = 20.0) -> None:
        self._folder = folder
        self._admin = admin
        self._host, self._port = host, port
        self._patience = patience
        self._process: asyncio.subprocess.Process | None = None
        self.url = f"http://{host}:{port}"
        self.token = _token_in(folder)

    async def start(self) -> None:
        """Start the child and return when it listens; raises `Misconfigured` with what it said if it does not."""
        command = ["-m", "bot", "plaza", "--data", str(self._folder), "--leash"]
        command += ["--host", self._host, "--port", str(self._port), "--admin", self._admin]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"JIEGENG_PLAZA_TOKEN": self.token},
            start_new_session=True,
        )
        self._process = process
        assert process.stdout is not None  # noqa: S101 - we asked for a pipe
        try:
            async with asyncio.timeout(self._patience):
                ready = await process.stdout.readline()
        except TimeoutError as error:
            message = f"the plaza does not listen on {self.url} after {self._patience:.0f} s"
            raise Misconfigured(message) from error
        if not ready:
            _out, said = await process.communicate()
            raise Misconfigured(said.decode(errors="replace").strip() or "the plaza ended at once")

    async def keep(self) -> None:
        """Start it again if it has died; call this now and then."""
        if self._process is None or self._process.returncode is not None:
            log.warning("the plaza has ended; starting it again")
            await self.start()

    async def stop(self) -> None:
        """Let go of the leash and wait."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(self._patience):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _token_in(folder: Path) -> str:
    """The robot's token on this plaza, made once and kept readable for us alone."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "token"
    if not place.exists():
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32))
    return place.read_text().strip()
