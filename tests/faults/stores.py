"""The two store pairs of a round, and how they lose what they knew: emptied, rolled back, restored from a copy."""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Float, MetaData, Table, case, func, insert, select, update
from sqlalchemy.ext.compiler import compiles

from bot.embedded import EmbeddedValkey
from bot.journal import Episodes, open_database, schema
from bot.journal.schema import episodes as table
from tests.servers.postgres import postgres

COPIES = 6
CLOCK = Table("rig_clock", MetaData(), Column("shift", Float, nullable=False))


class Hints(EmbeddedValkey):
    """The embedded Valkey, with copies of its file from seconds ago."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._copies: list[Path] = []
        self._made = 0

    async def empty(self) -> None:
        """Everything is gone."""
        client = self._client()
        try:
            await client.flushall()
        finally:
            await client.aclose()

    async def remember(self) -> None:
        """Keep a copy of the file as it is now; the oldest of some copies goes."""
        copy = self._folder.with_name(f"copy-{self._made}")
        self._made += 1
        await asyncio.to_thread(shutil.copytree, self._folder / "appendonlydir", copy)
        self._copies.append(copy)
        if len(self._copies) > COPIES:
            await asyncio.to_thread(shutil.rmtree, self._copies.pop(0))

    async def roll_back(self, dice: random.Random) -> None:
        """A crash, and a file that lacks the last seconds."""
        assert self._process is not None
        self._process.kill()
        await asyncio.to_thread(self._process.wait)
        live = self._folder / "appendonlydir"
        await asyncio.to_thread(shutil.rmtree, live)
        await asyncio.to_thread(shutil.copytree, dice.choice(self._copies[:-1] or self._copies), live)
        await self.start()


class Redis7(Hints):
    """Debian's redis-server in the place of the embedded Valkey, with the same options."""

    def _launch(self) -> subprocess.Popen[bytes]:
        words = ["redis-server", "--port", "0", "--unixsocket", str(self._socket), "--dir", str(self._folder)]
        words += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction"]
        words += ["--logfile", str(self._folder / "redis.log")]
        return subprocess.Popen(words, stdout=subprocess.DEVNULL, start_new_session=True)


class Books:
    """The journal of a round: its clock can be moved, and an older copy can be put in its place.

    Every process of the rig reads the database's clock plus the one number of the table `rig_clock`
    (see `move_clock_with_the_rig`), so that all of them see it jump in the same moment.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._backup = folder / "journal.backup"

    async def open(self) -> None:
        """Make the tables, the clock's too."""
        self.episodes = Episodes(await open_database(self.url))
        await self.episodes.database.write(_make_clock)
        await self.episodes.open()

    async def close(self) -> None:
        await self.episodes.database.close()

    async def count(self, over: tuple[str, ...]) -> tuple[int, int]:
        """How many mentions were heard, and how many of them have come to one of these ends."""
        ended = func.sum(case((table.c.state.in_(over), 1), else_=0))
        query = select(func.count(), func.coalesce(ended, 0))
        row = await self.episodes.database.read(lambda connection: connection.execute(query).one())
        return int(row[0]), int(row[1])

    async def shift(self) -> float:
        """How far the clock is off, in seconds."""
        return await self.episodes.database.read(
            lambda connection: float(connection.scalar(select(CLOCK.c.shift)) or 0)
        )

    async def move_clock(self, to: float) -> None:
        """Set how far the clock is off."""
        await self.episodes.database.write(
            lambda connection: connection.execute(update(CLOCK).values(shift=to)).rowcount
        )

    async def back_up(self, settings: Mapping[str, str]) -> None:
        """`jiegeng backup`, while the bot works."""
        await _jiegeng(settings, "backup", str(self._backup))

    async def restore(self, settings: Mapping[str, str]) -> None:
        """`jiegeng restore`. No process of the bot may be alive. The clock goes on."""
        shift = await self.shift()
        await self.close()
        await _jiegeng(settings, "restore", str(self._backup), "--yes")
        await self.open()
        await self.move_clock(shift)


async def _jiegeng(settings: Mapping[str, str], *words: str) -> None:
    """The command as an operator types it. Raises `RuntimeError` with what it said if it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *words,
        env=settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode:
        message = f"jiegeng {words[0]} failed: {said.decode()[-2000:]}"
        raise RuntimeError(message)


def _make_clock(connection: Connection) -> None:
    CLOCK.create(connection, checkfirst=True)
    if connection.scalar(select(func.count()).select_from(CLOCK)) == 0:
        connection.execute(insert(CLOCK).values(shift=0.0))


@contextmanager
def books(folder: Path, *, on_postgres: bool) -> Iterator[Books]:
    """The journal of one pair or the other."""
    if not on_postgres:
        yield Books(f"sqlite:///{folder / 'journal.sqlite3'}", folder)
        return
    with postgres() as url:
        yield Books(url, folder)


def move_clock_with_the_rig() -> None:
    """In a process of the rig: the journal's clock is the database's plus what the table says."""
    for dialect, plain in (("sqlite", schema._now_in_sqlite), ("postgresql", schema._now_in_postgresql)):

        def shifted(element: schema.now, compiler: Any, plain: Any = plain, **kw: Any) -> str:
            return f"({plain(element, compiler, **kw)} + (SELECT shift FROM rig_clock))"  # noqa: S608 - our own words

        compiles(schema.now, dialect)(shifted)
