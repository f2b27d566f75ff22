"""The queue's promises, on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.embedded import EmbeddedValkey
from bot.errors import Misconfigured, TryLater
from bot.queue import STREAM, RedisQueue, open_queue, wakes_of


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[EmbeddedValkey]:
    server = EmbeddedValkey(tmp_path / "valkey")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def queue(valkey: EmbeddedValkey) -> AsyncIterator[RedisQueue]:
    opened = open_queue(valkey.url, replies=2, window=60, per_minute=60)
    yield opened
    await opened.close()


async def test_a_hint_wakes_one_worker_once(queue: RedisQueue) -> None:
    await queue.wake(["a", "b"])

    assert not await queue.take(10, 0.01)  # the very first look makes the group
    first = await queue.take(10, 0.01)
    second = await queue.take(10, 0.01)

    assert [wake.key for wake in first] == ["a", "b"]
    assert not second


async def test_hints_given_before_the_first_worker_came_are_not_lost(queue: RedisQueue) -> None:
    await queue.wake(["early"])
    await queue.take(1, 0.01)

    assert [wake.key for wake in await queue.take(1, 0.01)] == ["early"]


async def test_done_hints_leave_nothing_behind(queue: RedisQueue, valkey: EmbeddedValkey) -> None:
    await queue.take(1, 0.01)
    await queue.wake([f"k{number}" for number in range(50)])
    await queue.done(await queue.take(100, 0.01))

    client = Redis.from_url(valkey.url)
    assert await client.xlen(STREAM) == 0
    await client.aclose()


async def test_an_emptied_server_is_taken_up_again(queue: RedisQueue, valkey: EmbeddedValkey) -> None:
    await queue.take(1, 0.01)
    client = Redis.from_url(valkey.url)
    await client.flushall()
    await client.aclose()

    await queue.wake(["after"])
    await queue.take(1, 0.01)

    assert [wake.key for wake in await queue.take(1, 0.01)] == ["after"]


async def test_a_reservation_is_one_per_mention_and_one_holder_per_family(queue: RedisQueue) -> None:
    assert await queue.reserve("小满@plaza", "doge", "m1")
    assert await queue.reserve("小满@plaza", "doge", "m1")
    assert not await queue.reserve("小满@plaza", "doge", "m2")
    assert await queue.reserve("阿杰@plaza", "doge", "m2")
    assert await queue.used("小满@plaza") == {"doge"}


async def test_only_the_holder_gives_a_reservation_back(queue: RedisQueue) -> None:
    await queue.reserve("小满@plaza", "doge", "m1")

    await queue.release("小满@plaza", "doge", "m2")
    assert await queue.used("小满@plaza") == {"doge"}
    await queue.release("小满@plaza", "doge", "m1")

    assert await queue.used("小满@plaza") == frozenset()


async def test_eight_workers_that_reserve_at_once_get_one_reservation(queue: RedisQueue) -> None:
    won = await asyncio.gather(*(queue.reserve("小满@plaza", "doge", f"m{number}") for number in range(8)))

    assert sum(won) == 1


async def test_the_cool_down_counts_mentions_and_not_questions(queue: RedisQueue) -> None:
    assert await queue.cool("小满@plaza", "m1")
    assert await queue.cool("小满@plaza", "m1")
    assert await queue.cool("小满@plaza", "m2")
    assert not await queue.cool("小满@plaza", "m3")
    assert await queue.cool("小满@plaza", "m2")


async def test_the_pace_of_an_account_is_kept(queue: RedisQueue) -> None:
    waits = [await queue.token("阿梗@plaza") for _ in range(12)]

    assert waits[0] == 0
    assert 0 < waits[-1] <= 1.0


async def test_a_server_that_is_gone_is_a_reason_to_try_later(tmp_path: Path) -> None:
    queue = open_queue(f"unix://{tmp_path}/nobody.sock")

    with pytest.raises(TryLater, match="cannot be reached"):
        await queue.wake(["a"])
    await queue.close()


def test_a_url_that_is_none_is_refused_with_an_example() -> None:
    with pytest.raises(Misconfigured, match="Example: redis://"):
        open_queue("localhost:6379")


@pytest.mark.parametrize(
    "answer",
    [
        [[b"s", [(b"1-0", {b"key": b"k"})]]],
        [["s", [("1-0", {"key": "k"})]]],
        {b"s": [[(b"1-0", {b"key": b"k"})]]},
        {"s": [("1-0", {"key": "k"})]},
    ],
)
def test_every_shape_of_an_answer_is_read(answer: object) -> None:
    assert [(wake.key, wake.token) for wake in wakes_of(answer)] == [("k", "1-0")]


@pytest.mark.parametrize("options", ["", "?protocol=3", "?decode_responses=true", "?protocol=3&decode_responses=true"])
async def test_any_option_of_the_url_works(valkey: EmbeddedValkey, options: str) -> None:
    queue = open_queue(valkey.url + options)
    await queue.take(1, 0.01)
    await queue.wake(["k"])

    taken = await queue.take(1, 0.01)
    await queue.done(taken)
    await queue.reserve("小满", "doge", "m1")

    assert [wake.key for wake in taken] == ["k"]
    assert await queue.used("小满") == {"doge"}
    assert await queue.token("a") == 0
    await queue.close()


async def test_a_family_is_played_only_so_often_a_day_and_then_named_as_used(valkey: EmbeddedValkey) -> None:
    queue = open_queue(valkey.url, family_uses=2)

    taken = [await queue.reserve(f"person-{number}", "banwei", f"m{number}") for number in range(4)]
    again = await queue.reserve("person-0", "banwei", "m0")

    assert taken == [True, True, False, False]
    assert again  # the same mention asks twice and is told the same
    assert "banwei" in await queue.used("somebody else")
    assert "banwei" not in await queue._redis.hkeys("jiegeng:memes:person-2")
    await queue.close()


async def test_a_released_family_may_be_played_again(valkey: EmbeddedValkey) -> None:
    queue = open_queue(valkey.url, family_uses=1)
    await queue.reserve("a", "banwei", "m1")
    await queue.release("a", "banwei", "m1")

    assert await queue.used("a") == frozenset()
    assert await queue.reserve("b", "banwei", "m2")
    await queue.close()


async def test_eight_workers_at_once_reserve_a_family_for_one_person_once(queue: RedisQueue) -> None:
    answers = await asyncio.gather(*(queue.reserve("a", "banwei", f"m{number}") for number in range(8)))

    assert sum(answers) == 1


async def test_what_is_shared_is_read_once_by_each_who_knows_its_version(queue: RedisQueue) -> None:
    await queue.share("trends", "正文", "v1")

    assert await queue.shared("trends") == ("正文", "v1")
    assert await queue.shared("trends", "v1") is None
    assert await queue.shared("nothing") is None
