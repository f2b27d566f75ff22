"""Bugs that the rig's author found in the bot and that are not mended yet; each test here fails until its bug is.

`pytest tests/faults/found_bugs.py` (needs PostgreSQL). A test that passes moves to where it belongs.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.errors import Unsure
from bot.journal import Desk, Episodes, open_database
from bot.model import Reply, State
from tests.bot.test_promise import KillAfter
from tests.fakes import NOW, FakePlatform, Killed, World, author, mention, post
from tests.servers.postgres import postgres

ACCOUNT = mention().account


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


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

    # It returns None, "done", writes the action down, and the reply goes out.
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


async def test_nobody_knows_whether_a_reply_was_deleted_is_no_death_of_a_worker(world: World) -> None:
    class Cut(FakePlatform):
        async def delete(self, reply_id: str) -> None:
            message = "connection reset"
            raise Unsure(message)

    world.platform = Cut()
    owner = author("楼主")
    there = (post("我家的晚霞", by=owner),)
    await world.hear(mention("@阿梗 来一句", id="m1", thread=there))
    await world.settle()
    await world.hear(mention("@阿梗 删掉", id="m2", by=owner, thread=there))

    await world.settle()  # raises Unsure out of Bot.answer: the claim stays, and counts as a death

    assert (await world.episode("m2")).tries == 0


async def test_a_reply_whose_sending_kills_every_worker_is_given_to_a_human(world: World) -> None:
    await world.hear(mention())
    for _ in range(3 * world.rules.deaths):
        bot = world.bot("doomed", journal=KillAfter(world.journal, "intend"))
        for wake in await world.queue.take(9, 0):
            with pytest.raises(Killed):
                await bot.answer(wake.key)
        await world.pass_time(400)
        await world.bot("sweeper").sweep()

    # Each of them writes its intent, which counts as progress, so `deaths` is never reached.
    assert (await world.episode()).state is not State.POSTING


async def test_a_refusal_of_the_second_try_does_not_say_that_the_first_one_failed(world: World) -> None:
    world.platform.faults.extend(["late", "refuse"])
    await world.hear(mention())
    await world.settle()
    await world.later()
    world.platform.land()

    for _ in range(3):
        await world.later()

    # One reply stands there; the journal says "failed" and nobody ever looks again.
    assert len(world.platform.posts) == 1
    assert (await world.episode()).state in {State.POSTED, State.UNSURE}
