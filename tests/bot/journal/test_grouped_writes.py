"""Grouped commits: everybody gets their own answer, and one bad row fails alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.errors import Misconfigured, TryLater
from bot.journal.database import Database, Grouped, open_database


class Counting:
    """A database that counts its transactions."""

    def __init__(self, database: Database) -> None:
        self._database, self.commits = database, 0
        self.durable: list[bool] = []

    async def write(self, work, *, durable=True):  # type: ignore[no-untyped-def]
        self.commits += 1
        self.durable.append(durable)
        return await self._database.write(work)

    async def read(self, work):  # type: ignore[no-untyped-def]
        return await self._database.read(work)

    async def close(self) -> None:
        await self._database.close()


def insert(name: str):  # type: ignore[no-untyped-def]
    statement = text("INSERT INTO personas (version, content, first_used_at) VALUES (:name, '', 0)")
    return lambda connection: connection.execute(statement, {"name": name}).rowcount


def count(connection: Connection) -> int:
    return int(connection.scalar(text("SELECT count(*) FROM personas")) or 0)


@pytest.fixture
async def database(tmp_path: Path):  # type: ignore[no-untyped-def]
    opened = Counting(await open_database(f"sqlite:///{tmp_path / 'j.sqlite3'}"))
    yield opened
    await opened.close()


async def test_writes_that_come_together_share_a_commit(database: Counting) -> None:
    group = Grouped(database.write)

    results = await asyncio.gather(*(group.do(f"k{number}", insert(f"p{number}")) for number in range(100)))

    assert results == [1] * 100
    assert database.commits <= 3
    assert await database.read(count) == 100


async def test_a_commit_is_durable_if_one_of_its_writes_has_to_be(database: Counting) -> None:
    group = Grouped(database.write)

    await asyncio.gather(group.do("a", insert("a"), durable=False), group.do("b", insert("b"), durable=False))
    await asyncio.gather(group.do("c", insert("c"), durable=False), group.do("d", insert("d")))

    assert database.durable == [False, True]


async def test_one_bad_row_fails_alone(database: Counting) -> None:
    group = Grouped(database.write)
    await group.do("k", insert("taken"))

    results = await asyncio.gather(
        group.do("a", insert("one")),
        group.do("b", insert("taken")),
        group.do("c", insert("two")),
        return_exceptions=True,
    )

    assert results[0] == results[2] == 1
    assert isinstance(results[1], TryLater)
    assert await database.read(count) == 3


async def test_a_bug_in_one_write_is_seen_by_its_author_and_later_writes_go_on(database: Counting) -> None:
    group = Grouped(database.write)

    def broken(_connection: Connection) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await group.do("a", broken)

    assert await group.do("b", insert("after")) == 1


async def test_an_author_who_is_cancelled_does_not_take_the_group_along(database: Counting) -> None:
    group = Grouped(database.write)
    leaving = asyncio.create_task(group.do("a", insert("left")))
    staying = asyncio.create_task(group.do("b", insert("stayed")))
    await asyncio.sleep(0)
    leaving.cancel()

    assert await staying == 1
    assert await database.read(count) == 2


@pytest.mark.parametrize(
    ("url", "says"), [("no url", "Example: sqlite:///"), ("mysql://localhost/x", "use sqlite:///… or postgresql://…")]
)
async def test_a_url_that_is_none_is_refused_with_an_example(url: str, says: str) -> None:
    with pytest.raises(Misconfigured, match=says):
        await open_database(url)
