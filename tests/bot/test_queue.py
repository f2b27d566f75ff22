"""The queue's promises, on a real server; tests/real/test_cluster.py keeps the same ones on a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.embedded import EmbeddedValkey
from bot.errors import Misconfigured, TryLater
from bot.ports import Hint
from bot.queue import TURN, RedisQueue, open_queue
from bot.walls import Wall

ACCOUNT = "阿梗@plaza"


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    server = EmbeddedValkey(tmp_path / "valkey")
    await server.start()
    yield server.url
    await server.stop()


@pytest.fixture
async def queue(url: str) -> AsyncIterator[RedisQueue]:
    opened = open_queue(url, replies=2, window=60, per_minute=60)
    yield opened
    await opened.close()


def hint(key: str, *, by: str = "", first: bool = False, account: str = ACCOUNT) -> Hint:
    return Hint(key, account, by or f"person of {key}", first)


async def take(queue: RedisQueue, count: int = 100, accounts: Sequence[str] = (ACCOUNT,)) -> list[str]:
    """All that comes, in order, until nothing came three times or `count` is reached."""
    taken: list[str] = []
    quiet = 0
    while quiet < 3 and len(taken) < count:
        some = await queue.take(count - len(taken), 0.05, accounts)
        quiet = 0 if some else quiet + 1
        taken += some
    return taken


async def test_a_hint_wakes_one_worker_once(queue: RedisQueue) -> None:
    await queue.wake([hint("a"), hint("b")])

    assert sorted(await take(queue)) == ["a", "b"]
    assert not await take(queue)


async def test_a_hint_that_is_given_twice_is_one(queue: RedisQueue) -> None:
    await queue.wake([hint("a"), hint("a")])
    await queue.wake([hint("a")])

    assert await take(queue) == ["a"]


async def test_a_worker_that_waits_is_woken_at_once(queue: RedisQueue) -> None:
    began = asyncio.get_running_loop().time()
    waiting = asyncio.create_task(queue.take(1, 2, [ACCOUNT]))
    await asyncio.sleep(0.1)
    await queue.wake([hint("a")])

    assert await waiting == ["a"]
    assert asyncio.get_running_loop().time() - began < 1.5


async def test_no_more_is_handed_out_than_was_asked_for_and_the_rest_stays(queue: RedisQueue) -> None:
    await queue.wake([hint(f"k{number}") for number in range(50)])

    first = await queue.take(7, 1, [ACCOUNT])
    rest = await take(queue)

    assert 0 < len(first) <= 7
    assert sorted([*first, *rest]) == sorted(f"k{number}" for number in range(50))


async def test_two_workers_never_get_the_same_hint(url: str, queue: RedisQueue) -> None:
    other = open_queue(url)
    await queue.wake([hint(f"k{number}") for number in range(400)])

    one, two = await asyncio.gather(take(queue, 400), take(other, 400))
    await other.close()

    assert sorted(one + two) == sorted(f"k{number}" for number in range(400))


async def test_what_goes_first_comes_before_all_that_came_earlier(queue: RedisQueue) -> None:
    await queue.wake([hint(f"joke {number}", by="小满") for number in range(20)])
    await queue.wake([hint("grief", by="小满", first=True)])

    assert (await take(queue, 1))[0] == "grief"


async def test_one_persons_flood_does_not_starve_the_others(queue: RedisQueue) -> None:
    await queue.wake([hint(f"flood {number}", by="大水") for number in range(300)])
    await queue.wake([hint(f"calm {number}") for number in range(8)])

    order = await take(queue, 400)

    assert max(order.index(f"calm {number}") for number in range(8)) < 40
    assert [key for key in order if key.startswith("flood")] == [f"flood {number}" for number in range(300)]


async def test_a_person_who_came_back_later_need_not_wait_for_turns_of_long_ago(queue: RedisQueue) -> None:
    await queue.wake([hint("old", by="小满")])
    await take(queue)
    await queue.wake([hint("new", by="小满"), hint("newer", by="小满")])

    assert await take(queue) == ["new", "newer"]
    assert TURN > 1


async def test_busy_accounts_leave_room_for_quiet_ones(queue: RedisQueue) -> None:
    await queue.wake([hint(f"busy {number}", account="热@plaza") for number in range(300)])
    await queue.wake([hint("quiet", account="静@plaza")])

    early: list[str] = []
    while len(early) < 48:
        early += await queue.take(16, 0.1, ["热@plaza", "静@plaza"])

    assert "quiet" in early


async def test_nobody_is_given_hints_of_an_account_that_was_not_asked_for(queue: RedisQueue) -> None:
    await queue.wake([hint("theirs", account="别人@plaza")])

    assert not await queue.take(10, 0.05, [ACCOUNT])
    assert not await queue.take(10, 0.05, [])
    assert await take(queue, 1, ["别人@plaza"]) == ["theirs"]


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
    told = [await queue.admit("小满@plaza", key) for key in ("m1", "m1", "m2", "m3", "m2")]

    assert told == [frozenset(), frozenset(), frozenset(), None, frozenset()]
    assert await queue.admit("小满@plaza:crisis", "m3") == frozenset()


@pytest.mark.parametrize("person", ["小满@plaza", "小{满}@plaza", "}小{满@plaza", "{}@plaza"])
async def test_whoever_is_admitted_is_told_what_they_have_seen(queue: RedisQueue, person: str) -> None:
    await queue.reserve(person, "doge", "m1")

    assert await queue.admit(person, "m2") == {"doge"}
    await queue.forget(person)
    assert await queue.admit(person, "m2") == frozenset()


async def test_the_pace_of_an_account_is_kept(queue: RedisQueue) -> None:
    waits = [await queue.token(ACCOUNT) for _ in range(20)]

    assert waits[0] == 0
    assert 0 < waits[-1] <= 1.0


async def test_the_last_of_the_pace_is_kept_for_what_goes_first(queue: RedisQueue) -> None:
    while await queue.token(ACCOUNT) == 0:
        pass

    assert await queue.token(ACCOUNT, first=True) == 0


async def test_a_busy_worker_asks_for_several_tokens_at_once_and_the_pace_is_kept_all_the_same(url: str) -> None:
    workers = [
        open_queue(url, per_minute=2400) for _ in range(2)
    ]  # 600 at once, of which a fifth goes first; 40 a second
    began = asyncio.get_running_loop().time()

    taken = [await worker.token(ACCOUNT) == 0 for _ in range(400) for worker in workers]
    granted = 480 + 40 * (asyncio.get_running_loop().time() - began)
    handfuls = [worker._handfuls[ACCOUNT].size for worker in workers]
    await asyncio.gather(*(worker.close() for worker in workers))

    assert 440 <= sum(taken) <= granted + 1
    assert taken.index(False) > 400
    assert max(handfuls) <= 16


async def test_a_handful_of_tokens_spares_the_server_most_questions(url: str) -> None:
    class Counting(RedisQueue):
        asked = 0

        async def spend(self, *what: Any, **how: Any) -> float:
            self.asked += 1
            return await super().spend(*what, **how)

    opened = open_queue(url)
    queue = Counting(opened._redis, per_minute=100_000)
    for _ in range(200):
        assert await queue.token(ACCOUNT) == 0
    await queue.close()

    assert queue.asked < 30


async def test_a_handful_of_tokens_is_not_used_after_a_pause_was_asked_for(url: str) -> None:
    queue = open_queue(url, per_minute=100_000)
    for _ in range(38):
        await queue.token(ACCOUNT)
    await queue.pause(ACCOUNT, 30)

    assert 25 < await queue.token(ACCOUNT, first=True) <= 30
    await queue.close()


async def test_a_pause_that_the_platform_asked_for_holds_for_everybody(url: str, queue: RedisQueue) -> None:
    other = open_queue(url)
    await queue.pause(ACCOUNT, 30)

    assert 25 < await other.token(ACCOUNT, first=True) <= 30
    assert await other.token("静@plaza") == 0
    await other.close()


async def test_a_pause_ends(queue: RedisQueue) -> None:
    await queue.pause(ACCOUNT, 0.1)
    await asyncio.sleep(0.15)

    assert await queue.token(ACCOUNT) == 0


async def test_no_window_sees_more_points_than_the_wall_allows(queue: RedisQueue) -> None:
    wall = Wall(100, 2)
    until = asyncio.get_running_loop().time() + wall.seconds
    spent = 0
    while asyncio.get_running_loop().time() < until:
        spent += await queue.spend("toy", 1, [wall]) == 0

    assert 40 < spent <= 101


async def test_of_two_walls_the_lower_one_counts(queue: RedisQueue) -> None:
    hour, day = Wall(5000, 3600), Wall(15, 86_400)

    waits = [await queue.spend("toy", 3, [hour, day]) for _ in range(2)]

    assert waits[0] == 0
    assert waits[1] > 3600


async def test_what_the_platform_says_is_left_counts_more_than_our_own_bucket(queue: RedisQueue) -> None:
    wall = Wall(300, 300)
    await queue.left("toy", 2, 60)
    await queue.left("toy", 9, 60)  # an older answer that comes later

    waits = [await queue.spend("toy", 1, [wall]) for _ in range(3)]

    assert waits[:2] == [0, 0]
    assert 50 < waits[2] <= 60


async def test_one_listener_leads_until_it_stops_renewing(queue: RedisQueue) -> None:
    assert await queue.lead(ACCOUNT, "one", 0.2)
    assert not await queue.lead(ACCOUNT, "two", 0.2)
    await asyncio.sleep(0.25)

    assert await queue.lead(ACCOUNT, "two", 0.2)


async def test_who_knows_the_leader_dead_need_not_wait_for_the_end_of_its_lease(queue: RedisQueue) -> None:
    await queue.lead(ACCOUNT, "of the last run", 60.0)
    assert not await queue.lead(ACCOUNT, "of this run", 60.0)
    assert await queue.lead(ACCOUNT, "of this run", 60.0, take_over=True)
    assert not await queue.lead(ACCOUNT, "of the last run", 60.0)


async def test_an_emptied_server_is_taken_up_again(url: str, queue: RedisQueue) -> None:
    await queue.take(1, 0.01, [ACCOUNT])
    client = Redis.from_url(url)
    await client.flushall()
    await client.aclose()

    await queue.wake([hint("after")])

    assert await take(queue) == ["after"]


async def test_taken_hints_leave_nothing_behind_but_a_turn_that_runs_out(url: str, queue: RedisQueue) -> None:
    await queue.wake([hint(f"k{number}") for number in range(50)])
    await take(queue)

    client = Redis.from_url(url)
    lives = [await client.ttl(key) for key in await client.keys("jiegeng:*")]
    await client.aclose()

    assert all(0 < life <= 2 * TURN for life in lives)


async def test_a_server_that_is_gone_is_a_reason_to_try_later(tmp_path: Path) -> None:
    queue = open_queue(f"unix://{tmp_path}/nobody.sock")

    with pytest.raises(TryLater, match="cannot be reached"):
        await queue.wake([hint("a")])
    with pytest.raises(TryLater, match="cannot be reached"):
        await queue.take(1, 0.1, [ACCOUNT])
    await queue.close()


@pytest.mark.parametrize("url", ["localhost:6379", "redis+cluster://localhost:6379/3"])
def test_a_url_that_is_none_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(Misconfigured, match="Example: redis://"):
        open_queue(url)


@pytest.mark.parametrize("options", ["", "?protocol=3", "?decode_responses=true", "?protocol=3&decode_responses=true"])
async def test_any_option_of_the_url_works(url: str, options: str) -> None:
    queue = open_queue(url + options)
    await queue.wake([hint("k")])

    taken = await take(queue)
    await queue.reserve("小满", "doge", "m1")

    assert taken == ["k"]
    assert await queue.used("小满") == {"doge"}
    assert await queue.token("a") == 0
    await queue.close()


async def test_a_family_is_played_only_so_often_a_day_and_then_named_as_used(url: str) -> None:
    queue = open_queue(url, family_uses=2)

    taken = [await queue.reserve(f"person-{number}", "banwei", f"m{number}") for number in range(4)]
    again = await queue.reserve("person-0", "banwei", "m0")

    assert taken == [True, True, False, False]
    assert again  # the same mention asks twice and is told the same
    assert "banwei" in await queue.used("somebody else")
    assert "banwei" not in await queue._redis.hkeys("jiegeng:memes:person-2")
    await queue.close()


async def test_a_released_family_may_be_played_again(url: str) -> None:
    queue = open_queue(url, family_uses=1)
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
