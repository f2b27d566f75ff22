"""The promise, the desk and the grouped writes once more, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.journal import Desk, Episodes, open_database
from bot.model import Reply, State
from tests.bot.journal.test_desk import *  # noqa: F403 - the same tests on another database
from tests.bot.journal.test_keeping import *  # noqa: F403
from tests.bot.test_promise import *  # noqa: F403
from tests.fakes import NOW, mention
from tests.servers.postgres import postgres

pytestmark = pytest.mark.real

ACCOUNT = mention().account
TABLES = "episodes, cursors, silences, modes, actions, personas, passes, tombstones"


@pytest.fixture
async def shared(server: str) -> AsyncIterator[Episodes]:
    """A journal on PostgreSQL with one mention in it."""
    database = await open_database(server)
    await database.write(lambda connection: connection.execute(text("TRUNCATE episodes, cursors, actions")).rowcount)
    journal = Episodes(database)
    await journal.open()
    await journal.begin(ACCOUNT, "0")
    await journal.hear(ACCOUNT, "0", "1", [mention()])
    yield journal
    await database.close()


async def overtaken(server: str, slow: Awaitable[object], meanwhile: str) -> object:
    """`slow` reads the row, then waits for another one's write of it, which is committed first."""
    engine = create_async_engine(server.replace("postgresql:", "postgresql+asyncpg:"))
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    async with engine.connect() as other, engine.connect() as looker:
        await other.execute(text(meanwhile))
        task = asyncio.ensure_future(slow)
        async with asyncio.timeout(20):
            while not task.done() and not await looker.scalar(waiting):
                await looker.rollback()
        await other.commit()
        result = await task
    await engine.dispose()
    return result


async def test_a_decision_that_was_overtaken_says_so_on_postgresql(server: str, shared: Episodes) -> None:
    claimed = await shared.claim(mention().key, "worker", 60)
    assert claimed is not None
    held = await shared.move(claimed.episode, State.HELD, by="worker", due=60)
    assert held is not None
    rejects = Desk(shared).decide(held.key, "reject", "admin", version=held.version)

    told = await overtaken(server, rejects, "UPDATE episodes SET version = version + 1, state = 'approved'")

    assert told is not None


async def test_evidence_of_a_reply_is_not_lost_to_a_claim_on_postgresql(server: str, shared: Episodes) -> None:
    reply = Reply(id="r1", text="下一站，工位", at=NOW)

    await overtaken(
        server, shared.late(mention().key, reply, by="audit"), "UPDATE episodes SET version = version + 1, owner = 'b'"
    )

    found = await shared.episode(mention().key)
    assert found is not None
    assert found.state is State.POSTED


def test_four_processes_may_start_at_once_on_an_empty_postgresql() -> None:
    start = "import asyncio, sys; from bot.journal import open_database; asyncio.run(open_database(sys.argv[1]))"
    with postgres() as url:
        words = [sys.executable, "-c", start, url]
        started = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(4)]
        ends = [(process.communicate(timeout=50)[1], process.returncode) for process in started]

    assert [said.splitlines()[-1] for said, code in ends if code] == []
