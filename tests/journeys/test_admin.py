"""An admin's day on a running bot: an emergency, a held draft approved on the page, a bad and a good word list, the audit."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import aiohttp
import pytest

from tests.journeys.conftest import House
from tests.journeys.test_first_run import Visitor

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


def jiegeng(house: House, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", *words]
    return subprocess.run(command, env=house.env, capture_output=True, text=True, timeout=120, check=False)


async def read(session: aiohttp.ClientSession, house: House, path: str) -> str:
    async with session.get(f"http://127.0.0.1:{house.pages}{path}", headers={"Accept-Language": "zh"}) as page:
        return await page.text()


async def until_it_says(session: aiohttp.ClientSession, house: House, path: str, word: str, seconds: float = 60) -> str:
    ends = time.monotonic() + seconds
    while word not in (page := await read(session, house, path)):
        assert time.monotonic() < ends, f"{path} did not say {word} within {seconds} s"
        await asyncio.sleep(0.1)
    return page


async def send(session: aiohttp.ClientSession, house: House, path: str, page: str, **fields: str) -> int:
    seal = re.search(r'name="seal" value="(\w+)"', page)
    assert seal
    address = f"http://127.0.0.1:{house.pages}{path}"
    async with session.post(address, data={"seal": seal[1], **fields}, allow_redirects=False) as answer:
        return answer.status


async def test_an_admins_day(house: House, tmp_path: Path) -> None:
    words = tmp_path / "mine.lex"
    words.write_text("[block operator way=out]\n绝不会有人说的暗号\n")
    house.env |= {"JIEGENG_WORDS": str(words)}
    house.start()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        visitor = Visitor(house, session)
        await visitor.wait_for_answer(await visitor.write("@阿梗 周一早上地铁挤成照片了[doge]"))
        await session.get(house.sign_in)

        told = jiegeng(house, "mode", "emergency", "--for", "1h", "--why", "热搜上有事故")
        assert told.stdout.startswith("emergency until")
        asked = await visitor.write("@阿梗 今天的云像棉花糖")
        page = await until_it_says(session, house, "/review", "今天的云像棉花糖")
        assert "「紧急」模式下每一条都要人看" in page
        key, version = re.findall(
            r'name="key" value="([^"]+)"><input type="hidden" name="version" value="(\d+)"', page
        )[0]
        assert await visitor.answers(asked) == []
        fields = {"key": key, "version": version, "action": "approve", "text": "云是甜的，别舔屏"}
        assert await send(session, house, "/review", page, **fields) == 303
        answer = await visitor.wait_for_answer(asked)
        assert answer["text"] == "云是甜的，别舔屏（AI生成）"

        page = await read(session, house, "/mode")
        assert "热搜上有事故" in page
        assert await send(session, house, "/mode", page, mode="normal", lasts="0", why="过去了") == 303
        words.write_text("[ban operator]\n词语\n")
        await until_it_says(session, house, "/", "mine.lex:1", 10)
        await visitor.wait_for_answer(await visitor.write("@阿梗 今天的云又像棉花糖"))

        words.write_text("[block operator way=out]\nrule [的是了不一]\nrule [我你他这有]\n")
        saved = time.time()
        for number in range(60):  # people go on writing all the time
            await visitor.write(f"@阿梗 第{number}朵云像棉花糖")
            await asyncio.sleep(0.1)
        await asyncio.sleep(3)
        await until_it_says(session, house, "/", "拦下了", 20)
        assert "mine.lex:1" not in await read(session, house, "/")

    lines = jiegeng(house, "log", "--limit", "60", "--json").stdout.splitlines()
    ends = {row["mention"]["text"]: row for row in map(json.loads, lines)}
    late = [row for row in ends.values() if datetime.fromisoformat(row["heard_at"]).timestamp() > saved + 3]
    first = min(
        datetime.fromisoformat(row["updated_at"]).timestamp() for row in ends.values() if row["state"] == "blocked"
    )
    print(f"the first reply that the new list stopped: {first - saved:.2f} s after it was saved")  # noqa: T201
    assert {row["state"] for row in ends.values()} <= {"posted", "blocked"}, "no mention may be lost while lists change"
    assert len(ends) == 60
    assert len(late) > 10
    assert [row for row in late if row["reply"] and set(row["draft"]["text"]) & set("的是了不一我你他这有")] == []
    sound = jiegeng(house, "audit", "verify")
    assert (sound.returncode, sound.stderr) == (0, "")
    house.stop()
