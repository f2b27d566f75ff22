"""Walls of platforms: what is documented is kept, and what an answer says counts for everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import TryLater, Unsure
from bot.http import Remote
from bot.walls import TOLLS, Meter, Wall, allowance
from tests.bot.platforms.places import serve

NOW = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)


@dataclass
class ListPurse:
    """A purse that remembers what was asked of it."""

    wait: float = 0.0
    down: bool = False
    spent: list[tuple[str, float, float]] = field(default_factory=list)
    said: list[tuple[str, float, float]] = field(default_factory=list)

    async def spend(self, bucket: str, cost: float, walls: Sequence[Wall], *, keep: float = 0.0) -> float:
        self._check()
        self.spent.append((bucket, cost, keep))
        return self.wait

    async def left(self, bucket: str, points: float, seconds: float) -> None:
        self._check()
        self.said.append((bucket, points, seconds))

    def _check(self) -> None:
        if self.down:
            message = "Redis cannot be reached"
            raise TryLater(message)


@pytest.fixture
def purse() -> ListPurse:
    return ListPurse()


@pytest.fixture
async def remote(purse: ListPurse) -> AsyncIterator[Remote]:
    """A site that answers with the status and the headers in the query, through a meter."""

    async def give(request: web.Request) -> web.Response:
        headers = {name: value for name, value in request.query.items() if name != "status"}
        return web.json_response({}, status=int(request.query.get("status", "200")), headers=headers)

    app = web.Application()
    app.add_routes([web.route("*", "/", give)])
    runner, url = await serve(app)
    async with aiohttp.ClientSession() as session:
        meter = Meter(purse, "mastodon:toy", TOLLS["mastodon"])
        yield Remote(session, url, now=lambda: NOW, deadline=2, meter=meter)
    await runner.cleanup()


@given(st.floats(5, 1e5), st.floats(1, 1e5), st.floats(0, 1))
def test_no_window_of_a_bucket_sees_more_than_the_wall(points: float, seconds: float, full: float) -> None:
    wall = Wall(points, seconds)

    in_one_window = full * wall.size + wall.rate * seconds

    assert in_one_window <= points * (1 + 1e-9)


def test_the_documented_walls_are_these() -> None:
    assert [toll.walls for toll in TOLLS["mastodon"]["read"]] == [(Wall(300, 300),)]
    assert [toll.walls for toll in TOLLS["mastodon"]["write"]] == [(Wall(300, 300),), (Wall(300, 10_800),)]
    assert TOLLS["bluesky"]["write"][-1].walls == (Wall(5000, 3600), Wall(35_000, 86_400))
    assert TOLLS["bluesky"]["write"][-1].cost == 3


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "2026-11-01T12:02:00.000000Z"}, (7, 120)),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(NOW.timestamp()) + 90)}, (0, 90)),
        ({"RateLimit-Remaining": "12", "RateLimit-Reset": "30"}, (12, 30)),
        ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": "2026-11-01T11:00:00Z"}, (7, 0)),
        ({"X-RateLimit-Remaining": "7"}, None),
        ({"X-RateLimit-Remaining": "many", "X-RateLimit-Reset": "soon"}, None),
        ({"RateLimit-Remaining": "-3", "RateLimit-Reset": "30"}, None),
        ({}, None),
    ],
)
def test_what_an_answer_says_is_left(headers: dict[str, str], expected: tuple[float, float] | None) -> None:
    assert allowance(headers, NOW) == expected


def test_a_reset_is_measured_by_the_other_sides_clock() -> None:
    headers = {
        "X-RateLimit-Remaining": "1",
        "X-RateLimit-Reset": "2026-11-01T15:00:30Z",
        "Date": "Sun, 01 Nov 2026 15:00:00 GMT",
    }

    assert allowance(headers, NOW) == (1, 30)


async def test_reading_leaves_something_for_writing(remote: Remote, purse: ListPurse) -> None:
    await remote.read("/")
    await remote.change("POST", "/")

    assert [bucket.rpartition(":")[2] for bucket, _, _ in purse.spent] == ["all", "all", "post"]
    assert purse.spent[0][2] > purse.spent[1][2] == 0


async def test_at_the_wall_nothing_is_sent_and_surely_nothing_happened(remote: Remote, purse: ListPurse) -> None:
    purse.wait = 12.5

    with pytest.raises(TryLater) as caught:
        await remote.change("POST", "/")

    assert caught.value.after == 12.5


async def test_a_429_shuts_the_door_for_all_workers(remote: Remote, purse: ListPurse) -> None:
    with pytest.raises(TryLater):
        await remote.change("POST", "/?status=429&Retry-After=17")
    with pytest.raises(TryLater):
        await remote.read("/", {"status": "429"})

    assert purse.said == [("mastodon:toy:post", 0, 17), ("mastodon:toy:all", 0, 60)]


async def test_a_server_in_trouble_says_nothing_about_walls(remote: Remote, purse: ListPurse) -> None:
    with pytest.raises(Unsure):
        await remote.change("POST", "/?status=500")

    assert not purse.said


async def test_only_what_is_near_a_wall_is_worth_telling(remote: Remote, purse: ListPurse) -> None:
    await remote.read("/", {"X-RateLimit-Remaining": "299", "X-RateLimit-Reset": "2026-11-01T12:05:00Z"})
    await remote.read("/", {"X-RateLimit-Remaining": "20", "X-RateLimit-Reset": "2026-11-01T12:05:00Z"})

    assert [(points, round(seconds)) for _, points, seconds in purse.said if points < 100][-1][0] == 20
    assert len(purse.said) == 1


async def test_while_nobody_counts_people_are_still_heard(remote: Remote, purse: ListPurse) -> None:
    purse.down = True

    answer = await remote.read("/", {"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "2026-11-01T12:05:00Z"})

    assert answer.status == 200
