"""One PostgreSQL for a whole run of these tests, and a journal on it that each test finds empty."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import text

from bot.journal import Episodes, open_database
from bot.journal.schema import metadata
from tests.servers.postgres import postgres


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture
async def journal(server: str) -> AsyncIterator[Episodes]:
    database = await open_database(server)
    tables = ", ".join(table.name for table in metadata.sorted_tables if table.name != "facts")
    await database.write(lambda connection: connection.execute(text(f"TRUNCATE {tables}")).rowcount)
    await database.write(lambda connection: connection.execute(text("DELETE FROM facts WHERE name <> 'seal'")).rowcount)
    episodes = Episodes(database)
    await episodes.open()
    yield episodes
    await database.close()
