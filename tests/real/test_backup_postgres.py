"""Backups of a PostgreSQL, and moves between it and SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.journal import Episodes, open_database
from bot.journal.backup import back_up, restore
from bot.model import State
from bot.ports import NEVER
from tests.bot.journal.test_backup import FIRST, SECOND, answer, catch_up, opened, said_to
from tests.bot.journal.test_keeping import everything, keeping
from tests.fakes import NOW, FakePlatform, author, mention

pytestmark = pytest.mark.real


@asynccontextmanager
async def database_of_its_own(server: str) -> AsyncIterator[str]:
    engine = create_async_engine(server.replace("postgresql:", "postgresql+asyncpg:"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text("DROP DATABASE IF EXISTS fresh WITH (FORCE)"))
        await connection.execute(text("CREATE DATABASE fresh"))
    await engine.dispose()
    yield server.rpartition("/")[0] + "/fresh"


@pytest.fixture
async def url(server: str) -> AsyncIterator[str]:
    async with database_of_its_own(server) as fresh:
        yield fresh


async def test_a_postgresql_that_was_set_back_answers_nobody_twice(url: str, tmp_path: Path) -> None:
    platform = FakePlatform(once=NEVER)
    async with opened(url, platform) as world:
        await answer(world, *FIRST)
        await back_up(url, tmp_path / "backup")
        await answer(world, *SECOND)
    done = await restore(url, tmp_path / "backup", at=NOW)

    async with opened(url, platform) as world:
        await catch_up(world)
        states = [(await world.episode(id)).state for id in FIRST + SECOND]
        # A new action and a new mode get numbers of their own.
        await world.desk.set_mode("normal", by="admin", why="")
        await world.desk.release_thread("plaza", "nowhere", by="admin")

    assert done.episodes == 5
    assert said_to(platform) == FIRST + SECOND
    assert states == [State.POSTED] * 10


async def test_a_journal_moves_from_sqlite_to_postgresql_and_back_with_every_word(url: str, tmp_path: Path) -> None:
    small = f"sqlite:///{tmp_path}/journal.sqlite3"
    platform = FakePlatform(once=NEVER)
    async with opened(small, platform) as world:
        await answer(world, *FIRST)
        await world.hear(mention("@阿梗 别再回我", by=author("阿岩")))
        await world.settle()
        told = [(await world.episode(id)).model_dump_json() for id in FIRST]
    await back_up(small, tmp_path / "there")
    await restore(url, tmp_path / "there", at=NOW)
    await back_up(url, tmp_path / "back")
    other = f"sqlite:///{tmp_path}/other.sqlite3"
    await restore(other, tmp_path / "back", at=NOW)

    async with opened(other, platform) as world:
        again = [(await world.episode(id)).model_dump_json() for id in FIRST]
        await world.hear(mention("@阿梗 又来了", id="m2", by=author("阿岩")))
        await world.settle()
        await world.later()
        reason = (await world.episode("m2")).reason

    assert again == told
    assert reason == "this person asked us to stop"


async def test_a_forgotten_person_stays_forgotten_after_a_restore_on_postgresql(url: str, tmp_path: Path) -> None:
    async with opened(url) as world:
        await world.hear(mention("@阿梗 我的秘密是柠檬", by=author("阿岩")))
        await world.settle()
        await back_up(url, tmp_path / "backup")
        await keeping(world).forget("id-阿岩@plaza")
    await restore(url, tmp_path / "backup", at=NOW)

    database = await open_database(url)
    journal = Episodes(database)
    await journal.open()
    async with opened(url) as world:
        left = await everything(world)
    await database.close()

    assert [word for word in ("柠檬", "阿岩") if word in left] == []
