"""The two floors of the benchmark, run as a process of their own: what a reply costs before the bot has any sense.

naive: one `openai` client call, XADD, XREADGROUP + XACK, one single-row journal commit, one HTTP post.
lean:  bare aiohttp calls, the same Redis commands, a row in a grouped commit.
Both write the same text to the same tables with the same durability (WAL, synchronous=FULL).
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
from openai import AsyncOpenAI
from redis.asyncio import Redis
from sqlalchemy import Connection, text

from bot.embedded import EmbeddedValkey
from bot.journal.database import Grouped, open_database

MESSAGES = [{"role": "system", "content": "x" * 2500}, {"role": "user", "content": "y" * 800}]
AT_ONCE = 64


async def floor(kind: str, url: str, count: int) -> dict[str, float]:
    with TemporaryDirectory(prefix="floor-") as name:
        folder = Path(name)
        valkey = EmbeddedValkey(folder / "valkey")
        await valkey.start()
        database = await open_database(f"sqlite:///{folder / 'j.sqlite3'}")
        grouped = Grouped(database.write_few)  # as the bot does it now: on the spot while the disk is quick
        redis = Redis.from_url(valkey.url)
        await redis.xgroup_create("s", "g", id="0", mkstream=True)
        client = AsyncOpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0, timeout=30)
        async with aiohttp.ClientSession() as session:

            def insert(number: int) -> Callable[[Connection], int]:
                row = text("INSERT INTO personas (version, content, first_used_at) VALUES (:v, :c, 0)")
                values = {"v": f"{kind}{number}", "c": "z" * 2000}
                return lambda connection: connection.execute(row, values).rowcount

            async def queue(number: int) -> None:
                await redis.xadd("s", {"key": number})
                taken = await redis.xreadgroup("g", "c", {"s": ">"}, count=1)
                for _stream, entries in taken:
                    await redis.xack("s", "g", *(entry[0] for entry in entries))

            async def post(number: int) -> None:
                path = f"{url}/jiegeng/v1/posts/f{number}/replies"
                headers = {"Idempotency-Key": f"{kind}-{number}"}
                async with session.post(path, json={"text": "好"}, headers=headers) as answer:
                    await answer.json()

            async def naive(number: int) -> None:
                await queue(number)
                await client.chat.completions.create(model="stub", messages=MESSAGES)  # type: ignore[arg-type]
                await database.write(insert(number))
                await post(number)

            async def lean(number: int) -> None:
                await queue(number)
                async with session.post(
                    f"{url}/v1/chat/completions", json={"model": "stub", "messages": MESSAGES}
                ) as answer:
                    await answer.json()
                await grouped.do(str(number), insert(number))
                await post(number)

            work: Callable[[int], Awaitable[None]] = naive if kind == "naive" else lean
            limit = asyncio.Semaphore(AT_ONCE)

            async def one(number: int) -> None:
                async with limit:
                    await work(number)

            await asyncio.gather(*(one(-1 - number) for number in range(AT_ONCE)))
            before, server = cpu(), await valkey_cpu(redis)
            began = time.monotonic()
            await asyncio.gather(*(one(number) for number in range(count)))
            spent = cpu() - before + await valkey_cpu(redis) - server
            seconds = time.monotonic() - began
        await client.close()
        await redis.aclose()
        await database.close()
        await valkey.stop()
    return {"cpu_ms": spent * 1000 / count, "seconds": seconds}


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def valkey_cpu(redis: Redis) -> float:
    info = await redis.info("cpu")
    return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(floor(sys.argv[1], sys.argv[2], int(sys.argv[3])))) + "\n")
