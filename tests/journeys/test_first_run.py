"""A first run: one command, a plaza that answers, a log that explains; killed in the middle, it goes on."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from typing import Any

import aiohttp
import pytest

from tests.journeys.conftest import House

pytestmark = pytest.mark.timeout(300)


class Visitor:
    """Somebody on the plaza."""

    def __init__(self, house: House, session: aiohttp.ClientSession) -> None:
        self.base, self.session = f"http://127.0.0.1:{house.plaza}", session

    async def write(self, text: str) -> str:
        until, said = time.monotonic() + 90, ""
        while True:
            try:
                async with self.session.post(f"{self.base}/api/posts", json={"text": text}) as answer:
                    if answer.status in {200, 201}:
                        return str((await answer.json())["id"])
                    said = await answer.text()
            except aiohttp.ClientError as error:
                said = str(error)
            assert time.monotonic() < until, f"the plaza did not take it: {said}"
            await asyncio.sleep(0.05)

    async def answers(self, post: str) -> list[dict[str, Any]]:
        async with self.session.get(f"{self.base}/api/posts/{post}") as answer:
            body = await answer.json()
        return [comment for comment in body["post"]["comments"] if comment["author"]["robot"]]

    async def wait_for_answer(self, post: str, seconds: float = 90) -> dict[str, Any]:
        until = time.monotonic() + seconds
        while not (found := await self.answers(post)):
            assert time.monotonic() < until, f"no answer to {post} within {seconds} s"
            await asyncio.sleep(0.05)
        return found[0]


async def test_the_plaza_answers_and_the_log_page_explains_why(house: House) -> None:
    house.start()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        visitor = Visitor(house, session)
        await visitor.wait_for_answer(await visitor.write("@阿梗 周一早上地铁挤成照片了[doge]"))
        began = time.monotonic()
        answer = await visitor.wait_for_answer(await visitor.write("@阿梗 爷爷昨天走了，我还没来得及见他最后一面"))
        took = time.monotonic() - began

        async with session.get(house.sign_in) as page:
            assert page.status == 200
        async with session.get(f"http://127.0.0.1:{house.pages}/") as page:
            log = await page.text()
        links = re.findall(r'href="(/episode\?key=[^"]+)"', log)
        async with session.get(f"http://127.0.0.1:{house.pages}{links[0]}") as page:
            story = await page.text()

    assert took < 2
    assert answer["text"].endswith("（AI生成）")
    assert "爷爷昨天走了" in log
    assert "comfort" in story
    assert house.stop() == 0


async def test_killed_in_the_middle_nothing_is_lost_doubled_or_unsure(house: House) -> None:
    house.start()
    posts: list[str] = []
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        visitor = Visitor(house, session)
        for round_ in range(3):
            posts += [await visitor.write(f"@阿梗 第{round_}轮第{number}次，今天的云像棉花糖") for number in range(8)]
            await asyncio.sleep(0.05 * round_)
            house.kill()
            house.start()
        posts.append(await visitor.write("@阿梗 最后一次，今天的云像棉花糖"))
        for post in posts:
            await visitor.wait_for_answer(post, 60)
        await asyncio.sleep(1)
        counts = [len(await visitor.answers(post)) for post in posts]
    house.stop()
    told = subprocess.run(
        [sys.executable, "-m", "bot", "log", "--json", "--limit", "100"], env=house.env, capture_output=True, check=True
    )

    assert counts == [1] * len(posts)
    assert told.stdout.count(b'"state":"posted"') >= len(posts)
    assert b'"unsure"' not in told.stdout


def test_a_second_bot_on_the_same_data_is_refused_in_one_line(house: House) -> None:
    house.start()
    until = time.monotonic() + 120
    while "sign-in" not in (house.log.read_text() if house.log.exists() else "") and time.monotonic() < until:
        time.sleep(0.05)

    second = subprocess.run(
        [sys.executable, "-m", "bot", "run"], env=house.env, capture_output=True, timeout=180, check=False
    )

    assert second.returncode == 2
    assert b"another jiegeng is running" in second.stderr
    assert b"Traceback" not in second.stderr


def test_a_mistyped_setting_stops_the_start_with_a_hint(house: House) -> None:
    env = house.env | {"JIEGENG_LLM_MODLE": "qwen"}

    started = subprocess.run(
        [sys.executable, "-m", "bot", "run"], env=env, capture_output=True, timeout=180, check=False
    )

    assert started.returncode == 2
    assert b"did you mean JIEGENG_LLM_MODEL" in started.stderr
