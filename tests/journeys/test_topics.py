"""A day on the plaza: its board is read, a reply speaks of what is hot there, and every page says where it comes from."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from itertools import cycle

import aiohttp
import pytest

from memes.trends.gate import Gate
from tests.journeys.conftest import House
from tests.journeys.test_first_run import Visitor

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]


async def topics_of_now(house: House, session: aiohttp.ClientSession) -> list[str]:
    """The titles that stand on the plaza's board and may be joked about."""
    until = time.monotonic() + 40
    while True:
        try:
            async with session.get(f"http://127.0.0.1:{house.plaza}/board.json") as answer:
                rows = (await answer.json())["data"]
            return [row["title"] for row in rows if not Gate().judge(row["title"], row["category"])]
        except aiohttp.ClientError:
            assert time.monotonic() < until, "the plaza did not come up"
            await asyncio.sleep(0.1)


def tell(house: House, *words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "bot", *words], env=house.env, capture_output=True, check=True)
    return done.stdout.decode()


async def test_the_plaza_hears_what_is_hot_today_and_says_where_it_read_it(house: House) -> None:
    boards = house.log.parent / "boards.yaml"
    boards.write_text(
        f"- board: hotlist:http://127.0.0.1:{house.plaza}/board.json\n"
        "  name: 广场榜\n"
        "  columns: {category: category, about: about, updated: updateTime}\n",
        encoding="utf-8",
    )
    house.env["JIEGENG_SOURCES"] = str(boards)
    house.start()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        visitor = Visitor(house, session)
        title = (await topics_of_now(house, session))[0]
        await asyncio.sleep(3)
        story, until = "", time.monotonic() + 90
        # Which title is up depends on the hour; not every cheer makes every title a joke for the tone policy.
        cheers = cycle(("哈哈哈哈今天就靠它了", "哈哈哈哈笑死我了", "哈哈哈哈太会玩了"))
        while "spoken of" not in story and time.monotonic() < until:
            await visitor.wait_for_answer(await visitor.write(f"@阿梗 {title}，{next(cheers)}"), 90)
            keys = re.findall(r"阿梗@[\w.:-]+:\d+", tell(house, "log", "--limit", "1"))
            story = tell(house, "log", keys[0])
        asked = await visitor.write(f"{title}，大家都在说")
        await ask(session, house, asked, "@阿梗 怎么回事")
        account = await visitor.wait_for_answer(asked)
        listed, sources = tell(house, "trends", "list"), tell(house, "trends", "sources")

    assert "spoken of" in story, story + listed + house.log.read_text()
    assert title in account["text"]
    assert "广场榜" in account["text"]
    assert "不知道" in account["text"]
    assert title in listed
    assert "广场榜" in sources
    assert "fresh" in sources
    assert house.stop() == 0


async def ask(session: aiohttp.ClientSession, house: House, post: str, text: str) -> None:
    url = f"http://127.0.0.1:{house.plaza}/api/posts/{post}/comments"
    async with session.post(url, json={"text": text}) as answer:
        assert answer.status in {200, 201}, await answer.text()
