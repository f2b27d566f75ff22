"""The refusals and the lock of a whole house, on real servers."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.errors import Misconfigured
from bot.footing import look_at_database, look_at_redis
from bot.journal.tenancy import move_in

pytestmark = pytest.mark.real


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[str]:
    port = free_port()
    words = ["redis-server", "--port", str(port), "--dir", str(folder), "--save", "", *options]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


async def do(server: str, statement: str) -> None:
    engine = create_async_engine(server.replace("postgresql:", "postgresql+asyncpg:"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


async def test_a_redis_as_it_comes_is_good_and_named(tmp_path: Path) -> None:
    with redis_server(tmp_path) as url:
        assert "Redis: redis 7" in await look_at_redis(url)


async def test_a_redis_that_evicts_is_refused(tmp_path: Path) -> None:
    evicting = redis_server(tmp_path, "--maxmemory-policy", "allkeys-lru")
    with evicting as url, pytest.raises(Misconfigured, match="maxmemory-policy is allkeys-lru"):
        await look_at_redis(url)


async def test_a_cluster_that_serves_no_slots_is_refused(tmp_path: Path) -> None:
    empty = redis_server(tmp_path, "--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    with empty as url, pytest.raises(Misconfigured, match="cluster is down"):
        await look_at_redis(url + "?cluster=1")


async def test_a_cluster_that_serves_all_slots_is_good_and_every_node_is_looked_at(tmp_path: Path) -> None:
    whole = redis_server(tmp_path, "--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    with whole as url:
        client = Redis.from_url(url, decode_responses=True)
        await client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        while (await client.cluster("INFO"))["cluster_state"] != "ok":
            await asyncio.sleep(0.05)
        place = url.removesuffix("/0")

        assert "a cluster of 1" in await look_at_redis(place + "?cluster=1")
        assert "a cluster of 1" in await look_at_redis(place.replace("redis://", "redis+cluster://127.0.0.1:1,"))
        with pytest.raises(Misconfigured, match=r"add \?cluster=1"):
            await look_at_redis(place)
        await client.config_set("maxmemory-policy", "allkeys-lru")
        with pytest.raises(Misconfigured, match="noeviction"):
            await look_at_redis(place + "?cluster=1")
        await client.aclose()


async def test_a_postgresql_as_it_comes_is_good_and_named(server: str) -> None:
    assert "PostgreSQL" in await look_at_database(server)


async def test_synchronous_commit_off_is_refused_wherever_it_was_set(server: str) -> None:
    await do(server, "ALTER ROLE jiegeng SET synchronous_commit = off")
    try:
        with pytest.raises(Misconfigured, match="synchronous_commit is off"):
            await look_at_database(server)
    finally:
        await do(server, "ALTER ROLE jiegeng RESET synchronous_commit")


async def test_a_second_whole_house_is_refused_until_the_first_one_is_gone(server: str) -> None:
    first = await move_in(server, whole=True)
    assert first is not None

    with pytest.raises(Misconfigured, match="another whole house"):
        await move_in(server, whole=True)
    await first.leave()
    second = await move_in(server, whole=True)

    assert second is not None
    await second.leave()


async def test_workers_share_and_a_whole_house_that_starts_beside_them_knows_that_it_is_not_alone(server: str) -> None:
    workers = [await move_in(server, whole=False) for _ in range(2)]
    house = await move_in(server, whole=True)
    assert house is not None
    assert not house.alone
    await house.leave()
    for worker in workers:
        assert worker is not None
        await worker.leave()

    alone = await move_in(server, whole=True)

    assert alone is not None
    assert alone.alone
    await alone.leave()


async def test_a_house_that_lost_its_connection_takes_its_place_again_or_stops(server: str) -> None:
    first = await move_in(server, whole=True)
    assert first is not None
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%advisory%' AND pid <> pg_backend_pid()"
    await do(server, cut)

    await first.keep()
    with pytest.raises(Misconfigured):
        await move_in(server, whole=True)
    await do(server, cut)
    second = await move_in(server, whole=True)
    with pytest.raises(Misconfigured, match="another whole house"):
        await first.keep()

    assert second is not None
    await second.leave()
    await first.leave()
