"""What stands between the bot and a platform: it drops, delays, garbles, and lets posts land long after their time."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

# How often a reply meets each kind of trouble, of a hundred; nobody knows afterwards whether the AMBIGUOUS ones stand.
TROUBLE = {
    "drop before": 6,
    "drop after": 6,
    "late": 4,
    "time-out, then late": 3,
    "time-out, then lands": 3,
    "delay": 4,
    "429": 4,
    "503 with a pause": 2,
    "500 before": 3,
    "500 after": 3,
    "garbage": 3,
    "half": 3,
    "strange 404": 2,
    "refused for good": 2,
}
# NOBODY_WAITED is not injected: a busy machine let the bot's patience end before a calm platform's answer.
NOBODY_WAITED = "nobody waited for the answer"
CLEAR = {"delay", "429", "503 with a pause", "strange 404", "refused for good"}
AMBIGUOUS = frozenset(TROUBLE) - CLEAR | {NOBODY_WAITED}
# And every hundredth of the reads, of each kind.
READ_TROUBLE = ("cut", "500", "garbage", "half", "strange 404")
LATE = ("late", "time-out, then late")
# Longer than the bot waits for an answer to a post (tests/faults/worker.py).
TOO_LONG = 4.0


@dataclass
class Proxy:
    """One platform's front door. The same seed brings the same trouble to the n-th try for the same mention.

    With `first_try`, that befalls every first try and nothing else happens at all. `rest` are the most seconds from a
    fruitless look to the landing of a late post.
    """

    name: str
    upstream: str
    seed: int
    first_try: str | None = None
    rest: float = 8.0
    calm: bool = True
    kinds: Counter[str] = field(default_factory=Counter)
    met: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    numbers: dict[str, int] = field(default_factory=dict)
    _late: dict[str, list[asyncio.Event]] = field(default_factory=dict)
    _reads: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self, port: int) -> None:
        self._session = aiohttp.ClientSession(self.upstream, connector=aiohttp.TCPConnector(limit=0))
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._open_door)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()

    async def close(self) -> None:
        await self.land_all()
        await self._runner.cleanup()
        await self._session.close()

    async def land_all(self) -> None:
        """What was under way all the time arrives now."""
        for waiting in self._late.values():
            for event in waiting:
                event.set()
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _open_door(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._pass(request)
        except aiohttp.ClientError:  # the platform behind us is gone, or the round is over
            return _cut(request)

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        mention = request.path.split("/posts/")[-1].split("/")[0]
        if request.method == "POST":
            return await self._post(request, body, mention)
        kind = self._read_trouble()
        instead = _instead_of(kind, request)
        if instead is not None:
            return instead
        status, answer = await self._forward(request, body)
        if request.path.endswith("/mine") and status == 404:
            self._said_nothing(mention)
        return await _answer(request, kind, status, answer)

    async def _post(self, request: web.Request, body: bytes, mention: str) -> web.StreamResponse:
        kind = self._post_trouble(mention)
        if kind:
            self.kinds[kind] += 1
            self.met[mention].append(kind)
        if kind in LATE:
            self._float(request, body, mention)
        instead = _instead_of(kind, request)
        if instead is not None:
            return instead
        await asyncio.sleep(
            {"time-out, then lands": TOO_LONG, "time-out, then late": TOO_LONG, "delay": 0.5}.get(kind, 0)
        )
        if kind in LATE:
            return _cut(request)
        status, answer = await self._forward(request, body)
        if kind not in AMBIGUOUS and (request.transport is None or request.transport.is_closing()):
            self.kinds[NOBODY_WAITED] += 1
            self.met[mention].append(NOBODY_WAITED)
        return await _answer(request, kind, status, answer)

    def _post_trouble(self, mention: str) -> str:
        tries = self.numbers.setdefault(f"tries of {mention}", 0)
        self.numbers[f"tries of {mention}"] += 1
        if self.calm:
            return ""
        if self.first_try is not None:
            return "" if tries else self.first_try
        dice = random.Random(f"{self.seed}:{self.name}:{self.numbers.get(mention, 0)}:{tries}")
        kinds = [*TROUBLE, ""]
        return dice.choices(kinds, [*TROUBLE.values(), 100 - sum(TROUBLE.values())])[0]

    def _read_trouble(self) -> str:
        self._reads += 1
        dice = random.Random(f"{self.seed}:{self.name}:read:{self._reads}")
        if self.calm or self.first_try is not None or dice.random() > 0.01 * len(READ_TROUBLE):
            return ""
        kind = dice.choice(READ_TROUBLE)
        self.kinds[f"read: {kind}"] += 1
        return kind

    def _float(self, request: web.Request, body: bytes, mention: str) -> None:
        """Lands some time after somebody looked for it and saw nothing, or after 15 s."""
        looked = asyncio.Event()
        self._late.setdefault(mention, []).append(looked)
        rest = random.Random(f"{self.seed}:{mention}:late").uniform(0, self.rest)

        async def land() -> None:
            try:
                async with asyncio.timeout(15):
                    await looked.wait()
                await asyncio.sleep(0 if self.calm else rest)
            except TimeoutError:
                pass
            await self._forward(request, body)

        task = asyncio.create_task(land())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _said_nothing(self, mention: str) -> None:
        for looked in self._late.pop(mention, ()):
            looked.set()

    async def _forward(self, request: web.Request, body: bytes) -> tuple[int, bytes]:
        passed = ("Authorization", "Idempotency-Key", "Content-Type")
        headers = {name: request.headers[name] for name in passed if name in request.headers}
        async with self._session.request(
            request.method, request.rel_url, data=body or None, headers=headers
        ) as response:
            return response.status, await response.read()


def _instead_of(kind: str, request: web.Request) -> web.Response | None:
    """What the other side hears at once, while the platform hears nothing."""
    match kind:
        case "drop before" | "late" | "cut":
            return _cut(request)
        case "500 before" | "500":
            return web.Response(status=500, text="oops")
        case "429" | "503 with a pause":
            error = {"error": {"code": "too_fast", "message": "a little slower"}}
            return web.json_response(error, status=int(kind[:3]), headers={"Retry-After": "1"})
        case "refused for good":
            return web.json_response({"error": {"code": "too_long", "message": "no"}}, status=422)
        case "strange 404":
            return web.Response(status=404, text="<h1>default backend - 404</h1>", content_type="text/html")
        case _:
            return None


async def _answer(request: web.Request, kind: str, status: int, answer: bytes) -> web.StreamResponse:
    """What the other side hears after the platform did what it was asked."""
    match kind:
        case "drop after":
            return _cut(request)
        case "500 after":
            return web.Response(status=500, text="oops")
        case "garbage":
            return web.Response(text="<!doctype html><title>hi</title>", content_type="text/html")
        case "half":
            stream = web.StreamResponse(status=status, headers={"Content-Length": str(len(answer))})
            await stream.prepare(request)
            await stream.write(answer[: len(answer) // 2])
            _cut(request)
            return stream
        case _:
            return web.Response(body=answer, status=status, content_type="application/json")


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
