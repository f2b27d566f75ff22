"""Real processes: a worker that is told to stop, a listener that dies, and a house on a cluster."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from bot.embedded import EmbeddedValkey
from tests.bot.platforms.places import serve
from tests.servers.cluster import redis_cluster

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]

ROOT = Path(__file__).resolve().parents[2]
BASE = "/jiegeng/v1"
AT = "2026-11-22T10:00:00Z"


def _at() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


@dataclass
class Slow:
    """A site on our open protocol and a model, each as slow as it is told to be."""

    model_seconds: float = 0.0
    post_seconds: float = 0.0
    mentions: list[dict[str, object]] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    posting: int = 0
    asking: int = 0
    polls: list[float] = field(default_factory=list)
    slow_words: str = "慢"

    def say(self, words: str, who: str = "") -> None:
        number = str(len(self.mentions) + 1)
        author = {"id": who or f"u{number}", "handle": who or f"u{number}", "name": "人", "bot": False}
        mention = {"id": number, "author": author, "text": words, "media": [], "root_id": number, "at": _at()}
        self.mentions.append(mention | {"visibility": "public", "url": ""})

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get(f"{BASE}/me", self.me),
                web.get(f"{BASE}/mentions", self.page),
                web.get(BASE + "/posts/{id}/thread", self.thread),
                web.post(BASE + "/posts/{id}/replies", self.reply),
                web.post("/v1/chat/completions", self.complete),
            ]
        )
        return app

    async def me(self, _: web.Request) -> web.Response:
        who = {"id": "0", "account": "bot@slow", "handle": "bot", "name": "bot", "host": "slow"}
        return web.json_response({**who, "limit": 500, "once": "permanent"})

    async def page(self, request: web.Request) -> web.Response:
        if "after" not in request.query:
            return web.json_response({"mentions": [], "cursor": "0"})
        self.polls.append(time.monotonic())
        after, until = int(request.query["after"]), time.monotonic() + float(request.query.get("wait", "0"))
        while after >= len(self.mentions) and time.monotonic() < until:
            await asyncio.sleep(0.02)
        found = self.mentions[after : after + 50]
        return web.json_response({"mentions": found, "cursor": str(after + len(found))})

    async def thread(self, request: web.Request) -> web.Response:
        return web.json_response({"post": self.mentions[int(request.match_info["id"]) - 1], "thread": []})

    async def reply(self, request: web.Request) -> web.Response:
        self.posting += 1
        text = str((await request.json())["text"])
        await asyncio.sleep(self.post_seconds)
        there = request.match_info["id"]
        self.posts.append(there)
        return web.json_response({"id": f"r{there}", "text": text, "at": AT, "url": ""}, status=201)

    async def complete(self, request: web.Request) -> web.Response:
        self.asking += 1
        said = json.dumps(await request.json(), ensure_ascii=False)
        if self.slow_words in said:
            await asyncio.sleep(self.model_seconds)
        message = {"role": "assistant", "content": "下一站，工位，请扶好扶手"}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        body = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
        return web.json_response(body)


@asynccontextmanager
async def place(site: Slow) -> AsyncIterator[str]:
    runner, url = await serve(site.app())
    try:
        yield url
    finally:
        await runner.cleanup()


def settings(folder: Path, site: str, redis: str) -> dict[str, str]:
    return {
        "JIEGENG_DATA": str(folder),
        "JIEGENG_REDIS_URL": redis,
        "JIEGENG_PLAZA": "false",
        "JIEGENG_HTTP_URL": site,
        "JIEGENG_HTTP_TOKEN": "t",
        "JIEGENG_LLM_BASE_URL": f"{site}/v1",
        "JIEGENG_LLM_API_KEY": "k",
        "JIEGENG_LLM_MODEL": "stub",
        "JIEGENG_LLM_TIMEOUT": "60",
        "JIEGENG_PER_MINUTE": "100000",
    }


@contextmanager
def part(role: str, env: dict[str, str], told: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """`jiegeng run --role …` as a process of its own; killed at the end if it still lives. It tells `told` its log."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("JIEGENG_")}
    words = [sys.executable, "-m", "bot", "run", "--role", role]
    with (told or Path(os.devnull)).open("wb") as log:
        process = subprocess.Popen(words, cwd=ROOT, env=known | env, stderr=log)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


