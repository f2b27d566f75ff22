"""Topics on their way from a board to a worker: the lead, the sharing, a replayed day, and boards that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from bot.errors import TryLater
from bot.plaza.board import DAY, rows
from bot.trends import Follower, Scout, asker
from memes.trends.read import Columns
from memes.trends.sheet import Today
from memes.trends.source import Source
from tests.servers.board import FAULTS, BoardServer

START = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)


@dataclass
class Store:
    """What Redis and the journal keep for all: a lead, shared texts, notes."""

    leader: str = ""
    texts: dict[str, tuple[str, str]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    down: bool = False

    async def lead(self, account: str, owner: str, seconds: float) -> bool:
        if self.down:
            raise TryLater("Redis cannot be reached")
        self.leader = self.leader or owner
        return self.leader == owner

    async def share(self, name: str, text: str, version: str) -> None:
        self.texts[name] = (text, version)

    async def shared(self, name: str, known: str = "") -> tuple[str, str] | None:
        found = self.texts.get(name)
        return None if found is None or found[1] == known else found

    async def note(self, name: str) -> str | None:
        return self.notes.get(name)

    async def keep(self, name: str, value: str) -> None:
        self.notes[name] = value


@dataclass
class Day:
    """A replayed day: one clock for the board, the leader and the worker."""

    stack: AsyncExitStack
    now: datetime = START
    store: Store = field(default_factory=Store)

    def clock(self) -> datetime:
        return self.now

    async def open(self) -> None:
        self.server = BoardServer(lambda: rows(self.now), self.clock)
        self.url = await self.server.open(self.stack)
        self.session = await self.stack.enter_async_context(aiohttp.ClientSession())

    def source(self, path: str = "/board", name: str = "town", interval: float = 120.0) -> Source:
        columns = Columns(category="category", about="about", updated="updateTime")
        return Source(name, "hotlist", self.url + path, interval=interval, columns=columns)

    def scout(self, *sources: Source, name: str = "first") -> Scout:
        return Scout(
            name=name,
            sources=sources or (self.source(),),
            shared=self.store,
            notes=self.store,
            get=asker(self.session),
            clock=self.clock,
            jitter=lambda: 0.5,
        )

    async def pass_time(self, scout: Scout, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        await settle(scout)


async def settle(scout: Scout) -> None:
    """One step; then wait for the boards that were asked, and share what they said."""
    await scout.step()
    while scout._asking:
        await scout.step()


@pytest.fixture
async def day() -> AsyncIterator[Day]:
    async with AsyncExitStack() as stack:
        opened = Day(stack)
        await opened.open()
        yield opened


async def test_on_a_replayed_day_an_item_is_usable_within_two_and_a_half_minutes(day: Day) -> None:
    scout, today = day.scout(), Today()
    follower = Follower(day.store, today)
    delays: dict[str, float] = {}
    for _ in range(9 * 60 * 3):  # nine hours of the day, a look every 20 seconds
        await day.pass_time(scout, 20)
        await follower.step()
        hours = (day.now - START).total_seconds() / 3600
        for topic in today.sheet.topics:
            entered = next(start for start, _, _, _, title, _ in DAY if title == topic.title)
            if hours >= entered:
                delays.setdefault(topic.title, 3600 * (hours - entered))
        # Nothing is served long after it is gone: six hours unseen is dead.
        for topic in today.sheet.topics:
            assert day.now - topic.last_seen <= timedelta(hours=6, minutes=1)

    late = sorted(delays.values())
    assert len(delays) == sum(start < 8.9 for start, *_ in DAY)
    assert late[int(0.95 * len(late))] <= 150
    assert day.server.asked["board"] <= 9 * 3600 / 120 + 2
    assert all("jiegeng" in agent for agent in day.server.agents)


async def test_one_leads_and_the_other_takes_over_where_it_stood(day: Day) -> None:
    first, second = day.scout(name="first"), day.scout(name="second")
    await settle(first)
    await settle(second)
    asked = day.server.asked["board"]
    day.store.leader = ""  # the first one died, and its lease ran out
    day.now += timedelta(minutes=50)
    await settle(second)

    assert asked == 1
    assert second.leads
    assert min(topic.first_seen for topic in second.board.list_topics(day.now)) == START


async def test_an_emptied_redis_is_filled_again_within_seconds(day: Day) -> None:
    scout, today = day.scout(), Today()
    follower = Follower(day.store, today)
    await settle(scout)
    await follower.step()
    day.store.texts.clear()

    await follower.step()
    known = len(today.sheet.topics)
    await day.pass_time(scout, 11)

    assert known > 0
    assert "trends" in day.store.texts


async def test_an_unchanged_sheet_is_not_read_twice(day: Day) -> None:
    scout, today = day.scout(), Today()
    follower = Follower(day.store, today)
    await settle(scout)

    assert await follower.step()
    assert not await follower.step()


@pytest.mark.parametrize("fault", [*FAULTS, "dead"])
async def test_a_board_that_misbehaves_harms_nothing_but_itself(day: Day, fault: str) -> None:
    bad = day.source(f"/fault/{fault}", name="bad")
    if fault == "dead":
        bad = Source("bad", "hotlist", "http://127.0.0.1:9/board")
    scout, today = day.scout(bad, day.source()), Today()
    follower = Follower(day.store, today)

    for _ in range(3):
        await scout.step()
        await asyncio.sleep(0.02)
    async with asyncio.timeout(5):
        while not today.sheet.topics:
            await scout.step()
            await follower.step()

    boards = {board.name: board for board in today.sheet.boards}
    assert boards["town"].problem == ""
    assert not today.sheet.is_blind(day.now)
    assert boards["bad"].fetched is None
    assert day.server.asked.get(fault, 0) <= 4  # three hops of a redirect that never ends
    await scout.close()


async def test_a_slow_board_does_not_keep_the_lead_or_the_others_waiting(day: Day) -> None:
    scout = day.scout(day.source("/fault/slow", name="slow"), day.source())
    loop = asyncio.get_running_loop()

    began = loop.time()
    for _ in range(3):
        await scout.step()

    assert loop.time() - began < 3
    assert scout.board.list_topics(day.now)
    assert day.server.asked["slow"] == 1
    await scout.close()


async def test_without_redis_nobody_leads_and_the_trouble_is_told(day: Day) -> None:
    day.store.down = True

    with pytest.raises(TryLater):
        await day.scout().step()
    assert day.server.asked == {}
