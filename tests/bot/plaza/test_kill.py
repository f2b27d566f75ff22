"""The plaza as a process of its own that is killed in the middle of its work."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import aiohttp

from bot.platforms.http import OpenPlatform
from tests.bot.plaza.visitor import TOKEN

PROGRAM = """
import asyncio, sys
from pathlib import Path
from bot.plaza.site import serve
asyncio.run(serve(Path(sys.argv[1]), "127.0.0.1", 0, sys.argv[2], opened=lambda port: print(port, flush=True)))
"""
ROOT = Path(__file__).parents[3]


async def start(folder: Path) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(folder), TOKEN, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    return process, f"http://127.0.0.1:{int(await asyncio.wait_for(process.stdout.readline(), 20))}"


async def test_a_kill_loses_no_reply_that_was_acknowledged_and_makes_none_twice(tmp_path: Path) -> None:
    acknowledged: dict[int, str] = {}
    async with aiohttp.ClientSession() as session:
        process, url = await start(tmp_path)
        platform = await OpenPlatform.open(session, url, TOKEN)
        cursor = await platform.start()
        async with session.post(f"{url}/api/posts", json={"text": "@阿梗 在吗"}) as response:
            assert response.status == 201
        [mention] = (await platform.mentions(cursor, wait=5)).mentions

        async def answer(number: int) -> None:
            acknowledged[number] = (await platform.post(mention, f"第{number}句", key=f"k{number}")).id
            if len(acknowledged) == 30:
                process.send_signal(signal.SIGKILL)

        outcomes = await asyncio.gather(*(answer(number) for number in range(200)), return_exceptions=True)
        await process.communicate()
        assert any(isinstance(outcome, Exception) for outcome in outcomes)

        process, url = await start(tmp_path)
        platform = await OpenPlatform.open(session, url, TOKEN)
        assert [one.id for one in (await platform.mentions(cursor, wait=0)).mentions] == [mention.id]
        ids = []
        for number in range(200):
            found = await platform.find_reply(mention, f"第{number}句", key=f"k{number}")
            assert found.answer == "found" or number not in acknowledged
            reply = await platform.post(mention, f"第{number}句", key=f"k{number}")
            assert acknowledged.get(number, reply.id) == reply.id
            ids.append(reply.id)
        assert len(set(ids)) == 200
        assert (await platform.reactions(mention.id))["reply"] == 200
        process.send_signal(signal.SIGKILL)
        await process.communicate()
