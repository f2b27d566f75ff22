"""Whether a commit is made on the spot follows the disk, and nothing but the disk."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.journal.database import DOUBTS, TRIED_AGAIN, SQLite


class Disk:
    """A clock by which each commit takes `seconds`: it moves on whenever it is read."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.now = seconds, 0.0

    def __call__(self) -> float:
        self.now += self.seconds
        return self.now


def insert(connection: Connection) -> str:
    connection.execute(text("INSERT INTO numbers DEFAULT VALUES"))
    return threading.current_thread().name


async def opened(path: Path, disk: Disk, *, quick: float = 0.02) -> SQLite:
    database = SQLite(path, quick=quick, clock=disk)
    await database.write(lambda connection: connection.execute(text("CREATE TABLE numbers (n INTEGER PRIMARY KEY)")))
    return database


async def write_often(database: SQLite, times: int = DOUBTS) -> set[str]:
    """Where so many commits were made."""
    return {(await database.write_few(insert)).partition("_")[0] for _ in range(times)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "j.sqlite3"


HERE, THREAD = threading.main_thread().name, "journal-write"


async def test_a_disk_that_stays_slow_is_left_to_the_thread_and_tried_now_and_then(path: Path) -> None:
    disk = Disk(0.03)
    database = await opened(path, disk)

    assert await write_often(database) == {HERE}
    disk.seconds = 0.0
    assert await write_often(database) == {THREAD}

    disk.now += TRIED_AGAIN
    assert await write_often(database) == {HERE}
    await database.close()


async def test_one_slow_moment_sends_nobody_to_the_thread(path: Path) -> None:
    disk = Disk(5.0)
    database = await opened(path, disk)

    assert await write_often(database, 1) == {HERE}
    disk.seconds = 0.001
    assert await write_often(database) == {HERE}
    await database.close()


async def test_how_long_the_thread_takes_says_nothing_of_the_disk(path: Path) -> None:
    database = await opened(path, Disk(5.0))

    for _ in range(2 * DOUBTS):
        await database.write(insert)

    assert await write_often(database, 1) == {HERE}
    await database.close()


async def test_what_need_not_wait_for_the_disk_is_written_on_the_spot_though_it_is_slow(path: Path) -> None:
    database = await opened(path, Disk(0.0), quick=0.0)

    assert await write_often(database) == {THREAD}
    assert await database.write_few(insert, durable=False) == HERE
    await database.close()
