"""From a mention on the plaza to a posted reply, written by a real model behind a real OpenAI-compatible server."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import suppress
from typing import Any

import aiohttp
import pytest

from tests.journeys.conftest import House, house
from tests.journeys.test_first_run import Visitor
from tests.servers.llama import real_model_server

__all__ = ["house"]
pytestmark = [pytest.mark.real, pytest.mark.timeout(700)]

# A model of 135 million parameters writes what it likes: some of it the filter holds. One posted reply shows the way.
POSTS = (
    "@阿梗 My cat has decided the printer is its enemy",
    "@阿梗 I finally baked bread that did not burn, what a day",
    "@阿梗 The rain stopped and there was a rainbow over the bus stop",
    "@阿梗 First day of holidays and I slept until noon",
    "@阿梗 My plants are alive after a whole month, I am so proud",
    "@阿梗 Coffee tastes better on Saturdays, change my mind",
)

PATIENCE = 540


async def first_of(answers: list[asyncio.Task[dict[str, Any]]]) -> dict[str, Any]:
    """The first that comes; the rest is not waited for. Raises AssertionError if none does."""
    try:
        for answer in asyncio.as_completed(answers):
            with suppress(AssertionError):
                return await answer
    finally:
        for answer in answers:
            answer.cancel()
        await asyncio.gather(*answers, return_exceptions=True)
    raise AssertionError


async def test_a_reply_goes_from_mention_to_post_through_a_real_model(house: House) -> None:
    with real_model_server() as server:
        house.env |= {
            "JIEGENG_LLM_BASE_URL": server.url,
            "JIEGENG_LLM_API_KEY": "none",
            "JIEGENG_LLM_MODEL": server.model,
            "JIEGENG_LLM_TIMEOUT": "300",
            "JIEGENG_LLM_WHEN_DOWN": "wait",
            "JIEGENG_AT_ONCE": "1",
        }
        house.start()
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            visitor = Visitor(house, session)
            posts = [await visitor.write(text) for text in POSTS]
            answers = [asyncio.create_task(visitor.wait_for_answer(post, PATIENCE)) for post in posts]
            try:
                # Some are held or blocked; the first that was posted shows the way, however slow the machine is.
                answer = await first_of(answers)
            except AssertionError:
                pytest.fail(f"none of {len(POSTS)} replies was posted; the log is {house.log.read_text()[-3000:]}")
        house.stop()
    told = subprocess.run(
        [sys.executable, "-m", "bot", "log", "--json", "--state", "posted"],
        env=house.env,
        capture_output=True,
        check=True,
    )
    episode = json.loads(told.stdout.splitlines()[0])

    assert episode["draft"]["writer"] == server.model
    assert episode["draft"]["tokens_out"] > 0
    assert answer["text"].endswith("(AI-generated)")
    assert episode["reply"]["text"] == answer["text"]
