"""A process that can be killed, paused or told to stop on any line where it touches the world, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, event, text

from bot.errors import TryLater
from bot.journal.database import _sqlite_engine, migrate
from bot.model import Mention, Reply
from bot.ports import Found
from tests.fakes import Killed

T = TypeVar("T")

TABLES = ("episodes", "cursors", "silences", "actions")

# What may happen to a process, and before or after which kind of line; "" is any line.
FATES = {
    "live": "never",
    "kill": "",
    "pause": "",
    "stop": "",
    "no commit": "commit.before",
    "lost commit": "commit.after",
}


@dataclass(eq=False)
class Process:
    """Something of ours that runs: its fate meets it at the first fitting point after `at` others."""

    name: str
    fate: str = "live"
    at: int = 0
    dead: bool = False
    where: str = ""
    _passed: int = 0
    _met: bool = False
    _go: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[Any] | None = None

    @property
    def paused(self) -> bool:
        return bool(self.where)

    async def point(self, where: str) -> None:
        """A line at which the world can see us. Raises `Killed`, or `TryLater` for a database in trouble."""
        if self.dead:
            raise Killed
        self._passed += 1
        if self._met or self._passed <= self.at or not where.startswith(FATES[self.fate]):
            return
        self._met = True
        match self.fate:
            case "kill":
                self.dead = True
                raise Killed
            case "pause":
                self.where = where
                await self._go.wait()
                self.where = ""
                if self.dead:
                    raise Killed
            case "stop":
                assert self.task is not None
                self.task.cancel()
            case _:
                message = f"the database's connection broke ({self.fate})"
                raise TryLater(message)

    def go_on(self, *, dead: bool = False) -> None:
        """SIGCONT, or the end of a process that was paused."""
        self.dead = dead
        self._go.set()


class File:
    """One real SQLite file without threads, so that a history runs the same way each time.

    `synchronous=OFF`: processes die here, not the machine.
    """

    def __init__(self, path: Path) -> None:
        self._engine = _sqlite_engine(path, begin="BEGIN IMMEDIATE")
        event.listen(self._engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        self.run(migrate)

    def run(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            return work(connection)

    async def read(self, work: Callable[[Connection], T]) -> T:
        return self.run(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        return self.run(work)

    async def read_few(self, work: Callable[[Connection], T]) -> T:
        return self.run(work)

    async def write_few(self, work: Callable[[Connection], T], *, durable: bool = True) -> T:
        return self.run(work)

    async def close(self) -> None:
        self._engine.dispose()

    def empty(self) -> None:
        """As good as new."""
        words = [*(f"DELETE FROM {name}" for name in TABLES), "DELETE FROM facts WHERE name = 'restored'"]  # noqa: S608
        self.run(lambda connection: [connection.execute(text(each)) for each in words])


@dataclass
class Watched:
    """The database as one process sees it: every commit has a before and an after."""

    file: File
    process: Process

    async def read(self, work: Callable[[Connection], T]) -> T:
        await self.process.point("read")
        return self.file.run(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        await self.process.point("commit.before")
        result = self.file.run(work)
        await self.process.point("commit.after")
        return result

    async def read_few(self, work: Callable[[Connection], T]) -> T:
        return await self.read(work)

    async def write_few(self, work: Callable[[Connection], T], *, durable: bool = True) -> T:
        return await self.write(work)

    async def close(self) -> None:
        pass


class Line:
    """The platform as one process reaches it: every request has a before and an after."""

    def __init__(self, platform: Any, process: Process) -> None:
        self._platform, self._process = platform, process

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    async def post(self, mention: Mention, text: str, *, key: str) -> Reply:
        await self._process.point("post.before")
        reply: Reply = await self._platform.post(mention, text, key=key)
        await self._process.point("post.after")
        return reply

    async def find_reply(self, mention: Mention, text: str, *, key: str) -> Found:
        await self._process.point("find.before")
        found: Found = await self._platform.find_reply(mention, text, key=key)
        await self._process.point("find.after")
        return found
