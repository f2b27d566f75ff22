from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from memes.trends.board import Board
from memes.trends.poll import Answer, Poller, Unreachable
from memes.trends.source import PRESETS, Source, bluesky, mastodon, misskey

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GOOD = json.dumps({"data": [{"title": "猫咪赛跑", "hot": 9}]}).encode()


class World:
    """A clock and boards that answer as they are told."""

    def __init__(self) -> None:
        self.now = NOW
        self.asked: list[tuple[str, str]] = []
        self.answers: dict[str, Callable[[], Answer]] = {}
        self.board = Board()

    async def get(self, url: str, etag: str) -> Answer:
        self.asked.append((url, etag))
        if url == "slow":
            await asyncio.Event().wait()
        return self.answers[url]()

    def poller(self, *urls: str) -> Poller:
        sources = [Source(url, "hotlist", url, interval=100.0) for url in urls]
        return Poller(sources, self.board, self.get, clock=lambda: self.now, jitter=lambda: 0.5, patience=0.05)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def unreachable() -> Answer:
    raise Unreachable("refused")


async def test_a_board_is_asked_again_only_after_its_interval_and_with_its_etag() -> None:
    world = World()
    world.answers["a"] = lambda: Answer(200, GOOD, etag="v1")
    poller = world.poller("a")

    assert await poller.poll() == 1
    world.wait(99)
    assert await poller.poll() == 0
    world.wait(2)
    await poller.poll()

    assert world.asked == [("a", ""), ("a", "v1")]


async def test_an_unchanged_board_confirms_what_it_showed() -> None:
    world = World()
    world.answers["a"] = lambda: Answer(200, GOOD, etag="v1")
    poller = world.poller("a")
    await poller.poll()
    world.answers["a"] = lambda: Answer(304)
    world.wait(101)

    assert await poller.poll() == 0
    assert world.board.ages(world.now) == {"a": 0.0}
    assert poller.health["a"].problem == ""


BROKEN: dict[str, Callable[[], Answer]] = {
    "dead": unreachable,
    "html": lambda: Answer(200, b"<html>Not here</html>"),
    "busy": lambda: Answer(429, retry_after=600.0),
    "error": lambda: Answer(500),
    "nonsense": lambda: Answer(200, b'{"data": [1, 2]}'),
    "huge": lambda: Answer(200, b"[" + b"0," * 1_500_000 + b"0]"),
}


@pytest.mark.parametrize("fault", [*BROKEN, "slow"])
async def test_a_broken_board_harms_nothing_but_itself(fault: str) -> None:
    world = World()
    world.answers = {**BROKEN, "good": lambda: Answer(200, GOOD)}
    poller = world.poller(fault, "good")

    assert await poller.poll() == 1

    assert [topic.title for topic in world.board.list_topics(world.now)] == ["猫咪赛跑"]
    assert poller.health[fault].problem
    assert poller.health[fault].failures == 1
    assert poller.health["good"].failures == 0


async def test_a_board_that_keeps_failing_is_asked_ever_more_seldom_and_recovers_at_once() -> None:
    world = World()
    world.answers["dead"] = unreachable
    poller = world.poller("dead")
    pauses = []
    for _ in range(6):
        before = world.now
        await poller.poll()
        due = poller.health["dead"].due
        assert due is not None
        pauses.append((due - before).total_seconds())
        world.now = due

    assert pauses == [25, 50, 100, 200, 300, 300]
    world.answers["dead"] = lambda: Answer(200, GOOD)
    assert await poller.poll() == 1
    assert poller.health["dead"].failures == 0


async def test_a_busy_board_gets_the_pause_it_asks_for() -> None:
    world = World()
    world.answers["busy"] = BROKEN["busy"]
    poller = world.poller("busy")
    await poller.poll()

    assert poller.health["busy"].due == NOW + timedelta(seconds=600)


async def test_when_all_boards_die_trend_context_ends_within_a_quarter_of_an_hour() -> None:
    world = World()
    world.answers["a"] = lambda: Answer(200, json.dumps({"data": [{"title": "猫咪赛跑", "hot": 9}]}).encode())
    poller = world.poller("a")
    await poller.poll()
    assert world.board.list_usable(world.now)

    world.answers["a"] = unreachable
    for _ in range(16):
        world.wait(60)
        await poller.poll()

    assert world.board.list_usable(world.now) == ()


def test_the_presets_are_marked_as_unofficial_and_the_networks_are_not() -> None:
    assert all(source.unofficial for source in PRESETS.values())
    assert not any(source.unofficial for source in (mastodon("m.example"), misskey("k.example"), bluesky()))
