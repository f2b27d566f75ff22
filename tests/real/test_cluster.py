"""The queue's promises once more, on a Redis Cluster of three nodes; and what happens when one of them dies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from zlib import crc32

import pytest
from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster

from bot.errors import Misconfigured, TryLater
from bot.footing import look_at_redis
from bot.queue import SHARDS, RedisQueue, open_queue
from tests.bot.test_queue import *  # noqa: F403 - the same tests on another kind of server
from tests.bot.test_queue import ACCOUNT, hint, take
from tests.servers.cluster import Cluster, redis_cluster

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with redis_cluster() as made:
        yield made


@pytest.fixture
async def url(cluster: Cluster) -> str:
    cluster.empty()
    return cluster.short_url


async def test_an_emptied_server_is_taken_up_again(cluster: Cluster, queue: RedisQueue) -> None:
    await queue.take(1, 0.01, [ACCOUNT])
    cluster.empty()

    await queue.wake([hint("after")])

    assert await take(queue) == ["after"]


async def test_taken_hints_leave_nothing_behind_but_a_turn_that_runs_out(cluster: Cluster, queue: RedisQueue) -> None:
    await queue.wake([hint(f"k{number}") for number in range(50)])
    await take(queue)

    for number in range(3):
        sizes = cluster.ask(
            "EVAL", "return #redis.call('KEYS', '*') - #redis.call('KEYS', '*:rest:*')", "0", node=number
        )
        assert sizes.strip() == "0"


@pytest.mark.parametrize("options", ["", "&protocol=3", "&decode_responses=true"])
async def test_any_option_of_the_url_works(url: str, options: str) -> None:
    queue = open_queue(url + options)
    await queue.wake([hint("k")])

    assert await take(queue) == ["k"]
    await queue.close()


async def test_a_busy_account_is_spread_over_the_nodes(cluster: Cluster, queue: RedisQueue) -> None:
    await queue.wake([hint(f"k{number}") for number in range(200)])

    waiting = [cluster.ask("KEYS", "jiegeng:wake:*", node=number).count(":rest\n") for number in range(3)]

    assert sum(waiting) == SHARDS
    assert sum(count > 0 for count in waiting) >= 2


async def test_turns_are_kept_across_the_nodes_whichever_answers_first(url: str) -> None:
    for shard in range(SHARDS):
        queue = open_queue(url)
        by = next(name for name in map(str, range(1000)) if crc32(name.encode()) % SHARDS == shard)
        await queue.wake([hint(f"flood {number}", by=by) for number in range(100)])
        await queue.wake([hint(f"calm {number} {shard}") for number in range(8)])
        await queue.wake([hint(f"grief {shard}", by="小满", first=True)])

        order = await take(queue, 400)

        calm = [f"calm {number} {shard}" for number in range(8)]
        assert order[:2] == [f"grief {shard}", "flood 0"]
        assert set(order[2:10]) == set(calm)
        assert len(order) == 109
        await queue.close()


async def test_a_node_that_dies_is_a_reason_to_try_later_and_its_return_is_the_end_of_it(cluster: Cluster) -> None:
    cluster.empty()
    queue = open_queue(cluster.url)
    keys = [f"k{number}" for number in range(100)]
    await queue.wake([hint(key) for key in keys])
    with cluster.without_a_node():
        assert await _is_put_off(lambda: queue.wake([hint(key) for key in keys]))
        assert await _is_put_off(lambda: queue.take(100, 0.2, [ACCOUNT]))
    taken: list[str] = []
    async with asyncio.timeout(60):
        while set(taken) != set(keys):
            try:
                await queue.wake([hint(key) for key in keys])
                taken += await take(queue)
            except TryLater:
                await asyncio.sleep(0.1)
    await queue.close()


async def test_a_slot_that_moves_to_another_node_is_followed(cluster: Cluster, queue: RedisQueue) -> None:
    await queue.wake([hint("before")])
    assert await take(queue) == ["before"]
    lane = queue._shard_of(hint("x", by="mover")) + ":rest"
    client = RedisCluster.from_url(cluster.short_url.replace("?cluster=1", ""))
    await client.initialize()
    slot, old = client.keyslot(lane), int(client.get_node_from_key(lane).port)
    await client.aclose()
    await _move(slot, old, next(node.port for node in cluster.nodes if node.port != old))

    await queue.wake([hint("after", by="mover")])

    assert await take(queue) == ["after"]
    cluster.wait_until_well()


async def test_a_start_tells_a_cluster_from_a_single_server(cluster: Cluster) -> None:
    cluster.wait_until_well()
    single = cluster.short_url.replace("?cluster=1", "")
    one_is_dead = cluster.url.replace("://", "://127.0.0.1:1,")

    assert "a cluster" in await look_at_redis(cluster.short_url)
    assert "a cluster" in await look_at_redis(one_is_dead)
    with pytest.raises(Misconfigured, match=r"add \?cluster=1 to JIEGENG_REDIS_URL"):
        await look_at_redis(single)


async def _is_put_off(verb: Callable[[], Awaitable[object]]) -> bool:
    """Whether it ends in `TryLater`, once what was under way when the node died is through."""
    until = asyncio.get_running_loop().time() + 60
    while asyncio.get_running_loop().time() < until:
        try:
            await verb()
        except TryLater:
            return True
        await asyncio.sleep(0.1)
    return False


async def _move(slot: int, old: int, new: int) -> None:
    """As `redis-cli --cluster reshard` does it for a slot that is empty."""
    clients = {port: Redis(port=port, decode_responses=True) for port in (old, new)}
    ids = {port: await client.execute_command("CLUSTER MYID") for port, client in clients.items()}
    await clients[new].execute_command(f"CLUSTER SETSLOT {slot} IMPORTING {ids[old]}")
    await clients[old].execute_command(f"CLUSTER SETSLOT {slot} MIGRATING {ids[new]}")
    keys = await clients[old].execute_command(f"CLUSTER GETKEYSINSLOT {slot} 100")
    if keys:
        await clients[old].delete(*keys)
    for port in (new, old):
        await clients[port].execute_command(f"CLUSTER SETSLOT {slot} NODE {ids[new]}")
    for client in clients.values():
        await client.aclose()
