"""Learning from the own stream once more, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.journal import Episodes, open_database
from tests.bot.test_learning import *  # noqa: F403 - the same tests on another database
from tests.bot.test_learning import Stage
from tests.servers.postgres import postgres

pytestmark = pytest.mark.real

TABLES = "episodes, cursors, silences, modes, tombstones, notes, phrases, uses"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture
async def journal(server: str) -> AsyncIterator[Episodes]:
    database = await open_database(server)
    await database.write(lambda connection: connection.execute(text(f"TRUNCATE {TABLES}")).rowcount)
    await database.write(lambda connection: connection.execute(text("DELETE FROM facts WHERE name <> 'seal'")).rowcount)
    episodes = Episodes(database)
    await episodes.open()
    yield episodes
    await database.close()


@pytest.fixture
def stage(journal: Episodes, tmp_path: Path) -> Stage:
    return Stage(journal, tmp_path)
