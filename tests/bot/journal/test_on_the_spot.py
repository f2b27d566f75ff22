"""Few rows are read and written in the event loop's own thread, as long as that keeps nobody waiting."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.errors import TryLater
from bot.journal.database import HOME_EVERY, SQLite


def insert(connection: Connection, name: str = "p") -> str:
    connection.execute(
        text("INSERT INTO personas (version, content, first_used_at) VALUES (:name, '', 0)"), {"name": name}
    )
    return threading.current_thread().name


def count(connection: Connection) -> int:
    return int(connection.scalar(text("SELECT count(*) FROM personas")) or 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "j.sqlite3"


async def opened(path: Path, *, quick: float) -> SQLite:
    database = SQLite(path, quick=quick)
    await database.write(
        lambda connection: connection.exec_driver_sql(
            "CREATE TABLE personas (version TEXT PRIMARY KEY, content TEXT NOT NULL, first_used_at FLOAT NOT NULL)"
        )
    )
    return database


@pytest.fixture
async def database(path: Path) -> AsyncIterator[SQLite]:
    database = await opened(path, quick=60.0)
    yield database
    await database.close()


async def test_a_few_rows_are_written_on_the_spot_and_others_see_them_at_once(database: SQLite, path: Path) -> None:
    where = await database.write_few(insert)

    assert where == threading.main_thread().name
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM personas").fetchone() == (1,)
    assert await database.read_few(count) == await database.read(count) == 1


async def test_on_a_slow_disk_a_thread_waits_for_it(path: Path) -> None:
    database = await opened(path, quick=0.0)

    where = await database.write_few(insert)
    await database.close()

    assert where.startswith("journal-write")


async def test_while_somebody_else_writes_the_event_loop_goes_on(database: SQLite, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(database.write_few(insert))
    beats = 0
    for _ in range(20):
        await asyncio.sleep(0.005)
        beats += 1
    assert not writing.done()

    other.execute("COMMIT")
    other.close()

    assert (await writing).startswith("journal-write")
    assert beats == 20
    assert await database.write_few(lambda connection: insert(connection, "next")) == threading.main_thread().name


async def test_what_fails_leaves_nothing_behind_and_the_next_write_goes_on(database: SQLite) -> None:
    def twice(connection: Connection) -> None:
        insert(connection)
        insert(connection)

    def broken(connection: Connection) -> None:
        insert(connection)
        raise ZeroDivisionError

    with pytest.raises(TryLater, match="UNIQUE"):
        await database.write_few(twice)
    with pytest.raises(ZeroDivisionError):
        await database.write_few(broken)
    assert await database.read_few(count) == 0

    assert await database.write_few(insert) == threading.main_thread().name
    assert await database.read_few(count) == 1


async def test_what_was_written_on_the_spot_is_brought_home_in_between(database: SQLite, path: Path) -> None:
    for number in range(HOME_EVERY):
        await database.write_few(lambda connection, name=str(number): insert(connection, name))  # type: ignore[misc]
    await database.write(count)  # the thread does one thing after the other

    home = path.read_bytes()
    assert home.count(str(HOME_EVERY - 2).encode()) > 0
    # A WAL that was brought home begins anew with the next commit.
    long = path.with_name("j.sqlite3-wal").stat().st_size
    for number in range(50):
        await database.write_few(lambda connection, name=f"n{number}": insert(connection, name))  # type: ignore[misc]
    assert path.with_name("j.sqlite3-wal").stat().st_size == long


async def test_a_durable_commit_waits_for_the_disk_and_another_does_not(database: SQLite) -> None:
    def how(connection: Connection) -> int:
        return int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

    full, normal = 2, 1
    assert await database.write_few(how) == full
    assert await database.write_few(how, durable=False) == normal
    assert await database.write_few(how) == full
