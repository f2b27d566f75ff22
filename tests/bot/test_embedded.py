"""The embedded Valkey: found again after a kill, private, and never in anybody's way."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from redis.asyncio import Redis

from bot.embedded import LONGEST_SOCKET_PATH, EmbeddedValkey, socket_path


async def test_what_was_written_is_there_after_a_stop_and_a_start(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / "valkey")
    await server.start()
    client = Redis.from_url(server.url)
    await client.set("k", "v")
    await client.aclose()
    await server.stop()

    again = EmbeddedValkey(tmp_path / "valkey")
    await again.start()
    client = Redis.from_url(again.url)
    kept = await client.get("k")
    await client.aclose()
    await again.stop()

    assert kept == b"v"


async def test_a_living_server_of_a_killed_bot_is_adopted_and_ended_at_the_end(tmp_path: Path) -> None:
    first = EmbeddedValkey(tmp_path / "valkey")
    await first.start()

    second = EmbeddedValkey(tmp_path / "valkey")
    await second.start()
    await second.stop()

    assert first._process is not None
    assert first._process.wait(5) == 0


async def test_a_server_that_died_is_started_again(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / "valkey")
    await server.start()
    assert server._process is not None
    server._process.kill()
    server._process.wait()

    await server.keep()
    client = Redis.from_url(server.url)

    assert await client.ping()
    await client.aclose()
    await server.stop()


async def test_it_opens_no_port_and_only_we_may_use_the_socket(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / "valkey")
    await server.start()
    client = Redis.from_url(server.url, decode_responses=True)
    port = (await client.config_get("port"))["port"]
    policy = (await client.config_get("maxmemory-policy"))["maxmemory-policy"]
    await client.aclose()
    mode = stat.S_IMODE(socket_path(tmp_path / "valkey").stat().st_mode)
    await server.stop()

    assert port == "0"
    assert policy == "noeviction"
    assert mode & 0o077 == 0


async def test_a_folder_with_a_long_path_works_too(tmp_path: Path) -> None:
    folder = tmp_path / ("深" * 30) / ("长" * 30) / "valkey"
    server = EmbeddedValkey(folder)

    await server.start()
    await server.stop()

    assert len(os.fsencode(socket_path(folder.resolve()))) <= LONGEST_SOCKET_PATH