async def until(holds: Callable[[], bool], patience: float = 120.0) -> float:
    """Wait until something holds; returns how long it took."""
    began = time.monotonic()
    async with asyncio.timeout(patience):
        while not holds():
            await asyncio.sleep(0.02)
    return time.monotonic() - began


def rows(folder: Path, what: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{folder / 'journal.sqlite3'}?mode=ro", uri=True) as connection:
        return connection.execute(what).fetchall()


async def gone(process: subprocess.Popen[bytes], patience: float) -> float:
    return await until(lambda: process.poll() is not None, patience)


async def test_a_worker_that_is_told_to_stop_ends_within_twenty_seconds_and_loses_nothing(tmp_path: Path) -> None:
    site = Slow(model_seconds=60, post_seconds=3)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(place(site))
        valkey = EmbeddedValkey(tmp_path / "valkey")
        await valkey.start()
        stack.push_async_callback(valkey.stop)
        env = settings(tmp_path, url, valkey.url)
        listener = stack.enter_context(part("listen", env))
        worker = stack.enter_context(part("work", env))
        site.say("@bot 周一早上又挤成照片了")
        site.say("@bot 今天慢得像一辈子")
        await until(lambda: site.posting == 1 and site.asking >= 2)

        worker.send_signal(signal.SIGTERM)
        took = await gone(worker, 30)

        assert took < 20
        assert site.posts == ["1"]
        assert rows(tmp_path, "SELECT state FROM episodes WHERE reply_id IS NOT NULL") == [("posted",)]
        (held,) = rows(tmp_path, "SELECT state, owner, tries FROM episodes WHERE reply_id IS NULL")
        assert held == ("heard", None, 0)

        site.model_seconds = 0
        with part("work", env):
            await until(lambda: len(site.posts) == 2)
        assert site.posts == ["1", "2"]
        listener.send_signal(signal.SIGTERM)
        assert await gone(listener, 30) < 20


async def test_another_listener_takes_over_within_fifteen_seconds_of_a_death(tmp_path: Path) -> None:
    site = Slow()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(place(site))
        valkey = EmbeddedValkey(tmp_path / "valkey")
        await valkey.start()
        stack.push_async_callback(valkey.stop)
        env = settings(tmp_path, url, valkey.url)
        leader = stack.enter_context(part("listen", env))
        await until(lambda: len(site.polls) > 1)
        told = tmp_path / "second.log"
        stack.enter_context(part("listen", env, told))
        site.say("@bot 先来一句")
        await until(lambda: len(rows(tmp_path, "SELECT key FROM episodes")) == 1)
        await until(lambda: "another listener leads" in told.read_text(), 100)

        leader.kill()
        leader.wait()
        site.say("@bot 再来一句")
        took = await until(lambda: len(rows(tmp_path, "SELECT key FROM episodes")) == 2)

        assert took < 15


async def test_a_split_house_on_a_cluster_answers_everybody_once(tmp_path: Path) -> None:
    site = Slow()
    count = 300
    with redis_cluster() as cluster:
        async with AsyncExitStack() as stack:
            url = await stack.enter_async_context(place(site))
            env = settings(tmp_path, url, cluster.url)
            for role in ("listen", "work", "work"):
                stack.enter_context(part(role, env))
            for number in range(count):
                site.say(f"@bot 第{number}天早起失败", who=f"u{number}")
            await until(lambda: len(site.posts) >= count, 120)
            await asyncio.sleep(1)

    assert sorted(site.posts, key=int) == [str(number + 1) for number in range(count)]
    assert rows(tmp_path, "SELECT state, count(*) FROM episodes GROUP BY state") == [("posted", count)]
