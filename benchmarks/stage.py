"""The other side of the benchmark, in a process of its own: people who mention us, a model, and a place to post to.

Nothing of it counts. It speaks our open protocol and the OpenAI chat API; the model takes a log-normal time around
800 ms and remembers by mention how long it really took, mentions come at a steady open-loop rate, replies are counted.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import re
import sys
import time
from collections import defaultdict

from aiohttp import web

POSTS = (
    "周一早上地铁挤成照片了[doge]",
    "今天食堂的番茄炒蛋居然没有蛋",
    "第一次发工资，请爸妈吃了顿火锅",
    "又加班到十点，月亮不睡我不睡",
    "猫把我的耳机线咬断了，还一脸无辜",
    "面试等通知等了两周，好累",
    "奶奶教我包饺子，我包的全露馅",
    "明天体检，今晚不敢吃夜宵",
    "外卖小哥说楼下的流浪猫认得他了",
    "终于把拖了三个月的报告写完了",
    "爷爷昨天走了，我还没缓过来",
    "下雨天和热汤面真配",
    "外面下雪了，打工人第一反应是还堵不堵车",
    "新同事今天第一天来，迷路了两次",
    "樓下便利商店的咖啡居然漲價了",
    "跑完了人生第一个十公里，腿不是我的了",
)
CALLS = ("@bot 来一句", "@bot 评价一下", "@bot 哈哈哈哈", "@bot", "@bot 说点什么")
ANSWERS = (
    "地铁：今天也替你把形状压好了",
    "这锅里要是有蛋，我当场给它磕一个",
    "你先歇着，加班这事儿我替你看着月亮",
    "抱抱，慢慢来，我在这儿听着",
)
DAY = re.compile("，第(\\d+)天".encode())


class Stage:
    def __init__(self, rate: float, total: int) -> None:
        self.rate, self.total = rate, total
        self.start: float | None = None
        self.already = 0
        self.posted: dict[str, tuple[str, float]] = {}
        self.random = random.Random(7)
        # What the model took for each mention, as it saw it itself: our client's part and our waiting are not in it.
        self.model_seconds: defaultdict[str, float] = defaultdict(float)
        self.calls = self.strange_calls = 0

    def born(self) -> int:
        if self.start is None:
            return self.already
        return min(self.total, self.already + int((time.monotonic() - self.start) * self.rate))

    def person(self, number: int) -> dict[str, object]:
        who = f"u{number % 5000}"
        return {"id": who, "handle": who, "name": who, "bot": False}

    def post(self, number: int) -> dict[str, object]:
        # No two posts are the same, and no two calls, so that no cache makes the figures better than life.
        text = f"{POSTS[number % len(POSTS)]}，第{number}天"  # DAY finds the number again in the prompt
        return {
            "id": f"p{number}",
            "author": self.person(number + 1),
            "text": text,
            "media": [],
            "at": "2026-11-22T10:00:00Z",
        }

    def mention(self, number: int) -> dict[str, object]:
        return {
            "id": f"m{number}",
            "author": self.person(number),
            "text": f"{CALLS[number % len(CALLS)]} {number}",
            "media": [],
            "at": "2026-11-22T10:00:01Z",
            "root_id": f"p{number}",
            "visibility": "public",
            "url": "",
        }


async def me(_request: web.Request) -> web.Response:
    return web.json_response(
        {"account": "bot@stage", "name": "bot", "host": "stage", "limit": 280, "once": "permanent"}
    )


def serve(stage: Stage) -> web.Application:
    async def mentions(request: web.Request) -> web.Response:
        after = request.query.get("after")
        if after is None:
            return web.json_response({"mentions": [], "cursor": "0"})
        until = time.monotonic() + float(request.query.get("wait", 0))
        while stage.born() <= int(after) and time.monotonic() < until:
            await asyncio.sleep(0.02)
        last = min(stage.born(), int(after) + int(request.query.get("limit", 100)))
        return web.json_response({"mentions": [stage.mention(n) for n in range(int(after), last)], "cursor": str(last)})

    async def thread(request: web.Request) -> web.Response:
        number = int(request.match_info["id"][1:])
        return web.json_response({"post": stage.mention(number), "thread": [stage.post(number)]})

    async def reply(request: web.Request) -> web.Response:
        key = request.headers["Idempotency-Key"]
        body = await request.json()
        known = key in stage.posted
        stage.posted.setdefault(key, (body["text"], time.monotonic()))
        answer = {"id": f"r{key[-12:]}", "url": "", "text": stage.posted[key][0], "at": "2026-11-22T10:00:02Z"}
        return web.json_response(answer, status=200 if known else 201)

    async def complete(request: web.Request) -> web.Response:
        began = time.monotonic()
        about = set(DAY.findall(await request.read()))
        stage.calls += 1
        # No two answers are the same either.
        text = f"{stage.random.choice(ANSWERS)}，这是第{stage.calls}句"
        await asyncio.sleep(min(4.0, math.exp(stage.random.gauss(math.log(0.8), 0.35))))
        if len(about) == 1:
            stage.model_seconds[f"m{int(about.pop())}"] += time.monotonic() - began
        else:
            stage.strange_calls += 1
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        usage = {"prompt_tokens": 900, "completion_tokens": 30, "total_tokens": 930}
        return web.json_response(
            {"id": "c", "object": "chat.completion", "created": 0, "model": "stub", "choices": [choice], "usage": usage}
        )

    async def go(request: web.Request) -> web.Response:
        body = await request.json()
        stage.rate, stage.total, stage.already = body["rate"], body["total"], body["already"]
        stage.start = time.monotonic()
        return web.json_response({})

    async def reset(_request: web.Request) -> web.Response:
        stage.posted.clear()
        stage.model_seconds.clear()
        stage.calls = stage.strange_calls = 0
        stage.start, stage.already, stage.total = None, 0, 0
        return web.json_response({})

    async def count(_request: web.Request) -> web.Response:
        return web.json_response({"born": stage.born(), "posted": len(stage.posted)})

    async def model(_request: web.Request) -> web.Response:
        return web.json_response({"seconds": stage.model_seconds, "strange": stage.strange_calls})

    app = web.Application()
    app.add_routes(
        [
            web.get("/jiegeng/v1/me", me),
            web.get("/jiegeng/v1/mentions", mentions),
            web.get("/jiegeng/v1/posts/{id}/thread", thread),
            web.post("/jiegeng/v1/posts/{id}/replies", reply),
            web.post("/v1/chat/completions", complete),
            web.post("/go", go),
            web.post("/reset", reset),
            web.get("/count", count),
            web.get("/model", model),
        ]
    )
    return app


async def main() -> None:
    runner = web.AppRunner(serve(Stage(0, 0)), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sys.stdout.write(json.dumps({"port": runner.addresses[0][1]}) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
