"""The promise, the desk and the grouped writes once more, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import text

from bot.journal import Episodes, open_database
from tests.bot.journal.test_desk import *  # noqa: F403 - the same tests on another database
from tests.bot.test_promise import *  # noqa: F403
from tests.servers.postgres import postgres

pytestmark = pytest.mark.real

TABLES = "episodes, cursors, silences, modes, actions, personas, passes"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture
async def journal(server: str) -> AsyncIterator[Episodes]:
    database = await open_database(server)
    await database.write(lambda connection: connection.execute(text(f"TRUNCATE {TABLES}")).rowcount)
    episodes = Episodes(database)
    await episodes.open()
    yield episodes
    await database.close()
